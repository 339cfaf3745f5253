//! Fast CPU kernels for chains of layers, dense and convolutional: losses, gradients, optimizer steps and inference.
//!
//! The crate knows slices of `f32` and a [`Chain`]: layers, each with the [`Shape`] before it, over one flat parameter
//! buffer. It knows no tensors, models or files. Items have their channels first in every slice that goes in or out.
//!
//! | you want to | use | folder |
//! |---|---|---|
//! | describe a network | [`Chain`] of [`Layer`]s (all kinds are in [`layer`]) with a [`Connection`]; [`Shape`], [`Extent`], [`Activation`], [`Padding`], [`Windows`], [`Weight`] | `chain/`, `layer/` |
//! | say what is minimised | [`Objective`], [`Loss`], [`Penalty`] | `loss/`, `penalty/` |
//! | train it | [`Trainer`] with a [`Problem`] and a [`Batch`]; [`Target`], [`BatchSummary`] | `step/` |
//! | train it in several processes | [`Trainer::with_peers`] with [`Peers`], whose [`Link`] carries [`Numbers`] by [`Topic`] | `step/` |
//! | choose an optimizer | [`Step`], [`AdamStep`], [`SgdStep`]; [`squared_norm`] | `step/` |
//! | apply it | [`PackedChain`] | `inference/` |
//! | measure losses alone | [`RowLosses`], [`losses_of_logits`], [`losses_of_outputs`], [`squared_error_sum`], [`binary_cross_entropy`] | `loss/` |
//! | turn bytes into rows | [`gather_bytes`] | `bytes.rs` |
//! | handle an error | [`ChainError`] | `error.rs` |
//!
//! Matrix products are in `product/`, the skipping of zeros in `product/sparse/`, elementary functions in
//! `elementary.rs`, the choice of instructions in `simd.rs`, and the distribution of tasks to threads in `threads.rs`.
//!
//! # Exactness
//! Gradients are summed in an order that the number of rows fixes, so results have the same bits for any number of
//! threads. Loops are compiled for AVX-512, AVX2, NEON and the baseline, and chosen at run time. They use operations
//! whose rounding IEEE 754 defines and sum in a fixed order, so the choice does not change a bit. Matrix products are
//! the exception: without FMA every product is rounded separately, so the last bits differ on such a machine.
//!
//! # Example
//! ```
//! use ae_kernels::{
//!     Activation, AdamStep, Batch, Chain, Dense, Loss, Objective, Problem, Step, Target, Trainer, Weight,
//! };
//!
//! // 4-2-4 with tied weights: one weight of 2 x 4, then a bias of 2 and one of 4.
//! let own = Weight::Own { offset: 0 };
//! let tied = Weight::TransposeOf { layer: 0 };
//! let layers = vec![
//!     Dense { inputs: 4, outputs: 2, weight: own, bias: 8, activation: Activation::Relu },
//!     Dense { inputs: 2, outputs: 4, weight: tied, bias: 10, activation: Activation::Sigmoid },
//! ];
//! let chain = Chain::of_dense(layers, 0, 14)?;
//! let objective = Objective::new(Loss::BinaryCrossEntropy);
//!
//! let rows = [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]];
//! let mut parameters: Vec<f32> = (0..14).map(|i| 0.1 * (i % 5) as f32).collect();
//! let (mut gradient, mut mean, mut variance) = ([0.0; 14], [0.0; 14], [0.0; 14]);
//! let mut trainer = Trainer::new();
//! let mut losses = Vec::new();
//! for step in 1..=300 {
//!     let step = AdamStep::new(0.05, 0.9, 0.999, 1e-7, step);
//!     let step = Step::Adam { step, mean: &mut mean, variance: &mut variance };
//!     let batch = Batch::new(rows.len(), Target::Input, |range, inputs, _| {
//!         inputs.copy_from_slice(rows[range].as_flattened());
//!     });
//!     let problem = Problem { chain: &chain, objective: &objective };
//!     let summary = trainer.step(problem, &mut parameters, step, batch, &mut gradient)?;
//!     losses.push(summary.reconstruction);
//! }
//! assert!(losses[299] < 0.5 * losses[0]);
//! # Ok::<(), ae_kernels::ChainError>(())
//! ```
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]

mod activation;
mod aligned;
mod bytes;
mod chain;
mod convolution;
mod elementary;
mod error;
mod inference;
pub mod layer;
mod loss;
mod named;
mod objective;
mod penalty;
mod product;
mod shape;
mod simd;
mod step;
mod threads;

pub use activation::Activation;
pub use bytes::gather_bytes;
pub use chain::{Chain, Connection, LayerDraws, MAX_NUMBERS, SLICE_ROWS};
pub use elementary::exp_of_negative;
pub use error::ChainError;
pub use inference::PackedChain;
pub use layer::{
    BatchNorm, Convolution, Dense, Direction, Dropout, GaussianNoise, Layer, MaxPooling, Padding,
    PixelShuffle, PixelUnshuffle, Reshape, Sample, TopK, Upsampling, Weight, Windows,
};
pub use loss::{
    Loss, RowLosses, binary_cross_entropy, losses_of_logits, losses_of_outputs, squared_error_sum,
};
pub use objective::Objective;
pub use penalty::{CodeL1, Contractive, Kl, KlSparsity, Penalty};
pub use shape::{Extent, Shape};
pub use simd::has_fused_multiply_add;
pub use step::{
    AdamStep, Batch, BatchStatistics, BatchSummary, Incoming, Link, LocalPeers, Numbers, Peers,
    PeersError, Problem, SgdStep, Step, Target, Topic, Trainer, gather, squared_norm,
};

/// The examples of README.md, compiled as documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

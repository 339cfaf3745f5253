//! Fused CPU mathematics for stacks of dense layers: losses, gradients, inference and optimizer steps.
//!
//! The crate knows slices of `f32` and a [`Stack`]: layers over one flat parameter buffer, each with a
//! weight of its own or the transpose of an earlier one. It knows no tensors, models or files.
//!
//! - [`loss_and_gradient`] takes a slice of rows through all layers and back while it is in cache.
//! - [`Batches`] cuts a batch into slices for the threads of rayon's current pool. Gradients are
//!   added in an order that is fixed by the number of rows, so the result is the same bits for any
//!   number of threads. Call it from a thread of the pool (`ThreadPool::install` around the whole of
//!   a training): entering the pool from outside puts the caller to sleep and costs 15 microseconds.
//! - [`PackedStack`] encodes, decodes, reconstructs and scores: a row or a whole set.
//! - A [`Step`] updates the flat buffer in one pass, or block by block while [`Batches::step`] has a
//!   gradient in the cache.
//!
//! Loops are compiled for AVX-512, AVX2, NEON and the baseline, and chosen at run time. They use
//! operations that are rounded in one way and sum in a fixed order, so the choice does not change a
//! bit of them; only the matrix products of a machine without fused multiply-adds differ.
//!
//! ```
//! use ae_kernels::{
//!     Activation, AdamStep, Batches, Layer, Loss, Objective, Stack, Step, Target, Weight,
//! };
//!
//! // 4-2-4 with tied weights: one weight of 2 x 4, then a bias of 2 and one of 4.
//! let own = Weight::Own { offset: 0 };
//! let tied = Weight::TransposeOf { layer: 0 };
//! let layers = vec![
//!     Layer { inputs: 4, outputs: 2, weight: own, bias: 8, activation: Activation::Relu },
//!     Layer { inputs: 2, outputs: 4, weight: tied, bias: 10, activation: Activation::Sigmoid },
//! ];
//! let stack = Stack::new(layers, 0, 14)?;
//! let objective = Objective { loss: Loss::BinaryCrossEntropy, code_l1: 0.0 };
//!
//! let rows = [[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]];
//! let mut parameters: Vec<f32> = (0..14).map(|i| 0.1 * (i % 5) as f32).collect();
//! let (mut gradient, mut mean, mut variance) = ([0.0; 14], [0.0; 14], [0.0; 14]);
//! let mut batches = Batches::new(1, Target::Input);
//! let mut losses = Vec::new();
//! for step in 1..=300 {
//!     let step = AdamStep::new(0.05, 0.9, 0.999, 1e-7, step);
//!     let step = Step::Adam { step, mean: &mut mean, variance: &mut variance };
//!     let found = batches.step(
//!         (&stack, objective),
//!         (&mut parameters, step),
//!         rows.len(),
//!         |range, inputs, _| inputs.copy_from_slice(rows[range].as_flattened()),
//!         &mut gradient,
//!     )?;
//!     losses.push(found.terms.reconstruction);
//! }
//! assert!(losses[299] < 0.5 * losses[0]);
//! # Ok::<(), ae_kernels::StackError>(())
//! ```
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]

mod activation;
mod batch;
mod blocks;
mod buffer;
mod cross_entropy;
mod elementary;
mod error;
mod factors;
mod gradient;
mod loss;
mod occupied;
mod optimizer;
mod packed;
mod panels;
mod pixels;
mod product;
mod scratch;
mod share;
mod simd;
mod stack;
mod terms;
mod transpose;
mod workspace;

pub use activation::Activation;
pub use batch::{BatchTerms, Batches, Target, squared_norm};
pub use cross_entropy::binary_cross_entropy;
pub use error::StackError;
pub use gradient::{Accumulate, Rows, Terms, loss_and_gradient};
pub use loss::{RowLosses, losses_of_logits, squared_error_sum};
pub use optimizer::{AdamStep, SgdStep, Step};
pub use packed::PackedStack;
pub use pixels::gather_bytes;
pub use stack::{Layer, Loss, Objective, Stack, Weight};
pub use workspace::Workspace;

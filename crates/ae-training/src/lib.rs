//! The training loop for autoencoders: optimizers, schedules, metrics, events and exact checkpoints.
//!
//! [`fit`] is the loop. It gives a state to an [`Engine`], which takes a step for every batch of some [`Samples`]. After
//! every epoch it evaluates the model, takes the state back, tells its [`Observer`] and saves a checkpoint. It knows
//! models and corruptions by their traits alone.
//!
//! Everything that changes in a run is one value, the [`TrainingState`]; order and corruption of an epoch follow
//! from the seed and the epoch's number. So a run that was interrupted continues from its last
//! checkpoint and ends with the same bits, and so does a run with another number of threads.
//!
//! ```
//! use ae_dataset::Images;
//! use ae_models::{ModelKind, ModelSpec, Objective};
//! use ae_training::{
//!     FitConfig, FusedEngine, MemoryObserver, OptimizerConfig, Samples, TrainingData, TrainingState, fit,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // 50 images, and the tutorial's 784-32-784 autoencoder.
//! let images = Images::new(28, 28, (0..50 * 784).map(|i| (i * i % 251) as u8).collect())?;
//! let architecture = ModelSpec::tutorial(ModelKind::Regular).architecture()?;
//! let mut engine = FusedEngine::new(architecture.as_ref(), Objective::default())?;
//!
//! let samples = Samples::new(&images, None);
//! let data = TrainingData { train: &samples, validation: &samples };
//! let config = FitConfig { epochs: 3, batch_size: 8, ..FitConfig::default() };
//! let parameters = architecture.initialise(config.seed);
//! let mut state = TrainingState::new(parameters, OptimizerConfig::keras_adam());
//! let mut observer = MemoryObserver::default();
//! fit(&mut engine, data, &config, &mut state, None, &mut observer)?;
//!
//! let curve = state.curve();
//! assert!(curve[2].metrics["val_bce"] < curve[0].metrics["val_bce"]);
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//! | feature | default | what |
//! |---|---|---|
//! | `candle` | yes | the autograd engine: candle's automatic differentiation, for every model and device |
//!
//! Without it the fused engine trains on the CPU, and candle is not compiled.
#![deny(missing_docs)]

mod config;
mod early_stopping;
mod schedule;
mod setting;

mod blind_spots;
mod divergence;
mod fit;
mod partial_epoch;
mod samples;

mod clip;
mod draws;
mod engine;
mod fused;
mod host_state;
mod optimizer;

#[cfg(feature = "candle")]
mod autograd;
#[cfg(not(feature = "candle"))]
#[path = "without_candle.rs"]
mod autograd;

mod curve;
mod errors_by_place;
mod evaluate;
mod metric_names;
pub mod metrics;
mod variational;

mod supervised;

mod background;
mod checkpoint;
mod event;
mod identity;
mod observer;
mod peers;

mod error;

pub use ae_corruption::{Corruption, Draw};
pub use ae_dataset::{ImageShape, Images};
pub use ae_files::FileError;
pub use ae_kernels::{ChainError, LocalPeers, Peers, PeersError, has_fused_multiply_add};
pub use ae_models::{
    Architecture, Device, Inference, Layout, Loss, ModelError, Objective, Parameters,
};
pub use ae_random::{Seed, Stream};
#[cfg(feature = "candle")]
pub use autograd::AutogradEngine;
pub use autograd::autograd_engine;
pub use background::Background;
pub use blind_spots::{BlindSpots, Counted};
pub use checkpoint::{Checkpoints, TrainingState};
pub use config::FitConfig;
pub use curve::{EpochRecord, Metrics, best_epoch, curve_csv, parse_curve_csv};
pub use early_stopping::EarlyStopping;
pub use engine::{BatchLoss, BatchResult, Engine, StepSize};
pub use error::TrainingError;
pub use errors_by_place::{ErrorsByPlace, errors_by_place};
pub use evaluate::{
    Detail, Evaluation, Quality, ReconstructedSamples, evaluate, reconstruct_samples,
    squared_errors,
};
pub use event::Event;
pub use fit::{FitOutcome, TrainingData, fit};
pub use fused::FusedEngine;
pub use identity::{Change, Difference, Identity};
pub use metric_names::{curve_metrics, deciding_metric, train_metric, validation_metric};
pub use observer::{CsvCurve, MemoryObserver, Observer, Stop};
pub use optimizer::{Optimizer, OptimizerConfig};
pub use peers::{Agreement, StopTogether, agree, process_names, share_state};
pub use samples::{BatchSelection, SampleCorruption, Samples, TrainingBatch};
pub use schedule::{Schedule, StepPosition};
pub use supervised::{
    Classifier, FineTuned, FineTuningConfig, FineTuningEpoch, LabelledImages, LayerStage,
    Pretrained, Pretraining, check_pretrainable, fine_tune, pretrain_layers,
};
pub use variational::{
    VariationalLosses, evaluate_variational, importance_weighted_nll, validation_codes,
};

/// Compiles the example of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;

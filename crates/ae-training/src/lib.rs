//! The training loop: optimizers, schedules, metrics, events and exact checkpoints.
//!
//! [`fit`] is the loop, to be read from top to bottom. It asks an [`Engine`] for the gradient of a
//! batch of [`Samples`], takes a step with an [`Optimizer`], evaluates after every epoch, tells its
//! [`Observer`] and saves a checkpoint. It knows models and noises by their traits alone.
//!
//! All that changes in a run is one value, the [`TrainingState`]; order and noise of an epoch follow
//! from the seed and the epoch's number. So a run that was interrupted goes on from its last
//! checkpoint and ends with the same bits, and so does a run on another number of threads.
//!
//! ```
//! use ae_dataset::Images;
//! use ae_models::{Loss, ModelKind, ModelSpec, Objective};
//! use ae_random::Seed;
//! use ae_training::{
//!     FitConfig, FusedEngine, MemoryObserver, OptimizerConfig, Samples, Schedule, TrainingData,
//!     TrainingState, fit,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // 50 images, and the tutorial's 784-32-784 autoencoder.
//! let images = Images::new(28, 28, (0..50 * 784).map(|i| (i * i % 251) as u8).collect())?;
//! let architecture = ModelSpec::tutorial(ModelKind::Regular).architecture()?;
//! let objective = Objective { loss: Loss::BinaryCrossEntropy, code_l1: 0.0 };
//! let mut engine = FusedEngine::new(architecture.as_ref(), objective)?;
//!
//! let seed = Seed::new(42);
//! let samples = Samples::new(&images, None);
//! let data = TrainingData { train: &samples, validation: &samples };
//! let config = FitConfig {
//!     seed,
//!     epochs: 3,
//!     batch_size: 8,
//!     loss: objective.loss,
//!     schedule: Schedule::Constant {},
//!     clip_norm: None,
//!     early_stopping: None,
//! };
//! let mut state = TrainingState::new(architecture.initialise(seed), OptimizerConfig::keras_adam());
//! let mut observer = MemoryObserver::default();
//! fit(&mut engine, data, &config, &mut state, None, &mut observer)?;
//!
//! let curve = state.curve();
//! assert!(curve[2].metrics["val_bce"] < curve[0].metrics["val_bce"]);
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod config;
mod fit;

mod engine;
mod fused;
mod samples;
mod state;

mod clip;
mod early_stopping;
mod optimizer;
mod schedule;

mod curve;
mod evaluate;
pub mod metrics;

mod background;
mod checkpoint;
mod event;
mod identity;

mod error;

pub use background::Background;
pub use checkpoint::Checkpoints;
pub use config::{FitConfig, curve_metrics, train_metric};
pub use curve::{EpochRecord, Metrics, best_epoch, curve_csv};
pub use early_stopping::EarlyStopping;
pub use engine::{AutogradEngine, BatchLoss, BatchResult, Engine, StepSize};
pub use error::TrainingError;
pub use evaluate::{Detail, Evaluation, Quality, evaluate, squared_errors};
pub use event::{CsvCurve, Event, MemoryObserver, Observer};
pub use fit::{TrainingData, fit};
pub use fused::FusedEngine;
pub use identity::{Change, Difference, Identity};
pub use optimizer::{Optimizer, OptimizerConfig};
pub use samples::{Batch, Noise, Samples};
pub use schedule::{Progress, Schedule};
pub use state::TrainingState;

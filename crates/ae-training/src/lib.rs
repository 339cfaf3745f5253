//! placeholder
#![deny(missing_docs)]

mod checkpoint;
mod clip;
mod curve;
mod early_stopping;
mod engine;
mod error;
mod evaluate;
mod event;
mod fit;
pub mod metrics;
mod optimizer;
mod samples;
mod schedule;
mod state;

pub use checkpoint::Checkpoints;
pub use curve::{EpochRecord, Metrics, best_epoch, curve_csv};
pub use early_stopping::EarlyStopping;
pub use engine::{AutogradEngine, BatchLoss, Engine};
pub use error::TrainingError;
pub use evaluate::{Detail, Evaluation, Quality, evaluate, squared_errors};
pub use event::{CsvCurve, Event, MemoryObserver, Observer};
pub use fit::{FitConfig, TrainingData, fit, train_metric};
pub use optimizer::{Optimizer, OptimizerConfig};
pub use samples::{Batch, Noise, Samples};
pub use schedule::{Progress, Schedule};
pub use state::TrainingState;

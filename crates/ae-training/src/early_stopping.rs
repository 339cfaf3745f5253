//! Early stopping: the end of a run whose metric no longer falls.

use serde::{Deserialize, Serialize};

use crate::setting::{at_least_1, check};
use crate::{EpochRecord, TrainingError};

/// Stops a run when a metric has not fallen for some epochs: a pure function of the curve.
///
/// The metric's best value is replaced only by one that is lower by more than `min_delta`
/// (Prechelt 1998, "Early stopping, but when?", the UP criterion; Keras' `EarlyStopping`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// The metric's name; lower is better.
    pub metric: String,
    /// Epochs without a better value after which the run stops; at least 1.
    pub patience: u32,
    /// How much lower a value must be to count as better; at least 0.
    pub min_delta: f64,
}

impl EarlyStopping {
    /// Whether a run with this curve should stop.
    pub fn should_stop(&self, curve: &[EpochRecord]) -> bool {
        let mut best = f64::INFINITY;
        let mut waited = 0;
        for value in curve.iter().filter_map(|row| row.metrics.get(&self.metric)) {
            if *value < best - self.min_delta {
                best = *value;
                waited = 0;
            } else {
                waited += 1;
            }
        }
        waited >= self.patience
    }

    /// Checks the settings; `metrics` are the names of the curve's metrics.
    pub(crate) fn check(&self, metrics: &[String]) -> Result<(), TrainingError> {
        at_least_1("training.early_stopping.patience", self.patience as usize)?;
        let setting = "training.early_stopping.min_delta";
        check(setting, self.min_delta, "finite and at least 0", |x| x >= 0.0)?;
        if metrics.contains(&self.metric) {
            return Ok(());
        }
        let (name, known) = (self.metric.clone(), metrics.join(", "));
        Err(TrainingError::UnknownMetric { name, known })
    }
}

//! The settings of the training loop.

use ae_random::Seed;

use crate::setting::{at_least_1, check_positive};
use crate::{EarlyStopping, OptimizerConfig, Schedule, StepPosition, TrainingError};

/// The settings of the loop. The default is the tutorial's: 50 epochs in batches of 256 with a constant
/// learning rate; seed 42.
#[derive(Debug, Clone)]
pub struct FitConfig {
    /// The seed of the order of every epoch.
    pub seed: Seed,
    /// Epochs of the whole run, those done before a resume included; at least 1.
    pub epochs: u32,
    /// Images of a batch, at least 1; the last batch of an epoch may be shorter and is kept.
    pub batch_size: usize,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// The largest Euclidean norm of a gradient, above 0; longer ones are scaled down to it.
    pub clip_norm: Option<f64>,
    /// Epochs over which the weight of the penalty `kl` grows from 0 to its own, step by step on a straight line
    /// (Sønderby et al. 2016, section 2.3), at least 1; without it, it is its own from the first step on.
    pub kl_warm_up: Option<u32>,
    /// When to stop before the last epoch.
    pub early_stopping: Option<EarlyStopping>,
}

impl Default for FitConfig {
    fn default() -> Self {
        Self {
            seed: Seed::new(42),
            epochs: 50,
            batch_size: 256,
            schedule: Schedule::default(),
            clip_norm: None,
            kl_warm_up: None,
            early_stopping: None,
        }
    }
}

impl FitConfig {
    /// What the weight of the penalty `kl` is multiplied by at a step.
    pub(crate) fn kl_share(&self, position: StepPosition) -> f64 {
        let Some(epochs) = self.kl_warm_up else { return 1.0 };
        let warm_up = (u64::from(epochs) * position.steps_per_epoch).max(1);
        (position.step as f64 / warm_up as f64).min(1.0)
    }

    /// Checks the settings, and those of the optimizer. `metrics` are the names of the curve's metrics:
    /// [`curve_metrics`](crate::curve_metrics).
    ///
    /// # Errors
    /// [`TrainingError::Setting`] with the setting's place in a spec if it is outside its range, and
    /// [`TrainingError::UnknownMetric`] if early stopping names a metric that is not among `metrics`.
    pub fn check(
        &self,
        optimizer: &OptimizerConfig,
        metrics: &[String],
    ) -> Result<(), TrainingError> {
        at_least_1("training.epochs", self.epochs as usize)?;
        at_least_1("training.batch_size", self.batch_size)?;
        optimizer.check()?;
        self.schedule.check(self.epochs)?;
        if let Some(norm) = self.clip_norm {
            check_positive("training.clip_norm", norm)?;
        }
        if let Some(epochs) = self.kl_warm_up {
            at_least_1("training.kl_warm_up", epochs as usize)?;
        }
        self.early_stopping.as_ref().map_or(Ok(()), |stopping| stopping.check(metrics))
    }
}

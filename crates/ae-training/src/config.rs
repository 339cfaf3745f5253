//! The settings of the training loop, and what they may be.

use ae_models::Loss;
use ae_random::Seed;

use crate::optimizer::{check, check_positive};
use crate::{EarlyStopping, OptimizerConfig, Schedule, TrainingError};

/// The settings of the loop.
#[derive(Debug, Clone)]
pub struct FitConfig {
    /// The order of every epoch follows from it.
    pub seed: Seed,
    /// Epochs of the whole run, those done before a resume included; at least 1.
    pub epochs: u32,
    /// Images of a batch, at least 1; the last batch of an epoch may be shorter and is kept.
    pub batch_size: usize,
    /// The loss, which names the training metric: `train_bce` or `train_mse`.
    pub loss: Loss,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// The largest Euclidean norm of a gradient, above 0; longer ones are scaled down to it.
    pub clip_norm: Option<f64>,
    /// When to stop before the last epoch.
    pub early_stopping: Option<EarlyStopping>,
}

impl FitConfig {
    /// Checks the settings, and those of the optimizer. `metrics` are the names of the curve's metrics:
    /// [`curve_metrics`].
    ///
    /// # Errors
    /// [`TrainingError::Setting`] with the setting's place in a spec if it is outside its range, and
    /// [`TrainingError::UnknownMetric`] if early stopping names a metric that is not among `metrics`.
    pub fn check(
        &self,
        optimizer: &OptimizerConfig,
        metrics: &[&str],
    ) -> Result<(), TrainingError> {
        at_least_1("training.epochs", self.epochs as usize)?;
        at_least_1("training.batch_size", self.batch_size)?;
        optimizer.check()?;
        self.schedule.check(self.epochs)?;
        if let Some(norm) = self.clip_norm {
            check_positive("training.clip_norm", norm)?;
        }
        self.early_stopping.as_ref().map_or(Ok(()), |stopping| stopping.check(metrics))
    }
}

impl EarlyStopping {
    fn check(&self, metrics: &[&str]) -> Result<(), TrainingError> {
        at_least_1("training.early_stopping.patience", self.patience as usize)?;
        let place = "training.early_stopping.min_delta";
        check(place, self.min_delta, "finite and at least 0", |x| x >= 0.0)?;
        if metrics.contains(&self.metric.as_str()) {
            return Ok(());
        }
        let (name, known) = (self.metric.clone(), metrics.join(", "));
        Err(TrainingError::UnknownMetric { name, known })
    }
}

fn at_least_1(setting: &'static str, value: usize) -> Result<(), TrainingError> {
    if value >= 1 {
        return Ok(());
    }
    let (expected, found) = ("at least 1".to_owned(), value.to_string());
    Err(TrainingError::Setting { setting, expected, found })
}

/// The name of the training loss in the curve.
pub fn train_metric(loss: Loss) -> &'static str {
    match loss {
        Loss::BinaryCrossEntropy => "train_bce",
        Loss::MeanSquaredError => "train_mse",
    }
}

/// The names of a curve's metrics, sorted. `val_bce` is among them if the model's output is a probability.
pub fn curve_metrics(loss: Loss, output_is_probability: bool) -> Vec<&'static str> {
    let cross_entropy = output_is_probability.then_some("val_bce");
    [train_metric(loss)].into_iter().chain(cross_entropy).chain(["val_mse"]).collect()
}

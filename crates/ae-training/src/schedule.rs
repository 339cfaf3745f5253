//! Learning-rate schedules: pure functions of the step.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use crate::TrainingError;
use crate::setting::check;

/// How the learning rate changes over a run. The default is a constant rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// The same at every step.
    Constant {},
    /// Multiplied by `factor` after every `every_epochs` epochs (PyTorch's `StepLR`).
    Step {
        /// In (0, 1].
        factor: f64,
        /// At least 1.
        every_epochs: u32,
    },
    /// Multiplied by `factor^e` after `e` epochs, fractions included: it falls a little at every step (Keras'
    /// `ExponentialDecay`).
    Exponential {
        /// What is left after an epoch, in (0, 1].
        factor: f64,
    },
    /// Rises linearly over the warm-up, then falls along half a cosine to `final_factor` at the
    /// last step (Loshchilov and Hutter 2017, equation 5, without restarts).
    Cosine {
        /// Epochs of linear rise from 0; 0 is none.
        warmup_epochs: u32,
        /// The last step's part of the learning rate, in [0, 1].
        final_factor: f64,
    },
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant {}
    }
}

/// The position of a step in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepPosition {
    /// Steps taken before this one.
    pub step: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Epochs of the whole run.
    pub epochs: u32,
}

impl Schedule {
    /// The factor of the learning rate at a step, in [0, 1].
    pub fn factor(&self, position: StepPosition) -> f64 {
        let per_epoch = position.steps_per_epoch.max(1);
        let epochs_done = position.step as f64 / per_epoch as f64;
        match *self {
            Self::Constant {} => 1.0,
            Self::Step { factor, every_epochs } => {
                factor.powf((position.step / per_epoch / u64::from(every_epochs.max(1))) as f64)
            }
            Self::Exponential { factor } => factor.powf(epochs_done),
            Self::Cosine { warmup_epochs, final_factor } => {
                let warmup = u64::from(warmup_epochs) * per_epoch;
                if position.step < warmup {
                    return (position.step + 1) as f64 / warmup as f64;
                }
                let last = (u64::from(position.epochs) * per_epoch).saturating_sub(1);
                let falling = last.saturating_sub(warmup).max(1) as f64;
                let fallen = ((position.step - warmup) as f64 / falling).min(1.0);
                final_factor + (1.0 - final_factor) * 0.5 * (1.0 + (PI * fallen).cos())
            }
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// If a constant is outside its range, or the warm-up takes the whole run.
    pub fn check(&self, epochs: u32) -> Result<(), TrainingError> {
        let in_unit = |x| 0.0 < x && x <= 1.0;
        match *self {
            Self::Constant {} => Ok(()),
            Self::Step { factor, every_epochs } => {
                check("schedule.every_epochs", every_epochs.into(), "at least 1", |x| x >= 1.0)?;
                check("schedule.factor", factor, "in (0, 1]", in_unit)
            }
            Self::Exponential { factor } => check("schedule.factor", factor, "in (0, 1]", in_unit),
            Self::Cosine { warmup_epochs, final_factor } => {
                check("schedule.final_factor", final_factor, "in [0, 1]", |x| {
                    (0.0..=1.0).contains(&x)
                })?;
                let expected = format!("below the {epochs} epochs of the run");
                check("schedule.warmup_epochs", warmup_epochs.into(), &expected, |x| {
                    x < f64::from(epochs)
                })
            }
        }
    }
}

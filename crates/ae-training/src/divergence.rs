//! Divergence: a run whose loss or gradient is no longer finite ends before its parameters are saved.

use crate::{BatchResult, Checkpoints, Evaluation, TrainingError, TrainingState};

/// Where a run stands: epoch and batch, both counted from 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) epoch: u32,
    pub(crate) batch: usize,
}

/// Refuses a batch whose loss or gradient is not finite.
pub(crate) fn check_batch(
    result: &BatchResult,
    place: Place,
    state: &TrainingState,
    checkpoints: Option<&Checkpoints>,
) -> Result<(), TrainingError> {
    match not_finite(result.loss.objective(), result.squared_norm) {
        Some(quantity) => Err(diverged(quantity, place, state, checkpoints)),
        None => Ok(()),
    }
}

/// What of a batch is no longer finite, if something is.
pub(crate) fn not_finite(loss: f64, squared_norm: f64) -> Option<&'static str> {
    match (loss.is_finite(), squared_norm.is_finite()) {
        (true, true) => None,
        (false, _) => Some("the loss"),
        (true, false) => Some("the gradient"),
    }
}

/// Refuses a validation whose losses are not finite.
pub(crate) fn check_validation(
    evaluation: &Evaluation,
    place: Place,
    state: &TrainingState,
    checkpoints: Option<&Checkpoints>,
) -> Result<(), TrainingError> {
    if evaluation.is_finite() {
        return Ok(());
    }
    Err(diverged("the validation loss", place, state, checkpoints))
}

/// The error with the last checkpoint before the divergence, or a failure to write that checkpoint.
fn diverged(
    quantity: &'static str,
    Place { epoch, batch }: Place,
    state: &TrainingState,
    checkpoints: Option<&Checkpoints>,
) -> TrainingError {
    match checkpoints.map_or(Ok(None), |checkpoints| checkpoints.last_of(state)) {
        Ok(checkpoint) => TrainingError::Diverged { epoch, batch, quantity, checkpoint },
        Err(failed_write) => failed_write,
    }
}

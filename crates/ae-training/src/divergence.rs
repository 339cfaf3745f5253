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
    if !result.loss.objective().is_finite() {
        Err(diverged("the loss", place, state, checkpoints))
    } else if !result.squared_norm.is_finite() {
        Err(diverged("the gradient", place, state, checkpoints))
    } else {
        Ok(())
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

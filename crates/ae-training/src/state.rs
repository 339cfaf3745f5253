//! All that changes in a run.

use ae_models::Parameters;

use crate::{EpochRecord, Optimizer, OptimizerConfig};

/// All that changes in a run: parameters, optimizer and curve.
///
/// A run is a fold of epochs over this value. Order and noise of an epoch follow from the seed and
/// the epoch's number, so a run that goes on from a saved state ends as if it had never stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingState {
    pub(crate) parameters: Parameters,
    pub(crate) optimizer: Optimizer,
    pub(crate) curve: Vec<EpochRecord>,
}

impl TrainingState {
    /// The state before the first epoch.
    pub fn new(parameters: Parameters, optimizer: OptimizerConfig) -> Self {
        let optimizer = Optimizer::new(optimizer, parameters.values().len());
        Self { parameters, optimizer, curve: Vec::new() }
    }

    /// Epochs done.
    pub fn completed_epochs(&self) -> u32 {
        self.curve.last().map_or(0, |row| row.epoch)
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.optimizer.steps()
    }

    /// The parameters as they are now.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The curve so far, an entry an epoch.
    pub fn curve(&self) -> &[EpochRecord] {
        &self.curve
    }
}

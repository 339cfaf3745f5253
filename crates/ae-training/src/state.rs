//! The state of a run: what a checkpoint holds and a resume restores.

use ae_models::Parameters;

use crate::partial_epoch::PartialEpoch;
use crate::{EpochRecord, Optimizer, OptimizerConfig, TrainingError};

/// Everything that changes in a run: parameters, optimizer, curve, and the place in an epoch. It is what a checkpoint
/// holds and what a resume restores.
///
/// Training is a fold of epochs over this value. Order and corruption of an epoch follow from the seed and
/// the epoch's number, so a run that goes on from a saved state ends as if it had never stopped.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingState {
    pub(crate) parameters: Parameters,
    pub(crate) optimizer: Optimizer,
    pub(crate) curve: Vec<EpochRecord>,
    /// The epoch in which a clean stop happened, as far as it was learned.
    pub(crate) partial_epoch: Option<PartialEpoch>,
}

impl TrainingState {
    /// The state before the first epoch.
    pub fn new(parameters: Parameters, optimizer: OptimizerConfig) -> Self {
        let optimizer = Optimizer::new(optimizer, parameters.values().len());
        Self { parameters, optimizer, curve: Vec::new(), partial_epoch: None }
    }

    /// Epochs that were learned and validated.
    pub fn completed_epochs(&self) -> u32 {
        self.curve.last().map_or(0, |row| row.epoch)
    }

    /// Steps of the optimizer so far.
    pub fn steps(&self) -> u64 {
        self.optimizer.steps()
    }

    /// Batches of the next epoch that were learned before a clean stop, 0 after a whole epoch.
    pub fn batches_of_next_epoch(&self) -> usize {
        self.partial_epoch.map_or(0, |partial| partial.batches)
    }

    /// The parameters as they are now.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The curve so far, one entry per epoch.
    pub fn curve(&self) -> &[EpochRecord] {
        &self.curve
    }

    /// Takes out how far the next epoch was learned, which must have been in batches of this size.
    pub(crate) fn take_partial_epoch(
        &mut self,
        batch_size: usize,
        batches: usize,
    ) -> Result<PartialEpoch, TrainingError> {
        let Some(partial) = self.partial_epoch.take() else { return Ok(PartialEpoch::default()) };
        if partial.batches < batches && partial.images == partial.batches * batch_size {
            return Ok(partial);
        }
        Err(TrainingError::Setting {
            setting: "training.batch_size",
            expected: format!(
                "that of the stopped epoch, in which {} batches had {} images",
                partial.batches, partial.images
            ),
            found: batch_size.to_string(),
        })
    }
}

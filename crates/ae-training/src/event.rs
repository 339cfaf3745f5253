//! What a run tells while it goes on, and who listens.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Background, BatchLoss, EpochRecord, TrainingError, TrainingState, curve_csv};

/// Something that happened in a run.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The run begins, or goes on after `completed` epochs.
    Started {
        /// Epochs done before.
        completed: u32,
        /// Epochs planned in all.
        epochs: u32,
        /// Batches of an epoch.
        batches: usize,
    },
    /// A batch was learned.
    BatchEnded {
        /// The epoch, counted from 1.
        epoch: u32,
        /// The batch, counted from 1.
        batch: usize,
        /// Its loss.
        loss: BatchLoss,
    },
    /// An epoch was learned and validated. Its checkpoint is written after all observers have seen
    /// this, so what they write is written again if the run is killed in between.
    EpochEnded {
        /// Its line of the curve.
        record: &'a EpochRecord,
        /// All that a checkpoint holds.
        state: &'a TrainingState,
        /// Whether its checkpoint is written. What an observer does not write now must still be
        /// reproduced by a resume from an earlier checkpoint.
        is_kept: bool,
    },
    /// The run stops before its planned end because a metric no longer falls.
    StoppedEarly {
        /// Epochs done.
        completed: u32,
        /// The metric.
        metric: &'a str,
    },
    /// The run has ended without an error: whoever writes in the background finishes it now.
    Ended {
        /// Epochs done.
        completed: u32,
    },
}

/// Someone who listens to a run.
pub trait Observer: Send {
    /// Hears of an event.
    ///
    /// # Errors
    /// An error ends the run.
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError>;
}

/// Several observers, told in order.
impl Observer for Vec<Box<dyn Observer + '_>> {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        self.iter_mut().try_for_each(|observer| observer.observe(event))
    }
}

/// Writes the learning curve to a CSV file with every checkpoint, as a whole and at once. The end of the run
/// waits for the last one, and fails if it could not be written.
#[derive(Debug)]
pub struct CsvCurve {
    path: PathBuf,
    background: Arc<Background>,
}

impl CsvCurve {
    /// An observer that writes to this file, in the background.
    pub fn new(path: &Path, background: Arc<Background>) -> Self {
        Self { path: path.to_owned(), background }
    }
}

impl Observer for CsvCurve {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        match event {
            Event::EpochEnded { state, is_kept: true, .. } => {
                let (path, csv) = (self.path.clone(), curve_csv(state.curve()));
                self.background.run(move || Ok(ae_files::write_atomic(&path, csv.as_bytes())?))
            }
            Event::Ended { .. } => self.background.finish(),
            _ => Ok(()),
        }
    }
}

/// Remembers a run in memory: for tests and notebooks.
#[derive(Debug, Default)]
pub struct MemoryObserver {
    /// The mean loss of every batch, in order.
    pub batch_losses: Vec<f64>,
    /// The curve.
    pub epochs: Vec<EpochRecord>,
    /// The epoch after which the run stopped early, if it did.
    pub stopped_early: Option<u32>,
}

impl Observer for MemoryObserver {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        match event {
            Event::BatchEnded { loss, .. } => self.batch_losses.push(loss.objective),
            Event::EpochEnded { record, .. } => self.epochs.push((*record).clone()),
            Event::StoppedEarly { completed, .. } => self.stopped_early = Some(*completed),
            Event::Started { .. } | Event::Ended { .. } => {}
        }
        Ok(())
    }
}

//! Who listens to a run: the trait [`Observer`] and two observers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Background, EpochRecord, Event, TrainingError, curve_csv};

/// Somebody who listens to a run.
pub trait Observer: Send {
    /// Hears of an event.
    ///
    /// # Errors
    /// An error ends the run at once, as a kill does. [`TrainingError::observer`] wraps an error of any type.
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError>;

    /// Whether the run should stop cleanly, and when. [`fit`](crate::fit) asks after every batch and every epoch.
    fn stop(&self) -> Option<Stop> {
        None
    }
}

/// When a run stops that an observer asks to stop. Either way a checkpoint is written, and a resume ends with the same
/// bits as a run that was not stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// After the epoch that is being learned.
    AfterEpoch,
    /// After the batch that is being learned.
    AfterBatch,
}

/// Several observers, told in order. The run stops as soon as one of them wants it to.
impl Observer for Vec<Box<dyn Observer + '_>> {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        self.iter_mut().try_for_each(|observer| observer.observe(event))
    }

    fn stop(&self) -> Option<Stop> {
        self.iter().filter_map(|observer| observer.stop()).max()
    }
}

/// Writes the learning curve to a CSV file with every checkpoint, the whole file each time. The end of the run waits
/// for the last write and fails if it failed.
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
            Event::EpochEnded { state, is_kept: true, .. } | Event::Stopping { state } => {
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
            Event::BatchEnded { loss, .. } => self.batch_losses.push(loss.objective()),
            Event::EpochEnded { record, .. } => self.epochs.push((*record).clone()),
            Event::StoppedEarly { completed, .. } => self.stopped_early = Some(*completed),
            Event::Started { .. } | Event::Stopping { .. } | Event::Ended { .. } => {}
        }
        Ok(())
    }
}

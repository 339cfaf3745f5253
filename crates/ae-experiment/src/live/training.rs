//! A training of this process, as others see it and stop it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ae_training::{EpochRecord, Event, Observer, Stop, TrainingError, curve_csv};

use super::mailbox::Status;
use super::pace::Pace;
use super::{LivePhase, LiveProgress, LiveState, verdict};
use crate::ExperimentError;
use crate::page::{CurveRow, LivePage, Sketch};

/// Most epochs that a status repeats because the curve's file has no row of them yet.
const MOST_ROWS: usize = 1000;

/// A training of this process: [`train`](crate::train) and [`resume`](crate::resume) tell it how far they are, and it
/// can be asked to stop. Clones are one and the same.
#[derive(Debug, Clone)]
pub struct LiveTraining(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    /// Whether a page of this process shows the training.
    is_shown: AtomicBool,
    stop: AtomicBool,
    /// The epoch in the upper half, the batch in the lower one.
    place: AtomicU64,
    /// Batches of this process.
    done: AtomicU64,
    /// The bits of the last batch's loss.
    loss: AtomicU64,
    told: Mutex<Told>,
    /// The page of a revision.
    page: Mutex<Option<(u64, Arc<LivePage>)>>,
}

/// What changes with an epoch at most.
#[derive(Debug)]
struct Told {
    phase: LivePhase,
    pace: Option<Pace>,
    /// The epochs of this process.
    rows: Vec<EpochRecord>,
    /// The last epoch that the curve's file holds.
    kept: u32,
    sketch: Option<Arc<Sketch>>,
    /// Counts the changes of what the page shows.
    revision: u64,
}

impl LiveTraining {
    /// A training into a folder that is about to begin.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let told = Told {
            phase: LivePhase::Preparing,
            pace: None,
            rows: Vec::new(),
            kept: 0,
            sketch: None,
            revision: 0,
        };
        Self(Arc::new(Shared {
            folder: folder.to_owned(),
            is_shown: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            place: AtomicU64::new(0),
            done: AtomicU64::new(0),
            loss: AtomicU64::new(f64::NAN.to_bits()),
            told: Mutex::new(told),
            page: Mutex::new(None),
        }))
    }

    /// A page of this process will show it, so that reconstructions are drawn.
    pub fn show(&self) {
        self.0.is_shown.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_shown(&self) -> bool {
        self.0.is_shown.load(Ordering::Relaxed)
    }

    /// The folder of the run.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.0.folder
    }

    /// Asks the training to stop after the batch that is being learned, with a checkpoint. One that has learned its last
    /// batch ends as if nothing had been asked.
    pub fn request_stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }

    /// How far it is.
    #[must_use]
    pub fn phase(&self) -> LivePhase {
        self.phase_of(&self.told())
    }

    /// Where it is; none before the first batch can be learned.
    #[must_use]
    pub fn progress(&self) -> Option<LiveProgress> {
        self.progress_of(&self.told(), Instant::now())
    }

    /// It has ended well, and all of its files are written.
    pub fn finished(&self) {
        self.enter(LivePhase::Finished);
    }

    /// It has ended with an error; one that was asked to stop has ended well.
    pub fn failed(&self, error: &str) {
        if !matches!(self.phase(), LivePhase::Stopped { .. }) {
            self.enter(LivePhase::Failed { reason: error.to_owned() });
        }
    }

    /// The training as a page shows it.
    ///
    /// # Errors
    /// If a file of the run cannot be read.
    pub fn state(&self) -> Result<LiveState, ExperimentError> {
        // Those who ask wait for each other here, and never hold what the training waits for.
        let mut made = self.0.page.lock().unwrap_or_else(PoisonError::into_inner);
        let told = self.told();
        let (phase, progress) = (self.phase_of(&told), self.progress_of(&told, Instant::now()));
        let known = made.as_ref().filter(|(revision, _)| *revision == told.revision);
        let page = match known {
            Some((_, page)) => page.clone(),
            None => {
                let (revision, contents) = (told.revision, Contents::of(&told));
                drop(told);
                let page = Arc::new(contents.page(&self.0.folder)?);
                *made = Some((revision, page.clone()));
                page
            }
        };
        let verdict = verdict(&phase, progress.as_ref(), &page);
        let can_stop = phase == LivePhase::Training;
        Ok(LiveState { phase, verdict, progress, can_stop, page })
    }

    /// What another process is told.
    pub(super) fn status(&self, id: &str) -> Status {
        let told = self.told();
        let kept = told.rows.iter().take_while(|row| row.epoch <= told.kept).count();
        let missing = &told.rows[kept.max(told.rows.len().saturating_sub(MOST_ROWS))..];
        Status {
            id: id.to_owned(),
            process: std::process::id(),
            phase: self.phase_of(&told),
            progress: self.progress_of(&told, Instant::now()),
            rows: if missing.is_empty() { String::new() } else { curve_csv(missing) },
            sketched: told.sketch.as_ref().map(|sketch| sketch.epoch),
        }
    }

    pub(super) fn sketch(&self) -> Option<Arc<Sketch>> {
        self.told().sketch.clone()
    }

    /// Reconstructions were drawn.
    pub(super) fn sketched(&self, sketch: Sketch) {
        let mut told = self.told();
        told.sketch = Some(Arc::new(sketch));
        told.revision += 1;
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, phase: LivePhase) {
        let mut told = self.told();
        told.phase = phase;
        told.revision += 1;
    }

    fn phase_of(&self, told: &Told) -> LivePhase {
        let is_asked = self.0.stop.load(Ordering::Relaxed);
        match told.phase {
            LivePhase::Training if is_asked => LivePhase::Stopping,
            ref phase => phase.clone(),
        }
    }

    fn progress_of(&self, told: &Told, now: Instant) -> Option<LiveProgress> {
        let mut pace = told.pace.clone()?;
        self.catch_up(&mut pace);
        let loss = f64::from_bits(self.0.loss.load(Ordering::Relaxed));
        Some(LiveProgress {
            epoch: pace.epoch.min(pace.epochs),
            epochs: pace.epochs,
            batch: pace.batch,
            batches: pace.batches,
            loss: Some(loss).filter(|loss| loss.is_finite()),
            items_per_second: pace.items_per_second(now),
            seconds_left: pace.left(now).as_ref().map(Duration::as_secs_f64),
            noun: pace.noun().to_owned(),
        })
    }

    fn catch_up(&self, pace: &mut Pace) {
        let place = self.0.place.load(Ordering::Relaxed);
        if place > 0 {
            let (epoch, batch) = ((place >> 32) as u32, place as u32 as usize);
            pace.catch_up(epoch, batch, self.0.done.load(Ordering::Relaxed));
        }
    }

    fn epoch_ended(&self, record: &EpochRecord, is_kept: bool) {
        let mut told = self.told();
        if let Some(mut pace) = told.pace.take() {
            self.catch_up(&mut pace);
            pace.epoch_ended(Instant::now());
            told.pace = Some(pace);
        }
        told.rows.push(record.clone());
        if is_kept {
            told.kept = record.epoch;
        }
        told.revision += 1;
    }
}

/// What a page is made from.
enum Contents {
    /// The folder may hold another run.
    NotBegun,
    Training {
        rows: Vec<CurveRow>,
        sketch: Option<Arc<Sketch>>,
    },
    Finished,
}

impl Contents {
    fn of(told: &Told) -> Self {
        match (&told.pace, &told.phase) {
            (None, _) => Self::NotBegun,
            (Some(_), LivePhase::Finished) => Self::Finished,
            _ => Self::Training {
                rows: told.rows.iter().map(CurveRow::from).collect(),
                sketch: told.sketch.clone(),
            },
        }
    }

    fn page(self, folder: &Path) -> Result<LivePage, ExperimentError> {
        match self {
            Self::NotBegun => Ok(LivePage::before(folder)),
            Self::Training { rows, sketch } => {
                LivePage::of_training(folder, rows, sketch.as_deref())
            }
            Self::Finished => LivePage::of_run(folder),
        }
    }
}

impl Observer for LiveTraining {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        match event {
            Event::Started { completed, epochs, batches, items, shape } => {
                let now = Instant::now();
                let pace = Pace::start(*completed, *epochs, *batches, *items, *shape, now);
                let mut told = self.told();
                told.pace = Some(pace);
                told.kept = *completed;
                drop(told);
                self.enter(LivePhase::Training);
            }
            // Three stores, and no lock: this is all that a batch pays.
            Event::BatchEnded { epoch, batch, loss } => {
                let shared = &self.0;
                let place = u64::from(*epoch) << 32 | *batch as u64 & u64::from(u32::MAX);
                shared.loss.store(loss.objective().to_bits(), Ordering::Relaxed);
                shared.place.store(place, Ordering::Relaxed);
                shared.done.store(shared.done.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
            }
            Event::EpochEnded { record, is_kept, .. } => self.epoch_ended(record, *is_kept),
            Event::Stopping { state } => self.enter(LivePhase::Stopped {
                completed: state.completed_epochs(),
                batches: state.batches_of_next_epoch(),
            }),
            Event::Ended { .. } if !matches!(self.phase(), LivePhase::Stopped { .. }) => {
                self.enter(LivePhase::Finishing);
            }
            _ => {}
        }
        Ok(())
    }

    fn stop(&self) -> Option<Stop> {
        self.0.stop.load(Ordering::Relaxed).then_some(Stop::AfterBatch)
    }
}

#[cfg(test)]
mod tests {
    use ae_dataset::ImageShape;
    use ae_training::BatchLoss;

    use super::*;

    #[test]
    fn a_training_tells_where_it_is_and_stops_when_it_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let mut live = LiveTraining::new(&folder.path().join("run"));
        assert_eq!((live.phase(), live.progress()), (LivePhase::Preparing, None));
        assert_eq!(live.state().unwrap().page.title, "run");
        let shape = ImageShape::grey(4, 4);
        let started = Event::Started { completed: 1, epochs: 3, batches: 10, items: 100, shape };
        live.observe(&started).unwrap();
        let loss = BatchLoss { reconstruction: 0.5, penalties: vec![0.25] };
        for batch in 1..=4 {
            live.observe(&Event::BatchEnded { epoch: 2, batch, loss: &loss }).unwrap();
        }
        let progress = live.progress().unwrap();
        assert_eq!((progress.epoch, progress.batch, progress.loss), (2, 4, Some(0.75)));
        assert_eq!((progress.epochs, progress.batches), (3, 10));
        assert_eq!((live.stop(), live.phase()), (None, LivePhase::Training));
        live.request_stop();
        assert_eq!((live.stop(), live.phase()), (Some(Stop::AfterBatch), LivePhase::Stopping));
    }

    #[test]
    fn a_status_repeats_the_epochs_that_the_file_does_not_hold() {
        let mut live = LiveTraining::new(Path::new("nowhere"));
        let shape = ImageShape::grey(4, 4);
        let started = Event::Started { completed: 0, epochs: 9, batches: 1, items: 1, shape };
        live.observe(&started).unwrap();
        for epoch in 1..=5 {
            let metrics = std::iter::once(("val_mse".to_owned(), 0.1)).collect();
            let record = EpochRecord { epoch, learning_rate: 0.1, metrics };
            live.epoch_ended(&record, epoch % 2 == 0);
        }
        assert_eq!(live.status("a").rows, "epoch,learning_rate,val_mse\n5,0.1,0.1\n");
    }
}

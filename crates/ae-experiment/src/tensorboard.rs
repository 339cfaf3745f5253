//! TensorBoard's event file of a run: the curve's metrics of every epoch, and pictures and weights at every kept
//! checkpoint.
//!
//! The file grows while the run goes on. A run that is resumed first cuts it to what an uninterrupted run would have
//! written until then, so both end with the same bytes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ae_files::AppendedFile;
use ae_models::{Device, Parameters};
use ae_report::{
    GridRow, StoredEvent, event_file_header, histogram_record, image_record, scalar_record,
    stored_events,
};
use ae_training::{
    Background, Checkpoints, EpochRecord, Event, Observer, TrainingError, TrainingState,
};

use crate::ExperimentError;
use crate::figures::display::Display;
use crate::figures::first_images;
use crate::folder::RunFolder;
use crate::plan::Plan;

/// Whether a run writes TensorBoard's event file. A run that has one goes on with it in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TensorBoard {
    /// No event file is begun.
    #[default]
    Off,
    /// The run writes one into its folder `tensorboard`.
    On,
}

/// The largest event file that is gone on with, in bytes.
const LARGEST: u64 = 1 << 30;
/// The tag of the pictures: the rows of the figure of reconstructions, without its words.
const PICTURES: &str = "reconstructions";

/// Writes the event file of a run.
pub(crate) struct EventFile<'a> {
    plan: &'a Plan,
    path: PathBuf,
    background: Arc<Background>,
    /// What an earlier process wrote and this one keeps.
    found: Found,
    /// Open once the first epoch of this process has ended.
    file: Option<Arc<Mutex<AppendedFile>>>,
}

/// How much of a file that is there belongs to a run's past.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Found {
    /// Bytes.
    kept: u64,
    /// Whether they hold all epochs of the past.
    is_whole: bool,
}

impl<'a> EventFile<'a> {
    /// The event file of a run, if it is to have one. Nothing is written yet.
    ///
    /// # Errors
    /// If there is a file that cannot be read or is larger than 1 GiB.
    pub(crate) fn of(
        wanted: TensorBoard,
        plan: &'a Plan,
        folder: &RunFolder,
        checkpoints: &Checkpoints,
        state: &TrainingState,
    ) -> Result<Option<Self>, ExperimentError> {
        let path = folder.events();
        let is_there = path.is_file();
        if wanted == TensorBoard::Off && !is_there {
            return Ok(None);
        }
        let bytes = if is_there { ae_files::read_bounded(&path, LARGEST)? } else { Vec::new() };
        let completed = state.completed_epochs();
        let found = found(stored_events(&bytes), completed, checkpoints.is_due(completed));
        let background = Arc::clone(checkpoints.background());
        Ok(Some(Self { plan, path, background, found, file: None }))
    }

    /// Writes the file of a run that has no epoch left, if it is not there.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn complete(mut self, state: &TrainingState) -> Result<(), ExperimentError> {
        if self.found.is_whole || state.completed_epochs() == 0 {
            return Ok(());
        }
        let file = self.begin(state.curve())?;
        if let Some(records) = self.kept_records(state.curve().last(), state.parameters()) {
            append(&file, &records())?;
        }
        self.background.finish()?;
        Ok(())
    }

    /// Opens the file behind what is kept of it, which are these epochs.
    fn begin(&mut self, past: &[EpochRecord]) -> Result<Arc<Mutex<AppendedFile>>, TrainingError> {
        if let Some(file) = &self.file {
            return Ok(Arc::clone(file));
        }
        let mut kept = self.found.kept;
        if !self.found.is_whole {
            let records = past.iter().map(scalars);
            let bytes: Vec<u8> =
                [event_file_header()].into_iter().chain(records).flatten().collect();
            if let Some(folder) = self.path.parent() {
                ae_files::make_folder(folder)?;
            }
            ae_files::write_atomic(&self.path, &bytes)?;
            kept = bytes.len() as u64;
        }
        let file = Arc::new(Mutex::new(AppendedFile::open(&self.path, kept)?));
        self.file = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Makes the records of a kept checkpoint, as work that needs no plan: pictures and weights.
    fn kept_records(
        &self,
        record: Option<&EpochRecord>,
        parameters: &Parameters,
    ) -> Option<impl FnOnce() -> Vec<u8> + Send + use<>> {
        let epoch = record?.epoch;
        let (pictures, parameters) = (self.pictures(parameters), parameters.clone());
        Some(move || {
            // Pictures of other kinds than TensorBoard shows are left out.
            let image = pictures.and_then(|rows| image_record(epoch, PICTURES, &rows).ok());
            let views = parameters.layout().views().iter();
            let tags = views.map(|view| (format!("weights/{}", view.name), view.range()));
            let tags: Vec<_> = tags.collect();
            let values = tags.iter().filter_map(|(tag, range)| {
                Some((tag.as_str(), parameters.values().get(range.clone())?))
            });
            [image.unwrap_or_default(), histogram_record(epoch, values)].concat()
        })
    }

    /// The first validation images and their reconstructions; none if they cannot be drawn.
    fn pictures(&self, parameters: &Parameters) -> Option<Vec<GridRow<'static>>> {
        let plan = self.plan;
        let model = plan.saved(parameters.clone()).ok()?.inference(&Device::Cpu).ok()?;
        let display = Display::of_dataset(&plan.dataset);
        first_images(model.as_ref(), &plan.shown_samples(), plan.counted(), display).ok()
    }
}

/// What belongs to the past of a run with so many epochs. Pictures and weights of the last of them belong to it only if
/// every run has a checkpoint there: the last epoch of a run that was to end earlier is not such a place.
fn found(events: impl Iterator<Item = StoredEvent>, completed: u32, is_due: bool) -> Found {
    let last = i64::from(completed);
    let is_past = |event: &StoredEvent| {
        event.step < last || event.step == last && (event.is_scalar || is_due)
    };
    let mut found = Found::default();
    for event in events.take_while(is_past) {
        found.kept = event.end;
        // Numbers come before the pictures of their epoch; the header has step 0.
        found.is_whole |= event.step == last;
    }
    found
}

/// The numbers of an epoch, which have the names of the curve.
fn scalars(record: &EpochRecord) -> Vec<u8> {
    let rate = [("learning_rate", record.learning_rate)];
    let metrics = record.metrics.iter().map(|(name, &value)| (name.as_str(), value));
    scalar_record(record.epoch, rate.into_iter().chain(metrics))
}

fn append(file: &Mutex<AppendedFile>, bytes: &[u8]) -> Result<(), TrainingError> {
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(file.append(bytes)?)
}

impl Observer for EventFile<'_> {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        let Event::EpochEnded { record, state, is_kept } = event else { return Ok(()) };
        let past = state.curve().split_last().map_or(&[][..], |(_, past)| past);
        let file = self.begin(past)?;
        let numbers = scalars(record);
        let kept = is_kept.then(|| self.kept_records(Some(record), state.parameters())).flatten();
        self.background.run(move || {
            append(&file, &numbers)?;
            kept.map_or(Ok(()), |records| append(&file, &records()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two epochs, each with numbers and a picture.
    fn events() -> [StoredEvent; 5] {
        let event = |step, is_scalar, end| StoredEvent { step, is_scalar, end };
        [
            event(0, true, 10),
            event(1, true, 20),
            event(1, false, 30),
            event(2, true, 40),
            event(2, false, 50),
        ]
    }

    #[test]
    fn what_a_longer_run_would_not_have_written_is_cut() {
        let found = |completed, is_due| {
            let Found { kept, is_whole } = super::found(events().into_iter(), completed, is_due);
            (kept, is_whole)
        };
        assert_eq!(found(2, true), (50, true));
        assert_eq!(found(2, false), (40, true));
        // Epochs after the checkpoint are trained again.
        assert_eq!(found(1, true), (30, true));
        assert_eq!(found(0, true), (10, true));
        // The past is not whole.
        assert_eq!(found(3, true), (50, false));
        let torn = super::found(events().into_iter().take(2), 2, true);
        assert_eq!(torn, Found { kept: 20, is_whole: false });
    }
}

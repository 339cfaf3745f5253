//! A run of another process, by what its folder holds.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use ae_files::{LockState, lock_state};

use super::mailbox::{Status, Watcher};
use super::{LivePhase, LiveState, verdict};
use crate::ExperimentError;
use crate::folder::{CURVE, RECORD, SPEC};
use crate::page::{LivePage, Sketch, curve_rows};

/// How long a training may take to obey before the page says that it does not.
const PATIENCE: Duration = Duration::from_secs(15);

/// A run by its folder, whether it goes on in another process, has finished or was interrupted.
///
/// [`state`](Self::state) also asks a training that goes on to say how far it is, by a file in `RUN/.live`.
#[derive(Debug)]
pub struct LiveFolder {
    folder: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    watcher: Watcher,
    /// The training that was asked to stop, and when.
    asked: Option<(String, Instant)>,
    page: Option<(Version, Arc<LivePage>)>,
    /// The last picture: it is gone when its training ends.
    sketch: Option<Sketch>,
}

/// What a page depends on: as long as it is the same, the page is.
#[derive(Debug, PartialEq)]
struct Version {
    /// Lengths and times of the files.
    files: [Option<(u64, Option<SystemTime>)>; 3],
    is_held: bool,
    /// The epochs that only the status tells of.
    rows: String,
    sketched: Option<u32>,
}

/// What became of a request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopRequest {
    /// The training was asked.
    Sent,
    /// There is no training that could be asked.
    NobodyTrains,
}

impl LiveFolder {
    /// The run or study in a folder.
    ///
    /// # Errors
    /// [`ExperimentError::NoRun`] if there is none, and if a file of it is damaged.
    pub fn open(folder: &Path) -> Result<Self, ExperimentError> {
        LivePage::of_training(folder, Vec::new(), None)?;
        let watcher = Watcher::of(folder);
        let known = Known { watcher, asked: None, page: None, sketch: None };
        Ok(Self { folder: folder.to_owned(), known: Mutex::new(known) })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The run as a page shows it.
    ///
    /// # Errors
    /// If a file of the run cannot be read.
    pub fn state(&self) -> Result<LiveState, ExperimentError> {
        let mut known = self.known();
        let status = self.status(&mut known);
        let page = self.page(&mut known, &status)?;
        let phase = match &status {
            Told::Free if self.folder.join(RECORD).is_file() => LivePhase::Finished,
            Told::Free => LivePhase::Interrupted,
            Told::Held(None) => LivePhase::Busy,
            Told::Held(Some(status)) => match &known.asked {
                Some((id, since)) if *id == status.id && status.phase == LivePhase::Training => {
                    if since.elapsed() < PATIENCE {
                        LivePhase::Stopping
                    } else {
                        LivePhase::Training
                    }
                }
                _ => status.phase.clone(),
            },
        };
        let progress = match status {
            Told::Held(Some(status)) => status.progress,
            Told::Held(None) | Told::Free => None,
        };
        let verdict = verdict(&phase, progress.as_ref(), &page);
        let can_stop = phase == LivePhase::Training;
        Ok(LiveState { phase, verdict, progress, can_stop, page })
    }

    /// Asks the training that goes on to stop after the batch that is being learned, with a checkpoint. It looks once a
    /// second.
    ///
    /// # Errors
    /// If the request cannot be written into the folder.
    pub fn request_stop(&self) -> Result<StopRequest, ExperimentError> {
        let mut known = self.known();
        let Told::Held(Some(status)) = self.status(&mut known) else {
            return Ok(StopRequest::NobodyTrains);
        };
        if !matches!(status.phase, LivePhase::Training | LivePhase::Stopping) {
            return Ok(StopRequest::NobodyTrains);
        }
        known.watcher.request_stop(&status.id)?;
        known.asked = Some((status.id, Instant::now()));
        Ok(StopRequest::Sent)
    }

    /// What the owner of the folder's lock tells.
    fn status(&self, known: &mut Known) -> Told {
        let LockState::Held { owner } = lock_state(&self.folder) else {
            known.watcher.leave();
            return Told::Free;
        };
        if let Err(error) = known.watcher.watch() {
            tracing::debug!("the training is not asked how far it is: {error}");
        }
        // What a process has left that was killed says nothing of the one that works there now.
        let is_of_owner = |status: &Status| owner.is_none_or(|owner| owner == status.process);
        Told::Held(known.watcher.status().filter(is_of_owner))
    }

    /// The page; it is made again only if something has changed.
    fn page(&self, known: &mut Known, told: &Told) -> Result<Arc<LivePage>, ExperimentError> {
        let status = match told {
            Told::Held(status) => status.as_ref(),
            Told::Free => None,
        };
        let version = Version {
            files: [SPEC, CURVE, RECORD].map(|name| {
                let found = std::fs::metadata(self.folder.join(name)).ok()?;
                Some((found.len(), found.modified().ok()))
            }),
            is_held: matches!(told, Told::Held(_)),
            rows: status.map(|status| status.rows.clone()).unwrap_or_default(),
            sketched: status.and_then(|status| status.sketched),
        };
        if let Some((_, page)) = known.page.as_ref().filter(|(of, _)| *of == version) {
            return Ok(page.clone());
        }
        let newer = version.sketched.and_then(|epoch| known.watcher.sketch(epoch));
        known.sketch = newer.or(known.sketch.take());
        let is_finished = !version.is_held && self.folder.join(RECORD).is_file();
        let page = Arc::new(match is_finished {
            true => LivePage::of_run(&self.folder)?,
            false => LivePage::of_training(
                &self.folder,
                curve_rows(&version.rows),
                known.sketch.as_ref(),
            )?,
        });
        known.page = Some((version, page.clone()));
        Ok(page)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LiveFolder {
    fn drop(&mut self) {
        self.known().watcher.leave();
    }
}

/// Whether somebody works on the run, and what they say.
enum Told {
    Free,
    Held(Option<Status>),
}

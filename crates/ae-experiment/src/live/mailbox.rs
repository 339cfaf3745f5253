//! The files in `RUN/.live`, by which a training and those who watch it from other processes talk.
//!
//! | file | written by | what |
//! |---|---|---|
//! | `watch` | the watcher, once a second | anything that differs from last time: somebody watches |
//! | `stop` | the watcher | the id of the training that is to stop |
//! | `status.json` | the training, at most once a second, while it is watched | [`Status`] |
//! | `reconstructions.png` | the training, after an epoch, while it is watched | the first validation items |
//!
//! The id is new for every training, so an old request stops nothing. These files are the only ones in the folder of a run
//! that others than the owner of its lock write.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};

use ae_files::{FileError, read_bounded, write_atomic};
use serde::{Deserialize, Serialize};

use super::{LivePhase, LiveProgress, LiveTraining};
use crate::page::Sketch;

/// The folder in that of a run. It is hidden, so it counts as no file of the run.
const FOLDER: &str = ".live";
const WATCH: &str = "watch";
const STOP: &str = "stop";
const STATUS: &str = "status.json";
const SKETCH: &str = "reconstructions.png";

/// The largest request, status and picture that are read, in bytes.
const LARGEST_REQUEST: u64 = 256;
const LARGEST_STATUS: u64 = 1 << 22;
const LARGEST_SKETCH: u64 = 1 << 24;

/// How long somebody is taken to watch who says nothing more.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a training tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Status {
    /// Of this training, among all of this run.
    pub(super) id: String,
    /// The id of its process.
    pub(super) process: u32,
    pub(super) phase: LivePhase,
    pub(super) progress: Option<LiveProgress>,
    /// The epochs that `curve.csv` does not hold yet, written as there. JSON has no numbers that are not finite.
    pub(super) rows: String,
    /// The epoch of the picture.
    pub(super) sketched: Option<u32>,
}

/// The side of the training.
#[derive(Debug)]
pub(super) struct Mailbox {
    folder: PathBuf,
    id: String,
    /// What the watcher wrote last, and until when somebody watches.
    seen: Vec<u8>,
    watched_until: Option<Instant>,
    posted: Option<Status>,
}

impl Mailbox {
    /// The mailbox of a run, emptied: what an earlier training was told is no concern of this one.
    pub(super) fn open(run: &Path) -> Self {
        // New for every training, and no matter of the clock: the keys of a hash map are random.
        let random = RandomState::new().build_hasher().finish();
        let id = format!("{}-{random:016x}", std::process::id());
        let folder = run.join(FOLDER);
        empty(&folder);
        Self { folder, id, seen: Vec::new(), watched_until: None, posted: None }
    }

    pub(super) fn is_watched(&self) -> bool {
        self.watched_until.is_some_and(|until| Instant::now() < until)
    }

    /// Reads what others want, and tells them how far the training is if somebody watches.
    pub(super) fn exchange(&mut self, live: &LiveTraining) {
        let request = |name: &str| read_bounded(&self.folder.join(name), LARGEST_REQUEST).ok();
        if request(STOP).is_some_and(|id| id == self.id.as_bytes()) {
            live.request_stop();
        }
        if let Some(watch) = request(WATCH).filter(|watch| *watch != self.seen) {
            self.seen = watch;
            self.watched_until = Some(Instant::now() + PATIENCE);
        }
        if self.is_watched()
            && let Err(error) = self.post(live)
        {
            tracing::debug!("those who watch are told nothing: {error}");
        }
    }

    fn post(&mut self, live: &LiveTraining) -> Result<(), FileError> {
        let status = live.status(&self.id);
        let is_new =
            |status: &Status| self.posted.as_ref().is_none_or(|it| it.sketched != status.sketched);
        // The picture first: the status speaks of it.
        if let Some(sketch) = live.sketch().filter(|_| is_new(&status)) {
            write_atomic(&self.folder.join(SKETCH), &sketch.png)?;
        }
        if self.posted.as_ref() != Some(&status)
            && let Ok(text) = serde_json::to_vec(&status)
        {
            write_atomic(&self.folder.join(STATUS), &text)?;
            self.posted = Some(status);
        }
        Ok(())
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        empty(&self.folder);
    }
}

/// Removes the mailbox, as far as it is there.
fn empty(folder: &Path) {
    if folder.is_dir() {
        let _ = ae_files::remove_temporaries(folder);
        for name in [WATCH, STOP, STATUS, SKETCH] {
            let _ = fs::remove_file(folder.join(name));
        }
        let _ = fs::remove_dir(folder);
    }
}

/// The side of those who watch a run.
#[derive(Debug)]
pub(super) struct Watcher {
    folder: PathBuf,
    count: u64,
    told: Option<Instant>,
}

impl Watcher {
    pub(super) fn of(run: &Path) -> Self {
        Self { folder: run.join(FOLDER), count: 0, told: None }
    }

    /// Says that somebody watches, at most once a second.
    pub(super) fn watch(&mut self) -> Result<(), FileError> {
        const PAUSE: Duration = Duration::from_millis(900);
        if self.told.is_some_and(|told| told.elapsed() < PAUSE) {
            return Ok(());
        }
        self.told = Some(Instant::now());
        self.count += 1;
        let text = format!("{}-{}", std::process::id(), self.count);
        self.write(WATCH, &text)
    }

    /// Asks the training with this id to stop.
    pub(super) fn request_stop(&self, id: &str) -> Result<(), FileError> {
        self.write(STOP, id)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), FileError> {
        ae_files::make_folder(&self.folder)?;
        write_atomic(&self.folder.join(name), text.as_bytes())
    }

    /// What the training has told.
    pub(super) fn status(&self) -> Option<Status> {
        let bytes = read_bounded(&self.folder.join(STATUS), LARGEST_STATUS).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    pub(super) fn sketch(&self, epoch: u32) -> Option<Sketch> {
        let png = read_bounded(&self.folder.join(SKETCH), LARGEST_SKETCH).ok()?;
        Some(Sketch { epoch, png })
    }

    /// Nobody watches any more.
    pub(super) fn leave(&mut self) {
        if self.told.take().is_some() {
            let _: io::Result<()> = fs::remove_file(self.folder.join(WATCH))
                .and_then(|()| fs::remove_dir(&self.folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_tells_only_who_watches_and_obeys_only_its_own_id() {
        let run = tempfile::tempdir().unwrap();
        let live = LiveTraining::new(run.path());
        // Left by a training that was killed.
        let mut watcher = Watcher::of(run.path());
        watcher.request_stop("1-1").unwrap();
        let mut mailbox = Mailbox::open(run.path());
        assert!(!run.path().join(FOLDER).exists());
        mailbox.exchange(&live);
        assert!(!mailbox.is_watched() && watcher.status().is_none());

        watcher.watch().unwrap();
        mailbox.exchange(&live);
        let status = watcher.status().unwrap();
        assert_eq!((status.process, &status.phase), (std::process::id(), &LivePhase::Preparing));
        watcher.request_stop("another").unwrap();
        mailbox.exchange(&live);
        assert!(ae_training::Observer::stop(&live).is_none());
        watcher.request_stop(&status.id).unwrap();
        mailbox.exchange(&live);
        assert!(ae_training::Observer::stop(&live).is_some());
        drop(mailbox);
        assert!(!run.path().join(FOLDER).exists());
    }

    #[test]
    fn who_leaves_leaves_nothing_behind() {
        let run = tempfile::tempdir().unwrap();
        let mut watcher = Watcher::of(run.path());
        watcher.watch().unwrap();
        assert!(run.path().join(FOLDER).join(WATCH).is_file());
        watcher.leave();
        assert!(!run.path().join(FOLDER).exists());
    }
}

//! The temporary files of outputs that are not finished: a process that has to end at once removes them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The temporary files of this process.
static ALL: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A temporary file that is removed if the process has to end at once, until this is dropped.
#[derive(Debug)]
pub(crate) struct Unfinished(PathBuf);

impl Unfinished {
    pub(crate) fn new(temporary: &Path) -> Self {
        all().insert(temporary.to_owned());
        Self(temporary.to_owned())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        all().remove(&self.0);
    }
}

fn all() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary files of every [`AtomicFile`](crate::AtomicFile) that is not committed. For a program that ends
/// at once, as by a signal; nothing can be written after it.
pub fn remove_unfinished() {
    for temporary in all().iter() {
        // There is nobody left to tell.
        let _ = fs::remove_file(temporary);
    }
}

//! The temporary files that this process has begun: it removes them if it has to end at once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The temporary files of this process.
static ALL: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A temporary file of this process that is there.
#[derive(Debug)]
pub(crate) struct Begun(PathBuf);

impl Begun {
    pub(crate) fn new(temporary: &Path) -> Self {
        all().insert(temporary.to_owned());
        Self(temporary.to_owned())
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        all().remove(&self.0);
    }
}

fn all() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes the temporary files of every [`AtomicFile`](crate::AtomicFile) that is not committed. For a program that ends
/// at once, as by a signal; nothing can be written after it.
pub fn remove_begun() {
    for temporary in all().iter() {
        // There is nobody left to tell.
        let _ = fs::remove_file(temporary);
    }
}

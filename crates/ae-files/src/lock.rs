//! Locks: only one process at a time writes into a folder.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::FileError;

/// The file that is locked. It holds the owner's process id in decimal digits.
const NAME: &str = ".lock";
/// More bytes than a process id has digits; the rest of a longer file is not read.
const LONGEST_ID: u64 = 32;
/// How often the lock file is opened again if its last owner removes it at the same moment.
const ATTEMPTS: usize = 100;
/// How often a lock that is held is tried again, after [`PAUSE`]: [`lock_state`] holds it for an instant.
const PATIENCE: usize = 25;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(2);

/// A lock on a folder: while it exists, no other holder of such a lock writes into the folder.
///
/// The operating system holds the lock and releases it when this value is dropped or the process dies, however it
/// dies. The file `.lock` in the folder only names the owner.
#[derive(Debug)]
pub struct FolderLock {
    path: PathBuf,
    /// `None` if the file system does not support locks.
    file: Option<File>,
}

impl FolderLock {
    /// Locks an existing folder. It does not wait.
    ///
    /// # Errors
    /// [`FileError::InUse`] with the owner's process id if the folder is locked already, also by this process;
    /// [`FileError::Write`] if the lock file cannot be opened.
    pub fn acquire(folder: &Path) -> Result<Self, FileError> {
        let path = folder.join(NAME);
        let fail = |source| FileError::Write { path: path.clone(), source };
        for attempt in 0..ATTEMPTS {
            let mut options = File::options();
            let opened = options.read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = opened.map_err(fail)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if attempt < PATIENCE => {
                    std::thread::sleep(PAUSE);
                    continue;
                }
                Err(TryLockError::WouldBlock) => {
                    let owner = owner(&mut file);
                    return Err(FileError::InUse { folder: folder.to_owned(), owner });
                }
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { path, file: None });
                }
                Err(TryLockError::Error(error)) => return Err(fail(error)),
            }
            // The last owner may have removed the file since it was opened: a lock on a removed file excludes nobody.
            if is_at(&file, &path) {
                // The lock also holds if the disk is too full for the owner's id.
                let _ = name_owner(&mut file);
                return Ok(Self { path, file: Some(file) });
            }
        }
        Err(FileError::InUse { folder: folder.to_owned(), owner: None })
    }

    /// Whether the lock excludes other processes. Some network file systems do not support locks.
    pub fn is_held(&self) -> bool {
        self.file.is_some()
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Removed while it is still locked, so that no other owner's file is removed. Windows cannot remove an open
        // file; a file that is left there does no harm.
        if cfg!(unix) && self.file.is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether somebody writes into a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockState {
    /// No process holds the lock, or the file system does not support locks.
    Free,
    /// A process holds the lock.
    Held {
        /// Its id, if the lock file names it.
        owner: Option<u32>,
    },
}

/// Looks whether a folder is locked. Nothing is written, and nobody loses a lock: a [`FolderLock`] that is acquired at
/// the same moment waits for this look.
#[must_use]
pub fn lock_state(folder: &Path) -> LockState {
    // Without the file, or without the right to read it, nobody is known to hold a lock.
    let path = folder.join(NAME);
    let is_file = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
    let Some(mut file) = File::open(&path).ok().filter(|_| is_file) else { return LockState::Free };
    match file.try_lock_shared() {
        // Closing the file releases the shared lock.
        Ok(()) | Err(TryLockError::Error(_)) => LockState::Free,
        Err(TryLockError::WouldBlock) => LockState::Held { owner: owner(&mut file) },
    }
}

fn name_owner(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn owner(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(LONGEST_ID).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Whether an open file is still the one at the path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let place = |found: io::Result<std::fs::Metadata>| found.map(|at| (at.dev(), at.ino())).ok();
    let here = place(file.metadata());
    here.is_some() && here == place(std::fs::metadata(path))
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_locked_once_and_free_after_that() {
        let dir = tempfile::tempdir().unwrap();
        let lock = FolderLock::acquire(dir.path()).unwrap();
        assert!(lock.is_held());
        let error = FolderLock::acquire(dir.path()).unwrap_err();
        let FileError::InUse { owner, .. } = &error else { panic!("{error}") };
        assert_eq!(*owner, Some(std::process::id()));
        assert!(error.to_string().contains(&format!("in use by process {}", std::process::id())));
        drop(lock);
        assert!(!cfg!(unix) || !dir.path().join(NAME).exists());
        FolderLock::acquire(dir.path()).unwrap();
    }

    #[test]
    fn the_file_that_a_killed_owner_left_locks_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(NAME), "4294967295, and much more than a process id")
            .unwrap();
        let lock = FolderLock::acquire(dir.path()).unwrap();
        let text = std::fs::read_to_string(dir.path().join(NAME)).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
        drop(lock);
    }

    #[test]
    fn a_look_sees_the_owner_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(lock_state(dir.path()), LockState::Free);
        assert!(!dir.path().join(NAME).exists());
        let lock = FolderLock::acquire(dir.path()).unwrap();
        for _ in 0..3 {
            assert_eq!(lock_state(dir.path()), LockState::Held { owner: Some(std::process::id()) });
        }
        drop(lock);
        std::fs::write(dir.path().join(NAME), "12\n").unwrap();
        assert_eq!(lock_state(dir.path()), LockState::Free);
        assert_eq!(std::fs::read_to_string(dir.path().join(NAME)).unwrap(), "12\n");
    }

    /// Many look while one acquires: it always gets the lock.
    #[test]
    fn who_looks_keeps_nobody_out() {
        let dir = tempfile::tempdir().unwrap();
        let stop = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                    let _ = lock_state(dir.path());
                    std::thread::sleep(Duration::from_micros(500));
                }
            });
            let acquired = (0..200).all(|_| {
                std::fs::write(dir.path().join(NAME), "1").unwrap();
                FolderLock::acquire(dir.path()).is_ok()
            });
            stop.store(true, std::sync::atomic::Ordering::SeqCst);
            assert!(acquired);
        });
    }

    /// Threads take the lock in turn, and each removes the file when it ends.
    #[test]
    fn two_threads_never_hold_it_at_once() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let dir = tempfile::tempdir().unwrap();
        let (inside, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while taken.load(Ordering::SeqCst) < 200 {
                        let Ok(_lock) = FolderLock::acquire(dir.path()) else { continue };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        taken.fetch_add(1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
    }
}

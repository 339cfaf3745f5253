//! A folder that one process writes into at a time.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::FileError;

/// The file that is locked. It holds the owner's process id.
const NAME: &str = ".lock";
/// Far more digits than a process id has.
const LONGEST_ID: u64 = 32;
/// How often a lock file that its owner removed at the same moment is opened again.
const ATTEMPTS: usize = 100;

/// The right to write into a folder, for this process alone, until it is dropped or the process ends,
/// however it ends: the system holds the lock, the file `.lock` only says whose it is.
#[derive(Debug)]
pub struct FolderLock {
    path: PathBuf,
    /// `None` where the file system knows no locks.
    file: Option<File>,
}

impl FolderLock {
    /// Locks an existing folder.
    ///
    /// # Errors
    /// [`FileError::InUse`] with the owner's process id if the folder is locked, also by this process; and if
    /// the lock file cannot be opened.
    pub fn acquire(folder: &Path) -> Result<Self, FileError> {
        let path = folder.join(NAME);
        let fail = |source| FileError::Write { path: path.clone(), source };
        for _ in 0..ATTEMPTS {
            let mut options = File::options();
            let opened = options.read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = opened.map_err(fail)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let owner = owner(&mut file);
                    return Err(FileError::InUse { folder: folder.to_owned(), owner });
                }
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Self { path, file: None });
                }
                Err(TryLockError::Error(error)) => return Err(fail(error)),
            }
            // An owner removes its file when it ends: a lock on a removed file keeps nobody out.
            if is_at(&file, &path) {
                // On a full disk the lock holds without a name.
                let _ = name_owner(&mut file);
                return Ok(Self { path, file: Some(file) });
            }
        }
        Err(FileError::InUse { folder: folder.to_owned(), owner: None })
    }

    /// Whether the system keeps others out. Some network file systems know no locks.
    pub fn is_held(&self) -> bool {
        self.file.is_some()
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // While it is still locked; elsewhere an open file cannot be removed, and it does no harm.
        if cfg!(unix) && self.file.is_some() {
            let _ = std::fs::remove_file(&self.path);
        }
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

/// Whether an open file is the one at a path.
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
    fn the_file_of_a_killed_owner_locks_nothing() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(NAME), "4294967295, and much more than a process id")
            .unwrap();
        let lock = FolderLock::acquire(dir.path()).unwrap();
        let text = std::fs::read_to_string(dir.path().join(NAME)).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
        drop(lock);
    }

    /// Threads that take the lock in turn, each of which removes its file: two never have it.
    #[test]
    fn two_never_hold_it() {
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

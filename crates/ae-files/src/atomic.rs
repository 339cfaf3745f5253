//! Files that are replaced whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::FileError;

/// Temporary files begin so; [`remove_temporaries`] clears away what a killed process left.
const TEMPORARY_PREFIX: &str = ".ae-tmp-";
/// Links that are followed to a target, as many as Linux follows.
const MOST_LINKS: usize = 40;

/// What was known of files that were removed to be written anew.
static REMOVED: Mutex<BTreeMap<PathBuf, Metadata>> = Mutex::new(BTreeMap::new());

/// Removes a file that this process will write anew: as if it had been replaced, the new one gets its permissions
/// and, as far as the system allows, its owner and group.
///
/// # Errors
/// If there is no such file, or the system refuses.
pub fn remove_for_rewrite(path: &Path) -> Result<(), FileError> {
    let remove = || -> io::Result<()> {
        let existing = fs::symlink_metadata(path)?;
        fs::remove_file(path)?;
        if existing.is_file() {
            removed().insert(path.to_owned(), existing);
        }
        Ok(())
    };
    remove().map_err(|source| fail(path, source))
}

fn removed() -> std::sync::MutexGuard<'static, BTreeMap<PathBuf, Metadata>> {
    REMOVED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Writes a file at once: to a temporary name beside it, synced to the disk, then renamed.
///
/// What an existing file, a link, a read-only file or a folder at `path` means is said at
/// [`AtomicFile::begin`].
///
/// # Errors
/// If any of this fails; the temporary file is removed and what stood at `path` is left as it was.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = AtomicFile::begin(path)?;
    file.write(bytes)?;
    file.commit()
}

/// A file that is written piece by piece and is there, whole, once it is committed. Without that, what
/// was written is removed and what stood there is left as it was.
#[derive(Debug)]
pub struct AtomicFile {
    /// As it was given, for the errors.
    path: PathBuf,
    /// Where it is written to: behind all links.
    target: PathBuf,
    file: tempfile::NamedTempFile,
}

impl AtomicFile {
    /// Begins a file, under a temporary name beside it.
    ///
    /// - A new file has the permissions that the umask leaves; one that replaces another keeps that one's
    ///   permissions and, as far as the system allows, its owner and group. So does one that was removed by
    ///   [`remove_for_rewrite`].
    /// - A symbolic link stays a link: the file that it leads to is replaced, as a shell's `>` does. So a
    ///   folder of results may lie on another disk.
    /// - A file that nobody may write to is not replaced, although a rename could: somebody has protected it.
    /// - A folder or a device is not replaced.
    ///
    /// # Errors
    /// If what stands there is not to be replaced, or the system refuses.
    pub fn begin(path: &Path) -> Result<Self, FileError> {
        let begin = || -> io::Result<Self> {
            let target = target_of(path)?;
            let existing = match fs::metadata(&target) {
                Ok(existing) => Some(existing),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            existing.as_ref().map_or(Ok(()), check_replaceable)?;
            let existing = existing.or_else(|| removed().get(&target).cloned());
            let file = temporary(folder_of(&target), existing.as_ref())?;
            Ok(Self { path: path.to_owned(), target, file })
        };
        begin().map_err(|source| fail(path, source))
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    /// If the system refuses, such as for a full disk.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file.write_all(bytes).map_err(|source| fail(&self.path, source))
    }

    /// Writes other bytes over the first ones, such as a header whose contents are known at the end.
    /// Nothing more can be written then.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn overwrite_beginning(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let overwrite = |file: &mut tempfile::NamedTempFile| {
            file.rewind()?;
            file.write_all(bytes)
        };
        overwrite(&mut self.file).map_err(|source| fail(&self.path, source))
    }

    /// Syncs the file to the disk and gives it its name.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn commit(self) -> Result<(), FileError> {
        let Self { path, target, file } = self;
        let commit = || -> io::Result<()> {
            file.as_file().sync_all()?;
            file.persist(&target).map_err(|error| error.error)?;
            sync_folder(folder_of(&target))
        };
        commit().map_err(|source| fail(&path, source))
    }
}

/// The path behind all links, which need not exist.
fn target_of(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                // A relative link is relative to its own folder; joining an absolute one replaces it.
                target = folder_of(&target).join(fs::read_link(&target)?);
            }
            _ => return Ok(target),
        }
    }
    Err(io::Error::other("there are too many links, or they lead in a circle"))
}

fn check_replaceable(existing: &Metadata) -> io::Result<()> {
    let refuse = |kind, reason| Err(io::Error::new(kind, reason));
    if existing.is_dir() {
        return refuse(io::ErrorKind::IsADirectory, "it is a directory");
    }
    if !existing.is_file() {
        return refuse(io::ErrorKind::InvalidInput, "it is not a regular file");
    }
    if existing.permissions().readonly() {
        return refuse(io::ErrorKind::PermissionDenied, "it is read-only");
    }
    Ok(())
}

#[cfg(unix)]
fn temporary(folder: &Path, existing: Option<&Metadata>) -> io::Result<tempfile::NamedTempFile> {
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY_PREFIX);
    let Some(existing) = existing else {
        // The default is readable by its owner alone; this leaves the choice to the umask.
        return builder.permissions(Permissions::from_mode(0o666)).tempfile_in(folder);
    };
    // Readable by its owner alone until it has its owner and permissions.
    let file = builder.tempfile_in(folder)?;
    let ours = file.as_file().metadata()?;
    if [ours.uid(), ours.gid()] != [existing.uid(), existing.gid()] {
        // Only an administrator may; for others, a file that they replace becomes theirs.
        let _ = fchown(file.as_file(), Some(existing.uid()), Some(existing.gid()));
    }
    let mode = existing.permissions().mode() & 0o777;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    Ok(file)
}

#[cfg(not(unix))]
fn temporary(folder: &Path, _: Option<&Metadata>) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(folder)
}

fn fail(path: &Path, source: io::Error) -> FileError {
    FileError::Write { path: path.to_owned(), source }
}

/// Removes the temporary files that a killed process may have left in a folder.
///
/// # Errors
/// If the folder cannot be listed or a file cannot be removed.
pub fn remove_temporaries(folder: &Path) -> Result<(), FileError> {
    let remove = || -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY_PREFIX) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    };
    remove().map_err(|source| fail(folder, source))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Makes a rename durable. Only Unix lets a folder be synced.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string();
        let mut names: Vec<String> = entries.map(|entry| name(entry).unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_leaves_the_old_contents_and_no_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("taken");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("inside"), b"old").unwrap();

        let error = write_atomic(&target, b"new").unwrap_err();

        assert!(error.to_string().ends_with("taken: it is a directory"), "{error}");
        assert_eq!(fs::read(target.join("inside")).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["taken"]);
    }

    #[test]
    fn leftovers_of_a_killed_process_are_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".ae-tmp-x1"), b"half").unwrap();
        fs::write(dir.path().join("model.safetensors"), b"whole").unwrap();
        remove_temporaries(dir.path()).unwrap();
        assert_eq!(names(dir.path()), ["model.safetensors"]);
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::fs::{PermissionsExt, symlink};

        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o7777
        }

        fn set_mode(path: &Path, mode: u32) {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }

        #[test]
        fn a_new_file_is_readable_as_the_umask_says() {
            let dir = tempfile::tempdir().unwrap();
            let (ours, plain) = (dir.path().join("ours"), dir.path().join("plain"));
            write_atomic(&ours, b"x").unwrap();
            fs::write(&plain, b"x").unwrap();
            assert_eq!(mode(&ours), mode(&plain));
        }

        #[test]
        fn a_replaced_file_keeps_its_permissions() {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("file");
            // More than the umask leaves, and less.
            for kept in [0o600, 0o640, 0o666, 0o755, 0o200] {
                fs::remove_file(&path).ok();
                fs::write(&path, b"old").unwrap();
                set_mode(&path, kept);
                write_atomic(&path, b"new").unwrap();
                assert_eq!(mode(&path), kept, "{kept:o}");
                // Also while it is being written.
                let file = AtomicFile::begin(&path).unwrap();
                assert_eq!(mode(file.file.path()), kept, "{kept:o}");
            }
        }

        #[test]
        fn a_file_that_was_removed_to_be_written_anew_keeps_its_permissions() {
            let dir = tempfile::tempdir().unwrap();
            let (kept, plain) = (dir.path().join("kept"), dir.path().join("plain"));
            for path in [&kept, &plain] {
                fs::write(path, b"old").unwrap();
                set_mode(path, 0o600);
            }
            remove_for_rewrite(&kept).unwrap();
            fs::remove_file(&plain).unwrap();
            for path in [&kept, &plain] {
                write_atomic(path, b"new").unwrap();
            }
            assert_eq!(mode(&kept), 0o600);
            assert_ne!(mode(&plain), 0o600);
            assert!(remove_for_rewrite(&dir.path().join("none")).is_err());
        }

        #[test]
        fn a_read_only_file_is_not_replaced() {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("file");
            fs::write(&path, b"old").unwrap();
            set_mode(&path, 0o444);
            let error = write_atomic(&path, b"new").unwrap_err();
            assert!(error.to_string().ends_with("file: it is read-only"), "{error}");
            assert_eq!(fs::read(&path).unwrap(), b"old");
            assert_eq!(names(dir.path()), ["file"]);
        }

        #[test]
        fn a_link_stays_a_link_and_its_target_is_replaced() {
            let dir = tempfile::tempdir().unwrap();
            fs::create_dir(dir.path().join("elsewhere")).unwrap();
            let target = dir.path().join("elsewhere/target");
            let [first, second] = ["first", "second"].map(|name| dir.path().join(name));
            symlink("elsewhere/target", &first).unwrap();
            symlink(&first, &second).unwrap();
            // The target does not exist yet, then it does.
            for contents in [b"one", b"two"] {
                write_atomic(&second, contents).unwrap();
                assert_eq!(fs::read(&target).unwrap(), contents);
                assert!(first.is_symlink() && second.is_symlink() && !target.is_symlink());
                assert_eq!(names(&dir.path().join("elsewhere")), ["target"]);
            }
            assert_eq!(names(dir.path()), ["elsewhere", "first", "second"]);
        }

        #[test]
        fn links_in_a_circle_and_devices_are_refused() {
            let dir = tempfile::tempdir().unwrap();
            let circle = dir.path().join("circle");
            symlink("circle", &circle).unwrap();
            let error = write_atomic(&circle, b"x").unwrap_err();
            assert!(error.to_string().contains("circle: there are too many links"), "{error}");
            let device = dir.path().join("device");
            symlink("/dev/null", &device).unwrap();
            let error = write_atomic(&device, b"x").unwrap_err();
            assert!(error.to_string().ends_with("device: it is not a regular file"), "{error}");
            assert_eq!(names(dir.path()), ["circle", "device"]);
        }
    }
}

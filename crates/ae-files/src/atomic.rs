//! Atomic writes: a file is replaced whole or not at all.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::FileError;
use crate::unfinished::Unfinished;

/// How the names of temporary files begin. [`remove_temporaries`] removes those that a killed process left.
const TEMPORARY_PREFIX: &str = ".ae-tmp-";
/// The longest chain of symbolic links that is followed; Linux has the same limit.
const MOST_LINKS: usize = 40;

/// Permissions and owners of the files that [`remove_for_rewrite`] removed.
static REMOVED: Mutex<BTreeMap<PathBuf, Metadata>> = Mutex::new(BTreeMap::new());

/// Removes a file that this process will write anew. The new file gets the old one's permissions and, as far as the
/// system allows, its owner and group, as if it had replaced it.
///
/// # Errors
/// If there is no such file, or the operating system fails.
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

/// Writes a whole file: under a temporary name beside it, synced to the disk, then renamed.
///
/// [`AtomicFile::begin`] documents what happens to an existing file, a link, a read-only file or a folder at `path`.
///
/// # Errors
/// If any of these steps fails. Then the temporary file is removed, and what was at `path` stays as it was.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = AtomicFile::begin(path)?;
    file.write(bytes)?;
    file.commit()
}

/// A file that is written piece by piece and appears, whole, when it is committed. If it is dropped before that,
/// what was written is removed, and what was at the path stays as it was.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("rows.csv");
/// let mut file = ae_files::AtomicFile::begin(&path)?;
/// file.write(b"x,y\n")?;
/// assert!(!path.exists());
/// file.write(b"1,2\n")?;
/// file.commit()?;
/// assert_eq!(std::fs::read(&path)?, b"x,y\n1,2\n");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    /// As the caller gave it, for errors.
    path: PathBuf,
    /// The file that is written: where the path leads once all links are followed.
    target: PathBuf,
    file: tempfile::NamedTempFile,
    unfinished: Unfinished,
}

impl AtomicFile {
    /// Begins a file, under a temporary name beside it.
    ///
    /// - A new file gets the permissions that the umask leaves. A file that replaces another keeps that file's
    ///   permissions and, as far as the system allows, its owner and group. The same holds for a file that
    ///   [`remove_for_rewrite`] removed.
    /// - A symbolic link stays a link; the file that it leads to is replaced, as with a shell's `>`. So a folder of
    ///   results may lie on another disk.
    /// - A read-only file is refused, although a rename could replace it: somebody has protected it.
    /// - A folder or a device is refused.
    ///
    /// # Errors
    /// If one of these is refused, or the operating system fails, such as for a missing folder.
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
            let unfinished = Unfinished::new(file.path());
            Ok(Self { path: path.to_owned(), target, file, unfinished })
        };
        begin().map_err(|source| fail(path, source))
    }

    /// Writes the next bytes.
    ///
    /// # Errors
    /// If the operating system fails, such as for a full disk.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.file.write_all(bytes).map_err(|source| fail(&self.path, source))
    }

    /// Overwrites the first bytes, such as a header whose contents are known at the end. It must be the last write
    /// before [`commit`](Self::commit): a later [`write`](Self::write) would overwrite what follows these bytes.
    ///
    /// # Errors
    /// If the operating system fails.
    pub fn overwrite_beginning(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        let overwrite = |file: &mut tempfile::NamedTempFile| {
            file.rewind()?;
            file.write_all(bytes)
        };
        overwrite(&mut self.file).map_err(|source| fail(&self.path, source))
    }

    /// Syncs the file to the disk and renames it to its path.
    ///
    /// # Errors
    /// If the operating system fails.
    pub fn commit(self) -> Result<(), FileError> {
        let Self { path, target, file, unfinished } = self;
        let commit = || -> io::Result<()> {
            file.as_file().sync_all()?;
            file.persist(&target).map_err(|error| error.error)?;
            drop(unfinished);
            sync_folder(folder_of(&target))
        };
        commit().map_err(|source| fail(&path, source))
    }
}

/// For encoders that write into a `Write` and go back in it.
impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, place: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(place)
    }
}

/// Where a path leads once all links are followed. Nothing needs to exist there.
fn target_of(path: &Path) -> io::Result<PathBuf> {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&target) {
            Ok(found) if found.is_symlink() => {
                // A relative link starts at its own folder; joining an absolute one replaces that folder.
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
        // By default `tempfile` makes files that only their owner can read; the umask decides instead.
        return builder.permissions(Permissions::from_mode(0o666)).tempfile_in(folder);
    };
    // Only this user can read the file until it has its final owner and permissions.
    let file = builder.tempfile_in(folder)?;
    let ours = file.as_file().metadata()?;
    if [ours.uid(), ours.gid()] != [existing.uid(), existing.gid()] {
        // Only an administrator may change the owner; a file that another user replaces becomes that user's.
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

/// Removes the temporary files that a killed process left in a folder. The caller makes sure that no other process
/// writes there; see [`FolderLock`](crate::FolderLock).
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

/// Makes a rename durable. Only Unix can sync a folder.
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
            // Both more and less than the umask leaves.
            for kept in [0o600, 0o640, 0o666, 0o755, 0o200] {
                fs::remove_file(&path).ok();
                fs::write(&path, b"old").unwrap();
                set_mode(&path, kept);
                write_atomic(&path, b"new").unwrap();
                assert_eq!(mode(&path), kept, "{kept:o}");
                // The temporary file has the same permissions.
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
            // First without a file at the target, then with one.
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

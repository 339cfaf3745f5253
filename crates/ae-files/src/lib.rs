//! Atomic writes and bounded reads, with the path in every error.
//!
//! Every file that the workspace writes goes through [`write_atomic`] or [`AtomicFile`]: whoever reads it sees the old
//! contents or the new ones, never a half, also after `kill -9`, a full disk or a power cut.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let path = dir.path().join("curve.csv");
//! ae_files::write_atomic(&path, b"epoch,val_bce\n")?;
//! assert_eq!(ae_files::read_bounded(&path, 1024)?, b"epoch,val_bce\n");
//! assert!(ae_files::read_bounded(&path, 5).is_err());
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod printable;

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

pub use printable::{printable, shown};

/// What can go wrong with a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file could not be written; what stood there before still does.
    #[error("cannot write {}: {source}", shown(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder could not be made.
    #[error("cannot make the folder {}: {source}", shown(path))]
    MakeFolder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is larger than the reader accepts.
    #[error("{} is larger than the {limit} bytes that are accepted for such a file", shown(path))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest accepted size in bytes.
        limit: u64,
    },
}

/// Temporary files begin so; [`remove_temporaries`] clears away what a killed process left.
const TEMPORARY_PREFIX: &str = ".ae-tmp-";

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// If the file cannot be read or holds more bytes than `limit`.
pub fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let fail = |source| FileError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(fail)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// Writes a file at once: to a temporary name beside it, synced to the disk, then renamed.
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
    path: PathBuf,
    file: tempfile::NamedTempFile,
}

impl AtomicFile {
    /// Begins a file, under a temporary name beside it.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn begin(path: &Path) -> Result<Self, FileError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY_PREFIX);
        // The default is readable by its owner alone; this leaves the choice to the umask.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder_of(path)).map_err(|source| fail(path, source))?;
        Ok(Self { path: path.to_owned(), file })
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
        let Self { path, file } = self;
        let commit = || -> io::Result<()> {
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            sync_folder(folder_of(&path))
        };
        commit().map_err(|source| fail(&path, source))
    }
}

fn fail(path: &Path, source: io::Error) -> FileError {
    FileError::Write { path: path.to_owned(), source }
}

/// Makes a folder and those above it, if they are missing.
///
/// # Errors
/// If the system refuses.
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path)
        .map_err(|source| FileError::MakeFolder { path: path.to_owned(), source })
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
    remove().map_err(|source| FileError::Write { path: folder.to_owned(), source })
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

    #[test]
    fn a_failed_write_leaves_the_old_contents_and_no_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("taken");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("inside"), b"old").unwrap();

        let error = write_atomic(&target, b"new").unwrap_err();

        assert!(error.to_string().contains("taken"), "{error}");
        assert_eq!(fs::read(target.join("inside")).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn leftovers_of_a_killed_process_are_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(".ae-tmp-x1"), b"half").unwrap();
        fs::write(dir.path().join("model.safetensors"), b"whole").unwrap();
        remove_temporaries(dir.path()).unwrap();
        let left: Vec<_> =
            fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left, ["model.safetensors"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_written_file_is_readable_as_the_umask_says() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (ours, plain) = (dir.path().join("ours"), dir.path().join("plain"));
        write_atomic(&ours, b"x").unwrap();
        fs::write(&plain, b"x").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read_bounded(Path::new("no/such/file"), 10).unwrap_err();
        assert!(error.to_string().starts_with("cannot read no/such/file: "), "{error}");
    }
}

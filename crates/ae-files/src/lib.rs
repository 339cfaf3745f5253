//! Atomic writes and bounded reads, with the path in every error.
//!
//! - [`write_atomic`] and [`AtomicFile`] replace a file whole: a reader sees the old contents or the new ones, never
//!   half of them, also after `kill -9`, a full disk or a power cut.
//! - [`AppendedFile`] grows at its end, for logs whose readers recognise a torn end.
//! - [`scratch_file`] makes a file that disappears with the process.
//! - [`read_bounded`] reads no more than the caller accepts.
//! - [`FolderLock`] keeps two processes from writing into one folder.
//! - [`file_names`] turns the names of classes and models into safe file names.
//! - [`printable`] and [`shown`] make names from elsewhere safe to print.
//! - [`f32_to_le_bytes`], [`f32_from_le_bytes`] and [`hexadecimal`] convert numbers and digests.
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

mod atomic;
mod bytes;
mod counted;
mod lock;
mod log;
mod names;
mod printable;
mod scratch;
mod unfinished;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use atomic::{AtomicFile, remove_for_rewrite, remove_temporaries, write_atomic};
pub use bytes::{f32_from_le_bytes, f32_to_le_bytes, hexadecimal};
pub use counted::counted_as;
pub use lock::{FolderLock, LockState, lock_state};
pub use log::AppendedFile;
pub use names::file_names;
pub use printable::{printable, shown};
pub use scratch::scratch_file;
pub use unfinished::remove_unfinished;

/// Why a file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file could not be read.
    #[error("cannot read {}: {source}", shown(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The file could not be written; what was there before is unchanged.
    #[error("cannot write {}: {source}", shown(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The folder could not be created.
    #[error("cannot make the folder {}: {source}", shown(path))]
    MakeFolder {
        /// The folder.
        path: PathBuf,
        /// The operating system's reason.
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
    /// A [`FolderLock`] on the folder exists already.
    #[error("{} is in use by {}; wait until it has ended", shown(folder), owner_name(*owner))]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The id of the process that holds the lock, if the lock file names it.
        owner: Option<u32>,
    },
}

fn owner_name(owner: Option<u32>) -> String {
    owner.map_or_else(|| "another process".to_owned(), |owner| format!("process {owner}"))
}

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

/// Opens a regular file, or a link to one. A pipe or a device is refused before it is opened: opening a pipe waits, and
/// a device may have no end. (Reading a folder fails with the system's own words.)
///
/// # Errors
/// If it is a pipe or a device, or the operating system fails.
pub fn open_regular(path: &Path) -> std::io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    match kind.is_file() || kind.is_dir() {
        true => File::open(path),
        false => Err(std::io::Error::other("it is a pipe or a device; expected a regular file")),
    }
}

/// Creates a folder and those above it, as far as they are missing.
///
/// # Errors
/// If the operating system fails.
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path)
        .map_err(|source| FileError::MakeFolder { path: path.to_owned(), source })
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_device_is_not_opened() {
        let error = open_regular(Path::new("/dev/null")).unwrap_err().to_string();
        assert_eq!(error, "it is a pipe or a device; expected a regular file");
    }

    #[test]
    fn the_error_names_a_missing_file() {
        let error = read_bounded(Path::new("no/such/file"), 10).unwrap_err();
        assert!(error.to_string().starts_with("cannot read no/such/file: "), "{error}");
    }
}

//! Why a file cannot be mapped, or be mapped any longer.

use std::io;
use std::path::PathBuf;

use ae_files::shown;

/// Why a file cannot be mapped, or be mapped any longer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MappedError {
    /// A file that is to be mapped is none that can be.
    #[error(
        "{} cannot be mapped: expected a table, an uncompressed IDX file, or a .npy file of u1 or f4 images in C order, \
         channels first",
        shown(path)
    )]
    NoArray {
        /// The file.
        path: PathBuf,
    },
    /// A file was changed while it was mapped.
    #[error(
        "{} has {found} bytes, expected {expected}: it was changed while it was read",
        shown(path)
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// Its length when it was opened.
        expected: u64,
        /// Its length now.
        found: u64,
    },
    /// The rows of a table cannot be kept in a temporary file.
    #[error(
        "{}: its rows cannot be kept in a temporary file in {}, which has {written} bytes so far: {source}; make room \
         there, or take a folder on a larger disk for the run (--out) or, for other commands, for $TMPDIR",
        shown(path),
        shown(folder)
    )]
    Scratch {
        /// The table.
        path: PathBuf,
        /// The folder of the temporary file.
        folder: PathBuf,
        /// The bytes that were written.
        written: u64,
        /// The operating system's reason.
        source: io::Error,
    },
}

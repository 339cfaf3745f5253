//! Why a file of images cannot be mapped, or be mapped any longer.

use std::path::PathBuf;

use ae_files::shown;

/// Why a file of images cannot be mapped, or be mapped any longer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MappedError {
    /// A file that is to be mapped is none that can be.
    #[error(
        "{} cannot be mapped: expected an uncompressed IDX file, or a .npy file of u1 or f4 images in C order, channels \
         first",
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
}

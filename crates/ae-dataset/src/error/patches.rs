//! Why patches cannot be cut.

use std::path::PathBuf;

use ae_files::{printable, shown};

use super::words::and_more;

/// Why patches cannot be cut from pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// An option is outside its range.
    #[error("{what} is {found}, expected {expected}")]
    Setting {
        /// What it sets.
        what: &'static str,
        /// What is accepted.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The data is no folder of pictures.
    #[error(
        "patches are cut from a folder of pictures, a TIFF with several pages or `leaves`, and {} is {found}",
        printable(location)
    )]
    OtherData {
        /// A path or the name of a data set.
        location: String,
        /// What it is.
        found: &'static str,
    },
    /// Some pictures are smaller than a patch.
    #[error(
        "{count} of {total} pictures in {} are smaller than a patch of {} x {}: {}{}",
        shown(folder), patch[0], patch[1], first.join(", "), and_more(first.len(), *count)
    )]
    SmallPictures {
        /// The folder.
        folder: PathBuf,
        /// Height and width of a patch.
        patch: [usize; 2],
        /// The first ones with their sizes.
        first: Vec<String>,
        /// The number of them.
        count: usize,
        /// The number of all.
        total: usize,
    },
    /// A picture is not what it was when it was first read.
    #[error("{} has changed since it was first read; put it back as it was", shown(path))]
    PictureChanged {
        /// The picture.
        path: PathBuf,
    },
}

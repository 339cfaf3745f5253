//! Why pictures are no pairs.

use std::path::PathBuf;

use ae_files::{printable, shown};

use super::words::and_more;

/// Why two folders do not hold pairs of pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PairError {
    /// One side of the pairs is no folder of pictures.
    #[error(
        "pairs are two folders of pictures, or two TIFFs with several pages, and {} is {found}",
        printable(location)
    )]
    OtherData {
        /// A path or the name of a data set.
        location: String,
        /// What it is.
        found: &'static str,
    },
    /// Both sides are the same.
    #[error(
        "{} is to be learned from itself; the other pictures of the pairs are in another folder",
        shown(path)
    )]
    SameFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Pictures without a partner.
    #[error(
        "{count} of {total} pictures in {} have no partner in {}, which would have the same path there, whatever its ending: \
         {}{}; add the partners or take these pictures away",
        shown(folder), shown(other), first.join(", "), and_more(first.len(), *count)
    )]
    NoPartner {
        /// The folder of these pictures.
        folder: PathBuf,
        /// The folder of the partners.
        other: PathBuf,
        /// The first ones.
        first: Vec<String>,
        /// The number of them.
        count: usize,
        /// The number of all in the folder.
        total: usize,
    },
    /// Two pictures of a folder have the same path without the ending.
    #[error("{one} and {other} have the same partner; take one of them away")]
    TwoOfOneName {
        /// One of them.
        one: String,
        /// The other one.
        other: String,
    },
    /// Pictures of another size than their partners.
    #[error(
        "{count} of {total} pairs in {} are of two sizes: {}{}; scale or cut the pictures, so that equal places show the same",
        shown(folder), first.join(", "), and_more(first.len(), *count)
    )]
    Sizes {
        /// The folder of the pictures that are learned from.
        folder: PathBuf,
        /// The first ones with their sizes.
        first: Vec<String>,
        /// The number of them.
        count: usize,
        /// The number of all.
        total: usize,
    },
}

//! Errors of the hub.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ae_files::FileError;
use hf_hub::api::sync::ApiError;

use super::DatasetError;
use crate::FormatError;

/// Why the hub and its cache did not provide a data set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HubError {
    /// A file in the cache could not be read or removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file in the cache is damaged.
    #[error("{}: {source}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ContentError,
    },
    /// A file could not be downloaded.
    #[error("{url}: {source}")]
    Transfer {
        /// The address of the file.
        url: String,
        /// The reason.
        source: TransferError,
    },
    /// The files are readable but do not belong together.
    #[error(transparent)]
    Dataset(#[from] Box<DatasetError>),
}

/// Why a file could not be downloaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The hub did not answer in time.
    #[error("no answer within {0:?}")]
    NoAnswer(Duration),
    /// The transfer began and then stopped.
    #[error("no data arrived for {0:?}")]
    Silent(Duration),
    /// The time for the whole data set has run out.
    #[error("not complete after {0:?}")]
    TooSlow(Duration),
    /// The client failed.
    #[error(transparent)]
    Client(#[from] ApiError),
    /// The client panicked.
    #[error("the hub's client failed on the answer")]
    ClientPanicked,
    /// The client's thread could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
    /// The downloaded data is damaged.
    #[error("the downloaded data is damaged: {0}")]
    Damaged(#[source] ContentError),
}

/// What is wrong with a file from the hub.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// The length is wrong, or the images cannot be decoded.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The SHA-256 is wrong.
    #[error("SHA-256 {found}, expected {expected}")]
    Digest {
        /// The digest by which the hub names the file.
        expected: String,
        /// The digest of its contents.
        found: String,
    },
    /// The parquet file is damaged or lacks the columns `image` and `label`.
    #[error("not the parquet file of a set of images: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The parquet decoder panicked.
    #[error("the parquet file cannot be decoded")]
    ParquetPanicked,
    /// A row is not a labelled image of the accepted kind.
    #[error("row {row}: {source}")]
    Row {
        /// The row, from 0.
        row: usize,
        /// What is wrong with it.
        source: Box<ContentError>,
    },
    /// A label does not fit into a byte.
    #[error("the label {found}, expected 0 to 255")]
    Label {
        /// The label.
        found: i64,
    },
    /// An image has another size than the first one.
    #[error(
        "an image of {} x {}, expected {} x {} as the first",
        found.1, found.0, expected.1, expected.0
    )]
    ImageSize {
        /// Width and height of the first image.
        expected: (u32, u32),
        /// Width and height of this one.
        found: (u32, u32),
    },
    /// An image is not grey.
    #[error("an image of type {found:?}, expected 8-bit grey (L8)")]
    NotGrey {
        /// The type of its pixels.
        found: image::ColorType,
    },
}

impl TransferError {
    /// The HTTP status of a refusal.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Client(ApiError::RequestError(error)) => match **error {
                ureq::Error::StatusCode(status) => Some(status),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether another try is pointless.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::Silent(_) | Self::TooSlow(_) | Self::Thread(_) => true,
            _ => self.status().is_some_and(|status| (400..500).contains(&status)),
        }
    }
}

impl ContentError {
    /// This error with the row that it is about.
    pub(crate) fn in_row(self, row: usize) -> Self {
        Self::Row { row, source: Box::new(self) }
    }
}

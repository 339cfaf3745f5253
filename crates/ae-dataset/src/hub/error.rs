//! Why the hub gave no images.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ae_files::FileError;
use hf_hub::api::sync::ApiError;

use crate::{DatasetError, FormatError};

/// Why the hub and its cache gave no data set.
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
    /// The hub did not give a file.
    #[error("{url}: {source}")]
    Transfer {
        /// The address of the file.
        url: String,
        /// What went wrong.
        source: TransferError,
    },
    /// The files are each sound but make no data set.
    #[error(transparent)]
    Dataset(#[from] Box<DatasetError>),
}

/// Why a file could not be transferred.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// Nothing was heard of the file.
    #[error("no answer within {0:?}")]
    NoAnswer(Duration),
    /// The transfer began and then stood still.
    #[error("the transfer stood still for {0:?}")]
    Silent(Duration),
    /// The time for the whole data set has run out.
    #[error("not complete after {0:?}")]
    TooSlow(Duration),
    /// The client could not transfer the file.
    #[error(transparent)]
    Client(#[from] ApiError),
    /// The client ended without a result: the answer broke it.
    #[error("the hub's client cannot cope with the answer")]
    ClientPanicked,
    /// The client could not be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[source] io::Error),
    /// What arrived is not what it should be.
    #[error("what arrived is damaged: {0}")]
    Damaged(#[source] ContentError),
}

/// What is wrong with the bytes of a file from the hub.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// The bytes are too few or too many, or hold no images or none that can be decoded.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The contents have another SHA-256 than the one by which the file is kept.
    #[error("SHA-256 {found}, expected {expected}")]
    Digest {
        /// The digest by which the file is kept.
        expected: String,
        /// The digest of its contents.
        found: String,
    },
    /// It is no sound parquet file, or lacks the columns `image` and `label`.
    #[error("not the parquet file of a set of images: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// It is so damaged that the decoder of parquet files broke down.
    #[error("a parquet file that cannot be decoded")]
    ParquetPanicked,
    /// A row is no labelled image of the kind that is accepted.
    #[error("row {row}: {source}")]
    Row {
        /// The row, from 0.
        row: usize,
        /// What is wrong with it.
        source: Box<ContentError>,
    },
    /// A label does not fit a byte.
    #[error("the label {found}, expected 0 to 255")]
    Label {
        /// The label.
        found: i64,
    },
    /// An image is of another size than the first.
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
    /// The status with which the hub refused.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Client(ApiError::RequestError(error)) => match **error {
                ureq::Error::StatusCode(status) => Some(status),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether there is no point in another try.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::Silent(_) | Self::TooSlow(_) | Self::Thread(_) => true,
            _ => self.status().is_some_and(|status| (400..500).contains(&status)),
        }
    }
}

impl ContentError {
    /// The same error with the row it is about.
    pub(super) fn in_row(self, row: usize) -> Self {
        Self::Row { row, source: Box::new(self) }
    }
}

//! What can go wrong in compression.

/// Why images cannot be compressed or decompressed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompressionError {
    /// Bytes that are no whole, positive number of images.
    #[error("{values} numbers are not a whole, positive number of rows of {columns}")]
    NotWholeRows {
        /// Bytes of an image.
        columns: usize,
        /// Bytes in all.
        values: usize,
    },
    /// A picture whose channels cannot be cut into tiles.
    #[error("expected a multiple of {expected} channels, found {found}")]
    Channels {
        /// Those of a tile.
        expected: usize,
        /// Those of the picture.
        found: usize,
    },
    /// A number that does not exist: a quality, or an image of an archive.
    #[error("{what} must be from {least} to {most}, found {found}")]
    Range {
        /// What was asked for.
        what: &'static str,
        /// The smallest accepted number.
        least: usize,
        /// The largest accepted number.
        most: usize,
        /// The number that was given.
        found: usize,
    },
    /// A code is NaN or infinite.
    #[error("number {column} of row {row} is {value}, expected a finite number")]
    NotFinite {
        /// The row, counted from 0.
        row: usize,
        /// The dimension, counted from 0.
        column: usize,
        /// The number.
        value: f32,
    },
    /// A largest error that is not a finite number above 0.
    #[error("the largest error must be a finite number above 0, found {found}")]
    MaxError {
        /// The error that was given.
        found: f32,
    },
    /// A decomposition did not converge.
    #[error("the decomposition of {what} did not converge")]
    NoConvergence {
        /// The matrix.
        what: &'static str,
    },
    /// A model cannot be used for compression.
    #[error("the model cannot be used for compression: {reason}")]
    NoCodec {
        /// Why not.
        reason: String,
    },
    /// Compressed images that are damaged, or not for this model or this program.
    #[error("expected {expected}, found {found}")]
    Archive {
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Numbers do not fit the network.
    #[error(transparent)]
    Stack(#[from] ae_kernels::ChainError),
}

/// Checks that a number is one that can be given.
pub(crate) fn in_range(
    what: &'static str,
    least: usize,
    most: usize,
    found: usize,
) -> Result<(), CompressionError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(CompressionError::Range { what, least, most, found })
}

/// The model cannot be used for compression.
pub(crate) fn unfit(reason: String) -> CompressionError {
    CompressionError::NoCodec { reason }
}

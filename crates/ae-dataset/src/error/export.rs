//! Why a data set cannot be written as pictures.

/// Why a data set cannot be written as pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// One half of a data set has images that are not written as pictures.
    #[error("the {part} images are numbers; pictures are written from values of 8 bits")]
    NotBytes {
        /// "train" or "test".
        part: &'static str,
    },
    /// A picture cannot be encoded.
    #[error("the picture cannot be written as PNG: {reason}")]
    NotEncoded {
        /// What the encoder says.
        reason: String,
    },
}

//! Errors.

use crate::limits::{MAX_AREA, MAX_SIDE};

/// Why a figure cannot be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The number of values does not match the size of the images.
    #[error(
        "images of {height} x {width} pixels in {channels} channel{} cannot be made of {found} values",
        if *channels == 1 { "" } else { "s" }
    )]
    Size {
        /// 1 for grey, 3 for RGB.
        channels: usize,
        /// Rows of pixels of one image.
        height: usize,
        /// Columns of pixels of one image.
        width: usize,
        /// The number of values given.
        found: usize,
    },
    /// A pixel or a weight is NaN or infinite.
    #[error("value {index} of {what} is {found}, expected a finite number")]
    NotFinite {
        /// What the values are.
        what: &'static str,
        /// Index of the first such value.
        index: usize,
        /// The value.
        found: f32,
    },
    /// There is no image to show.
    #[error("{figure} needs at least one image, found none")]
    Empty {
        /// The kind of figure.
        figure: &'static str,
    },
    /// There is not one class for each point.
    #[error("expected a class for each of {expected} points, found {found}")]
    Classes {
        /// The number of points.
        expected: usize,
        /// The number of classes given.
        found: usize,
    },
    /// The figure would need too much memory.
    #[error(
        "the figure would be {width} x {height} pixels; at most {MAX_SIDE} a side and {MAX_AREA} \
         in all are drawn: show fewer or smaller images"
    )]
    TooLarge {
        /// Width in pixels.
        width: f32,
        /// Height in pixels.
        height: f32,
    },
    /// The PNG encoder failed.
    #[error("cannot encode the PNG: {0}")]
    Png(#[from] png::EncodingError),
    /// The page cannot be put together.
    #[error("cannot make the page: {0}")]
    Page(#[from] askama::Error),
    /// A picture cannot be written in a format.
    #[cfg(feature = "picture-files")]
    #[error(transparent)]
    Unwritten(#[from] crate::UnwrittenError),
}

//! The images that are compared: one or more of one size.

use std::error::Error;

/// Why images cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The tensor does not have the axes of a stack of images.
    #[error("expected a tensor of shape (n, height, width), found {found:?}")]
    Shape {
        /// The tensor's shape.
        found: Vec<usize>,
    },
    /// The pixels are not a whole number of images, or there is none.
    #[error("expected one or more images of {height} x {width}, found {found} pixels")]
    NotWholeImages {
        /// Rows of an image.
        height: usize,
        /// Columns of an image.
        width: usize,
        /// The number of pixels that were given.
        found: usize,
    },
    /// A pixel is NaN or infinite.
    #[error("image {image}, row {row}, column {column}: expected a finite pixel, found {found}")]
    NotFinite {
        /// The image, counted from 0.
        image: usize,
        /// The row, counted from 0.
        row: usize,
        /// The column, counted from 0.
        column: usize,
        /// The pixel.
        found: f32,
    },
    /// The tensor's values cannot be read.
    #[error("cannot read the tensor: {0}")]
    Tensor(#[source] Box<dyn Error + Send + Sync>),
}

/// Images to be compared: one or more, of one size, row-major, every pixel finite.
///
/// Made from a [`PixelSlice`], or with the feature `candle` from `&Tensor` of shape `(n, height, width)`. Pixels are
/// normally in [0, 1], with 0 black; others are compared in the same way, and drawn as black or white.
#[derive(Debug, Clone, PartialEq)]
pub struct Pictures {
    height: usize,
    width: usize,
    pixels: Vec<f32>,
}

impl Pictures {
    pub(crate) fn new(pixels: Vec<f32>, height: usize, width: usize) -> Result<Self, PictureError> {
        let size = height.checked_mul(width).filter(|&size| size > 0);
        let found = pixels.len();
        let Some(size) = size.filter(|&size| found > 0 && found.is_multiple_of(size)) else {
            return Err(PictureError::NotWholeImages { height, width, found });
        };
        if let Some(place) = pixels.iter().position(|pixel| !pixel.is_finite()) {
            return Err(PictureError::NotFinite {
                image: place / size,
                row: place % size / width,
                column: place % width,
                found: pixels[place],
            });
        }
        Ok(Self { height, width, pixels })
    }

    pub(crate) fn height(&self) -> usize {
        self.height
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The images, each as its pixels.
    pub(crate) fn images(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.pixels.chunks_exact(self.height * self.width)
    }
}

/// The pixels of one image after the other, each row-major.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelSlice<'a> {
    /// `n x height x width` pixels.
    pub pixels: &'a [f32],
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
}

impl TryFrom<PixelSlice<'_>> for Pictures {
    type Error = PictureError;

    fn try_from(slice: PixelSlice<'_>) -> Result<Self, PictureError> {
        Self::new(slice.pixels.to_vec(), slice.height, slice.width)
    }
}

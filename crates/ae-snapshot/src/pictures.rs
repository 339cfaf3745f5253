//! What is compared: images of one size.

use candle_core::{DType, Tensor};

/// What keeps images from being pictures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The tensor is not a stack of images.
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
    /// The tensor's values cannot be had.
    #[error("cannot read the tensor: {0}")]
    Tensor(#[from] candle_core::Error),
}

/// Images to be compared: one or more, of one size, row-major, every pixel finite.
///
/// Made from `&Tensor` of shape `(n, height, width)`, or from a tuple `(pixels, height, width)` of a
/// slice that holds one image after the other. Pixels are normally in [0, 1], with 0 black; others are
/// compared just as well, and drawn as black or white.
#[derive(Debug, Clone, PartialEq)]
pub struct Pictures {
    height: usize,
    width: usize,
    pixels: Vec<f32>,
}

impl Pictures {
    fn new(pixels: Vec<f32>, height: usize, width: usize) -> Result<Self, PictureError> {
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

impl TryFrom<&Tensor> for Pictures {
    type Error = PictureError;

    /// From a tensor of shape `(n, height, width)`, of any number type and on any device.
    fn try_from(tensor: &Tensor) -> Result<Self, PictureError> {
        let &[_, height, width] = tensor.dims() else {
            return Err(PictureError::Shape { found: tensor.dims().to_vec() });
        };
        let pixels = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        Self::new(pixels, height, width)
    }
}

impl TryFrom<(&[f32], usize, usize)> for Pictures {
    type Error = PictureError;

    /// From the pixels of one image after the other, and the height and width of each.
    fn try_from((pixels, height, width): (&[f32], usize, usize)) -> Result<Self, PictureError> {
        Self::new(pixels.to_vec(), height, width)
    }
}

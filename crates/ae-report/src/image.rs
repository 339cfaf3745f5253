//! Grey images, and colours.

use crate::{ReportError, bitmap};

/// An 8-bit grey image of at least one pixel: 0 is black, 255 white.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GreyImage {
    height: usize,
    width: usize,
    pixels: Vec<u8>,
}

impl GreyImage {
    /// An image of `height` x `width` pixels, row-major.
    ///
    /// # Errors
    /// If there is no pixel, or their number is not `height * width`.
    pub fn new(height: usize, width: usize, pixels: Vec<u8>) -> Result<Self, ReportError> {
        let found = pixels.len();
        if found == 0 || height.checked_mul(width) != Some(found) {
            return Err(ReportError::Size { height, width, found });
        }
        Ok(Self { height, width, pixels })
    }

    /// An image from values of which 0 is black and 1 white; values beyond are clamped.
    ///
    /// # Errors
    /// As for [`GreyImage::new`], and if a value is NaN or infinite.
    pub fn from_unit(height: usize, width: usize, values: &[f32]) -> Result<Self, ReportError> {
        check_finite("the image", values)?;
        let pixels = values.iter().map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8);
        Self::new(height, width, pixels.collect())
    }

    /// Rows of pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns of pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The image itself as a PNG, a pixel a pixel.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        bitmap::encode(self.width, self.height, self.raster().pixels.as_flattened())
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[u8]> {
        self.pixels.chunks(self.width)
    }

    pub(crate) fn raster(&self) -> Raster {
        let pixels = self.pixels.iter().map(|&grey| [grey; 3]).collect();
        Raster { width: self.width, pixels }
    }
}

pub(crate) fn check_finite(what: &'static str, values: &[f32]) -> Result<(), ReportError> {
    match values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, &found)) => Err(ReportError::NotFinite { what, index, found }),
        None => Ok(()),
    }
}

/// Red, green and blue.
pub(crate) type Rgb = [u8; 3];

/// Coloured pixels, row-major; both sides are at least one pixel long.
#[derive(Debug)]
pub(crate) struct Raster {
    pub(crate) width: usize,
    pub(crate) pixels: Vec<Rgb>,
}

impl Raster {
    pub(crate) fn rows(&self) -> std::slice::Chunks<'_, Rgb> {
        self.pixels.chunks(self.width)
    }
}

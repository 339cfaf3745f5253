//! Pictures, and the colours of their pixels.

use png::{BitDepth, ColorType};

use crate::ReportError;
use crate::png_encoding::encode_png;

/// An 8-bit picture of at least one pixel, grey or RGB: 0 is dark, 255 light.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    height: usize,
    width: usize,
    pixels: Vec<Rgb>,
    grey: bool,
}

impl Picture {
    /// A picture of `channels x height x width` values, plane by plane, each row-major: one channel is
    /// grey, three are red, green and blue.
    ///
    /// # Errors
    /// If there are not 1 or 3 channels, there is no pixel, or `values` is not `channels * height * width` long.
    pub fn new(
        channels: usize,
        height: usize,
        width: usize,
        values: &[u8],
    ) -> Result<Self, ReportError> {
        let found = values.len();
        let area = height.checked_mul(width).filter(|&area| area > 0);
        let pixels = match (channels, area) {
            (1, Some(area)) if found == area => values.iter().map(|&grey| [grey; 3]).collect(),
            (3, Some(area)) if found.is_multiple_of(3) && found / 3 == area => {
                let (red, rest) = values.split_at(area);
                let (green, blue) = rest.split_at(area);
                let pixels = red.iter().zip(green).zip(blue);
                pixels.map(|((&red, &green), &blue)| [red, green, blue]).collect()
            }
            _ => return Err(ReportError::Size { channels, height, width, found }),
        };
        Ok(Self { height, width, pixels, grey: channels == 1 })
    }

    /// A picture from values of which 0 is dark and 1 light; other values are clamped to [0, 1].
    ///
    /// # Errors
    /// As for [`Picture::new`], and if a value is NaN or infinite.
    pub fn from_unit(
        channels: usize,
        height: usize,
        width: usize,
        values: &[f32],
    ) -> Result<Self, ReportError> {
        check_finite("the image", values)?;
        let bytes = values.iter().map(|value| (value.clamp(0.0, 1.0) * 255.0).round() as u8);
        Self::new(channels, height, width, &bytes.collect::<Vec<_>>())
    }

    /// A picture of coloured pixels, row-major; `None` unless there are whole rows of at least one pixel.
    pub(crate) fn of_colours(width: usize, pixels: Vec<Rgb>) -> Option<Self> {
        let height = pixels.len().checked_div(width).filter(|&height| height > 0)?;
        (height * width == pixels.len()).then_some(Self { height, width, pixels, grey: false })
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

    /// The pixels, row-major.
    pub(crate) fn pixels(&self) -> &[Rgb] {
        &self.pixels
    }

    /// Whether it has one channel.
    pub(crate) fn is_grey(&self) -> bool {
        self.grey
    }

    /// The picture itself as a PNG, grey or RGB, without magnification.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, ReportError> {
        let (height, width, depth) = (self.height, self.width, BitDepth::Eight);
        if self.grey {
            let greys: Vec<u8> = self.pixels.iter().map(|[grey, ..]| *grey).collect();
            return encode_png(height, width, ColorType::Grayscale, depth, &greys);
        }
        encode_png(height, width, ColorType::Rgb, depth, self.pixels.as_flattened())
    }

    /// The picture with no side longer than `side` pixels: of a larger one, blocks of equal sides are averaged.
    #[must_use]
    pub fn within(&self, side: usize) -> Self {
        let factor = self.height.max(self.width).div_ceil(side.max(1));
        let raster = self.shrunk(factor);
        let height = self.height.div_ceil(factor);
        Self { height, width: raster.width, pixels: raster.pixels, grey: self.grey }
    }

    /// The picture with each block of `factor` x `factor` pixels replaced by one pixel, their mean. Blocks at
    /// the right and bottom edges may be smaller.
    pub(crate) fn shrunk(&self, factor: usize) -> Raster {
        let factor = factor.max(1);
        if factor == 1 {
            return Raster { width: self.width, pixels: self.pixels.clone() };
        }
        let mean = |band: &[Rgb], left: usize| -> Rgb {
            let rows = || band.chunks(self.width);
            let block = || rows().flat_map(|row| row.iter().skip(left).take(factor));
            let count = block().count().max(1) as u64;
            let mut sums = [0_u64; 3];
            for pixel in block() {
                sums.iter_mut().zip(pixel).for_each(|(sum, &value)| *sum += u64::from(value));
            }
            sums.map(|sum| ((sum + count / 2) / count) as u8)
        };
        let bands = self.pixels.chunks(self.width * factor);
        let lefts = || (0..self.width).step_by(factor);
        let pixels = bands.flat_map(|band| lefts().map(move |left| mean(band, left))).collect();
        Raster { width: self.width.div_ceil(factor), pixels }
    }
}

/// The same for a plane of numbers of `width` columns as [`Picture::shrunk`] for a picture.
pub(crate) fn shrunk(plane: &[f32], width: usize, factor: usize) -> Vec<f32> {
    let mean = |band: &[f32], left: usize| {
        let rows = || band.chunks(width);
        let block = || rows().flat_map(|row| row.iter().skip(left).take(factor));
        let sum: f64 = block().map(|&value| f64::from(value)).sum();
        (sum / block().count().max(1) as f64) as f32
    };
    let bands = plane.chunks(width * factor);
    let lefts = || (0..width).step_by(factor);
    bands.flat_map(|band| lefts().map(move |left| mean(band, left))).collect()
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

//! JPEG artefacts: the image after baseline JPEG compression and decompression.
//!
//! ITU-T T.81 (ISO/IEC 10918-1), sequential DCT: blocks of 8 x 8 pixels, the discrete cosine transform of A.3.3,
//! division by the tables of Annex K.1 and rounding. Entropy coding loses nothing and is left out. A quality from 1 to
//! 100 scales the tables as libjpeg's `jpeg_set_quality` does. Colours are YCbCr of JFIF (ITU-T T.871) without
//! subsampling.

mod blocks;
mod tables;

use std::fmt;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Steps, Values};
use crate::{Clipping, Corruption, CorruptionError};
use tables::{CHROMINANCE, LUMINANCE, Table};

/// JPEG artefacts: the image after baseline JPEG compression with a quality from 1 to 100, as libjpeg scales it.
///
/// Pixels are rounded to 8 bits first, as in a file. Images of three channels are taken as RGB and compressed as YCbCr
/// without subsampling; any other channel is compressed as a grey image. It draws nothing from the stream. It differs
/// from libjpeg by one step of 8 bits at a few pixels, because libjpeg's default transform is one of integers.
#[derive(Debug, Clone, PartialEq)]
pub struct Jpeg {
    quality: f32,
    luminance: Table,
    chrominance: Table,
}

impl Jpeg {
    const QUALITY: Parameter =
        Parameter { steps: Steps::Whole, ..Parameter::new("jpeg", "quality", 1.0, 100.0) };

    /// Compression of this quality.
    ///
    /// # Errors
    /// If the quality is not a whole number from 1 to 100.
    pub fn new(quality: f32) -> Result<Self, CorruptionError> {
        let quality = Self::QUALITY.check(quality)?;
        let [luminance, chrominance] =
            [LUMINANCE, CHROMINANCE].map(|table| tables::scaled(table, quality as u32));
        Ok(Self { quality, luminance, chrominance })
    }
}

impl BuiltIn for Jpeg {
    const NAME: &'static str = "jpeg";
    const PARAMETERS: &'static [Parameter] = &[Self::QUALITY];

    fn with_values([quality, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(quality)
    }
}

impl fmt::Display for Jpeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.quality], Clipping::UnitRange)
    }
}

impl Corruption for Jpeg {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, _stream: &mut Stream) {
        let size = height.saturating_mul(width);
        if size == 0 || values.len() < size {
            return;
        }
        values.iter_mut().for_each(|value| *value = (value.clamp(0.0, 1.0) * 255.0).round());
        let is_colour = values.len() == size.saturating_mul(3);
        if is_colour {
            map_colours(values, size, to_ycbcr);
        }
        for (channel, plane) in values.chunks_exact_mut(size).enumerate() {
            let is_chrominance = is_colour && channel > 0;
            let table = if is_chrominance { &self.chrominance } else { &self.luminance };
            blocks::compress(plane, width, table);
        }
        if is_colour {
            map_colours(values, size, to_rgb);
        }
        values.iter_mut().for_each(|value| *value /= 255.0);
    }

    fn is_spatial(&self) -> bool {
        true
    }
}

/// Replaces each colour of three planes of whole numbers, and limits the results to 0 to 255.
fn map_colours(values: &mut [f32], size: usize, map: fn([i32; 3]) -> [i32; 3]) {
    let (first, rest) = values.split_at_mut(size);
    let (second, third) = rest.split_at_mut(size);
    for ((a, b), c) in first.iter_mut().zip(second).zip(third) {
        let mapped = map([*a, *b, *c].map(|value| value as i32));
        [*a, *b, *c] = mapped.map(|value| value.clamp(0, 255) as f32);
    }
}

/// JFIF's `Y = 0.299 R + 0.587 G + 0.114 B`, `Cb = (B - Y) / 1.772 + 128`, `Cr = (R - Y) / 1.402 + 128` in libjpeg's
/// fixed point of 16 bits, rounded as there: a half goes up in Y, and down in Cb and Cr.
fn to_ycbcr([red, green, blue]: [i32; 3]) -> [i32; 3] {
    [
        (19_595 * red + 38_470 * green + 7_471 * blue + 32_768) >> 16,
        128 + ((-11_059 * red - 21_709 * green + 32_768 * blue + 32_767) >> 16),
        128 + ((32_768 * red - 27_439 * green - 5_329 * blue + 32_767) >> 16),
    ]
}

/// The inverse, likewise.
fn to_rgb([y, cb, cr]: [i32; 3]) -> [i32; 3] {
    let (cb, cr) = (cb - 128, cr - 128);
    [
        y + ((91_881 * cr + 32_768) >> 16),
        y + ((-22_554 * cb - 46_802 * cr + 32_768) >> 16),
        y + ((116_130 * cb + 32_768) >> 16),
    ]
}

//! Pixels to the bytes of a PNG file.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Compression, Encoder, Filter, Info, PixelDimensions, Unit};

use crate::ReportError;

/// What a picture carries beside its pixels.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Extras<'a> {
    /// An ICC profile.
    pub(crate) profile: Option<&'a [u8]>,
    /// Across and down.
    pub(crate) pixels_per_metre: Option<[u32; 2]>,
}

/// Encodes `height x width` pixels, row-major, of 8 or 16 bits a channel; the latter as pairs of bytes, the
/// higher one first.
pub(crate) fn encode_png(
    height: usize,
    width: usize,
    colours: ColorType,
    depth: BitDepth,
    pixels: &[u8],
) -> Result<Vec<u8>, ReportError> {
    encode_png_with(Extras::default(), height, width, colours, depth, pixels)
}

/// The same with what the picture carries.
pub(crate) fn encode_png_with(
    extras: Extras<'_>,
    height: usize,
    width: usize,
    colours: ColorType,
    depth: BitDepth,
    pixels: &[u8],
) -> Result<Vec<u8>, ReportError> {
    let mut bytes = Vec::new();
    let mut info = Info::with_size(width as u32, height as u32);
    info.icc_profile = extras.profile.map(Cow::Borrowed);
    info.pixel_dims = extras.pixels_per_metre.map(|[xppu, yppu]| PixelDimensions {
        xppu,
        yppu,
        unit: Unit::Meter,
    });
    let mut encoder = Encoder::with_info(&mut bytes, info)?;
    encoder.set_color(colours);
    encoder.set_depth(depth);
    encoder.set_compression(Compression::Balanced);
    // Flat areas and sharp edges compress best without a filter.
    encoder.set_filter(Filter::NoFilter);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(bytes)
}

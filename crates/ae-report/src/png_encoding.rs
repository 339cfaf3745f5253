//! Pixels to the bytes of a PNG file.

use png::{BitDepth, ColorType, Compression, Encoder, Filter};

use crate::ReportError;

/// Encodes `height x width` pixels, row-major, of 8 or 16 bits a channel; the latter as pairs of bytes, the
/// higher one first.
pub(crate) fn encode_png(
    height: usize,
    width: usize,
    colours: ColorType,
    depth: BitDepth,
    pixels: &[u8],
) -> Result<Vec<u8>, ReportError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(colours);
    encoder.set_depth(depth);
    encoder.set_compression(Compression::Balanced);
    // Flat areas and sharp edges compress best without a filter.
    encoder.set_filter(Filter::NoFilter);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(bytes)
}

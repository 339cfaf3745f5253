//! A single PNG or JPEG as a grey image.

use std::io::Cursor;

use image::{DynamicImage, ImageReader, Limits};

use crate::{FormatError, Images};

/// The longest accepted side in pixels.
const MAX_SIDE: u32 = 8192;

/// The memory that decoding may take: an image of the longest sides in 16-bit colour with alpha.
const MAX_MEMORY: u64 = 8 * (MAX_SIDE as u64) * (MAX_SIDE as u64);

/// Whether these bytes begin like a PNG or a JPEG.
pub(crate) fn is_picture(bytes: &[u8]) -> bool {
    image::guess_format(bytes).is_ok_and(|format| format.reading_enabled())
}

/// Decodes a PNG or JPEG of at most 8192 x 8192 pixels to one 8-bit grey image.
///
/// Colours become grey by Rec. 709's weights, 0.2126 red + 0.7152 green + 0.0722 blue, applied to
/// the stored values; 16-bit values are rounded to 8 bits.
pub(crate) fn decode(bytes: &[u8]) -> Result<Images, FormatError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|error| FormatError::Picture(error.into()))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let picture = reader.decode().map_err(FormatError::Picture)?;
    if is_transparent(&picture) {
        return Err(FormatError::Transparent);
    }
    let grey = picture.into_luma8();
    let (height, width) = (grey.height() as usize, grey.width() as usize);
    Images::new(height, width, grey.into_raw()).map_err(|_| FormatError::NoImages)
}

/// Whether any pixel lets a background through, of which nothing is known.
fn is_transparent(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < 255)
}

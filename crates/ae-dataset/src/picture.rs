//! One PNG or JPEG as an image.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read as _, Seek};
use std::path::Path;

use ae_files::{FileError, read_bounded};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use crate::{DatasetError, FormatError, ImageShape, Images, Pixels};

/// The longest accepted side in pixels.
const MAX_SIDE: u32 = 8192;

/// The memory that decoding may take: an image of the longest sides in 16-bit colour with alpha.
const MAX_MEMORY: u64 = 8 * (MAX_SIDE as u64) * (MAX_SIDE as u64);

/// The largest accepted file: what the largest picture takes uncompressed.
const MAX_BYTES: u64 = MAX_MEMORY;

/// As many bytes as tell a PNG or a JPEG.
const FIRST_BYTES: u64 = 16;

/// Whether these bytes begin like a PNG or a JPEG.
pub(crate) fn is_picture(bytes: &[u8]) -> bool {
    image::guess_format(bytes).is_ok_and(|format| format.reading_enabled())
}

/// Whether a file begins like a PNG or a JPEG.
pub(crate) fn is_picture_file(path: &Path) -> Result<bool, DatasetError> {
    let begin = || {
        let mut bytes = Vec::new();
        File::open(path)?.take(FIRST_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = begin().map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    Ok(is_picture(&bytes))
}

/// What the header of a picture's file says: its size, and whether it has colours.
pub(crate) fn header(path: &Path) -> Result<ImageShape, DatasetError> {
    let unreadable = |source| FileError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length > MAX_BYTES {
        return Err(FileError::TooLarge { path: path.to_owned(), limit: MAX_BYTES }.into());
    }
    header_of(BufReader::new(file)).map_err(|error| error.in_file(path))
}

/// Decodes a file with a PNG or JPEG of at most 8192 x 8192 pixels, as [`decode`] does.
pub(crate) fn read(path: &Path, channels: usize) -> Result<Images, DatasetError> {
    let bytes = read_bounded(path, MAX_BYTES)?;
    decode(&bytes, channels).map_err(|error| error.in_file(path))
}

/// Decodes a PNG or JPEG of at most 8192 x 8192 pixels to one 8-bit image of 1 or 3 channels.
///
/// Colours become grey by Rec. 709's weights, 0.2126 red + 0.7152 green + 0.0722 blue, applied to
/// the stored values; grey becomes colour by equal channels; 16-bit values are rounded to 8 bits.
pub(crate) fn decode(bytes: &[u8], channels: usize) -> Result<Images, FormatError> {
    let decoder = decoder(Cursor::new(bytes))?;
    let picture = DynamicImage::from_decoder(decoder).map_err(FormatError::Picture)?;
    if is_transparent(&picture) {
        return Err(FormatError::Transparent);
    }
    let shape =
        ImageShape { channels, height: picture.height() as usize, width: picture.width() as usize };
    let values = match channels {
        1 => picture.into_luma8().into_raw(),
        _ => planes(picture.into_rgb8().as_raw()),
    };
    Images::of_shape(shape, Pixels::Bytes(values)).map_err(|_| FormatError::NoImages)
}

/// Channels, height and width of a picture by its first bytes.
pub(crate) fn header_of(reader: impl BufRead + Seek) -> Result<ImageShape, FormatError> {
    let decoder = decoder(reader)?;
    let (width, height) = decoder.dimensions();
    let channels = if decoder.color_type().has_color() { 3 } else { 1 };
    Ok(ImageShape { channels, height: height as usize, width: width as usize })
}

fn decoder<'a>(reader: impl BufRead + Seek + 'a) -> Result<impl ImageDecoder + 'a, FormatError> {
    let mut reader = ImageReader::new(reader)
        .with_guessed_format()
        .map_err(|error| FormatError::Picture(error.into()))?;
    if reader.format().is_none() {
        return Err(FormatError::NotAPicture);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    reader.into_decoder().map_err(FormatError::Picture)
}

/// `height x width x 3` to `3 x height x width`.
pub(crate) fn planes<T: Copy>(interleaved: &[T]) -> Vec<T> {
    let plane = |channel| interleaved.iter().skip(channel).step_by(3).copied();
    plane(0).chain(plane(1)).chain(plane(2)).collect()
}

/// Whether any pixel lets a background through, of which nothing is known.
fn is_transparent(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < 255)
}

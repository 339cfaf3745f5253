//! Decodes one PNG or JPEG.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read as _, Seek, SeekFrom};
use std::path::Path;

use ae_files::{FileError, read_bounded};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::images::planes;
use crate::pictures::{jpeg, png};
use crate::{DatasetError, FormatError, ImageShape, Images, Pixels};

/// The longest accepted side in pixels.
const MAX_SIDE: u32 = 8192;

/// The most memory for decoding in bytes: an image of the longest sides in 16-bit colour with alpha.
const MAX_MEMORY: u64 = 8 * (MAX_SIDE as u64) * (MAX_SIDE as u64);

/// The largest accepted file in bytes: as large as the largest picture uncompressed.
const MAX_BYTES: u64 = MAX_MEMORY;

/// The number of first bytes that tell a PNG from a JPEG.
const FIRST_BYTES: u64 = 16;

/// What a picture's header states, before anything is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The shape of the upright picture: height and width are swapped if its EXIF orientation says so. A picture whose
    /// palette holds only greys is grey.
    pub(crate) shape: ImageShape,
    /// Whether the values have 16 bits.
    pub(crate) has_16_bits: bool,
}

/// The header of a picture's file.
pub(crate) fn header(path: &Path) -> Result<Header, DatasetError> {
    let unreadable = |source| FileError::Read { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length > MAX_BYTES {
        return Err(FileError::TooLarge { path: path.to_owned(), limit: MAX_BYTES }.into());
    }
    header_of(BufReader::new(file)).map_err(|error| error.in_file(path))
}

/// Reads and decodes a file; see [`decode`].
pub(crate) fn read(path: &Path, channels: usize) -> Result<Images, DatasetError> {
    let bytes = read_bounded(path, MAX_BYTES)?;
    decode(&bytes, channels).map_err(|error| error.in_file(path))
}

/// Decodes a PNG or JPEG of at most 8192 x 8192 pixels to one image of 1 or 3 channels: bytes, or floats in [0, 1] if
/// it has 16 bits per value. The image is turned upright as its EXIF orientation says.
///
/// Colours become grey by BT.709's weights (0.2126 red + 0.7152 green + 0.0722 blue) on the stored values. Grey becomes
/// colour by equal channels.
pub(crate) fn decode(bytes: &[u8], channels: usize) -> Result<Images, FormatError> {
    let format = format_of(bytes)?;
    let mut decoder = decoder(Cursor::new(bytes), format)?;
    // This comes before anything of the claimed size is allocated.
    match format {
        ImageFormat::Png => png::check(bytes).map_err(|fault| damaged("PNG", &fault))?,
        _ => jpeg::check(bytes).map_err(|fault| damaged("JPEG", &fault))?,
    }
    let orientation = match format {
        ImageFormat::Png => png_orientation(&png_facts(&mut Cursor::new(bytes))?),
        _ => decoder.orientation().map_err(FormatError::Picture)?,
    };
    let mut picture = DynamicImage::from_decoder(decoder).map_err(FormatError::Picture)?;
    if is_transparent(&picture) {
        return Err(FormatError::Transparent);
    }
    picture.apply_orientation(orientation);
    let shape =
        ImageShape { channels, height: picture.height() as usize, width: picture.width() as usize };
    let pixels = match (has_16_bits(&picture), channels) {
        (false, 1) => Pixels::Bytes(picture.into_luma8().into_raw()),
        (false, _) => Pixels::Bytes(planes(picture.into_rgb8().as_raw())),
        (true, 1) => Pixels::Floats(unit_interval_of_16_bits(picture.into_luma16().into_raw())),
        (true, _) => {
            Pixels::Floats(unit_interval_of_16_bits(planes(picture.into_rgb16().as_raw())))
        }
    };
    Images::of_shape(shape, pixels).map_err(|_| FormatError::NoImages)
}

/// The header of a picture, from its first bytes and, in a PNG, from the chunks that are not pixels.
pub(crate) fn header_of(mut reader: impl BufRead + Seek) -> Result<Header, FormatError> {
    let unreadable = |error: std::io::Error| FormatError::Picture(error.into());
    let mut first = Vec::new();
    reader.by_ref().take(FIRST_BYTES).read_to_end(&mut first).map_err(unreadable)?;
    let format = format_of(&first)?;
    let facts = match format {
        ImageFormat::Png => Some(png_facts(&mut reader)?),
        _ => None,
    };
    reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut decoder = decoder(reader, format)?;
    let (width, height) = decoder.dimensions();
    let (height, width) = (height as usize, width as usize);
    let orientation = match &facts {
        Some(facts) => png_orientation(facts),
        None => decoder.orientation().map_err(FormatError::Picture)?,
    };
    let is_grey = facts.as_ref().is_some_and(|facts| facts.has_grey_palette);
    let channels = if decoder.color_type().has_color() && !is_grey { 3 } else { 1 };
    let (height, width) =
        if lies_on_its_side(orientation) { (width, height) } else { (height, width) };
    let has_16_bits = facts.is_some_and(|facts| facts.bits == 16);
    Ok(Header { shape: ImageShape { channels, height, width }, has_16_bits })
}

fn format_of(bytes: &[u8]) -> Result<ImageFormat, FormatError> {
    let format = image::guess_format(bytes).ok().filter(ImageFormat::reading_enabled);
    format.ok_or(FormatError::NotAPicture)
}

fn decoder<'a>(
    reader: impl BufRead + Seek + 'a,
    format: ImageFormat,
) -> Result<impl ImageDecoder + 'a, FormatError> {
    let mut reader = ImageReader::with_format(reader, format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    reader.into_decoder().map_err(FormatError::Picture)
}

fn png_facts(reader: &mut (impl BufRead + Seek)) -> Result<png::PngFacts, FormatError> {
    png::facts(reader).map_err(|error| FormatError::Picture(error.into()))
}

fn png_orientation(facts: &png::PngFacts) -> Orientation {
    let exif = facts.exif.as_deref();
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

fn lies_on_its_side(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

fn damaged(format: &'static str, fault: &dyn std::error::Error) -> FormatError {
    FormatError::DamagedPicture { format, reason: fault.to_string() }
}

fn has_16_bits(picture: &DynamicImage) -> bool {
    let color = picture.color();
    color.bytes_per_pixel() == 2 * color.channel_count()
}

/// 16-bit values as floats in [0, 1].
fn unit_interval_of_16_bits(values: Vec<u16>) -> Vec<f32> {
    values.into_iter().map(|value| f32::from(value) / 65535.0).collect()
}

/// Whether a pixel is not opaque. Its colour would depend on a background, which is unknown.
fn is_transparent(picture: &DynamicImage) -> bool {
    if !picture.color().has_alpha() {
        return false;
    }
    match has_16_bits(picture) {
        true => picture.to_rgba16().pixels().any(|pixel| pixel.0[3] < u16::MAX),
        false => picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX),
    }
}

//! Decodes one picture: PNG, JPEG, TIFF, WebP, BMP, PNM or GIF.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use ae_files::{FileError, open_regular, read_bounded};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::file_kind::FileKind;
use crate::images::planes;
use crate::other_sizes::grey_of;
use crate::pictures::bounds::{self, Claim, MAX_MEMORY};
use crate::pictures::containers::{self, Contents};
use crate::pictures::id::PictureId;
use crate::pictures::remark::Remark;
use crate::pictures::{background, jpeg, png, tiff};
use crate::{Background, DatasetError, FormatError, ImageShape, Images, Pixels};

/// The largest accepted file in bytes.
const MAX_BYTES: u64 = MAX_MEMORY;

/// The most memory for the chunks and rows of a PNG in bytes.
const MAX_PNG_PARTS: u64 = 64 << 20;

/// The most bytes of a picture that a byte of a PNM file becomes: eight pixels of a bitmap, of a byte each.
const PNM_RATIO: u64 = 8;

/// The components of a JPEG of inks: cyan, magenta, yellow and black.
const INKS: usize = 4;

/// What a picture's header states, before anything is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The shape of the upright picture: height and width are swapped if its EXIF orientation says so. A picture whose
    /// palette holds only greys is grey.
    pub(crate) shape: ImageShape,
    /// Whether the values have more than 8 bits.
    pub(crate) has_16_bits: bool,
    /// Whether pixels have an opacity; they may all be opaque.
    pub(crate) has_opacity: bool,
}

/// A picture that is decoded.
#[derive(Debug)]
pub(crate) struct Decoded {
    /// One image.
    pub(crate) images: Images,
    /// What is not read as it stands.
    pub(crate) remark: Option<Remark>,
}

/// What decoding does with channels and opacity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// 1 or 3.
    pub(crate) channels: usize,
    /// What transparent pixels are put onto.
    pub(crate) background: Option<Background>,
}

/// The header of a picture.
pub(crate) fn header(picture: &PictureId) -> Result<Header, DatasetError> {
    let (mut file, _) = open(&picture.path)?;
    let header = match format_of(&mut file) {
        Ok(Format::Tiff) => tiff_header(file, picture.directory()),
        Ok(Format::Other(format)) => header_of(file, format),
        Err(error) => Err(error),
    };
    header.map_err(|error| error.in_picture(picture))
}

/// The header of a picture in memory.
pub(crate) fn header_in_memory(bytes: &[u8]) -> Result<Header, FormatError> {
    match format_of(&mut Cursor::new(bytes))? {
        Format::Tiff => tiff_header(Cursor::new(bytes), None),
        Format::Other(format) => header_of(Cursor::new(bytes), format),
    }
}

/// The places of the pages of a TIFF; none of another file.
pub(crate) fn pages(path: &Path) -> Result<Vec<u64>, DatasetError> {
    // Other files have other limits of length.
    if FileKind::of_file(path)? != FileKind::Tiff {
        return Ok(Vec::new());
    }
    let (mut file, _) = open(path)?;
    tiff::pages::pages(&mut file).map_err(|error| error.in_file(path))
}

/// Reads and decodes a picture; see [`decode`].
pub(crate) fn read(picture: &PictureId, wanted: Wanted) -> Result<Decoded, DatasetError> {
    let (mut file, length) = open(&picture.path)?;
    // A page is read without the others.
    if let Ok(Format::Tiff) = format_of(&mut file) {
        let decoded = decode_tiff(file, length, picture.directory(), wanted);
        return decoded.map_err(|error| error.in_picture(picture));
    }
    let bytes = read_bounded(&picture.path, MAX_BYTES)?;
    decode(&bytes, wanted).map_err(|error| error.in_picture(picture))
}

/// A file of an accepted length, and its length.
pub(super) fn open(path: &Path) -> Result<(BufReader<File>, u64), DatasetError> {
    let unreadable = |source| FileError::Read { path: path.to_owned(), source };
    let file = open_regular(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length > MAX_BYTES {
        return Err(FileError::TooLarge { path: path.to_owned(), limit: MAX_BYTES }.into());
    }
    Ok((BufReader::new(file), length))
}

/// Decodes a picture of at most 32 768 pixels a side and 268 435 456 in all to one image of 1 or 3 channels: bytes, or
/// floats in [0, 1] if it has more than 8 bits per value. The image is turned upright as its EXIF orientation says.
///
/// Colours become grey by BT.709's weights (0.2126 red + 0.7152 green + 0.0722 blue) on the stored values. Grey becomes
/// colour by equal channels. Transparent pixels are put onto the background.
pub(crate) fn decode(bytes: &[u8], wanted: Wanted) -> Result<Decoded, FormatError> {
    let format = match format_of(&mut Cursor::new(bytes))? {
        Format::Tiff => return decode_tiff(Cursor::new(bytes), bytes.len() as u64, None, wanted),
        Format::Other(format) => format,
    };
    let mut decoder = decoder(Cursor::new(bytes), format)?;
    // This comes before anything of the claimed size is allocated.
    let mut remark = check(format, bytes, &decoder)?;
    let orientation = match format {
        ImageFormat::Png => {
            let facts = png_facts(&mut Cursor::new(bytes))?;
            remark = facts.is_animated.then_some(Remark::Animated);
            png_orientation(&facts)
        }
        _ => decoder.orientation().map_err(|error| damage(error, format))?,
    };
    let picture = DynamicImage::from_decoder(decoder).map_err(|error| damage(error, format))?;
    let images = images(picture, orientation, wanted)?;
    Ok(Decoded { images, remark })
}

/// Checks the bytes of a picture that is not a TIFF. Returns what of it is not read as it stands, as far as its format
/// is no PNG.
fn check(
    format: ImageFormat,
    bytes: &[u8],
    decoder: &impl ImageDecoder,
) -> Result<Option<Remark>, FormatError> {
    let damaged = |format, fault: &dyn std::error::Error| FormatError::DamagedPicture {
        format,
        reason: fault.to_string(),
    };
    match format {
        ImageFormat::Png => {
            png::check(bytes).map_err(|fault| damaged("PNG", &fault))?;
            return Ok(None);
        }
        ImageFormat::Jpeg => {
            let components = jpeg::check(bytes).map_err(|fault| damaged("JPEG", &fault))?;
            return Ok((components == INKS).then_some(Remark::Inks));
        }
        _ => {}
    }
    let Contents { is_animated, .. } = containers::contents(format, bytes)?;
    let (width, height) = decoder.dimensions();
    let ratio = if format == ImageFormat::Pnm { PNM_RATIO } else { bounds::RATIO };
    let (stored, claimed) = (bytes.len() as u64, decoder.total_bytes());
    bounds::check_claim(Claim { stored, claimed, height, width, ratio })?;
    Ok(is_animated.then_some(Remark::Animated))
}

fn decode_tiff(
    reader: impl Read + Seek,
    length: u64,
    directory: Option<u64>,
    wanted: Wanted,
) -> Result<Decoded, FormatError> {
    let decoder = tiff::open(reader, directory)?;
    let tiff::DecodedPage { mut picture, page } = tiff::decode(decoder, length)?;
    if page.layout.is_multiplied() {
        picture = background::divided(picture);
    }
    let images = images(picture, page.orientation, wanted)?;
    let remark = match page.layout {
        _ if page.is_preview => Some(Remark::Preview),
        tiff::Layout::Cmyk => Some(Remark::Inks),
        _ => None,
    };
    Ok(Decoded { images, remark })
}

/// One image of a decoded picture.
fn images(
    picture: DynamicImage,
    orientation: Orientation,
    wanted: Wanted,
) -> Result<Images, FormatError> {
    let mut picture = background::opaque(picture, wanted.background)?;
    picture.apply_orientation(orientation);
    let channels = wanted.channels;
    let shape =
        ImageShape { channels, height: picture.height() as usize, width: picture.width() as usize };
    let bytes_per_value = picture.color().bytes_per_pixel() / picture.color().channel_count();
    let pixels = match (bytes_per_value, channels) {
        (1, 1) => Pixels::Bytes(picture.into_luma8().into_raw()),
        (1, _) => Pixels::Bytes(planes(picture.into_rgb8().as_raw())),
        (2, 1) => Pixels::Floats(unit_interval_of_16_bits(picture.into_luma16().into_raw())),
        (2, _) => Pixels::Floats(unit_interval_of_16_bits(planes(picture.into_rgb16().as_raw()))),
        (_, 1) => Pixels::Floats(grey_of_floats(picture.into_rgb32f().as_raw())),
        _ => Pixels::Floats(planes(picture.into_rgb32f().as_raw())),
    };
    Images::of_shape(shape, pixels).map_err(|_| FormatError::NoImages)
}

/// The header of a picture that is not a TIFF, from its first bytes and, in a PNG, from the chunks that are not pixels.
fn header_of(mut reader: impl BufRead + Seek, format: ImageFormat) -> Result<Header, FormatError> {
    let unreadable = |error: std::io::Error| FormatError::Picture(error.into());
    let facts = match format {
        ImageFormat::Png => Some(png_facts(&mut reader)?),
        _ => None,
    };
    reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    // A palette is within the first bytes, but for a palette of the first frame alone.
    let has_palette = matches!(format, ImageFormat::Gif | ImageFormat::Bmp);
    let mut whole = Vec::new();
    if has_palette {
        reader.read_to_end(&mut whole).map_err(unreadable)?;
        reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    }
    let has_grey_palette = match &facts {
        Some(facts) => facts.has_grey_palette,
        None => has_palette && containers::contents(format, &whole)?.has_grey_palette,
    };
    let mut decoder = decoder(reader, format)?;
    let (width, height) = decoder.dimensions();
    let orientation = match &facts {
        Some(facts) => png_orientation(facts),
        None => decoder.orientation().map_err(|error| damage(error, format))?,
    };
    let color = decoder.color_type();
    let channels = if color.has_color() && !has_grey_palette { 3 } else { 1 };
    let has_16_bits = match facts {
        Some(facts) => facts.bits == 16,
        None => color.bytes_per_pixel() > color.channel_count(),
    };
    let shape = upright(channels, [height, width], orientation);
    // A GIF is always decoded with an opacity, most often to no purpose.
    let has_opacity = color.has_alpha() && format != ImageFormat::Gif;
    Ok(Header { shape, has_16_bits, has_opacity })
}

fn tiff_header(reader: impl Read + Seek, directory: Option<u64>) -> Result<Header, FormatError> {
    let page = tiff::page(&mut tiff::open(reader, directory)?)?;
    let shape = upright(page.layout.channels(), [page.height, page.width], page.orientation);
    let has_opacity = page.layout.has_opacity();
    Ok(Header { shape, has_16_bits: page.is_deep(), has_opacity })
}

fn upright(channels: usize, sides: [u32; 2], orientation: Orientation) -> ImageShape {
    let [height, width] = sides.map(|side| side as usize);
    let (height, width) =
        if lies_on_its_side(orientation) { (width, height) } else { (height, width) };
    ImageShape { channels, height, width }
}

/// Who decodes a picture.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    /// The crate `tiff`.
    Tiff,
    /// The crate `image`.
    Other(ImageFormat),
}

/// The format by the first bytes; the reader is at the beginning after that.
pub(super) fn format_of(reader: &mut (impl Read + Seek)) -> Result<Format, FormatError> {
    let unreadable = |error: std::io::Error| FormatError::Picture(error.into());
    let mut first = Vec::new();
    reader.take(FileKind::FIRST_BYTES).read_to_end(&mut first).map_err(unreadable)?;
    reader.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    match FileKind::of_bytes(Path::new(""), &first) {
        FileKind::Png => Ok(Format::Other(ImageFormat::Png)),
        FileKind::Jpeg => Ok(Format::Other(ImageFormat::Jpeg)),
        FileKind::WebP => Ok(Format::Other(ImageFormat::WebP)),
        FileKind::Bmp => Ok(Format::Other(ImageFormat::Bmp)),
        FileKind::Pnm => Ok(Format::Other(ImageFormat::Pnm)),
        FileKind::Gif => Ok(Format::Other(ImageFormat::Gif)),
        FileKind::Tiff => Ok(Format::Tiff),
        _ => Err(FormatError::NotAPicture),
    }
}

pub(super) fn decoder<'a>(
    reader: impl BufRead + Seek + 'a,
    format: ImageFormat,
) -> Result<impl ImageDecoder + 'a, FormatError> {
    let mut reader = ImageReader::with_format(reader, format);
    let mut limits = Limits::default();
    limits.max_image_width = None;
    limits.max_image_height = None;
    // The memory of a PNG's decoder is for chunks, such as a colour profile, and for rows; the picture has its own.
    limits.max_alloc = Some(if format == ImageFormat::Png { MAX_PNG_PARTS } else { MAX_MEMORY });
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| damage(error, format))?;
    let (width, height) = decoder.dimensions();
    bounds::check_sides(height, width)?;
    Ok(decoder)
}

/// An error of the crate `image`; of a file that ends early, one in our words.
fn damage(error: image::ImageError, format: ImageFormat) -> FormatError {
    match error {
        image::ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            bounds::cut_short(name(format))
        }
        error => FormatError::Picture(error),
    }
}

/// What messages call a format.
fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Pnm => "PNM",
        ImageFormat::Gif => "GIF",
        _ => "picture",
    }
}

fn png_facts(reader: &mut (impl BufRead + Seek)) -> Result<png::PngFacts, FormatError> {
    png::facts(reader).map_err(|error| FormatError::Picture(error.into()))
}

pub(super) fn png_orientation(facts: &png::PngFacts) -> Orientation {
    let exif = facts.exif.as_deref();
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}

pub(super) fn lies_on_its_side(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// 16-bit values as floats in [0, 1].
fn unit_interval_of_16_bits(values: Vec<u16>) -> Vec<f32> {
    values.into_iter().map(|value| f32::from(value) / 65535.0).collect()
}

/// Grey floats from colours; equal channels stay as they are.
fn grey_of_floats(pixels: &[f32]) -> Vec<f32> {
    let grey = |&[red, green, blue]: &[f32; 3]| {
        if red == green && green == blue { red } else { grey_of(red, green, blue) }
    };
    pixels.as_chunks().0.iter().map(grey).collect()
}

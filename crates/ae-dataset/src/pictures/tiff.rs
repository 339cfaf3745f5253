//! TIFF: one page of a file, decoded by the `tiff` crate after its sizes are checked.

mod at_page;
mod jpeg_chunks;
pub(crate) mod pages;
mod samples;
mod unread;

use std::io::{Read, Seek};

use ::tiff::decoder::{Decoder, DecodingResult, Limits};
use ::tiff::tags::{CompressionMethod, PhotometricInterpretation, SampleFormat, Tag};
use ::tiff::{ColorType, TiffError, TiffUnsupportedError};
use image::DynamicImage;
use image::metadata::Orientation;

use at_page::AtPage;

use crate::FormatError;
use crate::pictures::bounds::{self, Claim};

/// The longest value of a tag in bytes: a colour profile, or the places of the strips.
const MAX_TAG_BYTES: usize = 64 << 20;
/// The most bytes of a page, with channels that are left out.
const MAX_DECODED: u64 = 2 * bounds::MAX_MEMORY;

/// The compressions that are read.
const READ_COMPRESSIONS: [CompressionMethod; 7] = [
    CompressionMethod::None,
    CompressionMethod::LZW,
    CompressionMethod::Deflate,
    CompressionMethod::OldDeflate,
    CompressionMethod::PackBits,
    CompressionMethod::ModernJPEG,
    CompressionMethod::Fax4,
];

/// What a page states, before it is decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) layout: Layout,
    /// Bits of a sample.
    bits: u8,
    pub(super) is_float: bool,
    pub(super) orientation: Orientation,
    /// Whether it is a smaller picture of another page.
    pub(super) is_preview: bool,
    compression: CompressionMethod,
}

/// What the samples of a pixel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    Grey,
    GreyAlpha(Alpha),
    Rgb,
    Rgba(Alpha),
    /// Luminance and two colour differences, as a JPEG within a TIFF has them.
    YCbCr,
    /// Inks.
    Cmyk,
}

/// Whether colours are already multiplied by their opacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alpha {
    Apart,
    Multiplied,
}

/// A page that is decoded.
pub(super) struct DecodedPage {
    pub(super) picture: DynamicImage,
    pub(super) page: Page,
}

impl Layout {
    fn samples(self) -> u64 {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha(_) => 2,
            Self::Rgb | Self::YCbCr => 3,
            Self::Rgba(_) | Self::Cmyk => 4,
        }
    }

    /// The channels without opacity.
    pub(super) fn channels(self) -> usize {
        if matches!(self, Self::Grey | Self::GreyAlpha(_)) { 1 } else { 3 }
    }

    pub(super) fn has_opacity(self) -> bool {
        matches!(self, Self::GreyAlpha(_) | Self::Rgba(_))
    }

    /// Whether colours are multiplied by their opacity.
    pub(super) fn is_multiplied(self) -> bool {
        matches!(self, Self::GreyAlpha(Alpha::Multiplied) | Self::Rgba(Alpha::Multiplied))
    }
}

impl Page {
    /// Bits of a value.
    pub(super) fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether a value has more than 8 bits.
    pub(super) fn is_deep(&self) -> bool {
        self.bits > 8
    }
}

/// Opens a file at the page whose directory is at this byte, or else at its first page. Then the chain of pages must be
/// sound.
pub(super) fn open<R: Read + Seek>(
    mut reader: R,
    directory: Option<u64>,
) -> Result<Decoder<AtPage<R>>, FormatError> {
    let directory = match directory {
        Some(directory) => Some(directory),
        None => pages::pages(&mut reader)?.first().copied(),
    };
    if let Some(directory) = directory {
        pages::check_sides(&mut reader, directory)?;
    }
    let reader = AtPage::new(reader, directory).map_err(|error| damaged(error.into()))?;
    // The default limit of decoded bytes bounds the lists of tags, too.
    let mut limits = Limits::default();
    limits.ifd_value_size = MAX_TAG_BYTES;
    Ok(Decoder::new(reader).map_err(damaged)?.with_limits(limits))
}

/// What a page states. Other colours than grey, RGB and CMYK are refused.
pub(super) fn page<R: Read + Seek>(decoder: &mut Decoder<R>) -> Result<Page, FormatError> {
    let (width, height) = decoder.dimensions().map_err(damaged)?;
    bounds::check_sides(height, width)?;
    let meaning = decoder.find_tag_unsigned::<u16>(Tag::PhotometricInterpretation);
    if meaning.map_err(damaged)? == Some(PhotometricInterpretation::RGBPalette.to_u16()) {
        return Err(unsupported("colours in a palette"));
    }
    let compression = decoder.find_tag_unsigned::<u16>(Tag::Compression).map_err(damaged)?;
    let compression = CompressionMethod::from_u16_exhaustive(compression.unwrap_or(1));
    if !READ_COMPRESSIONS.contains(&compression) {
        return Err(unsupported(&in_words(&TiffUnsupportedError::UnsupportedCompressionMethod(
            compression,
        ))));
    }
    let color = decoder.colortype().map_err(damaged)?;
    let format = decoder.find_tag_unsigned_vec::<u16>(Tag::SampleFormat).map_err(damaged)?;
    let format = format.and_then(|all| all.first().copied()).unwrap_or(1);
    let is_float = format == SampleFormat::IEEEFP.to_u16();
    if !is_float && format != SampleFormat::Uint.to_u16() {
        return Err(unsupported("signed or complex numbers"));
    }
    let alpha = decoder.find_tag_unsigned_vec::<u16>(Tag::ExtraSamples).map_err(damaged)?;
    let alpha = alpha.unwrap_or_default();
    let layout = layout(color, &alpha)?;
    if is_float && layout == Layout::Cmyk {
        return Err(unsupported("inks (CMYK) as floats"));
    }
    unread::refuse(decoder, layout, compression)?;
    let bits = color.bit_depth();
    let is_read =
        matches!((bits, is_float), (1 | 2 | 4 | 8 | 16 | 32, false) | (16 | 32 | 64, true));
    if !is_read || bits < 8 && layout != Layout::Grey {
        return Err(unsupported(&format!("{bits} bits a value")));
    }
    let orientation = decoder.find_tag_unsigned::<u8>(Tag::Orientation).map_err(damaged)?;
    let orientation = orientation.and_then(Orientation::from_exif);
    let orientation = orientation.unwrap_or(Orientation::NoTransforms);
    let purpose = decoder.find_tag_unsigned::<u32>(Tag::NewSubfileType).map_err(damaged)?;
    let is_preview = purpose.is_some_and(|purpose| purpose & pages::PREVIEW != 0);
    Ok(Page { width, height, layout, bits, is_float, orientation, is_preview, compression })
}

fn layout(color: ColorType, extra: &[u16]) -> Result<Layout, FormatError> {
    let alpha = match extra.first() {
        Some(1) => Some(Alpha::Multiplied),
        Some(2) => Some(Alpha::Apart),
        _ => None,
    };
    match (color, alpha) {
        (ColorType::Gray(_), _) => Ok(Layout::Grey),
        (ColorType::GrayA(_) | ColorType::Multiband { num_samples: 2, .. }, Some(alpha)) => {
            Ok(Layout::GreyAlpha(alpha))
        }
        (ColorType::RGB(_), _) => Ok(Layout::Rgb),
        (ColorType::RGBA(_), alpha) => Ok(Layout::Rgba(alpha.unwrap_or(Alpha::Apart))),
        (ColorType::YCbCr(8), _) => Ok(Layout::YCbCr),
        (ColorType::CMYK(8 | 16), None) => Ok(Layout::Cmyk),
        (ColorType::Multiband { num_samples, .. }, _) => {
            Err(unsupported(&format!("{num_samples} channels that are no colours")))
        }
        _ => Err(unsupported("other colours than grey, RGB and CMYK")),
    }
}

/// Decodes the page at which a file is opened. `length` is the length of the file in bytes.
pub(super) fn decode<R: Read + Seek>(
    mut decoder: Decoder<R>,
    length: u64,
) -> Result<DecodedPage, FormatError> {
    let page = page(&mut decoder)?;
    check(&mut decoder, &page, length)?;
    if page.compression == CompressionMethod::ModernJPEG {
        jpeg_chunks::check(&mut decoder, &page)?;
    }
    // What is decoded is bounded now.
    let mut limits = Limits::default();
    limits.decoding_buffer_size = usize::MAX;
    limits.intermediate_buffer_size = usize::MAX;
    let mut decoder = decoder.with_limits(limits);
    let mut samples = DecodingResult::U8(Vec::new());
    let layout = decoder.read_image_to_buffer(&mut samples).map_err(damaged)?;
    let picture = samples::picture(samples, &page, layout.planes > 1)?;
    Ok(DecodedPage { picture, page })
}

/// Checks that all strips or tiles lie within the file and can hold the pixels that the page claims.
fn check<R: Read + Seek>(
    decoder: &mut Decoder<R>,
    page: &Page,
    length: u64,
) -> Result<(), FormatError> {
    let mut chunks = |offsets: Tag, counts: Tag| {
        let offsets = decoder.find_tag_unsigned_vec::<u64>(offsets).map_err(damaged)?;
        let counts = decoder.find_tag_unsigned_vec::<u64>(counts).map_err(damaged)?;
        Ok(offsets.unwrap_or_default().into_iter().zip(counts.unwrap_or_default()))
    };
    let strips = chunks(Tag::StripOffsets, Tag::StripByteCounts)?;
    let tiles = chunks(Tag::TileOffsets, Tag::TileByteCounts)?;
    let mut stored = 0_u64;
    for (offset, count) in strips.chain(tiles) {
        if offset.saturating_add(count) > length {
            return Err(bounds::cut_short("TIFF"));
        }
        stored = stored.saturating_add(count);
    }
    // Chunks may share bytes, so that their sum is no bound by itself.
    let stored = stored.min(length);
    let is_plain = page.compression == CompressionMethod::None;
    // Further channels are decoded, too, before they are left out.
    let stated = decoder.find_tag_unsigned::<u16>(Tag::SamplesPerPixel).map_err(damaged)?;
    let samples = page.layout.samples().max(stated.unwrap_or(1).into());
    let bits = samples * u64::from(page.bits);
    let row = (u64::from(page.width) * bits).div_ceil(8);
    let claimed = row.saturating_mul(page.height.into());
    if is_plain && claimed > stored {
        return Err(bounds::cut_short("TIFF"));
    }
    let (height, width) = (page.height, page.width);
    let largest = decoder.chunk_dimensions();
    let tile = u64::from(largest.0).saturating_mul(u64::from(largest.1.min(height)));
    let claimed = claimed.max(tile.saturating_mul(bits) / 8);
    if claimed > MAX_DECODED {
        return Err(FormatError::TooLarge { claimed: claimed.into(), limit: MAX_DECODED });
    }
    bounds::check_claim(Claim { stored, claimed, height, width, ratio: bounds::RATIO })
}

pub(super) fn damaged(error: TiffError) -> FormatError {
    match error {
        TiffError::UnsupportedError(error) => unsupported(&in_words(&error)),
        TiffError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            bounds::cut_short("TIFF")
        }
        error => FormatError::DamagedPicture { format: "TIFF", reason: error.to_string() },
    }
}

/// What a TIFF has that is not read.
fn in_words(error: &TiffUnsupportedError) -> String {
    use TiffUnsupportedError as Error;
    match error {
        Error::UnsupportedCompressionMethod(method) => match method {
            CompressionMethod::Unknown(number) => format!("compression {number}"),
            method => format!("compression {method:?}"),
        },
        Error::UnknownCompressionMethod => "an unknown compression".to_owned(),
        Error::InterpretationWithBits(meaning, bits) => {
            let bits = bits.first().copied().unwrap_or_default();
            format!("{meaning:?} values of {bits} bits")
        }
        Error::UnsupportedInterpretation(meaning) => format!("{meaning:?} values"),
        Error::InconsistentBitsPerSample(_) => "channels of different depths".to_owned(),
        Error::ChromaSubsampling => "subsampled colours outside of a JPEG".to_owned(),
        error => error.to_string(),
    }
}

fn unsupported(found: &str) -> FormatError {
    FormatError::Unsupported { format: "TIFF", found: found.to_owned() }
}

#[cfg(test)]
mod tests;

//! What a picture carries beside its pixels, and a picture that is made of it should keep: the colour profile, the
//! resolution, and how its values are stored.

use std::io::{Cursor, Read, Seek};

use ::tiff::tags::Tag;
use ae_files::read_bounded;
use image::metadata::Orientation;
use image::{ImageDecoder, ImageFormat};

use crate::pictures::bounds::MAX_MEMORY;
use crate::pictures::decode::{self, Format, lies_on_its_side};
use crate::pictures::{png, tiff};
use crate::{DatasetError, FormatError, PictureId};

/// Inches in a metre.
const INCHES: f64 = 1.0 / 0.0254;
/// The largest profile that is carried over, in bytes.
const MAX_PROFILE: usize = 16 << 20;

/// How the values of a picture are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// Integers of at most 8 bits.
    #[default]
    Bits8,
    /// Integers of 16 bits.
    Bits16,
    /// Floats, or integers of 32 bits.
    Floats,
}

/// An ICC profile: what the numbers of a picture mean as colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColourProfile(Vec<u8>);

impl ColourProfile {
    /// The profile's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether the profile is one of pictures with so many channels, 1 or 3.
    pub fn is_for(&self, channels: usize) -> bool {
        let space = self.0.get(16..20).unwrap_or_default();
        space == if channels == 1 { b"GRAY" } else { b"RGB " }
    }
}

/// What a picture carries beside its pixels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PictureMetadata {
    /// Its colour profile.
    pub profile: Option<ColourProfile>,
    /// Its resolution in dots per inch: across and down the upright picture.
    pub dots_per_inch: Option<[f64; 2]>,
    /// How its values are stored.
    pub depth: Depth,
}

impl PictureMetadata {
    /// Reads what a picture carries.
    ///
    /// # Errors
    /// If the file cannot be read or its header is damaged.
    pub fn read(picture: &PictureId) -> Result<Self, DatasetError> {
        let (mut file, _) = decode::open(&picture.path)?;
        let found = match decode::format_of(&mut file) {
            Ok(Format::Tiff) => of_tiff(file, picture.directory()),
            Ok(Format::Other(format)) => {
                let bytes = read_bounded(&picture.path, MAX_MEMORY)?;
                of_bytes(&bytes, format)
            }
            Err(error) => Err(error),
        };
        found.map_err(|error| error.in_picture(picture))
    }
}

fn of_bytes(bytes: &[u8], format: ImageFormat) -> Result<PictureMetadata, FormatError> {
    let mut decoder = decode::decoder(Cursor::new(bytes), format)?;
    let color = decoder.color_type();
    let is_deep = color.bytes_per_pixel() > color.channel_count();
    let profile = profile(decoder.icc_profile().ok().flatten());
    let mut orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let dots_per_inch = match format {
        ImageFormat::Png => {
            let facts = png::facts(&mut Cursor::new(bytes)).unwrap_or_default();
            orientation = decode::png_orientation(&facts);
            facts.pixels_per_metre.map(|found| found.map(per_inch))
        }
        ImageFormat::Jpeg => density_of_jpeg(bytes),
        ImageFormat::Bmp => resolution_of_bmp(bytes),
        _ => None,
    };
    let depth = if is_deep { Depth::Bits16 } else { Depth::Bits8 };
    Ok(PictureMetadata { profile, dots_per_inch: turned(dots_per_inch, orientation), depth })
}

fn of_tiff(
    reader: impl Read + Seek,
    directory: Option<u64>,
) -> Result<PictureMetadata, FormatError> {
    let mut decoder = tiff::open(reader, directory)?;
    let page = tiff::page(&mut decoder)?;
    let profile = profile(decoder.get_tag_u8_vec(Tag::IccProfile).ok());
    let mut resolution = |tag| {
        let found = decoder.find_tag(tag).ok().flatten()?;
        match found {
            ::tiff::decoder::ifd::Value::Rational(over, under) => {
                Some(f64::from(over) / f64::from(under))
            }
            _ => None,
        }
    };
    let (across, down) = (resolution(Tag::XResolution), resolution(Tag::YResolution));
    let unit = match decoder.find_tag_unsigned::<u16>(Tag::ResolutionUnit).ok().flatten() {
        None | Some(2) => Some(1.0),
        Some(3) => Some(2.54),
        _ => None,
    };
    let found = across.zip(down).zip(unit).map(|((x, y), unit)| [x * unit, y * unit]);
    let found = found.filter(|found| found.iter().all(|dots| dots.is_normal() && *dots > 0.0));
    let depth = match (page.is_deep(), page.is_float || page.bits() > 16) {
        (_, true) => Depth::Floats,
        (true, _) => Depth::Bits16,
        (false, _) => Depth::Bits8,
    };
    Ok(PictureMetadata { profile, dots_per_inch: turned(found, page.orientation), depth })
}

fn profile(bytes: Option<Vec<u8>>) -> Option<ColourProfile> {
    bytes.filter(|bytes| (128..=MAX_PROFILE).contains(&bytes.len())).map(ColourProfile)
}

/// Across and down of the upright picture.
fn turned(found: Option<[f64; 2]>, orientation: Orientation) -> Option<[f64; 2]> {
    found.map(|[x, y]| if lies_on_its_side(orientation) { [y, x] } else { [x, y] })
}

/// The density in the JFIF segment, which is the first if there is one.
fn density_of_jpeg(bytes: &[u8]) -> Option<[f64; 2]> {
    let segment = bytes.strip_prefix(b"\xff\xd8\xff\xe0")?.get(2..)?.strip_prefix(b"JFIF\0")?;
    let &[_, _, unit, x1, x0, y1, y0] = segment.first_chunk::<7>()?;
    let found = [[x1, x0], [y1, y0]].map(|bytes| f64::from(u16::from_be_bytes(bytes)));
    let factor = match unit {
        1 => 1.0,
        2 => 2.54,
        _ => return None,
    };
    (!found.contains(&0.0)).then(|| found.map(|dots| dots * factor))
}

fn resolution_of_bmp(bytes: &[u8]) -> Option<[f64; 2]> {
    let at = |place: usize| {
        bytes
            .get(place..)
            .and_then(|bytes| bytes.first_chunk())
            .map(|&four| u32::from_le_bytes(four))
    };
    let found = [at(38)?, at(42)?];
    let has_it = at(14)? >= 40 && !found.contains(&0);
    has_it.then(|| found.map(per_inch))
}

fn per_inch(per_metre: u32) -> f64 {
    f64::from(per_metre) / INCHES
}

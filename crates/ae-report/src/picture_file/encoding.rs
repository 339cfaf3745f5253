//! The bytes of one picture in each format but TIFF.

use image::codecs::bmp::BmpEncoder;
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder as _};
use jpeg_encoder::{ColorType, Encoder, PixelDensity, PixelDensityUnit, SamplingFactor};
use png::BitDepth;

use super::{PictureDepth, PictureFile, UnwrittenError};
use crate::ReportError;
use crate::png_encoding::{Extras, encode_png_with};

/// Inches in a metre.
const INCHES: f64 = 1.0 / 0.0254;
/// From this quality on, a JPEG keeps its colours at full resolution.
const FULL_COLOURS: u8 = 90;
/// The longest side of a WebP.
const MAX_WEBP: usize = 16_383;
/// The longest side of a JPEG.
const MAX_JPEG: usize = 65_535;
/// The longest side of a BMP that is written; the format itself has longer ones.
const MAX_BMP: usize = 65_535;
/// Where a BMP has its resolution: pixels per metre, across and down.
const RESOLUTION_OF_BMP: std::ops::Range<usize> = 38..46;

pub(super) fn png(picture: &PictureFile<'_>, depth: PictureDepth) -> Result<Vec<u8>, ReportError> {
    let PictureFile { channels, height, width, values, profile, .. } = *picture;
    let found = values.len();
    let colours =
        colours_of(channels).ok_or(ReportError::Size { channels, height, width, found })?;
    let extras = Extras { profile, pixels_per_metre: pixels_per_metre(picture) };
    match depth {
        PictureDepth::Bits8 => {
            encode_png_with(extras, height, width, colours, BitDepth::Eight, &bytes(picture))
        }
        _ => {
            let pixels = big_endian(picture);
            encode_png_with(extras, height, width, colours, BitDepth::Sixteen, &pixels)
        }
    }
}

pub(super) fn jpeg(picture: &PictureFile<'_>, quality: u8) -> Result<Vec<u8>, ReportError> {
    let [height, width] = sides(picture, "JPEG", MAX_JPEG)?;
    let mut jpeg = Vec::new();
    let mut encode = || -> Result<(), jpeg_encoder::EncodingError> {
        let mut encoder = Encoder::new(&mut jpeg, quality.clamp(1, 100));
        encoder.set_optimized_huffman_tables(true);
        encoder.set_sampling_factor(match quality >= FULL_COLOURS {
            true => SamplingFactor::F_1_1,
            false => SamplingFactor::F_2_2,
        });
        if let Some(dots) = picture.dots_per_inch {
            let [x, y] = dots.map(|dots| dots.round().clamp(1.0, f64::from(u16::MAX)) as u16);
            encoder.set_density(PixelDensity { density: (x, y), unit: PixelDensityUnit::Inches });
        }
        if let Some(profile) = picture.profile {
            encoder.add_icc_profile(profile)?;
        }
        let colours = if picture.channels == 1 { ColorType::Luma } else { ColorType::Rgb };
        encoder.encode(&bytes(picture), width as u16, height as u16, colours)
    };
    encode().map_err(UnwrittenError::from)?;
    Ok(jpeg)
}

pub(super) fn webp(picture: &PictureFile<'_>) -> Result<Vec<u8>, ReportError> {
    let [height, width] = sides(picture, "WebP", MAX_WEBP)?;
    let mut webp = Vec::new();
    let mut encoder = WebPEncoder::new_lossless(&mut webp);
    if let Some(profile) = picture.profile {
        // It is taken in any case.
        let _ = encoder.set_icc_profile(profile.to_vec());
    }
    let encoded = encoder.encode(&bytes(picture), width as u32, height as u32, colours(picture));
    encoded.map_err(UnwrittenError::from)?;
    Ok(webp)
}

pub(super) fn bmp(picture: &PictureFile<'_>) -> Result<Vec<u8>, ReportError> {
    let [height, width] = sides(picture, "BMP", MAX_BMP)?;
    let mut bmp = Vec::new();
    let mut encoder = BmpEncoder::new(&mut bmp);
    let encoded = encoder.encode(&bytes(picture), width as u32, height as u32, colours(picture));
    encoded.map_err(UnwrittenError::from)?;
    if let (Some([x, y]), Some(place)) = (pixels_per_metre(picture), bmp.get_mut(RESOLUTION_OF_BMP))
    {
        place.copy_from_slice([x.to_le_bytes(), y.to_le_bytes()].as_flattened());
    }
    Ok(bmp)
}

/// A grey PNM.
pub(super) fn pgm(picture: &PictureFile<'_>, depth: PictureDepth) -> Vec<u8> {
    pnm(5, picture, depth)
}

/// A coloured PNM; grey has equal colours.
pub(super) fn ppm(picture: &PictureFile<'_>, depth: PictureDepth) -> Vec<u8> {
    if picture.channels != 1 {
        return pnm(6, picture, depth);
    }
    let values = picture.values.repeat(3);
    pnm(6, &PictureFile { channels: 3, values: &values, ..*picture }, depth)
}

fn pnm(kind: u8, picture: &PictureFile<'_>, depth: PictureDepth) -> Vec<u8> {
    let PictureFile { height, width, .. } = *picture;
    let (most, pixels) = match depth {
        PictureDepth::Bits8 => (255, bytes(picture)),
        _ => (65535, big_endian(picture)),
    };
    [format!("P{kind}\n{width} {height}\n{most}\n").as_bytes(), &pixels].concat()
}

/// The values as bytes, pixel by pixel.
pub(super) fn bytes(picture: &PictureFile<'_>) -> Vec<u8> {
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    interleaved(picture.channels, picture.values).map(byte).collect()
}

/// The values in 16 bits, pixel by pixel.
pub(super) fn levels(picture: &PictureFile<'_>) -> impl Iterator<Item = u16> {
    let level = |value: f32| (value.clamp(0.0, 1.0) * 65535.0).round() as u16;
    interleaved(picture.channels, picture.values).map(level)
}

fn big_endian(picture: &PictureFile<'_>) -> Vec<u8> {
    levels(picture).flat_map(u16::to_be_bytes).collect()
}

fn colours(picture: &PictureFile<'_>) -> ExtendedColorType {
    if picture.channels == 1 { ExtendedColorType::L8 } else { ExtendedColorType::Rgb8 }
}

fn pixels_per_metre(picture: &PictureFile<'_>) -> Option<[u32; 2]> {
    let dots = picture.dots_per_inch?;
    Some(dots.map(|dots| (dots * INCHES).round().clamp(1.0, f64::from(i32::MAX)) as u32))
}

fn sides(
    picture: &PictureFile<'_>,
    format: &'static str,
    most: usize,
) -> Result<[usize; 2], UnwrittenError> {
    let PictureFile { height, width, .. } = *picture;
    match height.max(width) <= most {
        true => Ok([height, width]),
        false => Err(UnwrittenError::Side { format, height, width, most }),
    }
}

/// Values pixel by pixel, from one plane after the other.
pub(super) fn interleaved(channels: usize, values: &[f32]) -> impl Iterator<Item = f32> {
    let area = values.len() / channels.max(1);
    (0..area).flat_map(move |pixel| (0..channels).map(move |plane| values[plane * area + pixel]))
}

fn colours_of(channels: usize) -> Option<png::ColorType> {
    match channels {
        1 => Some(png::ColorType::Grayscale),
        3 => Some(png::ColorType::Rgb),
        _ => None,
    }
}

//! The samples of a TIFF's page as a picture.

use ::tiff::decoder::DecodingResult;
use image::{DynamicImage, ImageBuffer, Pixel};

use super::{Layout, Page};
use crate::FormatError;
use crate::pictures::bounds;

/// The range of floats that pictures have.
const UNIT: &str =
    "a number in [0, 1]: divide floats by their largest value first, or save 16-bit integers";

/// A picture of bytes, of 16-bit integers or, from floats and 32-bit integers, of floats. Grey floats become colour by
/// equal channels. Planes are interleaved.
pub(super) fn picture(
    samples: DecodingResult,
    page: &Page,
    has_planes: bool,
) -> Result<DynamicImage, FormatError> {
    let size = (page.width, page.height);
    let picture = match samples {
        DecodingResult::U8(bytes) if page.bits < 8 => {
            integers(unpacked(&bytes, page), Layout::Grey, size)
        }
        DecodingResult::U8(bytes) => {
            let bytes = interleaved(bytes, page, has_planes);
            match page.layout {
                Layout::YCbCr => integers(rgb(bytes), Layout::Rgb, size),
                Layout::Cmyk => {
                    let rounded = |value: f64| value.round() as u8;
                    integers(of_inks(&bytes, 255.0, rounded), Layout::Rgb, size)
                }
                layout => integers(bytes, layout, size),
            }
        }
        DecodingResult::U16(values) => {
            let values = interleaved(values, page, has_planes);
            match page.layout {
                Layout::Cmyk => {
                    let rounded = |value: f64| value.round() as u16;
                    integers16(of_inks(&values, 65535.0, rounded), Layout::Rgb, size)
                }
                layout => integers16(values, layout, size),
            }
        }
        DecodingResult::U32(values) => {
            let unit = |value: u32| (f64::from(value) / f64::from(u32::MAX)) as f32;
            floats(values.into_iter().map(unit).collect(), page, has_planes)?
        }
        DecodingResult::F16(values) => {
            floats(values.into_iter().map(f32::from).collect(), page, has_planes)?
        }
        DecodingResult::F32(values) => floats(values, page, has_planes)?,
        DecodingResult::F64(values) => {
            floats(values.into_iter().map(|value| value as f32).collect(), page, has_planes)?
        }
        _ => return Err(super::unsupported("signed numbers")),
    };
    picture.ok_or_else(|| bounds::cut_short("TIFF"))
}

/// Bytes from values of 1, 2 or 4 bits, of which every row begins with a byte. The largest value is 255.
fn unpacked(bytes: &[u8], page: &Page) -> Vec<u8> {
    let (bits, width) = (usize::from(page.bits), page.width as usize);
    let most = (1_u8 << bits) - 1;
    let rows = bytes.chunks_exact((width * bits).div_ceil(8).max(1));
    let value = |row: &[u8], place: usize| {
        let shift = 8 - bits - place * bits % 8;
        (row[place * bits / 8] >> shift & most) * (255 / most)
    };
    rows.flat_map(|row| (0..width).map(move |place| value(row, place))).collect()
}

/// Pixel by pixel, from one plane after the other.
fn interleaved<T: Copy>(values: Vec<T>, page: &Page, has_planes: bool) -> Vec<T> {
    let area = page.width as usize * page.height as usize;
    if !has_planes || values.len() < area * page.layout.samples() as usize {
        return values;
    }
    let samples = page.layout.samples() as usize;
    (0..area)
        .flat_map(|pixel| (0..samples).map(move |plane| plane * area + pixel))
        .map(|place| values[place])
        .collect()
}

/// Colours from luminance and colour differences, by JFIF's formula (ITU-R BT.601 with all values from 0 to 255).
fn rgb(mut pixels: Vec<u8>) -> Vec<u8> {
    for pixel in pixels.as_chunks_mut::<3>().0 {
        let [y, blue, red] = pixel.map(f32::from);
        let (blue, red) = (blue - 128.0, red - 128.0);
        let colours = [y + 1.402 * red, y - 0.344_136 * blue - 0.714_136 * red, y + 1.772 * blue];
        *pixel = colours.map(|value| value.round().clamp(0.0, 255.0) as u8);
    }
    pixels
}

/// Colours from inks: red is (1 - cyan)(1 - black), and so on.
fn of_inks<T: Copy + Into<f64>>(
    inks: &[T],
    most: f64,
    rounded: impl Fn(f64) -> T + Copy,
) -> Vec<T> {
    let colours = |inks: &[T; 4]| {
        let [cyan, magenta, yellow, black] = inks.map(|ink| most - ink.into());
        [cyan, magenta, yellow].map(|ink| rounded(ink * black / most))
    };
    inks.as_chunks().0.iter().flat_map(colours).collect()
}

fn integers(values: Vec<u8>, layout: Layout, size: (u32, u32)) -> Option<DynamicImage> {
    Some(match layout {
        Layout::Grey => DynamicImage::ImageLuma8(of_size(size, values)?),
        Layout::GreyAlpha(_) => DynamicImage::ImageLumaA8(of_size(size, values)?),
        Layout::Rgb | Layout::YCbCr => DynamicImage::ImageRgb8(of_size(size, values)?),
        Layout::Rgba(_) | Layout::Cmyk => DynamicImage::ImageRgba8(of_size(size, values)?),
    })
}

fn integers16(values: Vec<u16>, layout: Layout, size: (u32, u32)) -> Option<DynamicImage> {
    Some(match layout {
        Layout::Grey => DynamicImage::ImageLuma16(of_size(size, values)?),
        Layout::GreyAlpha(_) => DynamicImage::ImageLumaA16(of_size(size, values)?),
        Layout::Rgb | Layout::YCbCr => DynamicImage::ImageRgb16(of_size(size, values)?),
        Layout::Rgba(_) | Layout::Cmyk => DynamicImage::ImageRgba16(of_size(size, values)?),
    })
}

fn floats(
    values: Vec<f32>,
    page: &Page,
    has_planes: bool,
) -> Result<Option<DynamicImage>, FormatError> {
    let values = interleaved(values, page, has_planes);
    if let Some(place) = values.iter().position(|value| !(0.0..=1.0).contains(value)) {
        let pixel = place as u64 / page.layout.samples();
        let (row, column) = (pixel / u64::from(page.width) + 1, pixel % u64::from(page.width) + 1);
        let place_in_words = format!("row {row}, column {column}");
        let found = f64::from(values[place]);
        return Err(FormatError::Value { place: place_in_words, found, expected: UNIT });
    }
    let size = (page.width, page.height);
    let colour = |grey: f32| [grey; 3];
    Ok(match page.layout {
        Layout::Grey => {
            let values = values.into_iter().flat_map(colour).collect();
            of_size(size, values).map(DynamicImage::ImageRgb32F)
        }
        Layout::GreyAlpha(_) => {
            let pixels = values.as_chunks::<2>().0.iter();
            let values = pixels.flat_map(|&[grey, alpha]| [grey, grey, grey, alpha]).collect();
            of_size(size, values).map(DynamicImage::ImageRgba32F)
        }
        Layout::Rgb | Layout::YCbCr => of_size(size, values).map(DynamicImage::ImageRgb32F),
        Layout::Rgba(_) | Layout::Cmyk => of_size(size, values).map(DynamicImage::ImageRgba32F),
    })
}

/// `None` if there are too few values.
fn of_size<P: Pixel>(
    (width, height): (u32, u32),
    values: Vec<P::Subpixel>,
) -> Option<ImageBuffer<P, Vec<P::Subpixel>>> {
    ImageBuffer::from_raw(width, height, values)
}

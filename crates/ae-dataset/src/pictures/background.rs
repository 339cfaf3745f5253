//! Transparent pixels: they are put onto a background, or refused.

use image::{DynamicImage, ImageBuffer, Pixel, Rgb, Rgba};

use crate::{Background, FormatError};

/// A picture without opacity. Each colour becomes `opacity colour + (1 - opacity) background` on the stored values.
///
/// # Errors
/// If a pixel is not opaque and there is no background.
pub(super) fn opaque(
    picture: DynamicImage,
    background: Option<Background>,
) -> Result<DynamicImage, FormatError> {
    if !is_transparent(&picture) {
        return Ok(picture);
    }
    let background = background.ok_or(FormatError::Transparent)?;
    let is_grey = !picture.color().has_color() && background.is_grey();
    let depth = picture.color().bytes_per_pixel() / picture.color().channel_count();
    let unit = background.0.map(|value| f64::from(value) / 255.0);
    let rgb = match depth {
        1 => DynamicImage::ImageRgb8(on(&picture.into_rgba8(), unit, 255.0, |value| value as u8)),
        2 => DynamicImage::ImageRgb16(on(&picture.into_rgba16(), unit, 65535.0, |value| {
            value as u16
        })),
        _ => DynamicImage::ImageRgb32F(on_floats(&picture.into_rgba32f(), unit)),
    };
    // Equal channels are grey again, without a change.
    Ok(match (is_grey, depth) {
        (true, 1) => DynamicImage::ImageLuma8(rgb.into_luma8()),
        (true, 2) => DynamicImage::ImageLuma16(rgb.into_luma16()),
        _ => rgb,
    })
}

/// The colours of a picture in which they are multiplied by their opacity.
pub(super) fn divided(picture: DynamicImage) -> DynamicImage {
    fn divide(pixel: &mut [f64], most: f64) {
        if let Some((&mut alpha, colours)) = pixel.split_last_mut()
            && alpha > 0.0
        {
            colours.iter_mut().for_each(|colour| *colour = (*colour * most / alpha).min(most));
        }
    }
    match picture.color().bytes_per_pixel() / picture.color().channel_count() {
        1 => {
            let mut rgba = picture.into_rgba8();
            for pixel in rgba.pixels_mut() {
                let mut values = pixel.0.map(f64::from);
                divide(&mut values, 255.0);
                pixel.0 = values.map(|value| value.round() as u8);
            }
            DynamicImage::ImageRgba8(rgba)
        }
        2 => {
            let mut rgba = picture.into_rgba16();
            for pixel in rgba.pixels_mut() {
                let mut values = pixel.0.map(f64::from);
                divide(&mut values, 65535.0);
                pixel.0 = values.map(|value| value.round() as u16);
            }
            DynamicImage::ImageRgba16(rgba)
        }
        _ => {
            let mut rgba = picture.into_rgba32f();
            for pixel in rgba.pixels_mut() {
                let mut values = pixel.0.map(f64::from);
                divide(&mut values, 1.0);
                pixel.0 = values.map(|value| value as f32);
            }
            DynamicImage::ImageRgba32F(rgba)
        }
    }
}

/// Whether a pixel is not opaque. Its colour would depend on a background.
fn is_transparent(picture: &DynamicImage) -> bool {
    match picture {
        DynamicImage::ImageLumaA8(picture) => picture.pixels().any(|pixel| pixel.0[1] < u8::MAX),
        DynamicImage::ImageRgba8(picture) => picture.pixels().any(|pixel| pixel.0[3] < u8::MAX),
        DynamicImage::ImageLumaA16(picture) => picture.pixels().any(|pixel| pixel.0[1] < u16::MAX),
        DynamicImage::ImageRgba16(picture) => picture.pixels().any(|pixel| pixel.0[3] < u16::MAX),
        DynamicImage::ImageRgba32F(picture) => picture.pixels().any(|pixel| pixel.0[3] < 1.0),
        _ => false,
    }
}

fn on<T>(
    picture: &ImageBuffer<Rgba<T>, Vec<T>>,
    background: [f64; 3],
    most: f64,
    rounded: impl Fn(f64) -> T,
) -> ImageBuffer<Rgb<T>, Vec<T>>
where
    T: image::Primitive + Into<f64>,
    Rgba<T>: Pixel<Subpixel = T>,
    Rgb<T>: Pixel<Subpixel = T>,
{
    ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0.map(Into::into);
        let opacity = alpha / most;
        let colour = |value: f64, behind: f64| {
            rounded((opacity * value + (1.0 - opacity) * behind * most).round())
        };
        let [r, g, b] = background;
        Rgb([colour(red, r), colour(green, g), colour(blue, b)])
    })
}

fn on_floats(
    picture: &ImageBuffer<Rgba<f32>, Vec<f32>>,
    background: [f64; 3],
) -> ImageBuffer<Rgb<f32>, Vec<f32>> {
    ImageBuffer::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, opacity] = picture.get_pixel(x, y).0.map(f64::from);
        let colour = |value: f64, behind: f64| (opacity * value + (1.0 - opacity) * behind) as f32;
        let [r, g, b] = background;
        Rgb([colour(red, r), colour(green, g), colour(blue, b)])
    })
}

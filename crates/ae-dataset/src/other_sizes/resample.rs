//! Resampling: one plane of an image is fitted into another size, or cropped to it.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};

use crate::Resize;

/// Resizes a plane of values in [0, 1] with a triangle filter: bilinear interpolation, widened to the area of a target
/// pixel where the image shrinks. All machines round its arithmetic the same way. Sizes are (height, width).
pub(super) fn resize_plane(
    plane: &[f32],
    from: (usize, usize),
    (height, width): (usize, usize),
    how: Resize,
) -> Vec<f32> {
    if from == (height, width) {
        return plane.to_vec();
    }
    let buffer = ImageBuffer::from_raw(from.1 as u32, from.0 as u32, plane.to_vec());
    let source: ImageBuffer<Luma<f32>, Vec<f32>> = buffer.unwrap_or_default();
    let resize = |(height, width): (usize, usize), source: &ImageBuffer<Luma<f32>, Vec<f32>>| {
        imageops::resize(source, width as u32, height as u32, FilterType::Triangle).into_raw()
    };
    match how {
        Resize::None => plane.to_vec(),
        Resize::Crop => {
            // The largest centred part with the wanted aspect ratio.
            let (part_height, part_width) = largest_within(from, (height, width));
            let (top, left) = ((from.0 - part_height) / 2, (from.1 - part_width) / 2);
            let size = (part_width as u32, part_height as u32);
            let part = imageops::crop_imm(&source, left as u32, top as u32, size.0, size.1);
            resize((height, width), &part.to_image())
        }
        Resize::Fit => {
            let (inner_height, inner_width) = largest_within((height, width), from);
            let inner = resize((inner_height, inner_width), &source);
            let (top, left) = ((height - inner_height) / 2, (width - inner_width) / 2);
            let mut padded = vec![0.0; height * width];
            let rows = padded.chunks_mut(width).skip(top);
            for (row, inner) in rows.zip(inner.chunks(inner_width)) {
                row.iter_mut().skip(left).zip(inner).for_each(|(value, inner)| *value = *inner);
            }
            padded
        }
    }
}

/// The largest rectangle within the first one that has the aspect ratio of the second one, in whole pixels.
fn largest_within(
    (height, width): (usize, usize),
    (other_height, other_width): (usize, usize),
) -> (usize, usize) {
    let (h, w, oh, ow) = (height as u64, width as u64, other_height as u64, other_width as u64);
    // Rounds half up; the product of two sides fits into a u64.
    let rounded = |product: u64, by: u64| ((product + by / 2) / by.max(1)).max(1);
    (height.min(rounded(w * oh, ow) as usize), width.min(rounded(h * ow, oh) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When one row of four pixels becomes two rows of two, the crop keeps the columns in the middle, and the fit adds
    /// black rows above and below.
    #[test]
    fn a_wide_image_is_padded_or_cropped() {
        let wide = [0.0, 1.0, 1.0, 0.0];
        assert_eq!(resize_plane(&wide, (1, 4), (2, 2), Resize::Crop), [1.0; 4]);
        let fitted = resize_plane(&wide, (1, 4), (4, 4), Resize::Fit);
        assert_eq!(fitted, [0., 0., 0., 0., 0., 1., 1., 0., 0., 0., 0., 0., 0., 0., 0., 0.]);
    }

    /// `Image.fromarray((numpy.arange(16).reshape(4, 4) / 15).astype("f4"), mode="F").resize((2, 2),
    /// Image.BILINEAR)` of Pillow.
    #[test]
    fn a_square_is_shrunk_as_pillow_does() {
        let square: Vec<f32> = (0..16).map(|i| i as f32 / 15.0).collect();
        let small = resize_plane(&square, (4, 4), (2, 2), Resize::Fit);
        let expected = [0.238_095_25, 0.342_857_15, 0.657_142_9, 0.761_904_8];
        for (found, expected) in small.iter().zip(expected) {
            // Two roundings of f32 in each direction.
            assert!((found - expected).abs() < 4.0 * f32::EPSILON, "{found} {expected}");
        }
    }

    #[test]
    fn extreme_aspect_ratios_leave_a_pixel() {
        let line = vec![1.0; 900];
        for how in [Resize::Fit, Resize::Crop] {
            let small = resize_plane(&line, (1, 900), (7, 3), how);
            assert_eq!(small.len(), 21);
            // As 8 bits, white stays white.
            assert!(small.iter().any(|value| (value * 255.0).round() == 255.0));
        }
    }
}

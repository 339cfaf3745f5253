//! Images of another size and of other colours.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};

use crate::images::unit_interval;
use crate::{DatasetError, ImageShape, Images, Pixels, Resize};

/// Rec. 709's weights of red, green and blue.
const WEIGHTS: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// Images in another shape: grey becomes colour by equal channels, colour becomes grey by Rec. 709's
/// weights, and another size is treated as `how` says.
///
/// `None` if the size is another and `how` refuses that.
///
/// # Errors
/// If the wanted shape is none that images have.
pub(crate) fn reshape(
    images: Images,
    wanted: ImageShape,
    how: Resize,
) -> Result<Option<Images>, DatasetError> {
    let shape = images.shape();
    if shape == wanted {
        return Ok(Some(images));
    }
    let (from, to) = ((shape.height, shape.width), (wanted.height, wanted.width));
    if from != to && how == Resize::None {
        return Ok(None);
    }
    let reshape_one = |values: Vec<f32>| {
        let planes = with_channels(values, shape, wanted.channels);
        let planes = planes.chunks(shape.height * shape.width);
        planes.flat_map(|plane| resize_plane(plane, from, to, how)).collect::<Vec<f32>>()
    };
    let size = shape.size();
    let pixels = match images.pixels() {
        Pixels::Bytes(bytes) => {
            let images = bytes.chunks(size).flat_map(|bytes| reshape_one(unit_interval(bytes)));
            Pixels::Bytes(images.map(|value| (value * 255.0).round() as u8).collect())
        }
        Pixels::Floats(floats) => {
            Pixels::Floats(floats.chunks(size).flat_map(|one| reshape_one(one.to_vec())).collect())
        }
    };
    let reshaped = Images::of_shape(wanted, pixels)?;
    Ok(Some(images.give_labels_to(reshaped)))
}

fn with_channels(values: Vec<f32>, shape: ImageShape, channels: usize) -> Vec<f32> {
    match (shape.channels, channels) {
        (1, 3) => values.repeat(3),
        (3, 1) => {
            let area = shape.height * shape.width;
            let plane = |index: usize| values.iter().skip(index * area).take(area);
            let pixels = plane(0).zip(plane(1)).zip(plane(2));
            let [red, green, blue] = WEIGHTS;
            pixels.map(|((r, g), b)| (red * r + green * g + blue * b).min(1.0)).collect()
        }
        _ => values,
    }
}

/// One plane of values in [0, 1], brought to a size by bilinear interpolation over the area that a
/// pixel stands for (a triangle filter): arithmetic that every machine rounds alike.
fn resize_plane(
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
            // The largest part in the middle that has the wanted proportions.
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

/// The largest rectangle within the first one that has the second one's proportions, in whole pixels.
fn largest_within(
    (height, width): (usize, usize),
    (other_height, other_width): (usize, usize),
) -> (usize, usize) {
    let (h, w, oh, ow) = (height as u64, width as u64, other_height as u64, other_width as u64);
    // Half up; no product of two sides leaves a u64.
    let rounded = |product: u64, by: u64| ((product + by / 2) / by.max(1)).max(1);
    (height.min(rounded(w * oh, ow) as usize), width.min(rounded(h * ow, oh) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reshaped(images: &Images, wanted: ImageShape, how: Resize) -> Vec<u8> {
        let reshaped = reshape(images.clone(), wanted, how).unwrap().unwrap();
        reshaped.bytes().unwrap().to_vec()
    }

    /// Two columns of black and two of white, of which the middle half is grey when one row of four
    /// becomes two of two; the crop keeps the columns in the middle.
    #[test]
    fn a_wide_image_is_padded_or_cropped() {
        let wide = Images::new(1, 4, vec![0, 255, 255, 0]).unwrap();
        assert_eq!(reshaped(&wide, ImageShape::grey(2, 2), Resize::Crop), [255; 4]);
        let fitted = reshaped(&wide, ImageShape::grey(4, 4), Resize::Fit);
        assert_eq!(fitted, [0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert!(reshape(wide, ImageShape::grey(2, 2), Resize::None).unwrap().is_none());
    }

    /// `Image.fromarray((numpy.arange(16).reshape(4, 4) / 15).astype("f4"), mode="F").resize((2, 2),
    /// Image.BILINEAR)` of Pillow.
    #[test]
    fn a_square_is_shrunk_as_pillow_does() {
        let floats = (0..16).map(|i| i as f32 / 15.0).collect();
        let square = Images::of_shape(ImageShape::grey(4, 4), Pixels::Floats(floats)).unwrap();
        let small = reshape(square, ImageShape::grey(2, 2), Resize::Fit).unwrap().unwrap();
        let expected = [0.238_095_25, 0.342_857_15, 0.657_142_9, 0.761_904_8];
        for (found, expected) in small.to_floats().iter().zip(expected) {
            // Two roundings of f32 in each direction.
            assert!((found - expected).abs() < 4.0 * f32::EPSILON, "{found} {expected}");
        }
    }

    #[test]
    fn colours_change_by_the_stated_weights() {
        let shape = ImageShape { channels: 3, height: 1, width: 2 };
        let pixels = Pixels::Bytes(vec![255, 255, 0, 255, 0, 255]);
        let colours = Images::of_shape(shape, pixels).unwrap();
        assert_eq!(reshaped(&colours, ImageShape::grey(1, 2), Resize::None), [54, 255]);
        let grey = Images::new(1, 2, vec![7, 9]).unwrap();
        assert_eq!(reshaped(&grey, shape, Resize::None), [7, 9, 7, 9, 7, 9]);
    }

    #[test]
    fn extreme_proportions_leave_a_pixel() {
        let line = Images::new(1, 900, vec![255; 900]).unwrap();
        for how in [Resize::Fit, Resize::Crop] {
            let small = reshaped(&line, ImageShape::grey(7, 3), how);
            assert_eq!(small.len(), 21);
            assert!(small.contains(&255));
        }
    }
}

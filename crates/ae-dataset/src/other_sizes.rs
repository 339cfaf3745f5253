//! Images of another size or with other channels: they are refused, or brought to the wanted shape.

#[cfg(feature = "pictures")]
mod resample;

use std::path::Path;

use crate::images::unit_interval;
use crate::{Dataset, DatasetError, ImageShape, Images, LoadOptions, Origin, Pixels, Resize};

/// The weights of red, green and blue in grey (ITU-R BT.709).
const GREY_WEIGHTS: [f32; 3] = [0.2126, 0.7152, 0.0722];

/// Images in the wanted shape. Grey becomes colour by equal channels, colour becomes grey by BT.709's weights on the
/// stored values, and `resize` decides about another size.
///
/// # Errors
/// [`DatasetError::InputSize`] with this path if the size differs and is not to be changed.
pub(crate) fn in_shape(
    images: Images,
    wanted: ImageShape,
    resize: Resize,
    path: &Path,
) -> Result<Images, DatasetError> {
    let shape = images.shape();
    if shape == wanted {
        return Ok(images);
    }
    if (shape.height, shape.width) != (wanted.height, wanted.width) {
        if resize == Resize::None {
            let (path, expected) = (path.to_owned(), wanted);
            return Err(DatasetError::InputSize { path, expected, found: shape });
        }
        if cfg!(not(feature = "pictures")) {
            return Err(DatasetError::NotInThisBuild {
                what: "resize images",
                feature: "pictures",
            });
        }
    }
    let images = images.in_memory()?;
    let reshape_one = |values: Vec<f32>| {
        let planes = with_channels(values, shape, wanted.channels);
        let planes = planes.chunks(shape.height * shape.width);
        planes.flat_map(|plane| resize_plane(plane, shape, wanted, resize)).collect::<Vec<f32>>()
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
        // They are in memory.
        Pixels::Mapped(_) => return Ok(images),
    };
    let reshaped = Images::of_shape(wanted, pixels)?;
    Ok(images.give_labels_to(reshaped))
}

/// A data set of images in the size and with the channels that the options name. Tables stay as they are.
///
/// # Errors
/// As [`in_shape`].
pub(crate) fn dataset_in_shape(
    path: &Path,
    dataset: Dataset,
    options: &LoadOptions,
) -> Result<Dataset, DatasetError> {
    let found = dataset.train.shape();
    let [height, width] = options.size.unwrap_or([found.height, found.width]);
    let channels = options.channels.unwrap_or(found.channels);
    let wanted = ImageShape { channels, height, width };
    // Pairs were read in the wanted shape.
    if wanted == found || dataset.scaling.is_some() || dataset.inputs.is_some() {
        return Ok(dataset);
    }
    let reshaped = |images| in_shape(images, wanted, options.read.resize, path);
    let Dataset {
        train, test, origin, skipped, of_16_bits, scaling, held_out, table, patches, ..
    } = dataset;
    let Origin { name, location, substituted, variation, .. } = origin;
    // The digests are those of the new pixels.
    let dataset = Dataset::new(name, location, reshaped(train)?, reshaped(test)?)?;
    let origin = Origin { substituted, variation, ..dataset.origin };
    Ok(Dataset { origin, skipped, of_16_bits, scaling, held_out, table, patches, ..dataset })
}

/// One image with as many channels as wanted.
fn with_channels(values: Vec<f32>, shape: ImageShape, channels: usize) -> Vec<f32> {
    match (shape.channels, channels) {
        (1, 3) => values.repeat(3),
        (3, 1) => {
            let area = shape.height * shape.width;
            let plane = |index: usize| values.iter().skip(index * area).take(area);
            let pixels = plane(0).zip(plane(1)).zip(plane(2));
            pixels.map(|((r, g), b)| grey_of(*r, *g, *b)).collect()
        }
        _ => values,
    }
}

/// The grey of a colour, at most 1.
pub(crate) fn grey_of(red: f32, green: f32, blue: f32) -> f32 {
    let [of_red, of_green, of_blue] = GREY_WEIGHTS;
    (of_red * red + of_green * green + of_blue * blue).min(1.0)
}

#[cfg(feature = "pictures")]
fn resize_plane(plane: &[f32], from: ImageShape, to: ImageShape, resize: Resize) -> Vec<f32> {
    resample::resize_plane(plane, (from.height, from.width), (to.height, to.width), resize)
}

/// Without the resampling of the `image` crate, all images have the wanted size here.
#[cfg(not(feature = "pictures"))]
fn resize_plane(plane: &[f32], _: ImageShape, _: ImageShape, _: Resize) -> Vec<f32> {
    plane.to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reshaped(images: &Images, wanted: ImageShape, how: Resize) -> Vec<u8> {
        let reshaped = in_shape(images.clone(), wanted, how, Path::new("x")).unwrap();
        reshaped.bytes().unwrap().to_vec()
    }

    #[test]
    fn another_size_is_refused_unless_it_is_to_be_changed() {
        let wide = Images::new(1, 4, vec![0, 255, 255, 0]).unwrap();
        let wanted = ImageShape::grey(2, 2);
        let refused = in_shape(wide.clone(), wanted, Resize::None, Path::new("x.npy"));
        let Err(DatasetError::InputSize { path, expected, found }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!((path, expected, found), ("x.npy".into(), wanted, wide.shape()));
        let resized = in_shape(wide, wanted, Resize::Crop, Path::new("x"));
        if cfg!(feature = "pictures") {
            assert_eq!(resized.unwrap().shape(), wanted);
        } else {
            assert!(matches!(resized, Err(DatasetError::NotInThisBuild { .. })), "{resized:?}");
        }
    }

    #[test]
    fn colours_change_by_the_documented_weights() {
        let shape = ImageShape { channels: 3, height: 1, width: 2 };
        let pixels = Pixels::Bytes(vec![255, 255, 0, 255, 0, 255]);
        let colours = Images::of_shape(shape, pixels).unwrap();
        assert_eq!(reshaped(&colours, ImageShape::grey(1, 2), Resize::None), [54, 255]);
        let grey = Images::new(1, 2, vec![7, 9]).unwrap();
        assert_eq!(reshaped(&grey, shape, Resize::None), [7, 9, 7, 9, 7, 9]);
    }
}

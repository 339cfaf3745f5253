//! Conversion from and to the data sets of candle-datasets.

use candle_core::{D, DType, Device, Tensor};
use candle_datasets::vision;

use crate::{Dataset, DatasetError, Images, Pixels, mnist};

/// Converts a data set to that of candle-datasets, on the CPU.
///
/// Images are `f32`, `n x (channels * height * width)`. candle divides the bytes by 255 as its own loader does, by
/// multiplying with the reciprocal, so both give the same bits. Labels are `u8`, `n`; the number of classes is the largest
/// label plus one.
///
/// # Errors
/// If a half has no labels, or candle fails.
pub fn to_candle(dataset: &Dataset) -> Result<vision::Dataset, DatasetError> {
    let (train_images, train_labels) = tensors("train", &dataset.train)?;
    let (test_images, test_labels) = tensors("test", &dataset.test)?;
    let largest = |images: &Images| images.labels().and_then(|labels| labels.iter().max().copied());
    let classes = largest(&dataset.train).max(largest(&dataset.test));
    let labels = classes.map_or(0, |largest| usize::from(largest) + 1);
    Ok(vision::Dataset { train_images, train_labels, test_images, test_labels, labels })
}

/// Converts a data set of candle-datasets. Its tensors do not state the size of the images, so the caller gives it.
///
/// The name is `mnist` if images and labels are MNIST's, otherwise `candle`. Values are rounded to the nearest of 256
/// levels.
///
/// # Errors
/// If a tensor has another shape than `n x (height * width)` or `n`, an image has a value outside
/// [0, 1], or a label is not within 0 to 255.
pub fn from_candle(
    dataset: &vision::Dataset,
    height: usize,
    width: usize,
) -> Result<Dataset, DatasetError> {
    let part = |images: &Tensor, images_name, labels: &Tensor, labels_name| {
        let pixels = pixels(images, images_name, height * width)?;
        Images::new(height, width, pixels)?.with_labels(bytes(labels, labels_name)?)
    };
    let train = part(&dataset.train_images, "train_images", &dataset.train_labels, "train_labels")?;
    let test = part(&dataset.test_images, "test_images", &dataset.test_labels, "test_labels")?;
    let mut dataset = Dataset::new("candle", "candle-datasets", train, test)?;
    if mnist::first_difference(&dataset.origin.files).is_none() {
        dataset.origin.name = "mnist".to_owned();
    }
    Ok(dataset)
}

fn tensors(part: &'static str, images: &Images) -> Result<(Tensor, Tensor), DatasetError> {
    let labels = images.labels().ok_or(DatasetError::Unlabelled { part })?;
    let shape = (images.len(), images.image_size());
    let pixels = match images.pixels() {
        Pixels::Bytes(bytes) => {
            let bytes = Tensor::from_slice(bytes, shape, &Device::Cpu)?;
            (bytes.to_dtype(DType::F32)? / 255.0)?
        }
        Pixels::Floats(floats) => Tensor::from_slice(floats, shape, &Device::Cpu)?,
        Pixels::Mapped(_) => Tensor::from_vec(images.to_floats(), shape, &Device::Cpu)?,
    };
    Ok((pixels, Tensor::from_slice(labels, labels.len(), &Device::Cpu)?))
}

/// A tensor of `n x size` floats in [0, 1] as bytes.
fn pixels(images: &Tensor, name: &'static str, size: usize) -> Result<Vec<u8>, DatasetError> {
    if images.rank() != 2 || images.dim(D::Minus1)? != size {
        return Err(DatasetError::Tensor {
            name,
            expected: format!("the shape [n, {size}]"),
            found: format!("the shape {:?}", images.dims()),
        });
    }
    let values = images.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    match values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        Some(value) => Err(DatasetError::Tensor {
            name,
            expected: "values in [0, 1]".to_owned(),
            found: format!("the value {value}"),
        }),
        None => Ok(values.into_iter().map(|value| (value * 255.0).round() as u8).collect()),
    }
}

/// A tensor of whole numbers of one dimension as bytes.
fn bytes(labels: &Tensor, name: &'static str) -> Result<Vec<u8>, DatasetError> {
    if labels.rank() != 1 {
        return Err(DatasetError::Tensor {
            name,
            expected: "the shape [n]".to_owned(),
            found: format!("the shape {:?}", labels.dims()),
        });
    }
    let labels = labels.to_dtype(DType::F64)?.to_vec1::<f64>()?;
    let byte = |label: f64| {
        let whole = (0.0..=255.0).contains(&label) && label.fract() == 0.0;
        whole.then_some(label as u8).ok_or_else(|| DatasetError::Tensor {
            name,
            expected: "whole numbers from 0 to 255".to_owned(),
            found: format!("the label {label}"),
        })
    };
    labels.into_iter().map(byte).collect()
}

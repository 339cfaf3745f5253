//! What a user gives to apply a model to.

use std::path::Path;

use ae_files::read_bounded;

use crate::idx::MAX_BYTES;
use crate::images::unit_interval;
use crate::npy::{self, Array, Numbers};
use crate::{DatasetError, FormatError, ImageShape, Images, folder, gzip, open_folder, picture};

/// Images to apply a model to, as floats in [0, 1].
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// What they are, for a caption: the data set's name or the file's.
    pub name: String,
    /// The shape of an image.
    pub shape: ImageShape,
    /// `n x channels x height x width`, row-major; never empty.
    pub pixels: Vec<f32>,
    /// A label for each image, if the input has labels.
    pub labels: Option<Vec<u8>>,
}

impl Inputs {
    /// Images as they are in a data set.
    pub fn from_images(name: &str, images: &Images) -> Self {
        Self {
            name: name.to_owned(),
            shape: images.shape(),
            pixels: images.to_floats(),
            labels: images.labels().map(<[u8]>::to_vec),
        }
    }

    /// The number of images; never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always an image")]
    pub fn len(&self) -> usize {
        self.pixels.len() / self.shape.size()
    }
}

/// Reads images of a shape from whatever a user names.
///
/// - a data folder: its test images, with labels;
/// - an IDX file of images, raw or compressed;
/// - a `.npy` file in C order of bytes, divided by 255, or of `f4` or `f8` in [0, 1], of shape
///   `(n, height, width)`, `(n, height * width)` or `(height, width)`;
/// - a PNG or JPEG of at most 8192 x 8192 pixels. Colours become grey by Rec. 709's weights (0.2126
///   red + 0.7152 green + 0.0722 blue) on the stored values, 16-bit values are rounded to 8 bits,
///   and transparency is refused.
///
/// Files are told apart by their first bytes, not by their names.
///
/// # Errors
/// If the path cannot be read, holds something else or is damaged, if the images are of another
/// shape, or if a value is NaN, infinite or outside [0, 1].
pub fn read_inputs(path: &Path, expected: ImageShape) -> Result<Inputs, DatasetError> {
    let inputs = if path.is_dir() {
        let dataset = open_folder(path)?;
        Inputs::from_images(&dataset.origin.name, &dataset.test)
    } else {
        let bytes = read_bounded(path, MAX_BYTES)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        decode(&name, bytes, expected.height, expected.width)
            .map_err(|error| error.in_file(path))?
    };
    let found = inputs.shape;
    if found != expected {
        return Err(DatasetError::InputSize { path: path.to_owned(), expected, found });
    }
    Ok(inputs)
}

fn decode(name: &str, bytes: Vec<u8>, height: usize, width: usize) -> Result<Inputs, FormatError> {
    if npy::is_npy(&bytes) {
        from_array(name, npy::decode(&bytes)?, height, width)
    } else if picture::is_picture(&bytes) {
        Ok(Inputs::from_images(name, &picture::decode(&bytes)?))
    } else if gzip::is_gzip(&bytes) || bytes.starts_with(&[0, 0, 8]) {
        Ok(Inputs::from_images(name, &folder::images_from_bytes(bytes)?))
    } else {
        Err(FormatError::Unrecognised)
    }
}

fn from_array(
    name: &str,
    array: Array,
    height: usize,
    width: usize,
) -> Result<Inputs, FormatError> {
    let wrong_shape = |found| FormatError::NpyShape {
        expected: format!("(n, {height}, {width}), (n, {}) or ({height}, {width})", height * width),
        found,
    };
    let (n, height, width) = match *array.shape.as_slice() {
        [n, rows, columns] => (n, rows, columns),
        [rows, columns] if (rows, columns) == (height, width) => (1, height, width),
        [n, pixels] if pixels == height * width => (n, height, width),
        _ => return Err(wrong_shape(array.shape)),
    };
    if n == 0 || height == 0 || width == 0 {
        return Err(FormatError::NoImages);
    }
    let pixels = match array.numbers {
        Numbers::Bytes(bytes) => unit_interval(&bytes),
        Numbers::Floats(values) => values,
    };
    // NaN is in no range, so that it is found as well.
    match pixels.iter().enumerate().find(|(_, value)| !(0.0..=1.0).contains(*value)) {
        Some((index, &found)) => Err(FormatError::Value { index, found, expected: "in [0, 1]" }),
        None => {
            let shape = ImageShape::grey(height, width);
            Ok(Inputs { name: name.to_owned(), shape, pixels, labels: None })
        }
    }
}

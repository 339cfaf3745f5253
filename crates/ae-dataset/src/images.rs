//! Images in memory or in a mapped file: bytes or floats. A batch of them is gathered as `f32`.

use std::borrow::Cow;

use ae_files::f32_to_le_bytes;

use crate::limits::MAX_CLASSES;
use crate::{DatasetError, ImageShape, Pixels};

/// Images of one shape, `n x channels x height x width`, with labels if the data set has them.
///
/// 8-bit pixels stay bytes: 60 000 MNIST images take 47 MB, a quarter of their size as `f32`. A row of a table is
/// stored as a grey image of one row, whose columns are the table's.
#[derive(Debug, Clone, PartialEq)]
pub struct Images {
    shape: ImageShape,
    pixels: Pixels,
    labels: Option<Vec<u8>>,
    class_names: Option<Vec<String>>,
}

impl Images {
    /// Grey images from their pixels, row by row, image after image.
    ///
    /// # Errors
    /// If a side is 0, the pixels are not a whole number of images, or there is no image.
    pub fn new(height: usize, width: usize, pixels: Vec<u8>) -> Result<Self, DatasetError> {
        Self::of_shape(ImageShape::grey(height, width), Pixels::Bytes(pixels))
    }

    /// Images of any shape from their values, `n x channels x height x width`.
    ///
    /// # Errors
    /// If a side is 0, the images have neither 1 nor 3 channels, the values are not a whole number of
    /// images, there is no image, or a value is not finite.
    pub fn of_shape(shape: ImageShape, pixels: Pixels) -> Result<Self, DatasetError> {
        let whole = |size| !pixels.is_empty() && pixels.len().is_multiple_of(size);
        if !shape.checked_size().is_some_and(whole) {
            return Err(DatasetError::NotWholeImages { shape, pixels: pixels.len() });
        }
        if let Pixels::Floats(floats) = &pixels
            && let Some((index, &found)) = floats.iter().enumerate().find(|(_, x)| !x.is_finite())
        {
            return Err(DatasetError::NotFinite { index, found });
        }
        Ok(Self { shape, pixels, labels: None, class_names: None })
    }

    /// These images with one label each.
    ///
    /// # Errors
    /// If the numbers of labels and images differ.
    pub fn with_labels(self, labels: Vec<u8>) -> Result<Self, DatasetError> {
        if labels.len() != self.len() {
            return Err(DatasetError::LabelCount { images: self.len(), labels: labels.len() });
        }
        Ok(Self { labels: Some(labels), ..self })
    }

    /// These labelled images with names for their classes: label `i` stands for `names[i]`.
    ///
    /// # Errors
    /// If a label has no name, or there are more than 256 names.
    pub fn with_class_names(self, names: Vec<String>) -> Result<Self, DatasetError> {
        if names.len() > MAX_CLASSES {
            return Err(DatasetError::TooManyClasses { found: names.len() });
        }
        let labels = self.labels.iter().flatten();
        match labels.copied().find(|&label| usize::from(label) >= names.len()) {
            Some(label) => Err(DatasetError::UnnamedClass { label, names: names.len() }),
            None => Ok(Self { class_names: Some(names), ..self }),
        }
    }

    /// The number of images; never 0.
    #[expect(clippy::len_without_is_empty, reason = "a value without images cannot be made")]
    pub fn len(&self) -> usize {
        self.pixels.len() / self.image_size()
    }

    /// The shape of an image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The number of channels: 1 for grey, 3 for RGB.
    pub fn channels(&self) -> usize {
        self.shape.channels
    }

    /// The number of rows of an image.
    pub fn height(&self) -> usize {
        self.shape.height
    }

    /// The number of columns of an image.
    pub fn width(&self) -> usize {
        self.shape.width
    }

    /// The number of values of an image: channels times height times width.
    pub fn image_size(&self) -> usize {
        self.shape.size()
    }

    /// All values, image after image.
    pub fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    /// Whether the values are bytes, in memory or not.
    pub fn are_bytes(&self) -> bool {
        match &self.pixels {
            Pixels::Bytes(_) => true,
            Pixels::Floats(_) => false,
            Pixels::Mapped(mapped) => mapped.are_bytes(),
        }
    }

    /// The values of an image: bytes, or little-endian `f32`.
    ///
    /// # Panics
    /// If the index is not below [`len`](Self::len).
    pub fn image_bytes(&self, index: usize) -> Cow<'_, [u8]> {
        let place = index * self.image_size()..(index + 1) * self.image_size();
        match &self.pixels {
            Pixels::Bytes(bytes) => Cow::Borrowed(&bytes[place]),
            Pixels::Floats(floats) => Cow::Owned(f32_to_le_bytes(&floats[place])),
            Pixels::Mapped(mapped) => Cow::Borrowed(mapped.image_bytes(index)),
        }
    }

    /// Asks the system to read the images with these indices, if they are in a mapped file: they are needed soon.
    ///
    /// # Errors
    /// [`MappedError::Changed`](crate::MappedError::Changed) if the file has another length than it had.
    pub fn read_ahead(&self, indices: &[u32]) -> Result<(), DatasetError> {
        match &self.pixels {
            Pixels::Mapped(mapped) => mapped.read_ahead(indices),
            _ => Ok(()),
        }
    }

    /// Asks the system to read all of a mapped file, if half of the free memory holds it. Returns whether batches are not
    /// to be [read ahead](Self::read_ahead).
    ///
    /// # Errors
    /// As [`read_ahead`](Self::read_ahead).
    pub fn read_all_ahead(&self) -> Result<bool, DatasetError> {
        match &self.pixels {
            Pixels::Mapped(mapped) if !mapped.fits_into_memory() => Ok(false),
            Pixels::Mapped(mapped) => mapped.read_all_ahead().map(|()| true),
            _ => Ok(true),
        }
    }

    /// These images with their values in memory.
    ///
    /// # Errors
    /// If there are none.
    pub(crate) fn in_memory(self) -> Result<Self, DatasetError> {
        match &self.pixels {
            Pixels::Mapped(mapped) => {
                let read = Self::of_shape(self.shape, mapped.in_memory())?;
                Ok(self.give_labels_to(read))
            }
            _ => Ok(self),
        }
    }

    /// All values, image after image, if they are bytes in memory.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.pixels {
            Pixels::Bytes(bytes) => Some(bytes),
            Pixels::Floats(_) | Pixels::Mapped(_) => None,
        }
    }

    /// One label for each image, if there are labels.
    pub fn labels(&self) -> Option<&[u8]> {
        self.labels.as_deref()
    }

    /// The names of the classes, if they have names: label `i` stands for the name at `i`.
    pub fn class_names(&self) -> Option<&[String]> {
        self.class_names.as_deref()
    }

    /// The name of a label's class; the label's number if the class has no name.
    pub fn class_name(&self, label: u8) -> String {
        let names = self.class_names.as_deref().unwrap_or_default();
        names.get(usize::from(label)).cloned().unwrap_or_else(|| label.to_string())
    }

    /// The images with these indices, in this order, with their labels.
    ///
    /// # Errors
    /// If there are no indices.
    ///
    /// # Panics
    /// If an index is not below [`len`](Self::len).
    pub fn select(&self, indices: &[u32]) -> Result<Self, DatasetError> {
        let pixels = match &self.pixels {
            Pixels::Bytes(bytes) => Pixels::Bytes(rows(bytes, self.image_size(), indices)),
            Pixels::Floats(floats) => Pixels::Floats(rows(floats, self.image_size(), indices)),
            Pixels::Mapped(mapped) => Pixels::Mapped(mapped.select(indices)),
        };
        let labels = self.labels.as_deref().map(|labels| rows(labels, 1, indices));
        let selected = Self::of_shape(self.shape, pixels)?;
        Ok(Self { labels, class_names: self.class_names.clone(), ..selected })
    }

    /// These images followed by others of the same shape. The result has labels if both have labels.
    pub(crate) fn followed_by(self, later: &Self) -> Result<Self, DatasetError> {
        let Self { shape, mut pixels, labels, class_names } = self;
        pixels.append(&later.pixels);
        let labels = labels.zip(later.labels.as_deref());
        let labels = labels.map(|(labels, later)| [&labels, later].concat());
        Ok(Self { labels, class_names, ..Self::of_shape(shape, pixels)? })
    }

    /// Gives these images' labels and class names to as many other images.
    pub(crate) fn give_labels_to(self, other: Self) -> Self {
        Self { labels: self.labels, class_names: self.class_names, ..other }
    }

    /// Writes the images with these indices to `out` as `f32`: bytes divided by 255, floats unchanged.
    ///
    /// `out` is row-major, `indices.len() x image_size`.
    ///
    /// # Panics
    /// If `out` has another length, or an index is not below [`len`](Self::len).
    pub fn gather(&self, indices: &[u32], out: &mut [f32]) {
        let size = self.image_size();
        assert_eq!(out.len(), indices.len() * size, "the batch does not fit the output");
        for (row, &index) in out.chunks_exact_mut(size).zip(indices) {
            let place = index as usize * size..(index as usize + 1) * size;
            match &self.pixels {
                Pixels::Floats(floats) => row.copy_from_slice(&floats[place]),
                Pixels::Mapped(mapped) => mapped.write_image(index as usize, row),
                Pixels::Bytes(bytes) => {
                    for (value, &byte) in row.iter_mut().zip(&bytes[place]) {
                        *value = f32::from(byte) / 255.0;
                    }
                }
            }
        }
    }

    /// All images as `f32`, in order; see [`gather`](Self::gather).
    pub fn to_floats(&self) -> Vec<f32> {
        match &self.pixels {
            Pixels::Bytes(bytes) => unit_interval(bytes),
            Pixels::Floats(floats) => floats.clone(),
            Pixels::Mapped(_) => {
                let mut floats = vec![0.0; self.pixels.len()];
                let size = self.image_size();
                let rows = floats.chunks_exact_mut(size).zip(0..);
                rows.for_each(|(row, index)| self.gather(&[index], row));
                floats
            }
        }
    }
}

/// Bytes divided by 255.
pub(crate) fn unit_interval(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| unit_interval_of(byte)).collect()
}

/// A byte divided by 255.
pub(crate) fn unit_interval_of(byte: u8) -> f32 {
    f32::from(byte) / 255.0
}

/// `height x width x 3` to `3 x height x width`.
pub(crate) fn planes<T: Copy>(interleaved: &[T]) -> Vec<T> {
    let plane = |channel| interleaved.iter().skip(channel).step_by(3).copied();
    plane(0).chain(plane(1)).chain(plane(2)).collect()
}

/// The rows with these indices of a matrix with `width` columns.
fn rows<T: Copy>(values: &[T], width: usize, indices: &[u32]) -> Vec<T> {
    let rows = indices.iter().map(|&row| &values[row as usize * width..][..width]);
    rows.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gathering_divides_bytes_and_copies_floats() {
        let shape = ImageShape { channels: 3, height: 1, width: 2 };
        let bytes = Pixels::Bytes(vec![0, 51, 102, 153, 204, 255, 255, 0, 0, 0, 0, 51]);
        let images = Images::of_shape(shape, bytes).unwrap();
        let mut batch = vec![0.0; 6];
        images.gather(&[1], &mut batch);
        assert_eq!((images.len(), batch), (2, vec![1.0, 0.0, 0.0, 0.0, 0.0, 0.2]));

        let floats = Pixels::Floats(vec![-0.25, 1.75, 0.5, 0.125]);
        let images = Images::of_shape(ImageShape::grey(1, 2), floats).unwrap();
        let mut batch = vec![0.0; 2];
        images.gather(&[1], &mut batch);
        assert_eq!(batch, [0.5, 0.125]);
    }

    #[test]
    fn selected_images_keep_their_labels_and_names() {
        let images = Images::new(1, 2, vec![1, 2, 3, 4, 5, 6]).unwrap();
        let names = ["ant", "bee"].map(str::to_owned).to_vec();
        let images = images.with_labels(vec![0, 1, 0]).unwrap().with_class_names(names).unwrap();
        let chosen = images.select(&[2, 1]).unwrap();
        assert_eq!(chosen.bytes().unwrap(), [5, 6, 3, 4]);
        assert_eq!(chosen.labels().unwrap(), [0, 1]);
        assert_eq!(chosen.class_name(1), "bee");
        assert!(images.select(&[]).is_err());
    }

    #[test]
    fn values_that_are_no_whole_images_are_refused() {
        let refused = |channels, height, width, pixels| {
            let shape = ImageShape { channels, height, width };
            Images::of_shape(shape, pixels).unwrap_err().to_string()
        };
        assert_eq!(
            refused(3, 2, 2, Pixels::Bytes(vec![0; 13])),
            "13 pixels are not a whole, positive number of images of 2 x 2 in colour"
        );
        assert_eq!(
            refused(2, 2, 2, Pixels::Bytes(vec![0; 8])),
            "8 pixels are not a whole, positive number of images of 2 x 2 of 2 channels"
        );
        assert_eq!(
            refused(1, 1, 2, Pixels::Floats(vec![0.0, f32::NAN])),
            "the value at index 1 is NaN, expected a finite number"
        );
        let labelled = Images::new(1, 1, vec![0; 2]).unwrap().with_labels(vec![0, 7]).unwrap();
        assert_eq!(
            labelled.with_class_names(vec!["only".to_owned()]).unwrap_err().to_string(),
            "the label 7 has no name among 1 classes"
        );
    }
}

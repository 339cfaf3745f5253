//! Images in memory: bytes or floats. A batch of them is gathered as `f32`.

use crate::limits::MAX_CLASSES;
use crate::{DatasetError, ImageShape};

/// The values of images, image after image, each of them plane by plane.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// 8-bit values: 0 stands for 0, 255 for 1.
    Bytes(Vec<u8>),
    /// Numbers: the pixels of images in [0, 1], or the scaled columns of a table.
    Floats(Vec<f32>),
}

impl Pixels {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Floats(floats) => floats.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends values. If either are floats, the result is floats.
    pub(crate) fn append(&mut self, later: &Self) {
        if let (Self::Bytes(bytes), Self::Floats(_)) = (&self, later) {
            *self = Self::Floats(unit_interval(bytes));
        }
        match (self, later) {
            (Self::Bytes(bytes), Self::Bytes(later)) => bytes.extend(later),
            (Self::Floats(floats), Self::Bytes(later)) => floats.extend(unit_interval(later)),
            (Self::Floats(floats), Self::Floats(later)) => floats.extend(later),
            // The bytes were converted above.
            (Self::Bytes(_), Self::Floats(_)) => {}
        }
    }

    /// The memory that the values take, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Floats(floats) => size_of_val(floats.as_slice()) as u64,
        }
    }
}

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

    /// All values, image after image, if they are bytes.
    pub fn bytes(&self) -> Option<&[u8]> {
        match &self.pixels {
            Pixels::Bytes(bytes) => Some(bytes),
            Pixels::Floats(_) => None,
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

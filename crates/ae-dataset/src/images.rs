//! Images in memory: bytes or floats, until a batch is gathered.

use std::fmt;

use crate::DatasetError;

/// Most classes that labels can tell apart.
pub(crate) const MAX_CLASSES: usize = 256;

/// Channels, rows and columns of an image. Its values stand plane by plane, a plane row by row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageShape {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageShape {
    /// A grey image of `height x width`.
    pub const fn grey(height: usize, width: usize) -> Self {
        Self { channels: 1, height, width }
    }

    /// Values of an image: channels times height times width.
    pub const fn size(self) -> usize {
        self.channels * self.height * self.width
    }

    /// [`size`](Self::size), if it is above 0, does not overflow, and the image is grey or RGB.
    fn checked_size(self) -> Option<usize> {
        let area = self.height.checked_mul(self.width)?;
        area.checked_mul(self.channels).filter(|&size| size > 0 && [1, 3].contains(&self.channels))
    }
}

impl fmt::Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {}", self.height, self.width)?;
        match self.channels {
            1 => Ok(()),
            3 => f.write_str(" in colour"),
            channels => write!(f, " of {channels} channels"),
        }
    }
}

/// The values of images, image after image, each plane by plane.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// 8-bit values, of which 255 stands for 1.
    Bytes(Vec<u8>),
    /// Numbers as they are: images as floats in [0, 1], or the scaled columns of a table.
    Floats(Vec<f32>),
}

impl Pixels {
    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Floats(floats) => floats.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts values behind these; bytes become floats where either are.
    pub(crate) fn append(&mut self, later: &Self) {
        if let (Self::Bytes(bytes), Self::Floats(_)) = (&self, later) {
            *self = Self::Floats(unit_interval(bytes));
        }
        match (self, later) {
            (Self::Bytes(bytes), Self::Bytes(later)) => bytes.extend(later),
            (Self::Floats(floats), Self::Bytes(later)) => floats.extend(unit_interval(later)),
            (Self::Floats(floats), Self::Floats(later)) => floats.extend(later),
            // They have become floats.
            (Self::Bytes(_), Self::Floats(_)) => {}
        }
    }

    /// What they take in memory.
    pub(crate) fn memory(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Floats(floats) => size_of_val(floats.as_slice()) as u64,
        }
    }
}

/// Images of one shape, `n x channels x height x width`, with labels if the data set has them.
///
/// 8-bit pixels stay bytes: 60 000 MNIST images take 47 MB, a quarter of what they take as `f32`. A
/// table of numbers is grey images of one row, whose columns are the table's.
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
    /// If a side is 0, or the pixels are not a whole number of images, or there is no image.
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

    /// The same images with a label each.
    ///
    /// # Errors
    /// If there are not as many labels as images.
    pub fn with_labels(self, labels: Vec<u8>) -> Result<Self, DatasetError> {
        if labels.len() != self.len() {
            return Err(DatasetError::LabelCount { images: self.len(), labels: labels.len() });
        }
        Ok(Self { labels: Some(labels), ..self })
    }

    /// The same labelled images with the names of the classes: label `i` means `names[i]`.
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
    #[expect(clippy::len_without_is_empty, reason = "there is always an image")]
    pub fn len(&self) -> usize {
        self.pixels.len() / self.image_size()
    }

    /// Channels, rows and columns of an image.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// Channels of an image: 1 for grey, 3 for RGB.
    pub fn channels(&self) -> usize {
        self.shape.channels
    }

    /// Rows of an image.
    pub fn height(&self) -> usize {
        self.shape.height
    }

    /// Columns of an image.
    pub fn width(&self) -> usize {
        self.shape.width
    }

    /// Values of an image: channels times height times width.
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

    /// A label for each image, if there are labels.
    pub fn labels(&self) -> Option<&[u8]> {
        self.labels.as_deref()
    }

    /// What the labels mean, if the classes have names.
    pub fn class_names(&self) -> Option<&[String]> {
        self.class_names.as_deref()
    }

    /// The name of a label's class: its own, or the label's number.
    pub fn class_name(&self, label: u8) -> String {
        let names = self.class_names.as_deref().unwrap_or_default();
        names.get(usize::from(label)).cloned().unwrap_or_else(|| label.to_string())
    }

    /// The chosen images, in the order of the choice.
    ///
    /// # Errors
    /// If none is chosen.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn select(&self, chosen: &[u32]) -> Result<Self, DatasetError> {
        let pixels = match &self.pixels {
            Pixels::Bytes(bytes) => Pixels::Bytes(rows(bytes, self.image_size(), chosen)),
            Pixels::Floats(floats) => Pixels::Floats(rows(floats, self.image_size(), chosen)),
        };
        let labels = self.labels.as_deref().map(|labels| rows(labels, 1, chosen));
        let selected = Self::of_shape(self.shape, pixels)?;
        Ok(Self { labels, class_names: self.class_names.clone(), ..selected })
    }

    /// These images and others of the same shape behind them; labels if both have some.
    pub(crate) fn followed_by(self, later: &Self) -> Result<Self, DatasetError> {
        let Self { shape, mut pixels, labels, class_names } = self;
        pixels.append(&later.pixels);
        let labels = labels.zip(later.labels.as_deref());
        let labels = labels.map(|(labels, later)| [&labels, later].concat());
        Ok(Self { labels, class_names, ..Self::of_shape(shape, pixels)? })
    }

    /// Other images of the same number with these images' labels and classes.
    pub(crate) fn give_labels_to(self, other: Self) -> Self {
        Self { labels: self.labels, class_names: self.class_names, ..other }
    }

    /// Gathers a batch: the chosen images as `f32`, bytes divided by 255, floats as they are.
    ///
    /// `out` is row-major, `samples.len() x image_size`.
    ///
    /// # Panics
    /// If `out` has another length or there is no such image.
    pub fn gather(&self, samples: &[u32], out: &mut [f32]) {
        let size = self.image_size();
        assert_eq!(out.len(), samples.len() * size, "the batch does not fit the output");
        for (row, &sample) in out.chunks_exact_mut(size).zip(samples) {
            let place = sample as usize * size..(sample as usize + 1) * size;
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

    /// All images as `f32`; see [`gather`](Self::gather).
    pub fn to_floats(&self) -> Vec<f32> {
        match &self.pixels {
            Pixels::Bytes(bytes) => unit_interval(bytes),
            Pixels::Floats(floats) => floats.clone(),
        }
    }
}

/// Bytes divided by 255.
pub(crate) fn unit_interval(bytes: &[u8]) -> Vec<f32> {
    bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

fn rows<T: Copy>(values: &[T], width: usize, chosen: &[u32]) -> Vec<T> {
    let rows = chosen.iter().map(|&row| &values[row as usize * width..][..width]);
    rows.flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_has_bytes_divided_and_floats_as_they_are() {
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
    fn a_selection_keeps_labels_and_names() {
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
    fn what_makes_no_images_is_refused() {
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

//! Images in memory: bytes, until a batch is gathered.

use crate::DatasetError;

/// 8-bit grey images of one size, `n x height x width`, with labels if the data set has them.
///
/// Pixels stay bytes: 60 000 MNIST images take 47 MB, a quarter of what they take as `f32`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Images {
    height: usize,
    width: usize,
    pixels: Vec<u8>,
    labels: Option<Vec<u8>>,
}

impl Images {
    /// Images from their pixels, row by row, image after image.
    ///
    /// # Errors
    /// If a side is 0, or the pixels are not a whole number of images, or there is no image.
    pub fn new(height: usize, width: usize, pixels: Vec<u8>) -> Result<Self, DatasetError> {
        let size = height.checked_mul(width).filter(|&size| size > 0);
        match size {
            Some(size) if !pixels.is_empty() && pixels.len().is_multiple_of(size) => {
                Ok(Self { height, width, pixels, labels: None })
            }
            _ => Err(DatasetError::NotWholeImages { height, width, pixels: pixels.len() }),
        }
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

    /// The number of images; never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always an image")]
    pub fn len(&self) -> usize {
        self.pixels.len() / self.image_size()
    }

    /// Rows of an image.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns of an image.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Pixels of an image: height times width.
    pub fn image_size(&self) -> usize {
        self.height * self.width
    }

    /// All pixels, image after image.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels of one image, row by row.
    ///
    /// # Panics
    /// If there is no such image.
    pub fn image(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.image_size()..][..self.image_size()]
    }

    /// A label for each image, if there are labels.
    pub fn labels(&self) -> Option<&[u8]> {
        self.labels.as_deref()
    }

    /// Gathers a batch: the chosen images as `f32` in [0, 1] (divided by 255), in one pass.
    ///
    /// `out` is row-major, `samples.len() x image_size`.
    ///
    /// # Panics
    /// If `out` has another length or there is no such image.
    pub fn gather(&self, samples: &[u32], out: &mut [f32]) {
        let size = self.image_size();
        assert_eq!(out.len(), samples.len() * size, "the batch does not fit the output");
        for (row, &sample) in out.chunks_exact_mut(size).zip(samples) {
            for (value, &byte) in row.iter_mut().zip(self.image(sample as usize)) {
                *value = f32::from(byte) / 255.0;
            }
        }
    }
}

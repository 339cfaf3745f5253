//! Items of a file that is larger than memory: the file is mapped, and of it only what a batch needs is read.

mod file;
mod memory;
mod open;

use std::borrow::Cow;
use std::sync::Arc;

use ae_files::f32_from_le_bytes;

use crate::images::unit_interval_of;
use crate::{DatasetError, Pixels};
use file::MappedFile;
pub use open::Mapping;
pub(crate) use open::{MappedImages, idx_images, images, scaled_rows, told};

/// The numbers of a mapped file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MappedNumbers {
    Bytes,
    /// Little-endian `f32`.
    Floats,
}

/// The values of images in a mapped file: all of its images, or some in any order.
#[derive(Debug, Clone)]
pub struct MappedPixels {
    file: MappedFile,
    /// The place of the first value in the file, in bytes.
    start: usize,
    numbers: MappedNumbers,
    /// The number of values of an image.
    size: usize,
    /// The number of images.
    count: usize,
    /// For each image, its place in the file; `None` if they are all of the file's, in order.
    rows: Option<Arc<[u32]>>,
}

impl PartialEq for MappedPixels {
    fn eq(&self, other: &Self) -> bool {
        let all = |it: &Self| (it.start, it.numbers, it.size, it.count);
        let is_alike = all(self) == all(other) && self.rows == other.rows;
        is_alike && self.file.path() == other.file.path()
    }
}

impl MappedPixels {
    /// The number of values.
    pub fn len(&self) -> usize {
        self.count * self.size
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the values are bytes: 0 stands for 0, 255 for 1.
    pub fn are_bytes(&self) -> bool {
        self.numbers == MappedNumbers::Bytes
    }

    /// All bytes of the file's images if they are 8-bit values; images stand there at [`places`](Self::places).
    pub fn file_bytes(&self) -> Option<&[u8]> {
        self.are_bytes().then(|| self.file.bytes().get(self.start..).unwrap_or_default())
    }

    /// The places in the file of the images with these indices.
    ///
    /// # Panics
    /// If an index is not below the number of images.
    pub fn places<'a>(&self, indices: &'a [u32]) -> Cow<'a, [u32]> {
        match &self.rows {
            Some(rows) => indices.iter().map(|&index| rows[index as usize]).collect(),
            None => Cow::Borrowed(indices),
        }
    }

    fn width(&self) -> usize {
        if self.are_bytes() { 1 } else { size_of::<f32>() }
    }

    /// Where an image stands in the file, in bytes.
    fn range(&self, index: usize) -> std::ops::Range<usize> {
        let row = self.rows.as_ref().map_or(index, |rows| rows[index] as usize);
        let bytes = self.size * self.width();
        let start = self.start + row * bytes;
        start..start + bytes
    }

    /// An image as it stands in the file: bytes, or little-endian `f32`.
    pub(crate) fn image_bytes(&self, index: usize) -> &[u8] {
        assert!(index < self.count, "there is no image {index}");
        &self.file.bytes()[self.range(index)]
    }

    /// Writes the values of an image as `f32`: bytes divided by 255, floats unchanged.
    pub(crate) fn write_image(&self, index: usize, out: &mut [f32]) {
        let bytes = self.image_bytes(index);
        if self.are_bytes() {
            out.iter_mut().zip(bytes).for_each(|(value, &byte)| *value = unit_interval_of(byte));
        } else {
            let floats = bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
            out.iter_mut().zip(floats).for_each(|(value, float)| *value = float);
        }
    }

    /// The images with these indices, in this order.
    pub(crate) fn select(&self, indices: &[u32]) -> Self {
        let rows = self.places(indices).into_owned().into();
        Self { rows: Some(rows), count: indices.len(), ..self.clone() }
    }

    /// The memory that the list of images takes, in bytes; the values take none that others need.
    pub(crate) fn memory(&self) -> u64 {
        self.rows.as_ref().map_or(0, |rows| size_of_val(&rows[..]) as u64)
    }

    /// The same values in memory.
    pub(crate) fn in_memory(&self) -> Pixels {
        let bytes = (0..self.count).map(|index| self.image_bytes(index));
        match self.numbers {
            MappedNumbers::Bytes => Pixels::Bytes(bytes.flatten().copied().collect()),
            MappedNumbers::Floats => Pixels::Floats(bytes.flat_map(f32_from_le_bytes).collect()),
        }
    }

    /// Asks the system to read the images with these indices, and checks that the file is as long as it was.
    pub(crate) fn read_ahead(&self, indices: &[u32]) -> Result<(), DatasetError> {
        self.file.check_length()?;
        indices.iter().for_each(|&index| self.file.will_need(self.range(index as usize)));
        Ok(())
    }

    /// Whether the file fits into half of the memory that is free; then it is read as a whole, once.
    pub(crate) fn fits_into_memory(&self) -> bool {
        memory::available().is_some_and(|free| self.file.bytes().len() as u64 <= free / 2)
    }

    /// Asks the system to read the whole file.
    pub(crate) fn read_all_ahead(&self) -> Result<(), DatasetError> {
        self.file.check_length()?;
        self.file.will_need(0..self.file.bytes().len());
        Ok(())
    }
}

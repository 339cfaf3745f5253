//! Writing `.npy` files of `f4` numbers in C order.

use std::path::Path;

use ae_files::{AtomicFile, f32_to_le_bytes, write_atomic};

use crate::DatasetError;
use crate::arrays::npy::MAGIC;

/// Writes numbers of this shape as a `.npy` file, atomically.
///
/// # Errors
/// If the file cannot be written.
///
/// # Panics
/// If the number of values is not the product of the shape.
pub fn write_npy(path: &Path, shape: &[usize], values: &[f32]) -> Result<(), DatasetError> {
    assert_eq!(shape.iter().product::<usize>(), values.len(), "the values do not fill the shape");
    let mut bytes = header(shape);
    bytes.extend(f32_to_le_bytes(values));
    Ok(write_atomic(path, &bytes)?)
}

/// Writes a `.npy` file of `f4` numbers item by item. The file appears when it is finished.
#[derive(Debug)]
pub struct NpyWriter {
    file: AtomicFile,
    /// The shape of an item.
    item: Vec<usize>,
    /// The number of values that were written.
    values: usize,
}

impl NpyWriter {
    /// Begins a file of shape `(n, ...item)`. The number of items `n` is known at the end.
    ///
    /// # Errors
    /// If the file cannot be created.
    pub fn create(path: &Path, item: &[usize]) -> Result<Self, DatasetError> {
        let mut file = AtomicFile::begin(path)?;
        file.write(&header(&[&[0], item].concat()))?;
        Ok(Self { file, item: item.to_vec(), values: 0 })
    }

    /// Appends the values of items, or of parts of them.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, values: &[f32]) -> Result<(), DatasetError> {
        let bytes = f32_to_le_bytes(values);
        self.values += values.len();
        Ok(self.file.write(&bytes)?)
    }

    /// Writes the number of items into the header and renames the file to its path.
    ///
    /// # Errors
    /// If the file cannot be written.
    ///
    /// # Panics
    /// If the last item is not complete.
    pub fn finish(mut self) -> Result<(), DatasetError> {
        let size = self.item.iter().product::<usize>().max(1);
        assert!(self.values.is_multiple_of(size), "the last item is not complete");
        // The header of `create` has the same length: its padding takes up the digits of `n`.
        self.file.overwrite_beginning(&header(&[&[self.values / size], &*self.item].concat()))?;
        Ok(self.file.commit()?)
    }
}

/// The header of an `f4` array, version 1, padded to a multiple of 64 bytes as NumPy does.
fn header(shape: &[usize]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let sizes = if shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let dict = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes}), }}");
    // The magic string, version and length take 10 bytes, the newline at the end one.
    let total = (10 + dict.len() + 1).next_multiple_of(64);
    let padding = total - 10 - dict.len() - 1;
    let length = ((total - 10) as u16).to_le_bytes();
    let text = format!("{dict}{}\n", " ".repeat(padding));
    [MAGIC, &[1, 0], &length, text.as_bytes()].concat()
}

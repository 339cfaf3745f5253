//! Reads a `.npy` file chunk by chunk, so that a file of any size fits into memory.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ae_files::{FileError, open_regular};

use crate::arrays::npy::{Array, LONGEST_HEADER, NpyHeader, header, is_npy};
use crate::arrays::numbers::Numbers;
use crate::limits::MAX_FILE_BYTES;
use crate::{DatasetError, FormatError};

/// The source of an array's numbers in C order.
#[derive(Debug)]
enum Stored {
    File(File),
    /// A matrix that the file stores column by column, reordered.
    Memory(Cursor<Vec<u8>>),
}

/// Reads an array along its first axis.
#[derive(Debug)]
pub(crate) struct NpyReader {
    path: PathBuf,
    numbers: Stored,
    header: NpyHeader,
    /// The number of items that were read.
    read: usize,
}

impl NpyReader {
    /// Opens a file and checks that it is as long as its header claims. `None` if it is not a `.npy` file.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged, or if something that has to be in memory at once takes more than 1 GiB:
    /// an item, or a matrix that is stored column by column.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, DatasetError> {
        let path = path.to_owned();
        let unreadable = |source| FileError::Read { path: path.clone(), source };
        let mut file = open_regular(&path).map_err(unreadable)?;
        let mut beginning = Vec::new();
        let first = (&mut file).take(LONGEST_HEADER as u64);
        { first }.read_to_end(&mut beginning).map_err(unreadable)?;
        if !is_npy(&beginning) {
            return Ok(None);
        }
        let header = header(&beginning).map_err(|error| error.in_file(&path))?;
        let length = file.metadata().map_err(unreadable)?.len();
        check_item(&header)
            .and_then(|()| header.check_length(length, u64::MAX))
            .map_err(|error| error.in_file(&path))?;
        file.seek(SeekFrom::Start(header.length as u64)).map_err(unreadable)?;
        let numbers = match header.by_column {
            false => Stored::File(file),
            true => {
                header
                    .check_length(length, MAX_FILE_BYTES)
                    .map_err(|error| error.in_file(&path))?;
                let mut bytes = Vec::new();
                file.take(length).read_to_end(&mut bytes).map_err(unreadable)?;
                Stored::Memory(Cursor::new(header.in_c_order(&bytes).into_owned()))
            }
        };
        Ok(Some(Self { path, numbers, header, read: 0 }))
    }

    /// The shape of the array.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.header.shape
    }

    /// The number of values of an item.
    pub(crate) fn item_size(&self) -> usize {
        self.header.shape.iter().skip(1).product()
    }

    /// The number of items in the file.
    pub(crate) fn total(&self) -> usize {
        self.header.shape.first().copied().unwrap_or(1)
    }

    /// The number of items that were read.
    pub(crate) fn read(&self) -> usize {
        self.read
    }

    /// Passes over so many items.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn pass_over(&mut self, items: usize) -> Result<(), DatasetError> {
        let items = items.min(self.total() - self.read);
        let bytes = SeekFrom::Current((items * self.item_size() * self.header.width) as i64);
        let moved = match &mut self.numbers {
            Stored::File(file) => file.seek(bytes),
            Stored::Memory(numbers) => numbers.seek(bytes),
        };
        moved.map_err(|source| FileError::Read { path: self.path.clone(), source })?;
        self.read += items;
        Ok(())
    }

    /// The next items, at most `items` of them; `None` at the end.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn next(&mut self, items: usize) -> Result<Option<Array>, DatasetError> {
        let items = items.min(self.total() - self.read);
        if items == 0 {
            return Ok(None);
        }
        let mut bytes = vec![0; items * self.item_size() * self.header.width];
        let read = match &mut self.numbers {
            Stored::File(file) => file.read_exact(&mut bytes),
            Stored::Memory(numbers) => numbers.read_exact(&mut bytes),
        };
        read.map_err(|source| FileError::Read { path: self.path.clone(), source })?;
        self.read += items;
        let mut shape = self.header.shape.clone();
        shape[0] = items;
        Ok(Some(Array { shape, numbers: Numbers::decode(self.header.width, &bytes) }))
    }
}

/// Checks that an item fits into memory.
fn check_item(NpyHeader { shape, width, .. }: &NpyHeader) -> Result<(), FormatError> {
    let claimed = shape
        .iter()
        .skip(1)
        .fold(*width as u128, |product, &size| product.saturating_mul(size as u128));
    match claimed > u128::from(MAX_FILE_BYTES) {
        true => Err(FormatError::TooLarge { claimed, limit: MAX_FILE_BYTES }),
        false => Ok(()),
    }
}

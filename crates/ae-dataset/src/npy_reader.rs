//! Items of a `.npy` file, some at a time, so that a file of any size fits into memory.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ae_files::FileError;

use crate::idx::MAX_BYTES;
use crate::npy::{Array, Described, LONGEST_BEGINNING, Numbers, describe, is_npy};
use crate::{DatasetError, FormatError};

/// Where the numbers of an array are taken from, row by row.
#[derive(Debug)]
enum Stored {
    File(File),
    /// Those of a matrix that is stored column by column.
    Memory(Cursor<Vec<u8>>),
}

/// Reads an array along its first axis.
#[derive(Debug)]
pub(crate) struct NpyReader {
    path: PathBuf,
    numbers: Stored,
    described: Described,
    read: usize,
}

impl NpyReader {
    /// Opens a file and checks that it is as long as its header says; none if it is no `.npy` file.
    ///
    /// # Errors
    /// If it cannot be read, is damaged, or an item of it, or a matrix that is stored column by column, is larger than a file that is read at once
    /// may be.
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, DatasetError> {
        let path = path.to_owned();
        let unreadable = |source| FileError::Read { path: path.clone(), source };
        let mut file = File::open(&path).map_err(unreadable)?;
        let mut beginning = Vec::new();
        let first = (&mut file).take(LONGEST_BEGINNING as u64);
        { first }.read_to_end(&mut beginning).map_err(unreadable)?;
        if !is_npy(&beginning) {
            return Ok(None);
        }
        let described = describe(&beginning).map_err(|error| error.in_file(&path))?;
        let length = file.metadata().map_err(unreadable)?.len();
        check_item(&described)
            .and_then(|()| described.check_length(length, u64::MAX))
            .map_err(|error| error.in_file(&path))?;
        file.seek(SeekFrom::Start(described.begins as u64)).map_err(unreadable)?;
        let numbers = match described.by_column {
            false => Stored::File(file),
            true => {
                described.check_length(length, MAX_BYTES).map_err(|error| error.in_file(&path))?;
                let mut bytes = Vec::new();
                file.take(length).read_to_end(&mut bytes).map_err(unreadable)?;
                Stored::Memory(Cursor::new(described.in_c_order(&bytes).into_owned()))
            }
        };
        Ok(Some(Self { path, numbers, described, read: 0 }))
    }

    /// The sizes of the array.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.described.shape
    }

    /// Numbers of an item.
    pub(crate) fn item_size(&self) -> usize {
        self.described.shape.iter().skip(1).product()
    }

    /// Items of the file.
    pub(crate) fn total(&self) -> usize {
        self.described.shape.first().copied().unwrap_or(1)
    }

    /// Items that were read.
    pub(crate) fn read(&self) -> usize {
        self.read
    }

    /// The next items, at most so many; none at the end.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn next(&mut self, items: usize) -> Result<Option<Array>, DatasetError> {
        let items = items.min(self.total() - self.read);
        if items == 0 {
            return Ok(None);
        }
        let mut bytes = vec![0; items * self.item_size() * self.described.width];
        let read = match &mut self.numbers {
            Stored::File(file) => file.read_exact(&mut bytes),
            Stored::Memory(numbers) => numbers.read_exact(&mut bytes),
        };
        read.map_err(|source| FileError::Read { path: self.path.clone(), source })?;
        self.read += items;
        let mut shape = self.described.shape.clone();
        shape[0] = items;
        Ok(Some(Array { shape, numbers: Numbers::decode(self.described.width, &bytes) }))
    }
}

/// Whether an item is no larger than a file that is read at once may be.
fn check_item(Described { shape, width, .. }: &Described) -> Result<(), FormatError> {
    let claimed = shape
        .iter()
        .skip(1)
        .fold(*width as u128, |product, &size| product.saturating_mul(size as u128));
    match claimed > u128::from(MAX_BYTES) {
        true => Err(FormatError::TooLarge { claimed, limit: MAX_BYTES }),
        false => Ok(()),
    }
}

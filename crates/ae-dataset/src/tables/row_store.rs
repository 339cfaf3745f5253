//! The numbers of rows while a table is read: in memory, or in a temporary file.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ae_files::scratch_file;

use crate::{DatasetError, MappedError, Scaling};

/// The bytes that are written or read at a time.
const BUFFER: usize = 1 << 20;

/// Receives a row's place among the rows, and its numbers.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(u32, &[f64]) -> Result<(), DatasetError>;

/// Rows of numbers, `n x columns`.
#[derive(Debug)]
pub(crate) enum RowStore {
    Memory(Vec<f64>),
    Disk(DiskRows),
}

/// Rows in a temporary file: little-endian `f64`.
#[derive(Debug)]
pub(crate) struct DiskRows {
    /// The table.
    path: PathBuf,
    folder: PathBuf,
    file: File,
    /// What is not written yet.
    buffer: Vec<u8>,
    /// The bytes that were written.
    written: u64,
}

impl RowStore {
    /// An empty store on the disk for the rows of the table at `path`.
    pub(crate) fn on_disk(path: &Path, folder: &Path) -> Result<Self, DatasetError> {
        let [path, folder] = [path, folder].map(Path::to_owned);
        let (file, buffer) = (scratch_file(&folder)?, Vec::with_capacity(BUFFER + (1 << 16)));
        Ok(Self::Disk(DiskRows { path, folder, file, buffer, written: 0 }))
    }

    pub(crate) fn push(&mut self, row: &[f64]) -> Result<(), DatasetError> {
        match self {
            Self::Memory(numbers) => {
                numbers.extend(row);
                Ok(())
            }
            Self::Disk(rows) => rows.push(row),
        }
    }

    /// Moves what is in memory to the disk.
    pub(crate) fn spill(&mut self, path: &Path, folder: &Path) -> Result<(), DatasetError> {
        if let Self::Memory(numbers) = self {
            let numbers = std::mem::take(numbers);
            *self = Self::on_disk(path, folder)?;
            numbers.chunks(1 << 12).try_for_each(|chunk| self.push(chunk))?;
        }
        Ok(())
    }

    /// Ends the writing of rows. It comes before they are read.
    pub(crate) fn seal(&mut self) -> Result<(), DatasetError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Disk(rows) => rows.write_buffer(),
        }
    }

    /// Visits the rows at these places, which ascend.
    pub(crate) fn each(
        &self,
        places: &[u32],
        columns: usize,
        visit: Visit<'_>,
    ) -> Result<(), DatasetError> {
        match self {
            Self::Memory(numbers) => places
                .iter()
                .try_for_each(|&row| visit(row, &numbers[row as usize * columns..][..columns])),
            Self::Disk(rows) => rows.each(places, columns, visit),
        }
    }
}

impl DiskRows {
    fn push(&mut self, row: &[f64]) -> Result<(), DatasetError> {
        self.buffer.extend(row.iter().flat_map(|value| value.to_le_bytes()));
        if self.buffer.len() >= BUFFER { self.write_buffer() } else { Ok(()) }
    }

    fn write_buffer(&mut self) -> Result<(), DatasetError> {
        self.file.write_all(&self.buffer).map_err(|source| self.wrong(source))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn wrong(&self, source: io::Error) -> DatasetError {
        let (path, folder, written) = (self.path.clone(), self.folder.clone(), self.written);
        MappedError::Scratch { path, folder, written, source }.into()
    }

    /// Reads the whole file in order: the system reads ahead, and rows between the wanted ones are few.
    fn each(&self, places: &[u32], columns: usize, visit: Visit<'_>) -> Result<(), DatasetError> {
        let mut file = &self.file;
        file.rewind().map_err(|source| self.wrong(source))?;
        let mut reader = BufReader::with_capacity(BUFFER, file);
        let (mut bytes, mut row) = (vec![0; 8 * columns], vec![0.0; columns]);
        let mut next = 0;
        for &place in places {
            let passed = i64::from(place - next) * bytes.len() as i64;
            reader
                .seek_relative(passed)
                .and_then(|()| reader.read_exact(&mut bytes))
                .map_err(|source| self.wrong(source))?;
            next = place + 1;
            decode(&bytes, &mut row);
            visit(place, &row)?;
        }
        Ok(())
    }

    /// Scales all rows: the file then holds little-endian `f32`, half as many bytes.
    pub(crate) fn into_scaled(self, scaling: &Scaling) -> Result<ScaledRows, DatasetError> {
        let row_bytes = 8 * scaling.columns() as u64;
        let rows_at_once = (BUFFER as u64 / row_bytes).max(1);
        let (mut bytes, mut numbers) = (Vec::new(), Vec::new());
        let mut read = 0;
        // A row is written before the place that it was read from, and never beyond what was read.
        while read < self.written {
            let length = (rows_at_once * row_bytes).min(self.written - read);
            bytes.resize(length as usize, 0);
            numbers.resize(bytes.len() / 8, 0.0);
            let mut file = &self.file;
            file.seek(SeekFrom::Start(read))
                .and_then(|_| file.read_exact(&mut bytes))
                .map_err(|source| self.wrong(source))?;
            decode(&bytes, &mut numbers);
            let scaled = ae_files::f32_to_le_bytes(&scaling.rows(&numbers));
            file.seek(SeekFrom::Start(read / 2))
                .and_then(|_| file.write_all(&scaled))
                .map_err(|source| self.wrong(source))?;
            read += length;
        }
        self.file.set_len(self.written / 2).map_err(|source| self.wrong(source))?;
        let rows = self.written / row_bytes;
        Ok(ScaledRows { path: self.path, folder: self.folder, file: self.file, rows })
    }
}

/// Scaled rows in a temporary file: little-endian `f32`, in the order of the table.
#[derive(Debug)]
pub(crate) struct ScaledRows {
    /// The table.
    pub(crate) path: PathBuf,
    /// Where the file is.
    pub(crate) folder: PathBuf,
    pub(crate) file: File,
    /// The number of rows.
    pub(crate) rows: u64,
}

fn decode(bytes: &[u8], numbers: &mut [f64]) {
    let values = bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
    numbers.iter_mut().zip(values).for_each(|(number, value)| *number = value);
}

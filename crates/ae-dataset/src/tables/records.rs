//! The rows of a file of rows as texts, whichever format it has.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ReaderBuilder, StringRecord, StringRecordsIntoIter, Trim};

#[cfg(feature = "parquet")]
use crate::parquet::reader::ParquetRows;
use crate::{DatasetError, FormatError};

/// The longest row in bytes. The most columns, each with a number, take less.
const MAX_ROW_BYTES: u64 = 16 << 20;
/// The bytes that are read at a time.
const BUFFER: usize = 1 << 16;

/// The rows of a file, one by one.
pub(crate) enum Records {
    /// The rows of a CSV file, and the bytes that were read since the last complete row.
    Csv(StringRecordsIntoIter<BoundedRows>, Arc<AtomicU64>),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetRows>),
}

impl Records {
    /// The rows of a CSV file of which the head was read.
    pub(crate) fn of_csv(head: Vec<u8>, file: File, delimiter: u8) -> Self {
        let row_bytes = Arc::new(AtomicU64::new(0));
        let rows =
            BoundedRows { file: Cursor::new(head).chain(file), row_bytes: Arc::clone(&row_bytes) };
        let records = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .delimiter(delimiter)
            .buffer_capacity(BUFFER)
            .from_reader(rows)
            .into_records();
        Self::Csv(records, row_bytes)
    }

    /// The next row of the file at this path; `None` at the end.
    pub(crate) fn next(&mut self, path: &Path) -> Result<Option<StringRecord>, DatasetError> {
        match self {
            Self::Csv(records, row_bytes) => {
                let record = records.next().transpose().map_err(|error| csv_error(path, &error))?;
                row_bytes.store(0, Ordering::Relaxed);
                Ok(record)
            }
            #[cfg(feature = "parquet")]
            Self::Parquet(rows) => rows.next_record(),
        }
    }

    /// Whether the rows are lines of a text.
    pub(crate) fn are_lines(&self) -> bool {
        matches!(self, Self::Csv(..))
    }
}

/// A file that fails if a row is too long, so that reading row by row takes little memory.
pub(crate) struct BoundedRows {
    file: Chain<Cursor<Vec<u8>>, File>,
    row_bytes: Arc<AtomicU64>,
}

impl Read for BoundedRows {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let before = self.row_bytes.fetch_add(count as u64, Ordering::Relaxed);
        if before + count as u64 > MAX_ROW_BYTES {
            return Err(io::Error::other(format!("a row has more than {MAX_ROW_BYTES} bytes")));
        }
        Ok(count)
    }
}

fn csv_error(path: &Path, error: &csv::Error) -> DatasetError {
    let error = match error.kind() {
        csv::ErrorKind::Utf8 { pos, .. } => {
            FormatError::NotUtf8 { line: pos.as_ref().map_or(1, csv::Position::line) }
        }
        _ => FormatError::Csv { reason: error.to_string() },
    };
    error.in_file(path)
}

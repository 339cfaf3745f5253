//! Reads a Parquet file row by row, as the texts of a CSV file's cells: of a number the shortest decimal that is read as
//! the same number. What is said of columns and cells is then the same for both.

use std::fs::File;
use std::path::{Path, PathBuf};

use ::parquet::basic::{ConvertedType, LogicalType, Type};
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::DataType;
use ::parquet::errors::ParquetError;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ae_files::{FileError, open_regular};
use csv::StringRecord;

use super::guarded;
use crate::limits::MAX_COLUMNS;
use crate::{DatasetError, FormatError, ParquetKind};

/// The most cells in memory: those of so many rows are read at a time.
const CELLS: usize = 1 << 18;
/// The most rows that are read at a time.
const ROWS: usize = 4096;

/// The rows of a Parquet file.
pub(crate) struct ParquetRows {
    path: PathBuf,
    file: SerializedFileReader<File>,
    names: Vec<String>,
    kinds: Vec<ParquetKind>,
    /// The row group that is read, and the readers of its columns.
    group: usize,
    columns: Vec<ColumnReader>,
    /// The rows of the group that are left.
    left: usize,
    /// Cells that were read, column by column, and the row that comes next.
    cells: Vec<Vec<String>>,
    next: usize,
}

impl ParquetRows {
    /// Opens a file. Every column must be of numbers, truth values or texts, one in each row.
    pub(crate) fn open(path: &Path) -> Result<Self, DatasetError> {
        let wrong = |error: FormatError| error.in_file(path);
        let file = open_regular(path)
            .map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        let file = guarded(|| SerializedFileReader::new(file)).map_err(wrong)?;
        let schema = file.metadata().file_metadata().schema_descr();
        if schema.num_columns() > MAX_COLUMNS {
            let (found, limit) = (schema.num_columns(), MAX_COLUMNS);
            return Err(wrong(FormatError::TooManyColumns { found, limit }));
        }
        let (mut names, mut kinds) = (Vec::new(), Vec::new());
        for column in schema.columns() {
            let name = column.path().string();
            let is_text = matches!(column.logical_type_ref(), Some(LogicalType::String))
                || column.converted_type() == ConvertedType::UTF8;
            let is_single = column.max_rep_level() == 0 && column.max_def_level() <= 1;
            let kind = match column.physical_type() {
                Type::BYTE_ARRAY if is_text => Some(ParquetKind::Text),
                Type::FLOAT => Some(ParquetKind::Float),
                Type::DOUBLE | Type::INT32 | Type::INT64 | Type::BOOLEAN => {
                    Some(ParquetKind::Double)
                }
                _ => None,
            };
            let Some(kind) = kind.filter(|_| is_single) else {
                let found = column.physical_type().to_string();
                return Err(wrong(FormatError::ParquetColumn { name, found }));
            };
            names.push(name);
            kinds.push(kind);
        }
        let path = path.to_owned();
        let (columns, cells) = (Vec::new(), Vec::new());
        Ok(Self { path, file, names, kinds, group: 0, columns, left: 0, cells, next: 0 })
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The kinds of the columns.
    pub(crate) fn kinds(&self) -> &[ParquetKind] {
        &self.kinds
    }

    /// The next row, an empty text for a missing value; `None` at the end.
    pub(crate) fn next_record(&mut self) -> Result<Option<StringRecord>, DatasetError> {
        let ready = self.cells.first().map_or(0, Vec::len);
        if self.next >= ready && !self.read().map_err(|error| error.in_file(&self.path))? {
            return Ok(None);
        }
        let row = self.next;
        self.next += 1;
        Ok(Some(self.cells.iter().filter_map(|column| column.get(row)).collect()))
    }

    /// Reads the next rows; false at the end.
    fn read(&mut self) -> Result<bool, FormatError> {
        while self.left == 0 {
            if self.group >= self.file.num_row_groups() {
                return Ok(false);
            }
            let group = guarded(|| self.file.get_row_group(self.group))?;
            self.left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            self.columns = guarded(|| {
                (0..group.num_columns()).map(|column| group.get_column_reader(column)).collect()
            })?;
            self.group += 1;
        }
        let rows = (CELLS / self.columns.len().max(1)).clamp(1, ROWS).min(self.left);
        let columns = &mut self.columns;
        self.cells = guarded(|| columns.iter_mut().map(|column| cells_of(column, rows)).collect())?;
        if let Some((place, cells)) =
            self.cells.iter().enumerate().find(|(_, cells)| cells.len() != rows)
        {
            let name = self.names.get(place).cloned().unwrap_or_default();
            let reason = format!("column {name}: {} values in {rows} rows", cells.len());
            return Err(FormatError::Parquet { reason });
        }
        self.left -= rows;
        self.next = 0;
        Ok(true)
    }
}

/// The next values of a column as texts.
fn cells_of(column: &mut ColumnReader, rows: usize) -> Result<Vec<String>, ParquetError> {
    match column {
        ColumnReader::BoolColumnReader(column) => {
            texts(column, rows, |value| u8::from(*value).to_string())
        }
        ColumnReader::Int32ColumnReader(column) => texts(column, rows, i32::to_string),
        ColumnReader::Int64ColumnReader(column) => texts(column, rows, i64::to_string),
        ColumnReader::FloatColumnReader(column) => {
            texts(column, rows, |value| f64::from(*value).to_string())
        }
        ColumnReader::DoubleColumnReader(column) => texts(column, rows, f64::to_string),
        ColumnReader::ByteArrayColumnReader(column) => {
            texts(column, rows, |value| String::from_utf8_lossy(value.data()).into_owned())
        }
        _ => Err(ParquetError::General("a column of another type".to_owned())),
    }
}

fn texts<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    rows: usize,
    text: impl Fn(&T::T) -> String,
) -> Result<Vec<String>, ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    let mut read = 0;
    // A page may end within these rows.
    while read < rows {
        let (records, _, _) =
            column.read_records(rows - read, Some(&mut levels), None, &mut values)?;
        if records == 0 {
            break;
        }
        read += records;
    }
    let mut values = values.iter();
    if levels.is_empty() {
        return Ok(values.map(text).collect());
    }
    let cell = |level: &i16| match level {
        0 => String::new(),
        _ => values.next().map(&text).unwrap_or_default(),
    };
    Ok(levels.iter().map(cell).collect())
}

//! Reads a Parquet file row by row, as the texts of a CSV file's cells: of a number the shortest decimal that is read as
//! the same number. What is said of columns and cells is then the same for both.

use std::fs::File;
use std::path::{Path, PathBuf};

use ::parquet::column::reader::ColumnReader;
use ::parquet::file::metadata::RowGroupMetaData;
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ae_files::{FileError, open_regular};
use csv::StringRecord;

use super::cells::{Cell, Cells};
use super::guarded;
use super::leaf::{Leaf, ListLevels};
use crate::limits::MAX_COLUMNS;
use crate::{DatasetError, FormatError, ParquetKind};

/// The most cells in memory: those of so many rows are read at a time.
const CELLS: usize = 1 << 18;
/// The most rows that are read at a time.
const ROWS: usize = 4096;

/// Rows in which the length of a list is looked for at a time.
const LOOKED_AT: usize = 64;

/// The rows of a Parquet file. A column of lists of one length is read as that many columns.
pub(crate) struct ParquetRows {
    path: PathBuf,
    file: SerializedFileReader<File>,
    leaves: Vec<Leaf>,
    /// For each leaf that has lists, their length.
    lengths: Vec<Option<usize>>,
    names: Vec<String>,
    kinds: Vec<ParquetKind>,
    /// The row group that is read, and the readers of its columns.
    group: usize,
    columns: Vec<ColumnReader>,
    /// The values of a row of the group, about.
    width: usize,
    /// The rows of the group that are left.
    left: usize,
    /// The number of rows that were read.
    read: u64,
    /// Cells that were read, column by column, and the row that comes next.
    cells: Vec<Vec<Cell>>,
    next: usize,
}

impl ParquetRows {
    /// Opens a file. Every column must be of numbers, truth values or texts, one in each row, or of lists of numbers.
    pub(crate) fn open(path: &Path) -> Result<Self, DatasetError> {
        let file = open_regular(path)
            .map_err(|source| FileError::Read { path: path.to_owned(), source })?;
        Self::of(path, file).map_err(|error| error.in_file(path))
    }

    fn of(path: &Path, file: File) -> Result<Self, FormatError> {
        let file = guarded(|| SerializedFileReader::new(file))?;
        let schema = file.metadata().file_metadata().schema_descr();
        check_count(schema.num_columns())?;
        let leaves = Leaf::all(schema)?;
        let (mut names, mut kinds, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
        for (place, leaf) in leaves.iter().enumerate() {
            let length = leaf.list.map(|levels| list_length(&file, place, leaf, levels));
            let length = length.transpose()?;
            match length {
                None => names.push(leaf.name.clone()),
                Some(length) => {
                    check_count(length)?;
                    names.extend((0..length).map(|element| format!("{}[{element}]", leaf.name)));
                }
            }
            check_count(names.len())?;
            kinds.resize(names.len(), leaf.kind);
            lengths.push(length);
        }
        let path = path.to_owned();
        let (columns, cells) = (Vec::new(), Vec::new());
        let (group, width, left, read, next) = (0, 1, 0, 0, 0);
        Ok(Self {
            path,
            file,
            leaves,
            lengths,
            names,
            kinds,
            group,
            columns,
            width,
            left,
            read,
            cells,
            next,
        })
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
        Ok(Some(self.cells.iter().filter_map(|column| Some(column.get(row)?.text())).collect()))
    }

    /// Reads the next rows; false at the end.
    fn read(&mut self) -> Result<bool, FormatError> {
        while self.left == 0 {
            if self.group >= self.file.num_row_groups() {
                return Ok(false);
            }
            let group = guarded(|| self.file.get_row_group(self.group))?;
            self.left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            // A list may be far longer than the first one.
            let lengths = (0..group.num_columns()).map(|at| mean_length(group.metadata(), at));
            self.width = lengths.fold(self.names.len().max(1), usize::saturating_add);
            self.columns = guarded(|| {
                (0..group.num_columns()).map(|column| group.get_column_reader(column)).collect()
            })?;
            self.group += 1;
        }
        let rows = (CELLS / self.width).clamp(1, ROWS).min(self.left);
        let mut cells = Vec::with_capacity(self.names.len());
        for (place, (column, leaf)) in self.columns.iter_mut().zip(&self.leaves).enumerate() {
            let found = guarded(|| Cells::read(column, leaf, rows))?;
            match (leaf.list, self.lengths.get(place).copied().flatten()) {
                (Some(levels), Some(length)) => {
                    cells.extend(found.lists(leaf, levels, length, self.read + 1)?);
                }
                _ => cells.push(found.single()),
            }
        }
        if let Some((place, cells)) = cells.iter().enumerate().find(|(_, it)| it.len() != rows) {
            let name = self.names.get(place).cloned().unwrap_or_default();
            let reason = format!("column {name}: {} values in {rows} rows", cells.len());
            return Err(FormatError::Parquet { reason });
        }
        self.cells = cells;
        self.read += rows as u64;
        self.left -= rows;
        self.next = 0;
        Ok(true)
    }
}

fn check_count(found: usize) -> Result<(), FormatError> {
    let limit = MAX_COLUMNS;
    if found > limit { Err(FormatError::TooManyColumns { found, limit }) } else { Ok(()) }
}

/// The values of a column in a row of the group, on average and rounded up.
fn mean_length(group: &RowGroupMetaData, column: usize) -> usize {
    let values = u64::try_from(group.column(column).num_values()).unwrap_or(0);
    let rows = u64::try_from(group.num_rows()).unwrap_or(0);
    usize::try_from(values.div_ceil(rows.max(1))).unwrap_or(usize::MAX)
}

/// The length of the first list of a column.
fn list_length(
    file: &SerializedFileReader<File>,
    place: usize,
    leaf: &Leaf,
    levels: ListLevels,
) -> Result<usize, FormatError> {
    for group in 0..file.num_row_groups() {
        let group = guarded(|| file.get_row_group(group))?;
        let mut column = guarded(|| group.get_column_reader(place))?;
        let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        // Before any is read: a small file can hold very long lists.
        let length = mean_length(group.metadata(), place);
        check_count(length)?;
        while left > 0 {
            let rows = (CELLS / length.max(1)).clamp(1, LOOKED_AT).min(left);
            let cells = guarded(|| Cells::read(&mut column, leaf, rows))?;
            if let Some(length) = cells.first_length(levels) {
                return match length {
                    0 => Err(FormatError::ParquetNoList { column: leaf.name.clone() }),
                    length => Ok(length),
                };
            }
            left -= rows;
        }
    }
    match file.metadata().file_metadata().num_rows() {
        0 => Err(FormatError::NoRows),
        _ => Err(FormatError::ParquetNoList { column: leaf.name.clone() }),
    }
}

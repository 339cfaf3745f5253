//! The values of a column of a Parquet file as texts, the next rows of it.

use std::borrow::Cow;

use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{ByteArray, DataType};
use ::parquet::errors::ParquetError;

use super::leaf::{Leaf, ListLevels};
use crate::FormatError;
use crate::limits::MAX_COLUMNS;

/// The most digits of a decimal number that is stored as an integer.
const DIGITS: u32 = 18;

/// The text of a cell.
#[derive(Debug)]
pub(super) enum Cell {
    Number(String),
    /// A text where the file's page has it: a dictionary may hold a long one for very many rows.
    Text(ByteArray),
}

impl Cell {
    /// Of a missing value.
    fn empty() -> Self {
        Self::Number(String::new())
    }

    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(text) => text.into(),
            Self::Text(bytes) => String::from_utf8_lossy(bytes.data()),
        }
    }
}

/// What some rows of a column hold.
#[derive(Debug, Default)]
pub(super) struct Cells {
    values: Vec<Cell>,
    /// How much of the way to a value there is, for each cell or element of a list; empty if there always is one.
    definition: Vec<i16>,
    /// For each element of a list, 0 if it is the first of its row.
    repetition: Vec<i16>,
}

impl Cells {
    /// Reads the next rows of a column; fewer at the end of its row group.
    pub(super) fn read(
        column: &mut ColumnReader,
        leaf: &Leaf,
        rows: usize,
    ) -> Result<Self, ParquetError> {
        match column {
            ColumnReader::BoolColumnReader(column) => {
                numbers(column, rows, |value| u8::from(*value).to_string())
            }
            ColumnReader::Int32ColumnReader(column) if leaf.scale > 0 => {
                numbers(column, rows, |value| decimal(i64::from(*value), leaf.scale))
            }
            ColumnReader::Int64ColumnReader(column) if leaf.scale > 0 => {
                numbers(column, rows, |value| decimal(*value, leaf.scale))
            }
            ColumnReader::Int32ColumnReader(column) if leaf.is_unsigned => {
                numbers(column, rows, |value| value.cast_unsigned().to_string())
            }
            ColumnReader::Int64ColumnReader(column) if leaf.is_unsigned => {
                numbers(column, rows, |value| value.cast_unsigned().to_string())
            }
            ColumnReader::Int32ColumnReader(column) => numbers(column, rows, i32::to_string),
            ColumnReader::Int64ColumnReader(column) => numbers(column, rows, i64::to_string),
            ColumnReader::FloatColumnReader(column) => {
                numbers(column, rows, |value| f64::from(*value).to_string())
            }
            ColumnReader::DoubleColumnReader(column) => numbers(column, rows, f64::to_string),
            ColumnReader::ByteArrayColumnReader(column) => {
                cells(column, rows, |value| Cell::Text(value.clone()))
            }
            _ => Err(ParquetError::General("a column of another type".to_owned())),
        }
    }

    /// One text for each row, empty for a missing value.
    pub(super) fn single(self) -> Vec<Cell> {
        if self.definition.is_empty() {
            return self.values;
        }
        let mut values = self.values.into_iter();
        let cell = |level: &i16| match level {
            0 => Cell::empty(),
            _ => values.next().unwrap_or_else(Cell::empty),
        };
        self.definition.iter().map(cell).collect()
    }

    /// The length of the first list that is not missing.
    pub(super) fn first_length(&self, levels: ListLevels) -> Option<usize> {
        let mut starts = self.starts();
        let start = starts.find(|&start| self.definition[start] >= levels.element - 1)?;
        let end = starts.next().unwrap_or(self.definition.len());
        Some(if self.definition[start] < levels.element { 0 } else { end - start })
    }

    /// A column of texts for each element of lists of `length` numbers. A missing list is one of missing numbers.
    /// `first` is the number of the first row, counted from 1.
    ///
    /// # Errors
    /// If a list has another length.
    pub(super) fn lists(
        self,
        leaf: &Leaf,
        levels: ListLevels,
        length: usize,
        first: u64,
    ) -> Result<Vec<Vec<Cell>>, FormatError> {
        let mut columns: Vec<Vec<Cell>> = (0..length).map(|_| Vec::new()).collect();
        let starts: Vec<usize> = self.starts().chain([self.definition.len()]).collect();
        let mut values = self.values.into_iter();
        for (row, bounds) in (first..).zip(starts.windows(2)) {
            let &[start, end] = bounds else { continue };
            let elements = &self.definition[start..end];
            match elements {
                [level] if *level < levels.element - 1 => {
                    columns.iter_mut().for_each(|column| column.push(Cell::empty()));
                    continue;
                }
                _ => {}
            }
            let found = elements.iter().filter(|&&level| level >= levels.element).count();
            if found != length {
                let column = leaf.name.clone();
                return Err(FormatError::ParquetList { row, column, expected: length, found });
            }
            for (column, &level) in columns.iter_mut().zip(elements) {
                let value = if level == levels.value { values.next() } else { None };
                column.push(value.unwrap_or_else(Cell::empty));
            }
        }
        Ok(columns)
    }

    /// The places at which rows of lists begin.
    fn starts(&self) -> impl Iterator<Item = usize> {
        self.repetition.iter().enumerate().filter(|(_, level)| **level == 0).map(|(at, _)| at)
    }
}

/// `integer` with so many digits after the point.
fn decimal(integer: i64, scale: u32) -> String {
    let scale = scale.min(DIGITS) as usize;
    let digits = format!("{:0>width$}", integer.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{}{whole}.{fraction}", if integer < 0 { "-" } else { "" })
}

fn numbers<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    rows: usize,
    text: impl Fn(&T::T) -> String,
) -> Result<Cells, ParquetError> {
    cells(column, rows, |value| Cell::Number(text(value)))
}

fn cells<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    rows: usize,
    cell: impl Fn(&T::T) -> Cell,
) -> Result<Cells, ParquetError> {
    let (mut values, mut definition, mut repetition) = (Vec::new(), Vec::new(), Vec::new());
    let mut read = 0;
    // A page may end within these rows.
    while read < rows {
        let levels = (Some(&mut definition), Some(&mut repetition));
        let (records, _, _) = column.read_records(rows - read, levels.0, levels.1, &mut values)?;
        if records == 0 {
            break;
        }
        read += records;
    }
    if repetition.len() > definition.len() {
        return Err(ParquetError::General("lists without definition levels".to_owned()));
    }
    // A row of so many numbers is refused, so that their texts are not made: they take many times the memory.
    let is_refused = longest(&repetition) > MAX_COLUMNS;
    let values = if is_refused { Vec::new() } else { values.iter().map(cell).collect() };
    Ok(Cells { values, definition, repetition })
}

/// The length of the longest list.
fn longest(repetition: &[i16]) -> usize {
    repetition.split(|level| *level == 0).map(|rest| rest.len() + 1).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{decimal, longest};

    #[test]
    fn the_longest_list_is_found() {
        assert_eq!(longest(&[0, 1, 0, 1, 1, 0]), 3);
        assert_eq!(longest(&[0, 0]), 1);
    }

    #[test]
    fn decimals_have_their_point() {
        for (integer, scale, expected) in [
            (12345, 2, "123.45"),
            (-5, 2, "-0.05"),
            (0, 3, "0.000"),
            (i64::MIN, 18, "-9.223372036854775808"),
        ] {
            assert_eq!(decimal(integer, scale), expected);
        }
    }
}

//! The values of a column of a Parquet file as texts, the next rows of it.

use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::DataType;
use ::parquet::errors::ParquetError;

use super::leaf::{Leaf, ListLevels};
use crate::FormatError;

/// What some rows of a column hold.
#[derive(Debug, Default)]
pub(super) struct Cells {
    values: Vec<String>,
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
                texts(column, rows, |value| u8::from(*value).to_string())
            }
            ColumnReader::Int32ColumnReader(column) if leaf.is_unsigned => {
                texts(column, rows, |value| value.cast_unsigned().to_string())
            }
            ColumnReader::Int64ColumnReader(column) if leaf.is_unsigned => {
                texts(column, rows, |value| value.cast_unsigned().to_string())
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

    /// One text for each row, empty for a missing value.
    pub(super) fn single(self) -> Vec<String> {
        if self.definition.is_empty() {
            return self.values;
        }
        let mut values = self.values.into_iter();
        let cell = |level: &i16| match level {
            0 => String::new(),
            _ => values.next().unwrap_or_default(),
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
    ) -> Result<Vec<Vec<String>>, FormatError> {
        let mut columns = vec![Vec::new(); length];
        let starts: Vec<usize> = self.starts().chain([self.definition.len()]).collect();
        let mut values = self.values.into_iter();
        for (row, bounds) in (first..).zip(starts.windows(2)) {
            let &[start, end] = bounds else { continue };
            let elements = &self.definition[start..end];
            match elements {
                [level] if *level < levels.element - 1 => {
                    columns.iter_mut().for_each(|column| column.push(String::new()));
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
                column.push(value.unwrap_or_default());
            }
        }
        Ok(columns)
    }

    /// The places at which rows of lists begin.
    fn starts(&self) -> impl Iterator<Item = usize> {
        self.repetition.iter().enumerate().filter(|(_, level)| **level == 0).map(|(at, _)| at)
    }
}

fn texts<T: DataType>(
    column: &mut ColumnReaderImpl<T>,
    rows: usize,
    text: impl Fn(&T::T) -> String,
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
    Ok(Cells { values: values.iter().map(text).collect(), definition, repetition })
}

//! Items as rows of numbers.

use crate::AnalysisError;

/// `n x columns` numbers, row-major: flattened images, rows of a table, or codes. There is at least one row.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    columns: usize,
}

impl<'a> Rows<'a> {
    /// Rows of `columns` numbers each.
    ///
    /// # Errors
    /// If there is no row, or the last row is incomplete.
    pub fn new(values: &'a [f32], columns: usize) -> Result<Self, AnalysisError> {
        if columns == 0 || values.is_empty() || !values.len().is_multiple_of(columns) {
            return Err(AnalysisError::NotWholeRows { columns, values: values.len() });
        }
        Ok(Self { values, columns })
    }

    /// The number of rows; never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always a row")]
    pub fn len(self) -> usize {
        self.values.len() / self.columns
    }

    /// Numbers in a row.
    pub fn columns(self) -> usize {
        self.columns
    }

    /// All numbers, row after row.
    pub fn values(self) -> &'a [f32] {
        self.values
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(self, index: usize) -> &'a [f32] {
        &self.values[index * self.columns..][..self.columns]
    }

    /// All rows in order.
    pub fn iter(self) -> std::slice::ChunksExact<'a, f32> {
        self.values.chunks_exact(self.columns)
    }

    /// Checks that every number is finite.
    ///
    /// # Errors
    /// [`AnalysisError::NotFinite`] with the first number that is not.
    pub fn check_finite(self) -> Result<(), AnalysisError> {
        match self.values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            None => Ok(()),
            Some((place, &value)) => Err(AnalysisError::NotFinite {
                row: place / self.columns,
                column: place % self.columns,
                value,
            }),
        }
    }

    /// Checks that not all rows are equal.
    ///
    /// # Errors
    /// [`AnalysisError::Constant`], in which `what` names the rows.
    pub fn check_varies(self, what: &'static str) -> Result<(), AnalysisError> {
        let first = self.row(0);
        if self.iter().any(|row| row != first) {
            return Ok(());
        }
        Err(AnalysisError::Constant { what })
    }

    /// Checks that the rows have this many numbers.
    ///
    /// # Errors
    /// [`AnalysisError::Columns`] if they have another number.
    pub fn check_columns(self, expected: usize) -> Result<(), AnalysisError> {
        let found = self.columns;
        if found == expected { Ok(()) } else { Err(AnalysisError::Columns { expected, found }) }
    }
}

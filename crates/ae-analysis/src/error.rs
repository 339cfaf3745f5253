//! What can go wrong in an analysis.

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// Numbers that are no whole, positive number of rows.
    #[error("{values} numbers are not a whole, positive number of rows of {columns}")]
    NotWholeRows {
        /// Numbers in a row.
        columns: usize,
        /// Numbers in all.
        values: usize,
    },
    /// Rows of another length than those that something was fitted to.
    #[error("rows of {found} numbers, expected {expected}")]
    Columns {
        /// Numbers in a row that was fitted to.
        expected: usize,
        /// Numbers in a row that was given.
        found: usize,
    },
    /// More is asked for than the data hold, or less than one.
    #[error("{what} must be from {least} to {most}, found {found}")]
    Range {
        /// What was asked for.
        what: &'static str,
        /// The smallest accepted number.
        least: usize,
        /// The largest accepted number.
        most: usize,
        /// The number that was given.
        found: usize,
    },
    /// A number is NaN or infinite.
    #[error("number {column} of row {row} is {value}, expected a finite number")]
    NotFinite {
        /// The row, counted from 0.
        row: usize,
        /// The place in the row, counted from 0.
        column: usize,
        /// The number.
        value: f32,
    },
    /// A decomposition found no answer.
    #[error("the decomposition of {what} did not converge")]
    NoConvergence {
        /// The matrix.
        what: &'static str,
    },
}

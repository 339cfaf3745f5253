//! The rows of a table as numbers, whichever file they come from.

/// Rows that can be used, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct TableRows {
    /// `n x columns`, columns in the model's order.
    pub(crate) numbers: Vec<f64>,
    /// One class for each row, if the table has a column of classes.
    pub(crate) classes: Vec<String>,
    /// The place of each row in the file, counted from 0.
    pub(crate) places: Vec<u64>,
    /// The number of rows that were left out.
    pub(crate) skipped: usize,
}

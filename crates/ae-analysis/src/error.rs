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
    /// Lists that belong together are not as long as each other.
    #[error("{found} items, expected {expected}")]
    Count {
        /// The items of the first list.
        expected: usize,
        /// The items of the other.
        found: usize,
    },
    /// What a score divides by is 0.
    #[error("{what} do not vary, so that no distance can be measured by them")]
    Constant {
        /// What is constant.
        what: &'static str,
    },
    /// A contamination rate out of its range.
    #[error("the contamination must be above 0 and at most 0.5, found {found}")]
    Contamination {
        /// The rate.
        found: f64,
    },
    /// A quantile out of its range.
    #[error("the quantile must be above 0 and below 1, found {found}")]
    Quantile {
        /// The part.
        found: f64,
    },
    /// There is nothing to tell apart.
    #[error("{normals} normal items and {anomalies} anomalies: a ranking needs both")]
    OneClass {
        /// How many items are normal.
        normals: usize,
        /// How many are not.
        anomalies: usize,
    },
    /// A model cannot be used for compression.
    #[error("the model cannot be used for compression: {reason}")]
    NoCodec {
        /// Why not.
        reason: String,
    },
    /// Compressed images that are damaged, or not for this model or this program.
    #[error("expected {expected}, found {found}")]
    Archive {
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Numbers do not fit the network.
    #[error(transparent)]
    Stack(#[from] ae_kernels::StackError),
}

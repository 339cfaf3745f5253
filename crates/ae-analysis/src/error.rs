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
    /// All codes are equal, so that no distance can be measured by them.
    #[error(
        "the codes of the normal items do not vary, so that no distance can be measured by them; choose a \
         score of the residuals alone (`squared` or `standardised`), or train a model that tells these items \
         apart"
    )]
    ConstantCodes,
    /// A score is NaN or infinite.
    #[error("the score of item {item} is {value}, expected a finite number")]
    Score {
        /// The item, counted from 0.
        item: usize,
        /// The score.
        value: f64,
    },
    /// There are too few normal items to fit anything to.
    #[error("a score and its threshold are fitted to at least 3 normal items, found {found}")]
    TooFewNormals {
        /// The items that there are.
        found: usize,
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
}

/// Checks that a count is one that can be given.
pub(crate) fn in_range(
    what: &'static str,
    least: usize,
    most: usize,
    found: usize,
) -> Result<(), AnalysisError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(AnalysisError::Range { what, least, most, found })
}

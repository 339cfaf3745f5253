//! Errors, and the checks of arguments that several modules share.

/// Why an analysis has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// The numbers do not make a whole, positive number of rows.
    #[error("{values} numbers are not a whole, positive number of rows of {columns}")]
    NotWholeRows {
        /// Numbers in a row.
        columns: usize,
        /// Numbers in all.
        values: usize,
    },
    /// Rows have another length than the rows of the fit, or than the size of an image.
    #[error("expected rows of {expected} numbers, found {found}")]
    Columns {
        /// Numbers in a row of the fit.
        expected: usize,
        /// Numbers in a row that was given.
        found: usize,
    },
    /// A count is out of its range, for instance more components than columns.
    #[error("{what} must be from {least} to {most}, found {found}")]
    Range {
        /// What is counted.
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
        /// The column, counted from 0.
        column: usize,
        /// The number.
        value: f32,
    },
    /// A matrix decomposition did not converge.
    #[error("the decomposition of {what} did not converge")]
    NoConvergence {
        /// The matrix.
        what: &'static str,
    },
    /// Two lists that belong together have different lengths.
    #[error("expected {expected} {what}, found {found}")]
    Count {
        /// What the second list holds.
        what: &'static str,
        /// The length of the first list.
        expected: usize,
        /// The length of the second list.
        found: usize,
    },
    /// All rows are equal, so that there are no distances between them.
    #[error("{what} do not vary, so that no distance can be measured by them")]
    Constant {
        /// What the rows are called.
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
    /// There are too few normal items for a fit.
    #[error("a score and its threshold are fitted to at least 3 normal items, found {found}")]
    TooFewNormals {
        /// The number of normal items.
        found: usize,
    },
    /// A contamination is out of its range.
    #[error("the contamination must be above 0 and at most 0.5, found {found}")]
    Contamination {
        /// The contamination that was given.
        found: f64,
    },
    /// A quantile is out of its range.
    #[error("the quantile must be above 0 and below 1, found {found}")]
    Quantile {
        /// The quantile that was given.
        found: f64,
    },
    /// A patch or a window has no middle.
    #[error("the side of {what} must be odd, found {found}")]
    EvenSide {
        /// Whose side it is.
        what: &'static str,
        /// The side that was given.
        found: usize,
    },
    /// The settings of non-local means are outside their ranges.
    #[error(
        "non-local means needs a noise level of at least 0 and an h from 1.1e-19 to 1.8e19; found a level of {sigma} and \
         an h of {h}"
    )]
    Strength {
        /// The noise level.
        sigma: f32,
        /// How fast weights fall.
        h: f32,
    },
    /// All items are of one class.
    #[error("{normals} normal items and {anomalies} anomalies: a ranking needs both")]
    OneClass {
        /// How many items are normal.
        normals: usize,
        /// How many are not.
        anomalies: usize,
    },
}

/// Checks that a count is in its range.
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

/// The smallest number of normal items that a score or a threshold can be fitted to.
const FEWEST_NORMALS: usize = 3;

/// Checks that there are enough normal items for a fit.
pub(crate) fn check_enough(found: usize) -> Result<(), AnalysisError> {
    if found >= FEWEST_NORMALS { Ok(()) } else { Err(AnalysisError::TooFewNormals { found }) }
}

/// Checks that every score is a finite number.
pub(crate) fn check_scores(scores: &[f64]) -> Result<(), AnalysisError> {
    match scores.iter().position(|score| !score.is_finite()) {
        None => Ok(()),
        Some(item) => Err(AnalysisError::Score { item, value: scores[item] }),
    }
}

/// Checks that a list is as long as another one that it belongs to.
pub(crate) fn check_count(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), AnalysisError> {
    if found == expected { Ok(()) } else { Err(AnalysisError::Count { what, expected, found }) }
}

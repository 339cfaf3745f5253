//! Columns of a table to numbers that a model learns from, and back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::FormatError;

/// How the scale of a table's columns is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnScaling {
    /// The training rows' minimum becomes 0, their maximum 1.
    #[default]
    MinMax,
    /// The training rows' mean becomes 0, one standard deviation above it 1.
    Standard,
}

impl fmt::Display for ColumnScaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MinMax => "min-max",
            Self::Standard => "standard",
        })
    }
}

impl FromStr for ColumnScaling {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "min-max" => Ok(Self::MinMax),
            "standard" => Ok(Self::Standard),
            _ => Err("expected min-max or standard"),
        }
    }
}

/// Linear scaling of a table's columns: `(x - minimum) / (maximum - minimum)`. With
/// [`ColumnScaling::Standard`], `minimum` is the mean and `maximum` lies one standard deviation above it.
///
/// Fitted on the training rows, which become [0, 1]; other rows may go beyond. A column that is
/// constant there becomes 0, and comes back as its constant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// How the bounds were chosen; min-max in files that do not say.
    #[serde(default, skip_serializing_if = "is_min_max")]
    pub kind: ColumnScaling,
    /// The columns' names, if the table has a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// What becomes 0 in each column: its smallest value, or its mean.
    pub minimum: Vec<f64>,
    /// What becomes 1 in each column: its largest value, or its mean and a standard deviation.
    pub maximum: Vec<f64>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_min_max(kind: &ColumnScaling) -> bool {
    *kind == ColumnScaling::MinMax
}

impl Scaling {
    /// The scaling that brings these rows to [0, 1].
    pub(crate) fn fit<'a>(
        names: Option<Vec<String>>,
        columns: usize,
        rows: impl Iterator<Item = &'a [f64]>,
    ) -> Self {
        let (mut minimum, mut maximum) = (vec![f64::MAX; columns], vec![f64::MIN; columns]);
        for row in rows {
            for ((low, high), &value) in minimum.iter_mut().zip(&mut maximum).zip(row) {
                *low = low.min(value);
                *high = high.max(value);
            }
        }
        Self { kind: ColumnScaling::MinMax, names, minimum, maximum }
    }

    /// The scaling that brings these rows to mean 0 and variance 1. Columns that are constant keep their
    /// bounds.
    pub(crate) fn fit_standard<'a>(
        names: Option<Vec<String>>,
        columns: usize,
        rows: impl Iterator<Item = &'a [f64]> + Clone,
    ) -> Self {
        let mut scaling = Self::fit(names, columns, rows.clone());
        scaling.kind = ColumnScaling::Standard;
        let constant = scaling.constant_columns();
        // Sums of what min-max scaling makes of the values: they neither overflow nor cancel.
        let (mut sums, mut squares, mut count) = (vec![0.0; columns], vec![0.0; columns], 0.0);
        for row in rows {
            count += 1.0;
            let bounds = scaling.minimum.iter().zip(&scaling.maximum);
            let sums = sums.iter_mut().zip(&mut squares);
            for ((&value, (&low, &high)), (sum, square)) in row.iter().zip(bounds).zip(sums) {
                let part = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
                *sum += part;
                *square += part * part;
            }
        }
        for column in (0..columns).filter(|column| !constant.contains(column)) {
            let mean = sums[column] / count;
            let deviation = (squares[column] / count - mean * mean).max(0.0).sqrt();
            let (low, high) = (scaling.minimum[column], scaling.maximum[column]);
            let at = |part: f64| low * (1.0 - part) + high * part;
            // A deviation of more than half the range cannot be; the sum stays below twice the maximum.
            let (zero, one) = (at(mean), at(mean + deviation));
            if one > zero && one.is_finite() {
                scaling.minimum[column] = zero;
                scaling.maximum[column] = one;
            }
        }
        scaling
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.minimum.len()
    }

    /// Whether the bounds of each column are finite and in order, and there is a name for each if for
    /// any: what one that was read from a file must be.
    pub fn is_sound(&self) -> bool {
        let ordered =
            |(low, high): (&f64, &f64)| low.is_finite() && high.is_finite() && low <= high;
        !self.minimum.is_empty()
            && self.minimum.len() == self.maximum.len()
            && self.minimum.iter().zip(&self.maximum).all(ordered)
            && self.names.as_ref().is_none_or(|names| names.len() == self.minimum.len())
    }

    /// The places of the columns that are constant.
    pub fn constant_columns(&self) -> Vec<usize> {
        let bounds = self.minimum.iter().zip(&self.maximum).enumerate();
        bounds.filter(|(_, (low, high))| low == high).map(|(column, _)| column).collect()
    }

    /// The name of a column: its own, or its number counted from 1.
    pub fn name(&self, column: usize) -> String {
        let names = self.names.as_deref().unwrap_or_default();
        names.get(column).cloned().unwrap_or_else(|| (column + 1).to_string())
    }

    /// Scales a row.
    pub(crate) fn apply<'a>(&'a self, row: &'a [f64]) -> impl Iterator<Item = f32> + 'a {
        let bounds = self.minimum.iter().zip(&self.maximum);
        row.iter().zip(bounds).map(|(&value, (&low, &high))| {
            // Halves, so that the range of the largest numbers is finite as well.
            let range = high / 2.0 - low / 2.0;
            if range > 0.0 { ((value / 2.0 - low / 2.0) / range) as f32 } else { 0.0 }
        })
    }

    /// Rows in [0, 1], `n x columns`, in the table's own units.
    pub fn undo(&self, rows: &[f32]) -> Vec<f64> {
        let bounds = || self.minimum.iter().zip(&self.maximum);
        let rows = rows.chunks(self.columns().max(1));
        rows.flat_map(|row| {
            row.iter().zip(bounds()).map(|(&value, (&low, &high))| {
                let value = f64::from(value);
                low * (1.0 - value) + high * value
            })
        })
        .collect()
    }

    /// Checks that a table's columns are these.
    pub(crate) fn check(
        &self,
        columns: usize,
        names: Option<&[String]>,
    ) -> Result<(), FormatError> {
        let (expected, found) = (self.columns(), columns);
        if found != expected {
            return Err(FormatError::ColumnCount { expected, found });
        }
        let (Some(expected), Some(found)) = (self.names.as_deref(), names) else { return Ok(()) };
        match expected.iter().zip(found).position(|(expected, found)| expected != found) {
            None => Ok(()),
            Some(place) => Err(FormatError::ColumnName {
                column: place + 1,
                expected: self.name(place),
                found: found.get(place).cloned().unwrap_or_default(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sklearn.preprocessing.MinMaxScaler().fit([[1, 5, -2], [3, 5, 2]]).transform([[2, 5, 6]])` is
    /// `[[0.5, 0.0, 2.0]]`.
    #[test]
    fn equals_scikit_learns_scaler_and_comes_back() {
        let rows: [&[f64]; 2] = [&[1.0, 5.0, -2.0], &[3.0, 5.0, 2.0]];
        let scaling = Scaling::fit(None, 3, rows.into_iter());
        let scaled: Vec<f32> = scaling.apply(&[2.0, 5.0, 6.0]).collect();
        assert_eq!(scaled, [0.5, 0.0, 2.0]);
        assert_eq!(scaling.undo(&scaled), [2.0, 5.0, 6.0]);
        assert_eq!(scaling.constant_columns(), [1]);
    }

    /// `sklearn.preprocessing.StandardScaler().fit([[1, 5, -2], [3, 5, 2], [8, 5, 3]])` has
    /// `mean_ = [4, 5, 1]` and `scale_ = [2.94392029, 1, 2.1602469]`.
    #[test]
    fn standard_scaling_is_scikit_learns() {
        let rows: [&[f64]; 3] = [&[1.0, 5.0, -2.0], &[3.0, 5.0, 2.0], &[8.0, 5.0, 3.0]];
        let scaling = Scaling::fit_standard(None, 3, rows.into_iter());
        assert_eq!(scaling.constant_columns(), [1]);
        for (column, mean, deviation) in [(0, 4.0, 2.943_920_29), (2, 1.0, 2.160_246_9)] {
            let (zero, one) = (scaling.minimum[column], scaling.maximum[column]);
            assert!((zero - mean).abs() < 1e-12, "{zero} for {mean}");
            assert!((one - zero - deviation).abs() < 1e-8, "{} for {deviation}", one - zero);
        }
        let back = scaling.undo(&scaling.apply(&[8.0, 5.0, 3.0]).collect::<Vec<_>>());
        assert!((back[0] - 8.0).abs() < 1e-6 && back[1] == 5.0, "{back:?}");
    }

    #[test]
    fn the_largest_numbers_have_a_scale() {
        let rows: [&[f64]; 2] = [&[f64::MIN], &[f64::MAX]];
        let scaling = Scaling::fit(None, 1, rows.into_iter());
        assert_eq!(scaling.apply(&[0.0]).collect::<Vec<_>>(), [0.5]);
        assert_eq!(scaling.undo(&[0.0, 0.5, 1.0]), [f64::MIN, 0.0, f64::MAX]);
    }
}

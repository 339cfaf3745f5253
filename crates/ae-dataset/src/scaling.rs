//! Columns of a table to [0, 1] and back.

use serde::{Deserialize, Serialize};

use crate::FormatError;

/// Min-max scaling of a table's columns: `(x - minimum) / (maximum - minimum)`.
///
/// Fitted on the training rows, which become [0, 1]; other rows may go beyond. A column that is
/// constant there becomes 0, and comes back as its constant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// The columns' names, if the table has a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// The smallest value of each column.
    pub minimum: Vec<f64>,
    /// The largest value of each column.
    pub maximum: Vec<f64>,
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
        Self { names, minimum, maximum }
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

    #[test]
    fn the_largest_numbers_have_a_scale() {
        let rows: [&[f64]; 2] = [&[f64::MIN], &[f64::MAX]];
        let scaling = Scaling::fit(None, 1, rows.into_iter());
        assert_eq!(scaling.apply(&[0.0]).collect::<Vec<_>>(), [0.5]);
        assert_eq!(scaling.undo(&[0.0, 0.5, 1.0]), [f64::MIN, 0.0, f64::MAX]);
    }
}

//! Columns of a table to numbers that a model learns from, and back.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{ColumnScaling, ConstantColumns};

/// Standard deviations within the range of a few hundred numbers of a normal distribution.
const DEVIATIONS_OF_RANGE: f64 = 6.0;

/// Linear scaling of a table's columns: `(x - minimum) / (maximum - minimum)`. With
/// [`ColumnScaling::Standard`], `minimum` is the mean and `maximum` lies one standard deviation above it.
///
/// Fitted on the training rows, which min-max scaling brings to [0, 1]; other rows may go beyond. A column
/// that is constant there becomes 0 in training, and later its difference from the constant
/// ([`ConstantColumns::Unit`]).
///
/// A column counts as constant if its range is rounding alone: at most `max(10, n)` times the machine
/// epsilon times its largest magnitude, of `n` rows. These are scikit-learn's bounds, 10 epsilon of
/// `_handle_zeros_in_scale` and `n` epsilon times the mean of `_is_constant_feature`, both relative to
/// the numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// What becomes 1 in each column: its largest value, or its mean and a standard deviation; equal to
    /// `minimum` in a column that is constant.
    pub maximum: Vec<f64>,
    /// The smallest and the largest value of each column in training, where `minimum` and `maximum` are
    /// others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<[f64; 2]>,
    /// What becomes of values in constant columns.
    #[serde(default)]
    pub constant_columns: ConstantColumns,
    /// The columns of training's table that the model does not know, its classes and what was left out:
    /// their names, or their numbers counted from 1 where the table has no header.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
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
        let mut count = 0_u32;
        for row in rows {
            count += 1;
            for ((low, high), &value) in minimum.iter_mut().zip(&mut maximum).zip(row) {
                *low = low.min(value);
                *high = high.max(value);
            }
        }
        let tolerance = f64::from(count.max(10)) * f64::EPSILON;
        for (low, high) in minimum.iter().zip(&mut maximum) {
            // Halves, so that the range of the largest numbers is finite as well.
            if *high / 2.0 - low / 2.0 <= tolerance * (low.abs().max(high.abs()) / 2.0) {
                *high = *low;
            }
        }
        let constant_columns = ConstantColumns::Unit;
        let (ranges, left_out) = (Vec::new(), Vec::new());
        Self {
            kind: ColumnScaling::MinMax,
            names,
            minimum,
            maximum,
            ranges,
            constant_columns,
            left_out,
        }
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
        scaling.ranges =
            scaling.minimum.iter().zip(&scaling.maximum).map(|(&low, &high)| [low, high]).collect();
        let constant = scaling.constant();
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
            && (self.ranges.is_empty() || self.ranges.len() == self.minimum.len())
            && self.names.as_ref().is_none_or(|names| names.len() == self.minimum.len())
    }

    /// The places of the columns that are constant.
    pub fn constant(&self) -> Vec<usize> {
        let bounds = self.minimum.iter().zip(&self.maximum).enumerate();
        bounds.filter(|(_, (low, high))| low == high).map(|(column, _)| column).collect()
    }

    /// The name of a column: its own or, if it has none, its number in training's table, counted from 1.
    pub fn name(&self, column: usize) -> String {
        let names = self.names.as_deref().unwrap_or_default();
        let name = names.get(column).filter(|name| !name.is_empty());
        if let Some(name) = name {
            return name.clone();
        }
        // Without names, what was left out is called by its number.
        let left_out: Vec<usize> = match &self.names {
            None => self.left_out.iter().filter_map(|number| number.parse().ok()).collect(),
            Some(_) => Vec::new(),
        };
        let mut numbers = (1..).filter(|number| !left_out.contains(number));
        numbers.nth(column).unwrap_or(column + 1).to_string()
    }

    /// Scales a number of a column; not finite if it is too large for single precision.
    pub(crate) fn scale(&self, column: usize, value: f64) -> f32 {
        let (low, high) = (self.minimum[column], self.maximum[column]);
        // Halves, so that the range of the largest numbers is finite as well.
        let range = high / 2.0 - low / 2.0;
        if range > 0.0 {
            return ((value / 2.0 - low / 2.0) / range) as f32;
        }
        match self.constant_columns {
            ConstantColumns::Zero => 0.0,
            ConstantColumns::Unit => ((value - low) * self.constant_unit()) as f32,
        }
    }

    /// Scales a row.
    pub(crate) fn apply<'a>(&'a self, row: &'a [f64]) -> impl Iterator<Item = f32> + 'a {
        row.iter().enumerate().map(|(column, &value)| self.scale(column, value))
    }

    /// Rows in [0, 1], `n x columns`, in the table's own units.
    pub fn undo(&self, rows: &[f32]) -> Vec<f64> {
        let bounds = || self.minimum.iter().zip(&self.maximum);
        let constant = |low: f64, value: f64| match self.constant_columns {
            ConstantColumns::Zero => low,
            ConstantColumns::Unit => low + value / self.constant_unit(),
        };
        let rows = rows.chunks(self.columns().max(1));
        rows.flat_map(|row| {
            row.iter().zip(bounds()).map(|(&value, (&low, &high))| {
                let value = f64::from(value);
                if low < high { low * (1.0 - value) + high * value } else { constant(low, value) }
            })
        })
        .collect()
    }

    /// What the network is shown of scaled rows, `n x columns`.
    ///
    /// A column that was constant is 0 there, as in training: the weights behind it have never learned
    /// anything. The others are at most one range of training beyond it (in [-1, 2]), so that one absurd
    /// cell does not drown the others. Errors are measured against the rows as they are. A model of an
    /// earlier version is shown the rows.
    pub fn network_input<'a>(&self, rows: &'a [f32]) -> Cow<'a, [f32]> {
        if self.constant_columns == ConstantColumns::Zero {
            return Cow::Borrowed(rows);
        }
        let bounds: Vec<(f32, f32)> =
            (0..self.columns()).map(|column| self.shown(column)).collect();
        let mut shown = rows.to_vec();
        for row in shown.chunks_mut(self.columns().max(1)) {
            for (value, &(low, high)) in row.iter_mut().zip(&bounds) {
                *value = value.max(low).min(high);
            }
        }
        Cow::Owned(shown)
    }

    /// Puts the constants into scaled rows that a network made, `n x columns`: what it says of a column in
    /// which it has only seen the constant tells where its training has stopped, and nothing of the row.
    /// Rows of a model of an earlier version stay as they are.
    pub fn restore_constants(&self, rows: &mut [f32]) {
        if self.constant_columns == ConstantColumns::Zero {
            return;
        }
        let constant = self.constant();
        for row in rows.chunks_mut(self.columns().max(1)) {
            for &column in &constant {
                row.iter_mut().skip(column).take(1).for_each(|value| *value = 0.0);
            }
        }
    }

    /// How much of scaled rows, `n x columns`, the network is not shown: the squared distance of each from
    /// its [`network_input`](Self::network_input) in standard deviations, of which a column's range in
    /// training is taken to have six.
    pub fn hidden_deviations(&self, rows: &[f32]) -> Vec<f64> {
        let shown = self.network_input(rows);
        let units: Vec<f64> = (0..self.columns())
            .map(|column| {
                let [low, high] = self.range(column).map(|bound| self.scale(column, bound));
                let constant = self.constant_unit();
                DEVIATIONS_OF_RANGE / if low < high { f64::from(high - low) } else { constant }
            })
            .collect();
        let size = self.columns().max(1);
        let rows = rows.chunks(size).zip(shown.chunks(size));
        let squares = rows.map(|(row, shown)| {
            let values = row.iter().zip(shown).zip(&units);
            values.map(|((&value, &shown), unit)| {
                ((f64::from(value) - f64::from(shown)) * unit).powi(2)
            })
        });
        squares.map(Iterator::sum).collect()
    }

    /// What a difference of 1 becomes in a column that was constant.
    fn constant_unit(&self) -> f64 {
        match self.kind {
            ColumnScaling::MinMax => 1.0,
            ColumnScaling::Standard => DEVIATIONS_OF_RANGE,
        }
    }

    /// The scaled values of a column that the network is shown: the range of training, and as much on
    /// both sides.
    fn shown(&self, column: usize) -> (f32, f32) {
        if self.minimum[column] >= self.maximum[column] {
            return (0.0, 0.0);
        }
        let [low, high] = self.range(column).map(|bound| self.scale(column, bound));
        (2.0 * low - high, 2.0 * high - low)
    }

    /// The smallest and the largest value of a column in training.
    pub fn range(&self, column: usize) -> [f64; 2] {
        let own = || [self.minimum[column], self.maximum[column]];
        self.ranges.get(column).copied().unwrap_or_else(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(rows: &[&[f64]]) -> Scaling {
        Scaling::fit(None, rows[0].len(), rows.iter().copied())
    }

    /// `sklearn.preprocessing.MinMaxScaler().fit([[1, 5, -2], [3, 5, 2]]).transform([[2, 7, 6]])` is
    /// `[[0.5, 2.0, 2.0]]`.
    #[test]
    fn equals_scikit_learns_scaler_and_comes_back() {
        let scaling = fit(&[&[1.0, 5.0, -2.0], &[3.0, 5.0, 2.0]]);
        let scaled: Vec<f32> = scaling.apply(&[2.0, 7.0, 6.0]).collect();
        assert_eq!(scaled, [0.5, 2.0, 2.0]);
        assert_eq!(scaling.undo(&scaled), [2.0, 7.0, 6.0]);
        assert_eq!(scaling.constant(), [1]);
        let mut made = [0.5, 0.25, 0.5, 0.5, 0.75, 0.5];
        scaling.restore_constants(&mut made);
        assert_eq!(made, [0.5, 0.0, 0.5, 0.5, 0.0, 0.5]);
        // Six deviations for the constant, and for a range beyond those that are shown.
        assert_eq!(scaling.hidden_deviations(&[0.5, 1.0, 3.0, 2.0, 0.0, -1.0]), [72.0, 0.0]);
        assert_eq!(
            *scaling.network_input(&[0.5, 1e30, 1e30, -7.0, -1.0, 0.1]),
            [0.5, 0.0, 2.0, -1.0, 0.0, 0.1]
        );
    }

    /// `MinMaxScaler().fit([[0.3], [0.1 + 0.2]]).transform([[0.3000001]])` is `[[1e-7]]`.
    #[test]
    fn a_column_that_varies_by_rounding_alone_is_constant() {
        let scaling = fit(&[&[0.3, 1e9, 1e-20, 0.1], &[0.1 + 0.2, 1e9 + 1e-6, 3e-20, 0.1 + 1e-9]]);
        assert_eq!(scaling.constant(), [0, 1]);
        let scaled: Vec<f32> = scaling.apply(&[0.3000001, 1e9, 2e-20, 0.1]).collect();
        assert!((scaled[0] - 1e-7).abs() < 1e-14, "{scaled:?}");
        assert_eq!(scaled[1..], [0.0, 0.5, 0.0]);
        assert_eq!(fit(&[&[0.0], &[0.0]]).constant(), [0]);
        assert_eq!(fit(&[&[0.0], &[5e-300]]).constant(), [] as [usize; 0]);
    }

    /// Written by version 0.1.
    #[test]
    fn a_scaling_of_an_earlier_version_keeps_its_meaning() {
        let json = r#"{"names":["a","b"],"minimum":[0.0,7.0],"maximum":[2.0,7.0]}"#;
        let scaling: Scaling = serde_json::from_str(json).unwrap();
        assert!(scaling.is_sound());
        assert_eq!(scaling.apply(&[1.0, 9.0]).collect::<Vec<_>>(), [0.5, 0.0]);
        assert_eq!(scaling.undo(&[0.5, 0.25]), [1.0, 7.0]);
        assert_eq!(*scaling.network_input(&[9.0, 0.25]), [9.0, 0.25]);
        let new = fit(&[&[1.0, 5.0], &[3.0, 5.0]]);
        let kept: Scaling = serde_json::from_str(&serde_json::to_string(&new).unwrap()).unwrap();
        assert_eq!(kept, new);
    }

    /// `sklearn.preprocessing.StandardScaler().fit([[1, 5, -2], [3, 5, 2], [8, 5, 3]])` has
    /// `mean_ = [4, 5, 1]` and `scale_ = [2.94392029, 1, 2.1602469]`.
    #[test]
    fn standard_scaling_is_scikit_learns() {
        let rows: [&[f64]; 3] = [&[1.0, 5.0, -2.0], &[3.0, 5.0, 2.0], &[8.0, 5.0, 3.0]];
        let scaling = Scaling::fit_standard(None, 3, rows.into_iter());
        assert_eq!(scaling.constant(), [1]);
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
        let scaling = fit(&[&[f64::MIN], &[f64::MAX]]);
        assert_eq!(scaling.apply(&[0.0]).collect::<Vec<_>>(), [0.5]);
        assert_eq!(scaling.undo(&[0.0, 0.5, 1.0]), [f64::MIN, 0.0, f64::MAX]);
    }
}

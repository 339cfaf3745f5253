//! Scaling of a table's columns: to the numbers that a model learns from, and back.

pub(crate) mod kind;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::DatasetError;
use kind::{ColumnScaling, ConstantColumns};

/// The range of a few hundred normally distributed numbers, in standard deviations.
const DEVIATIONS_OF_RANGE: f64 = 6.0;

/// Linear scaling of a table's columns: `(x - minimum) / (maximum - minimum)`. With [`ColumnScaling::Standard`],
/// `minimum` is the mean and `maximum` lies one standard deviation above it.
///
/// The scaling is fitted to the training rows. Min-max scaling brings them to [0, 1]; other rows may lie outside. A
/// column that is constant in the training rows is 0 there; in later rows it is the difference from the constant
/// ([`ConstantColumns::Unit`]).
///
/// A column counts as constant if its range is only rounding: at most `max(10, n)` times the machine epsilon times its
/// largest magnitude, for `n` rows. These are scikit-learn's bounds, relative to the numbers: 10 epsilon in
/// `_handle_zeros_in_scale` and `n` epsilon times the mean in `_is_constant_feature`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// How the bounds were chosen. Files without this key mean min-max.
    #[serde(default, skip_serializing_if = "is_min_max")]
    pub kind: ColumnScaling,
    /// The names of the columns, if the table has a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// The value that becomes 0 in each column: its minimum or its mean.
    pub minimum: Vec<f64>,
    /// The value that becomes 1 in each column: its maximum, or its mean plus one standard deviation. It equals `minimum`
    /// in a constant column.
    pub maximum: Vec<f64>,
    /// The smallest and the largest value of each column in training, unless they are `minimum` and `maximum`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<[f64; 2]>,
    /// The scaled value in constant columns.
    #[serde(default)]
    pub constant_columns: ConstantColumns,
    /// The columns of the training table that the model does not use: the classes and those that were left out. Without
    /// a header, their numbers counted from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_min_max(kind: &ColumnScaling) -> bool {
    *kind == ColumnScaling::MinMax
}

impl Scaling {
    /// The scaling that brings rows to [0, 1]. `each_row` calls a function with every row, in order.
    ///
    /// # Errors
    /// If the rows cannot be read.
    pub(crate) fn fit(
        names: Option<Vec<String>>,
        columns: usize,
        each_row: impl Fn(&mut dyn FnMut(&[f64])) -> Result<(), DatasetError>,
    ) -> Result<Self, DatasetError> {
        let (mut minimum, mut maximum) = (vec![f64::MAX; columns], vec![f64::MIN; columns]);
        let mut count = 0_u32;
        each_row(&mut |row| {
            count += 1;
            for ((low, high), &value) in minimum.iter_mut().zip(&mut maximum).zip(row) {
                *low = low.min(value);
                *high = high.max(value);
            }
        })?;
        let tolerance = f64::from(count.max(10)) * f64::EPSILON;
        for (low, high) in minimum.iter().zip(&mut maximum) {
            // Halves keep the range of the largest numbers finite.
            if *high / 2.0 - low / 2.0 <= tolerance * (low.abs().max(high.abs()) / 2.0) {
                *high = *low;
            }
        }
        let constant_columns = ConstantColumns::Unit;
        let (ranges, left_out) = (Vec::new(), Vec::new());
        Ok(Self {
            kind: ColumnScaling::MinMax,
            names,
            minimum,
            maximum,
            ranges,
            constant_columns,
            left_out,
        })
    }

    /// The scaling that brings rows to mean 0 and variance 1, as [`fit`](Self::fit). Constant columns keep their bounds.
    /// The rows are read twice.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub(crate) fn fit_standard(
        names: Option<Vec<String>>,
        columns: usize,
        each_row: impl Fn(&mut dyn FnMut(&[f64])) -> Result<(), DatasetError>,
    ) -> Result<Self, DatasetError> {
        let mut scaling = Self::fit(names, columns, &each_row)?;
        scaling.kind = ColumnScaling::Standard;
        scaling.ranges =
            scaling.minimum.iter().zip(&scaling.maximum).map(|(&low, &high)| [low, high]).collect();
        let constant = scaling.constant();
        // Sums of min-max scaled values neither overflow nor cancel.
        let (mut sums, mut squares, mut count) = (vec![0.0; columns], vec![0.0; columns], 0.0);
        each_row(&mut |row| {
            count += 1.0;
            let bounds = scaling.minimum.iter().zip(&scaling.maximum);
            let sums = sums.iter_mut().zip(&mut squares);
            for ((&value, (&low, &high)), (sum, square)) in row.iter().zip(bounds).zip(sums) {
                let part = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
                *sum += part;
                *square += part * part;
            }
        })?;
        for column in (0..columns).filter(|column| !constant.contains(column)) {
            let mean = sums[column] / count;
            let deviation = (squares[column] / count - mean * mean).max(0.0).sqrt();
            let (low, high) = (scaling.minimum[column], scaling.maximum[column]);
            let at = |part: f64| low * (1.0 - part) + high * part;
            // The deviation is at most half the range, so the sum stays below twice the maximum.
            let (zero, one) = (at(mean), at(mean + deviation));
            if one > zero && one.is_finite() {
                scaling.minimum[column] = zero;
                scaling.maximum[column] = one;
            }
        }
        Ok(scaling)
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.minimum.len()
    }

    /// Whether the bounds of every column are finite and in order, and either all columns have names or none. A scaling
    /// from a file must be checked by this.
    pub fn is_sound(&self) -> bool {
        let ordered =
            |(low, high): (&f64, &f64)| low.is_finite() && high.is_finite() && low <= high;
        !self.minimum.is_empty()
            && self.minimum.len() == self.maximum.len()
            && self.minimum.iter().zip(&self.maximum).all(ordered)
            && (self.ranges.is_empty() || self.ranges.len() == self.minimum.len())
            && self.names.as_ref().is_none_or(|names| names.len() == self.minimum.len())
    }

    /// The indices of the constant columns.
    pub fn constant(&self) -> Vec<usize> {
        let bounds = self.minimum.iter().zip(&self.maximum).enumerate();
        bounds.filter(|(_, (low, high))| low == high).map(|(column, _)| column).collect()
    }

    /// The name of a column; without a name, its number in the training table, counted from 1.
    pub fn name(&self, column: usize) -> String {
        let names = self.names.as_deref().unwrap_or_default();
        let name = names.get(column).filter(|name| !name.is_empty());
        if let Some(name) = name {
            return name.clone();
        }
        // Without names, `left_out` holds numbers.
        let left_out: Vec<usize> = match &self.names {
            None => self.left_out.iter().filter_map(|number| number.parse().ok()).collect(),
            Some(_) => Vec::new(),
        };
        let mut numbers = (1..).filter(|number| !left_out.contains(number));
        numbers.nth(column).unwrap_or(column + 1).to_string()
    }

    /// Scales a number of a column. The result is infinite if it is too large for single precision.
    pub(crate) fn scale(&self, column: usize, value: f64) -> f32 {
        let (low, high) = (self.minimum[column], self.maximum[column]);
        // Halves keep the range of the largest numbers finite.
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

    /// Scales rows in the table's own units, `n x columns`. A result is infinite if it is too large for single precision.
    pub fn rows(&self, rows: &[f64]) -> Vec<f32> {
        rows.chunks(self.columns().max(1)).flat_map(|row| self.apply(row)).collect()
    }

    /// Converts scaled rows, `n x columns`, to the table's own units.
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

    /// The numbers that the network receives for scaled rows, `n x columns`.
    ///
    /// A constant column is 0, as in training, because the weights for it have learned nothing. Other columns are clamped
    /// to the range of training plus one range on both sides ([-1, 2] with min-max scaling), so that one absurd cell does
    /// not dominate the row. Reconstruction errors are still measured against the rows themselves. Models of earlier
    /// versions ([`ConstantColumns::Zero`]) receive the rows unchanged.
    pub fn network_input<'a>(&self, rows: &'a [f32]) -> Cow<'a, [f32]> {
        if self.constant_columns == ConstantColumns::Zero {
            return Cow::Borrowed(rows);
        }
        let bounds: Vec<(f32, f32)> =
            (0..self.columns()).map(|column| self.network_bounds(column)).collect();
        let mut shown = rows.to_vec();
        for row in shown.chunks_mut(self.columns().max(1)) {
            for (value, &(low, high)) in row.iter_mut().zip(&bounds) {
                *value = value.max(low).min(high);
            }
        }
        Cow::Owned(shown)
    }

    /// Sets the constant columns of scaled rows that a network made, `n x columns`, to their constant.
    ///
    /// What a network outputs for a column that never varied shows only how far its training went, and nothing about the
    /// row. Rows of models of earlier versions ([`ConstantColumns::Zero`]) stay unchanged.
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

    /// The part of scaled rows, `n x columns`, that the network does not receive: the squared distance of each row from
    /// its [`network_input`](Self::network_input), in standard deviations. A column's range in training is taken as six
    /// standard deviations.
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

    /// The scaled value of a difference of 1 in a constant column.
    fn constant_unit(&self) -> f64 {
        match self.kind {
            ColumnScaling::MinMax => 1.0,
            ColumnScaling::Standard => DEVIATIONS_OF_RANGE,
        }
    }

    /// The bounds of a column's scaled values for the network: the range of training plus one range on both sides.
    fn network_bounds(&self, column: usize) -> (f32, f32) {
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
        Scaling::fit(None, rows[0].len(), |visit| {
            rows.iter().for_each(|row| visit(row));
            Ok(())
        })
        .unwrap()
    }

    /// `sklearn.preprocessing.MinMaxScaler().fit([[1, 5, -2], [3, 5, 2]]).transform([[2, 7, 6]])` is
    /// `[[0.5, 2.0, 2.0]]`.
    #[test]
    fn equals_scikit_learns_scaler_and_comes_back() {
        let scaling = fit(&[&[1.0, 5.0, -2.0], &[3.0, 5.0, 2.0]]);
        let scaled: Vec<f32> = scaling.apply(&[2.0, 7.0, 6.0]).collect();
        assert_eq!(scaled, [0.5, 2.0, 2.0]);
        assert_eq!(scaling.rows(&[2.0, 7.0, 6.0, 1.0, 5.0, -2.0]), [0.5, 2.0, 2.0, 0.0, 0.0, 0.0]);
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
        let each = |visit: &mut dyn FnMut(&[f64])| {
            rows.iter().for_each(|row| visit(row));
            Ok(())
        };
        let scaling = Scaling::fit_standard(None, 3, each).unwrap();
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

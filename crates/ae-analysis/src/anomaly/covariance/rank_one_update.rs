//! The distance of each row by mean and covariance of all other rows, by a rank-one update in `O(columns^2)`
//! instead of a new fit. The results are equal up to rounding.

use faer::linalg::solvers::SelfAdjointEigen;
use faer::{Mat, MatRef, Side};

use super::ledoit_wolf::{Moments, Shrinkage, Spread, centred, squared_norm};
use super::{Covariance, RIDGE};
use crate::{AnalysisError, Rows};

/// Mean and covariance of all rows, from which those without one row follow.
///
/// With the mean `m` and the covariance `S` of all `n` rows, and `b = x - m`, mean and covariance without `x` are
/// `m - b / (n - 1)` and `n / (n - 1) (S - b b^T / (n - 1))`. In the basis of the eigenvectors of `S`, the shrunk
/// `S` is diagonal for every intensity, and `b b^T` is a rank-one update (Sherman and Morrison 1950).
#[derive(Debug, Clone)]
pub(crate) struct WithoutOneRow {
    mean: Vec<f64>,
    spread: Spread,
    shrinkage: Shrinkage,
    /// The eigenvalues of the covariance, and its eigenvectors as columns.
    variances: Vec<f64>,
    vectors: Mat<f64>,
    /// The sum of the centred rows, each times its squared norm, in the basis of the eigenvectors.
    third: Vec<f64>,
}

/// The distance of a row, and the mean distances of the other rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeldOutDistance {
    /// The squared Mahalanobis distance of the row by mean and covariance of the others.
    pub(crate) distance: f64,
    /// The mean distance of the others by their own covariance.
    pub(crate) others: f64,
    /// The mean distance of the others, from their mean, by the covariance of all.
    pub(crate) others_by_all: f64,
}

impl WithoutOneRow {
    /// Fits to all rows. The covariance of all rows is the second result.
    ///
    /// # Errors
    /// As [`Covariance::fit`], and if the decomposition fails.
    pub(crate) fn fit(rows: Rows<'_>) -> Result<(Self, Covariance), AnalysisError> {
        let moments = Moments::of(rows)?;
        let columns = rows.columns();
        let matrix = MatRef::from_row_major_slice(&moments.covariance, columns, columns);
        let eigen = SelfAdjointEigen::new(matrix, Side::Lower)
            .map_err(|_| AnalysisError::NoConvergence { what: "the covariance of the codes" })?;
        let values = eigen.S().column_vector();
        let variances = (0..columns).map(|place| values[place].max(0.0)).collect();
        let mut sum = vec![0.0; columns];
        for row in rows.iter() {
            let centred = centred(row, &moments.mean);
            let norm = squared_norm(&centred);
            sum.iter_mut().zip(&centred).for_each(|(sum, x)| *sum += norm * x);
        }
        let vectors = eigen.U().to_owned();
        let fitted = Self {
            mean: moments.mean.clone(),
            spread: moments.spread(),
            shrinkage: moments.shrinkage(),
            variances,
            third: projected(&vectors, &sum),
            vectors,
        };
        Ok((fitted, Covariance::of(moments)?))
    }

    /// The distance of one of the rows that it was fitted to.
    pub(crate) fn held_out(&self, row: &[f32]) -> HeldOutDistance {
        let along = projected(&self.vectors, &centred(row, &self.mean));
        let Shrinkage { intensity, scale } = self.without(&along);
        let n = self.spread.rows;
        let growth = n / (n - 1.0);
        let ridge = RIDGE * self.shrinkage.scale;
        let kept = (1.0 - intensity) * growth;
        let removed = kept / (n - 1.0);
        let target = intensity * scale + ridge;
        let all_kept = 1.0 - self.shrinkage.intensity;
        let all_target = (self.shrinkage.intensity + RIDGE) * self.shrinkage.scale;
        let (mut own, mut trace, mut twice) = (0.0, 0.0, 0.0);
        let (mut own_by_all, mut trace_by_all) = (0.0, 0.0);
        for (x, variance) in along.iter().zip(&self.variances) {
            let square = x * x;
            let inner = kept * variance + target;
            own += square / inner;
            trace += variance / inner;
            twice += square * variance / (inner * inner);
            let inner = all_kept * variance + all_target;
            own_by_all += square / inner;
            trace_by_all += variance / inner;
        }
        // Above 0 up to rounding, because the others' covariance has no negative eigenvalue.
        let rest = (1.0 - removed * own).max(f64::EPSILON);
        let others = trace + removed * twice / rest - own / rest / (n - 1.0);
        HeldOutDistance {
            distance: growth * growth * own / rest,
            others: growth * others.max(0.0),
            others_by_all: growth * (trace_by_all - own_by_all / (n - 1.0)).max(0.0),
        }
    }

    /// The shrinkage of the others' covariance, without a row that has the coordinates `along` the eigenvectors.
    ///
    /// Two other rows lie on a line, from which no intensity can be estimated; then it is that of all rows.
    fn without(&self, along: &[f64]) -> Shrinkage {
        let others = self.spread_without(along).shrinkage();
        let intensity =
            if self.spread.rows > 3.0 { others.intensity } else { self.shrinkage.intensity };
        Shrinkage { intensity, ..others }
    }

    fn spread_without(&self, along: &[f64]) -> Spread {
        let Spread { rows: n, columns, trace, square, fourth } = self.spread;
        let norm = squared_norm(along);
        let (growth, step) = (n / (n - 1.0), 1.0 / (n - 1.0));
        let pairs = along.iter().zip(&self.variances);
        let variance: f64 = pairs.map(|(x, variance)| x * x * variance).sum();
        let third: f64 = along.iter().zip(&self.third).map(|(x, third)| x * third).sum();
        // The others' mean is off by `-step b`: `sum (|b_k|^2 + 2 step b_k b + step^2 |b|^2)^2`.
        let off = step * step * norm;
        let about = fourth
            + 4.0 * n * step * step * variance
            + n * off * off
            + 4.0 * step * third
            + 2.0 * off * n * trace;
        let own = (norm * growth * growth).powi(2);
        Spread {
            rows: n - 1.0,
            columns,
            trace: (growth * (trace - step * norm)).max(0.0),
            square: growth
                * growth
                * (square - 2.0 * step * variance + step * step * norm * norm).max(0.0),
            fourth: (about - own).max(0.0),
        }
    }
}

/// The coordinates of a vector along the columns of a matrix.
fn projected(vectors: &Mat<f64>, vector: &[f64]) -> Vec<f64> {
    let dot = |place: usize| {
        let column = vectors.col(place).iter();
        column.zip(vector).map(|(a, b)| a * b).sum()
    };
    (0..vectors.ncols()).map(dot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The squares of numbers that are spread evenly: skewed, so that no moment is 0.
    fn rows(n: usize, columns: usize) -> Vec<f32> {
        let value = |i: usize| ((i * 7919 + i * i * 31) % 1009) as f32 / 500.0 - 1.0;
        (0..n * columns).map(|i| value(i).powi(2) * (1 + i % columns) as f32).collect()
    }

    #[test]
    fn a_row_is_measured_as_by_a_fit_to_all_others() {
        for (n, columns) in [(4, 1), (5, 5), (12, 7), (40, 6), (9, 20), (100, 3)] {
            let values = rows(n, columns);
            let all = Rows::new(&values, columns).unwrap();
            let (without, covariance) = WithoutOneRow::fit(all).unwrap();
            assert_eq!(covariance, Covariance::fit(all).unwrap());
            for row in 0..n {
                let mut others = values.clone();
                others.drain(row * columns..(row + 1) * columns);
                let others = Rows::new(&others, columns).unwrap();
                let fitted = Covariance::fit(others).unwrap();
                let one = Rows::new(all.row(row), columns).unwrap();
                let near = |found: f64, expected: f64, what: &str| {
                    // The ridge is that of all rows.
                    let difference = (found / expected - 1.0).abs();
                    assert!(
                        difference < 1e-6,
                        "{n} x {columns}, {row}, {what}: {found} {expected}"
                    );
                };
                let held_out = without.held_out(all.row(row));
                near(held_out.distance, fitted.distances(one).unwrap()[0], "distance");
                let mean = |distances: Vec<f64>| distances.iter().sum::<f64>() / (n - 1) as f64;
                near(held_out.others, mean(fitted.distances(others).unwrap()), "others");
                let by_all = Covariance { mean: fitted.mean.clone(), ..covariance.clone() };
                near(held_out.others_by_all, mean(by_all.distances(others).unwrap()), "by all");
            }
        }
    }

    #[test]
    fn three_rows_are_not_measured_by_the_line_through_two() {
        let values = rows(3, 5);
        let all = Rows::new(&values, 5).unwrap();
        let (without, _) = WithoutOneRow::fit(all).unwrap();
        for row in all.iter() {
            let distance = without.held_out(row).distance;
            assert!((0.1..1000.0).contains(&distance), "{distance}");
        }
    }

    #[test]
    fn one_row_beside_equal_ones_has_a_finite_distance() {
        let values = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 4.0, 5.0];
        let all = Rows::new(&values, 2).unwrap();
        let (without, _) = WithoutOneRow::fit(all).unwrap();
        let far = without.held_out(all.row(3));
        assert!(far.distance.is_finite() && far.distance > 1e6, "{far:?}");
        let near = without.held_out(all.row(0));
        assert!(near.distance < 1.0, "{near:?}");
    }
}

//! The covariance of codes, shrunk so that it can be inverted, and Mahalanobis distances.

mod ledoit_wolf;
mod rank_one_update;

use faer::Side;
use faer::linalg::solvers::{DenseSolveCore, Llt};
use serde::{Deserialize, Serialize};

pub(crate) use rank_one_update::WithoutOneRow;

use crate::{AnalysisError, Rows};
use ledoit_wolf::{Moments, Shrinkage, centred};

/// Variance that is added to each column, as a fraction of the mean variance, so that columns that do not vary can
/// be inverted.
const RIDGE: f64 = 1e-9;

/// A mean and the inverse of a covariance matrix. The covariance is shrunk towards a multiple of the identity by
/// the intensity of Ledoit and Wolf (2004, "A well-conditioned estimator for large-dimensional covariance
/// matrices").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covariance {
    mean: Vec<f64>,
    /// `columns x columns`, row after row.
    precision: Vec<f64>,
    shrinkage: f64,
}

impl Covariance {
    /// Fits mean and covariance to rows. There may be fewer rows than columns.
    ///
    /// # Errors
    /// If a number is not finite, or the rows are equal but for the rounding of `f32`.
    pub fn fit(rows: Rows<'_>) -> Result<Self, AnalysisError> {
        Self::of(Moments::of(rows)?)
    }

    fn of(moments: Moments) -> Result<Self, AnalysisError> {
        let Shrinkage { intensity, scale } = moments.shrinkage();
        let columns = moments.mean.len();
        let mut covariance = moments.covariance;
        covariance.iter_mut().for_each(|entry| *entry *= 1.0 - intensity);
        let target = (intensity + RIDGE) * scale;
        covariance.iter_mut().step_by(columns + 1).for_each(|entry| *entry += target);
        let precision = inverse(&covariance, columns)?;
        Ok(Self { mean: moments.mean, precision, shrinkage: intensity })
    }

    /// The intensity of the shrinkage: 0 for none, 1 for a multiple of the identity.
    pub fn shrinkage(&self) -> f64 {
        self.shrinkage
    }

    /// Whether it has this many columns and finite numbers.
    pub(crate) fn fits(&self, columns: usize) -> bool {
        self.mean.len() == columns
            && self.precision.len() == columns * columns
            && self.mean.iter().chain(&self.precision).all(|number| number.is_finite())
    }

    /// The squared Mahalanobis distance of each row from the mean.
    ///
    /// # Errors
    /// If the rows are of another length.
    pub fn distances(&self, rows: Rows<'_>) -> Result<Vec<f64>, AnalysisError> {
        rows.check_columns(self.mean.len())?;
        let distance = |row: &[f32]| {
            let centred = centred(row, &self.mean);
            let lines = self.precision.chunks_exact(centred.len()).zip(&centred);
            let dot = |line: &[f64]| line.iter().zip(&centred).map(|(a, b)| a * b).sum::<f64>();
            lines.map(|(line, x)| x * dot(line)).sum()
        };
        Ok(rows.iter().map(distance).collect())
    }
}

fn inverse(covariance: &[f64], columns: usize) -> Result<Vec<f64>, AnalysisError> {
    let matrix = faer::MatRef::from_row_major_slice(covariance, columns, columns);
    let factor = Llt::new(matrix, Side::Lower)
        .map_err(|_| AnalysisError::NoConvergence { what: "the covariance of the codes" })?;
    let inverse = factor.inverse();
    Ok((0..columns * columns).map(|i| inverse[(i / columns, i % columns)]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    // import numpy as np
    // from sklearn.covariance import LedoitWolf
    // def x(n, d):
    //     i, c = np.arange(n)[:, None], np.arange(d)
    //     z = ((i * 37 + c * 101 + i * i * (c + 2)) % 127 - 63) / 16
    //     return z * (1 + c) + 3 * z[:, :1]
    // for n, d in (6, 3), (40, 3), (12, 5), (5, 8), (60, 20):
    //     X = x(n, d); m = LedoitWolf().fit(X); m.shrinkage_, m.mahalanobis(X)[:3]
    fn rows(n: usize, d: usize) -> Vec<f32> {
        let z = |i: usize, c: usize| ((i * 37 + c * 101 + i * i * (c + 2)) % 127) as f32 - 63.0;
        let value = |i, c| z(i, c) / 16.0 * (1 + c) as f32 + 3.0 * z(i, 0) / 16.0;
        (0..n).flat_map(|i| (0..d).map(move |c| value(i, c))).collect()
    }

    const ORACLE: [(usize, usize, f64, [f64; 3]); 5] = [
        (6, 3, 0.5358026600796435, [1.9749086422069149, 2.057521633302345, 1.1659803725951599]),
        (40, 3, 0.09220439220006303, [2.463468043656104, 3.44204044407161, 1.0850684717316241]),
        (12, 5, 0.17453993034815404, [2.803984788204806, 3.93019985738298, 5.079073041191328]),
        (5, 8, 0.8284997565557679, [4.0556543116786345, 5.920358497263712, 7.179820275303377]),
        (60, 20, 0.2755747520420168, [14.284922214826327, 14.822249261175246, 12.529870922975489]),
    ];

    #[test]
    fn shrinkage_and_distances_are_those_of_scikit_learn() {
        for (n, d, shrinkage, distances) in ORACLE {
            let values = rows(n, d);
            let rows = Rows::new(&values, d).unwrap();
            let fitted = Covariance::fit(rows).unwrap();
            assert!((fitted.shrinkage() - shrinkage).abs() < 1e-9, "{n} x {d}: {fitted:?}");
            for (found, expected) in fitted.distances(rows).unwrap().iter().zip(distances) {
                // The ridge is a thousand-millionth of the mean variance, the shrinkage above a hundredth.
                assert!((found / expected - 1.0).abs() < 1e-6, "{n} x {d}: {found} {expected}");
            }
        }
    }

    #[test]
    fn a_dead_unit_does_not_stop_it() {
        let rows = [0.0, 1.0, 0.0, 2.0, 0.0, 4.0_f32];
        let fitted = Covariance::fit(Rows::new(&rows, 2).unwrap()).unwrap();
        assert!(fitted.fits(2) && !fitted.fits(3));
        let other = fitted.distances(Rows::new(&[0.0, 1.0, 1.0, 1.0], 2).unwrap()).unwrap();
        assert!(other[1] > other[0], "{other:?}");
    }

    #[test]
    fn rows_that_are_equal_but_for_rounding_have_no_covariance() {
        for rows in [[0.0; 6], [0.3, 0.7, 0.3, 0.7, 0.300_000_04, 0.7]] {
            let told = Covariance::fit(Rows::new(&rows, 2).unwrap()).unwrap_err().to_string();
            assert!(told.starts_with("the codes of the normal items do not vary"), "{told}");
        }
    }
}

//! The covariance of codes, shrunk so that it can be inverted, and distances by it.

use faer::Side;
use faer::linalg::solvers::{DenseSolveCore, Llt};
use serde::{Deserialize, Serialize};

use crate::{AnalysisError, Rows};

/// A mean and the inverse of a covariance matrix, shrunk towards a multiple of the identity as far as
/// Ledoit and Wolf (2004, "A well-conditioned estimator for large-dimensional covariance matrices")
/// estimate to be best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covariance {
    mean: Vec<f64>,
    /// `columns x columns`, row after row.
    precision: Vec<f64>,
    shrinkage: f64,
}

impl Covariance {
    /// Fits mean and covariance to rows.
    ///
    /// # Errors
    /// If a number is not finite, or no column varies.
    pub fn fit(rows: Rows<'_>) -> Result<Self, AnalysisError> {
        rows.check_finite()?;
        let (n, columns) = (rows.len() as f64, rows.columns());
        let mut mean = vec![0.0; columns];
        for row in rows.iter() {
            mean.iter_mut().zip(row).for_each(|(mean, &value)| *mean += f64::from(value));
        }
        mean.iter_mut().for_each(|mean| *mean /= n);
        let mut covariance = vec![0.0; columns * columns];
        let mut fourth = 0.0;
        for row in rows.iter() {
            let centred = centred(row, &mean);
            for (line, left) in covariance.chunks_exact_mut(columns).zip(&centred) {
                line.iter_mut().zip(&centred).for_each(|(sum, right)| *sum += left * right);
            }
            fourth += centred.iter().map(|x| x * x).sum::<f64>().powi(2);
        }
        covariance.iter_mut().for_each(|sum| *sum /= n);
        let scale = covariance.iter().step_by(columns + 1).sum::<f64>() / columns as f64;
        if scale <= 0.0 {
            return Err(AnalysisError::Constant { what: "the codes of the normal items" });
        }
        let square: f64 = covariance.iter().map(|entry| entry * entry).sum();
        let dispersion = square - columns as f64 * scale * scale;
        let error = (fourth / n - square) / n;
        // Without dispersion the covariance is the target itself.
        let shrinkage = if dispersion > 0.0 { (error / dispersion).clamp(0.0, 1.0) } else { 0.0 };
        covariance.iter_mut().for_each(|entry| *entry *= 1.0 - shrinkage);
        covariance.iter_mut().step_by(columns + 1).for_each(|entry| *entry += shrinkage * scale);
        Ok(Self { mean, precision: inverse(&covariance, columns, scale)?, shrinkage })
    }

    /// How far it was shrunk: 0 not at all, 1 to a multiple of the identity.
    pub fn shrinkage(&self) -> f64 {
        self.shrinkage
    }

    /// Whether it is one of so many columns, with finite numbers.
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

fn centred(row: &[f32], mean: &[f64]) -> Vec<f64> {
    row.iter().zip(mean).map(|(&value, mean)| f64::from(value) - mean).collect()
}

/// The inverse of a covariance matrix; columns that do not vary are given a variance that is next to
/// nothing beside `scale`.
fn inverse(covariance: &[f64], columns: usize, scale: f64) -> Result<Vec<f64>, AnalysisError> {
    const RIDGE: f64 = 1e-9;
    let matrix = faer::Mat::from_fn(columns, columns, |row, column| {
        let ridge = if row == column { RIDGE * scale } else { 0.0 };
        covariance.get(row * columns + column).copied().unwrap_or_default() + ridge
    });
    let factor = Llt::new(matrix.as_ref(), Side::Lower)
        .map_err(|_| AnalysisError::NoConvergence { what: "the covariance of the codes" })?;
    let inverse = factor.inverse();
    Ok((0..columns * columns).map(|i| inverse[(i / columns, i % columns)]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_scikit_learn() {
        // X = np.array([[1, 2, 0], [2, 1, 1], [4, 3, 0], [0, 5, 2], [3, 3, 3], [1, 0, 1.]])
        // m = sklearn.covariance.LedoitWolf().fit(X); m.shrinkage_; m.mahalanobis(X)
        let rows: [f32; 18] = [
            1.0, 2.0, 0.0, 2.0, 1.0, 1.0, 4.0, 3.0, 0.0, 0.0, 5.0, 2.0, 3.0, 3.0, 3.0, 1.0, 0.0,
            1.0,
        ];
        let rows = Rows::new(&rows, 3).unwrap();
        let fitted = Covariance::fit(rows).unwrap();
        assert!((fitted.shrinkage() - 1.0).abs() < 1e-12, "{}", fitted.shrinkage());
        for (found, expected) in fitted.distances(rows).unwrap().into_iter().zip([
            1.1818181818181823,
            1.0,
            3.5454545454545463,
            6.090909090909091,
            2.8181818181818183,
            3.3636363636363646,
        ]) {
            // The ridge is a thousand-millionth of the variance.
            assert!((found - expected).abs() < 1e-7, "{found} for {expected}");
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
}

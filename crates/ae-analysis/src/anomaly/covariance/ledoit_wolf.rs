//! The shrinkage of Ledoit and Wolf (2004), from mean, covariance and fourth moments of rows.

use crate::{AnalysisError, Rows};

/// The least mean variance of a column, as a fraction of the mean square. Below it, rows differ only by the rounding
/// of `f32`, whose step is 1.2e-7.
const ROUNDING: f64 = 1e-13;

/// Moments of rows about their mean.
#[derive(Debug, Clone)]
pub(super) struct Moments {
    pub(super) rows: usize,
    pub(super) mean: Vec<f64>,
    /// Divided by the number of rows; `columns x columns`, row-major.
    pub(super) covariance: Vec<f64>,
    /// The sum over the rows of `|row - mean|^4`.
    pub(super) fourth: f64,
}

/// How far a covariance is shrunk, and to what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shrinkage {
    /// From 0 for none to 1 for the target itself.
    pub(super) intensity: f64,
    /// The target is this multiple of the identity.
    pub(super) scale: f64,
}

/// The numbers that determine the shrinkage of a covariance.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread {
    pub(super) rows: f64,
    pub(super) columns: f64,
    /// The sum of the variances.
    pub(super) trace: f64,
    /// The sum of the squared entries of the covariance.
    pub(super) square: f64,
    /// The sum over the rows of `|row - mean|^4`.
    pub(super) fourth: f64,
}

impl Moments {
    pub(super) fn of(rows: Rows<'_>) -> Result<Self, AnalysisError> {
        rows.check_finite()?;
        let (n, columns) = (rows.len() as f64, rows.columns());
        let mut mean = vec![0.0; columns];
        let mut mean_square = 0.0;
        for row in rows.iter() {
            mean.iter_mut().zip(row).for_each(|(mean, &value)| *mean += f64::from(value));
            mean_square += row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>();
        }
        mean.iter_mut().for_each(|mean| *mean /= n);
        let mut covariance = vec![0.0; columns * columns];
        let mut fourth = 0.0;
        for row in rows.iter() {
            let centred = centred(row, &mean);
            for (line, left) in covariance.chunks_exact_mut(columns).zip(&centred) {
                line.iter_mut().zip(&centred).for_each(|(sum, right)| *sum += left * right);
            }
            fourth += squared_norm(&centred).powi(2);
        }
        covariance.iter_mut().for_each(|sum| *sum /= n);
        let moments = Self { rows: rows.len(), mean, covariance, fourth };
        if moments.spread().trace <= ROUNDING * mean_square / n {
            return Err(AnalysisError::ConstantCodes);
        }
        Ok(moments)
    }

    pub(super) fn spread(&self) -> Spread {
        let columns = self.mean.len();
        Spread {
            rows: self.rows as f64,
            columns: columns as f64,
            trace: self.covariance.iter().step_by(columns + 1).sum(),
            square: squared_norm(&self.covariance),
            fourth: self.fourth,
        }
    }

    pub(super) fn shrinkage(&self) -> Shrinkage {
        self.spread().shrinkage()
    }
}

impl Spread {
    pub(super) fn shrinkage(self) -> Shrinkage {
        let Self { rows, columns, trace, square, fourth } = self;
        let scale = trace / columns;
        let dispersion = square - columns * scale * scale;
        let error = (fourth / rows - square) / rows;
        // Without dispersion, the covariance is the target itself.
        let intensity = if dispersion > 0.0 { (error / dispersion).clamp(0.0, 1.0) } else { 0.0 };
        Shrinkage { intensity, scale }
    }
}

pub(super) fn centred(row: &[f32], mean: &[f64]) -> Vec<f64> {
    row.iter().zip(mean).map(|(&value, mean)| f64::from(value) - mean).collect()
}

pub(super) fn squared_norm(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum()
}

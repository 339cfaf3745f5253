//! Principal components by subspace iteration, without a covariance matrix of the columns (Halko, Martinsson and
//! Tropp 2011, "Finding structure with randomness", algorithm 4.4).

use faer::MatRef;

use crate::error::in_range;
use crate::linalg::{mean, product};
use crate::{AnalysisError, Pca, Rows};

/// Additional directions, so that the last wanted direction converges too.
const OVERSAMPLING: usize = 10;
/// Products with the covariance. Each one reduces a direction's error by a ratio of eigenvalues.
const ITERATIONS: usize = 8;
/// If the length of a vector falls to this fraction when the other directions are removed, the rest is rounding.
const ROUNDING: f64 = 1e-5;

impl Pca {
    /// Fits the first `components` directions approximately. It takes about `rows x columns x components` operations
    /// instead of the `columns^3` of [`Pca::fit`], and no memory for a covariance matrix.
    ///
    /// The iteration begins with rows of the data, so nothing is random. The number of threads has no influence.
    ///
    /// # Errors
    /// As [`Pca::fit`].
    pub fn approximate(rows: Rows<'_>, components: usize) -> Result<Self, AnalysisError> {
        rows.check_finite()?;
        in_range("the number of rows", 2, usize::MAX, rows.len())?;
        let most = rows.len().min(rows.columns());
        in_range("the number of components", 1, most, components)?;
        let (count, columns) = (rows.len(), rows.columns());
        let mean: Vec<f32> = mean(rows).into_iter().map(|value| value as f32).collect();
        let centred: Vec<f32> = rows
            .iter()
            .flat_map(|row| row.iter().zip(&mean).map(|(value, mean)| value - mean))
            .collect();
        let data = MatRef::from_row_major_slice(&centred, count, columns);
        let width = (components + OVERSAMPLING).min(most);
        // Evenly spaced rows, because neighbouring rows are often similar.
        let mut basis: Vec<f32> = (0..width)
            .flat_map(|place| &centred[place * count / width * columns..][..columns])
            .copied()
            .collect();
        let mut codes = vec![0.0; count * width];
        for iteration in 0..=ITERATIONS {
            orthonormalise(&mut basis, columns);
            let directions = MatRef::from_row_major_slice(&basis, width, columns);
            product(&mut codes, data, directions.transpose());
            if iteration < ITERATIONS {
                let codes = MatRef::from_row_major_slice(&codes, count, width);
                let mut next = vec![0.0; width * columns];
                product(&mut next, codes.transpose(), data);
                basis = next;
            }
        }
        // Within the subspace that was found, the components are exact.
        let within = Self::fit(Rows::new(&codes, width)?, components)?;
        let mut directions = vec![0.0; components * columns];
        let turned = MatRef::from_row_major_slice(&within.components, components, width);
        product(&mut directions, turned, MatRef::from_row_major_slice(&basis, width, columns));
        Ok(Self { mean, components: directions, variances: within.variances })
    }
}

/// Makes vectors orthonormal, in order and in `f64`. A vector that depends linearly on those before becomes 0.
fn orthonormalise(vectors: &mut [f32], columns: usize) {
    let mut done: Vec<Vec<f64>> = Vec::new();
    for vector in vectors.chunks_exact_mut(columns) {
        let mut rest: Vec<f64> = vector.iter().map(|&value| f64::from(value)).collect();
        let before = length(&rest);
        // Two passes are enough (Giraud, Langou and Rozloznik 2005).
        for _ in 0..2 {
            for earlier in &done {
                let part: f64 = rest.iter().zip(earlier).map(|(a, b)| a * b).sum();
                rest.iter_mut().zip(earlier).for_each(|(value, b)| *value -= part * b);
            }
        }
        let after = length(&rest);
        let scale = if after > ROUNDING * before { 1.0 / after } else { 0.0 };
        rest.iter_mut().for_each(|value| *value *= scale);
        vector.iter_mut().zip(&rest).for_each(|(value, &rest)| *value = rest as f32);
        if scale > 0.0 {
            done.push(rest);
        }
    }
}

fn length(vector: &[f64]) -> f64 {
    vector.iter().map(|value| value * value).sum::<f64>().sqrt()
}

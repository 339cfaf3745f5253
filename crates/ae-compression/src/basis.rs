//! The basis in which codes are rounded: its directions are uncorrelated, and a step along any of them changes
//! the decoded image equally.

use faer::linalg::solvers::{DenseSolveCore, PartialPivLu, SelfAdjointEigen};
use faer::{Mat, MatRef, Side};
use serde::{Deserialize, Serialize};

use crate::CompressionError;
use crate::error::unfit;
use crate::fixed_point::{LARGEST_SUM, WEIGHT_BITS};

/// Longer codes get no basis, because its matrix is stored in the weights file.
pub(crate) const LARGEST: usize = 256;
/// The sum of the absolute numbers of the row where it is largest. It is far from an overflow, and small enough
/// that coordinates keep their fractional bits.
const ROW_SUM: f64 = 8.0;
/// Lower bound of a direction's gain, as a fraction of the largest gain, so that the basis has an inverse.
const LEAST_GAIN: f64 = 1e-3;

/// A linear map from coordinates to codes, `z = m + B y`, in integers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basis {
    /// `m`, with 16 fractional bits.
    pub(crate) mean: Vec<i64>,
    /// `B`, row-major, with the fractional bits of a weight.
    pub(crate) matrix: Vec<i32>,
}

/// The result of [`Basis::fit`].
pub(crate) struct FittedBasis {
    pub(crate) basis: Basis,
    /// How far an image moves (Euclidean norm) if a coordinate grows by 1.
    pub(crate) gain: f64,
    /// The effective number of coordinates: the participation ratio of their variances.
    pub(crate) effective: f64,
}

impl Basis {
    /// The Karhunen-Loeve transform of codes, in the metric `G = mean(J^T J)` of the decoder's Jacobian `J`:
    /// with the eigenvectors `V` of `G^(1/2) C G^(1/2)`, for the covariance `C` of the codes,
    /// `y = V^T G^(1/2) (z - m)`. The coordinates are then uncorrelated, and rounding any of them moves an image
    /// equally far, as transform coding requires (Goyal 2001).
    ///
    /// # Errors
    /// If codes or gains are not finite.
    pub(crate) fn fit(
        codes: &[f32],
        latent: usize,
        gains: &Mat<f64>,
    ) -> Result<FittedBasis, CompressionError> {
        let (mean, covariance) = moments(codes, latent);
        let (vectors, values) = eigen(gains)?;
        let largest = values.last().copied().unwrap_or_default().max(1e-18).sqrt();
        let roots = values.iter().map(|&value| value.max(0.0).sqrt().max(LEAST_GAIN * largest));
        let roots: Vec<f64> = roots.collect();
        let scaled = |exponent: i32| {
            Mat::from_fn(latent, latent, |row, column| {
                vectors[(row, column)] * roots[column].powi(exponent)
            }) * vectors.transpose()
        };
        let root = scaled(1);
        let (directions, variances) = eigen(&(&root * &covariance * &root))?;
        // In the order of falling variance, as in PCA.
        let back = scaled(-1) * directions.reverse_cols();
        let longest = (0..latent)
            .map(|row| (0..latent).map(|column| back[(row, column)].abs()).sum::<f64>())
            .fold(f64::MIN_POSITIVE, f64::max);
        let scale = ROW_SUM / longest;
        let whole = |value: f64, bits: u32| (value * f64::from(1_u32 << bits)).round();
        let entries = (0..latent).flat_map(|row| (0..latent).map(move |column| (row, column)));
        let matrix = entries.map(|place| whole(back[place] * scale, WEIGHT_BITS) as i32).collect();
        let mean = mean.iter().map(|&mean| whole(mean, 16) as i64).collect();
        let sum: f64 = variances.iter().map(|value| value.max(0.0)).sum();
        let squares: f64 = variances.iter().map(|value| value.max(0.0).powi(2)).sum();
        let effective = if squares > 0.0 { sum * sum / squares } else { 1.0 };
        Ok(FittedBasis { basis: Self { mean, matrix }, gain: scale, effective })
    }

    /// Checks a basis that was read from a file: no sum can overflow.
    pub(crate) fn check(&self, latent: usize) -> Result<(), CompressionError> {
        let most = (LARGEST_SUM * f64::from(1_u32 << WEIGHT_BITS)) as i64;
        let whole = latent <= LARGEST
            && self.mean.len() == latent
            && self.matrix.len() == latent * latent
            && self.mean.iter().all(|mean| mean.unsigned_abs() < 1 << 40);
        let small = |row: &[i32]| row.iter().map(|&x| i64::from(x).abs()).sum::<i64>() <= most;
        if !whole || !self.matrix.chunks(latent.max(1)).all(small) {
            return Err(unfit("the basis of its codec was fitted to another model".to_owned()));
        }
        Ok(())
    }

    fn float(&self) -> Mat<f64> {
        let latent = self.mean.len();
        let scale = f64::from(1_u32 << WEIGHT_BITS);
        Mat::from_fn(latent, latent, |row, column| {
            f64::from(self.matrix[row * latent + column]) / scale
        })
    }

    /// Codes of coordinates, as floats.
    pub(crate) fn codes(&self, coordinates: &[f32]) -> Vec<f32> {
        let latent = self.mean.len();
        let wide: Vec<f64> = coordinates.iter().copied().map(f64::from).collect();
        let rows = MatRef::from_row_major_slice(&wide, wide.len() / latent, latent);
        let codes = rows * self.float().transpose();
        let entries = (0..codes.nrows()).flat_map(|row| (0..latent).map(move |d| (row, d)));
        entries.map(|at| (codes[at] + self.mean[at.1] as f64 / 65536.0) as f32).collect()
    }
}

/// The map from codes to coordinates: the inverse of a basis. The coordinates are stored after rounding, so that
/// their last bits do not matter.
pub(crate) struct Analysis {
    mean: Vec<f64>,
    inverse: Mat<f64>,
}

impl Analysis {
    /// # Errors
    /// If there is no inverse.
    pub(crate) fn new(basis: &Basis) -> Result<Self, CompressionError> {
        let mean = basis.mean.iter().map(|&mean| mean as f64 / 65536.0).collect();
        let inverse = PartialPivLu::new(basis.float().as_ref()).inverse();
        if !inverse.is_all_finite() {
            return Err(unfit("the basis of its codec has no inverse".to_owned()));
        }
        Ok(Self { mean, inverse })
    }

    pub(crate) fn coordinates(&self, codes: &[f32]) -> Vec<f32> {
        let latent = self.mean.len();
        let centred = codes.chunks_exact(latent).flat_map(|code| {
            code.iter().zip(&self.mean).map(|(&value, mean)| f64::from(value) - mean)
        });
        let centred: Vec<f64> = centred.collect();
        let rows = MatRef::from_row_major_slice(&centred, centred.len() / latent, latent);
        let found = rows * self.inverse.transpose();
        let entries = (0..found.nrows()).flat_map(|row| (0..latent).map(move |d| (row, d)));
        entries.map(|at| found[at] as f32).collect()
    }
}

/// Eigenvectors and eigenvalues, rising, of a symmetric matrix.
fn eigen(matrix: &Mat<f64>) -> Result<(Mat<f64>, Vec<f64>), CompressionError> {
    let found = SelfAdjointEigen::new(matrix.as_ref(), Side::Lower)
        .map_err(|_| CompressionError::NoConvergence { what: "the codes' covariance" })?;
    let values = found.S().column_vector();
    Ok((found.U().to_owned(), (0..values.nrows()).map(|place| values[place]).collect()))
}

/// Mean and covariance.
fn moments(codes: &[f32], latent: usize) -> (Vec<f64>, Mat<f64>) {
    let count = (codes.len() / latent).max(1);
    let mut mean = vec![0.0; latent];
    for code in codes.chunks_exact(latent) {
        mean.iter_mut().zip(code).for_each(|(mean, &value)| *mean += f64::from(value));
    }
    mean.iter_mut().for_each(|mean| *mean /= count as f64);
    let centred: Vec<f64> = codes
        .chunks_exact(latent)
        .flat_map(|code| code.iter().zip(&mean).map(|(&value, mean)| f64::from(value) - mean))
        .collect();
    let rows = MatRef::from_row_major_slice(&centred, count, latent);
    let covariance = rows.transpose() * rows * faer::Scale(1.0 / count as f64);
    (mean, covariance)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ```python
    /// import numpy as np, scipy.linalg
    /// z = np.array([[1., 0], [2, 1], [0, -1], [5, 2]]); G = np.array([[2, .5], [.5, 1]])
    /// S = scipy.linalg.sqrtm(G); v, V = np.linalg.eigh(S @ np.cov(z.T, bias=True) @ S)
    /// print(v[::-1], v.sum() ** 2 / (v ** 2).sum(), np.linalg.inv(V[:, ::-1].T @ S))
    /// ```
    #[test]
    fn the_basis_is_that_of_numpy() {
        let codes = [1.0, 0.0, 2.0, 1.0, 0.0, -1.0, 5.0, 2.0];
        let gains = Mat::from_fn(2, 2, |row, column| [[2.0, 0.5], [0.5, 1.0]][row][column]);
        let FittedBasis { basis, gain, effective } = Basis::fit(&codes, 2, &gains).unwrap();
        assert!((effective - 1.012_650_602).abs() < 1e-6, "{effective}");
        assert_eq!(basis.mean, [2 << 16, 1 << 15]);
        let found = basis.float();
        let expected = [[0.584_955_72, 0.478_806_20], [0.340_923_21, 1.013_226_78]];
        for (row, column) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let apart = (found[(row, column)].abs() / gain - expected[row][column]).abs();
            assert!(apart < 1e-5, "{row} {column}: {apart}");
        }
        let coordinates = Analysis::new(&basis).unwrap().coordinates(&codes);
        let variance = |place: usize| {
            let column = coordinates.iter().skip(place).step_by(2);
            column.map(|&y| f64::from(y).powi(2)).sum::<f64>() / 4.0 * gain * gain
        };
        assert!((variance(0) - 10.185_570_62).abs() < 1e-3, "{}", variance(0));
        assert!((variance(1) - 0.064_429_38).abs() < 1e-4, "{}", variance(1));
        let product: f32 = coordinates.chunks(2).map(|pair| pair[0] * pair[1]).sum();
        assert!(product.abs() < 1e-2, "{product}");
        for (back, code) in basis.codes(&coordinates).iter().zip(codes) {
            assert!((back - code).abs() < 1e-4, "{back} {code}");
        }
    }

    #[test]
    fn a_number_that_neither_varies_nor_matters_has_a_basis_too() {
        let codes = [1.0, 3.0, 2.0, 3.0, 4.0, 3.0];
        let gains = Mat::from_fn(2, 2, |row, column| f64::from(u8::from(row + column == 0)));
        let fitted = Basis::fit(&codes, 2, &gains).unwrap();
        fitted.basis.check(2).unwrap();
        let coordinates = Analysis::new(&fitted.basis).unwrap().coordinates(&codes);
        for (back, code) in fitted.basis.codes(&coordinates).iter().zip(codes) {
            assert!((back - code).abs() < 1e-4, "{back} {code}");
        }
    }

    #[test]
    fn a_basis_that_could_overflow_or_has_no_inverse_is_refused() {
        let basis = |mean: Vec<i64>, matrix: Vec<i32>| Basis { mean, matrix }.check(1);
        assert!(basis(vec![5], vec![1 << 20]).is_ok());
        assert!(basis(vec![5], vec![i32::MIN]).is_err());
        assert!(basis(vec![i64::MIN], vec![1]).is_err());
        assert!(basis(vec![5], vec![1, 2]).is_err());
        assert!(Analysis::new(&Basis { mean: vec![0, 0], matrix: vec![1, 2, 2, 4] }).is_err());
    }
}

//! Principal component analysis (Pearson 1901; Jolliffe 2002, chapter 1): the best linear autoencoder.

mod subspace;

use ae_kernels::{Activation, Chain, Dense, Weight};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use faer::linalg::solvers::SelfAdjointEigen;
use faer::{Accum, Mat, MatRef, Par, Side};
use rayon::prelude::*;

use crate::error::in_range;
use crate::linalg::{CHUNK_ROWS, PARTIAL_SUMS, chunks, mean, product};
use crate::{AnalysisError, Rows};

/// A mean and the orthonormal directions of largest variance around it, `components x columns`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    mean: Vec<f32>,
    components: Vec<f32>,
    variances: Vec<f64>,
}

impl Pca {
    /// Fits the first `components` directions to rows: the eigenvectors of their covariance matrix, in `f64`. The
    /// entry of largest magnitude of each direction is positive, so that the same data give the same signs.
    ///
    /// # Errors
    /// If there are fewer than two rows, `components` is not from 1 to the smaller of the number of rows and of
    /// columns, a number is not finite, or the decomposition fails.
    pub fn fit(rows: Rows<'_>, components: usize) -> Result<Self, AnalysisError> {
        rows.check_finite()?;
        in_range("the number of rows", 2, usize::MAX, rows.len())?;
        in_range("the number of components", 1, rows.len().min(rows.columns()), components)?;
        let mean = mean(rows);
        let covariance = covariance(rows, &mean);
        let eigen = SelfAdjointEigen::new(covariance.as_ref(), Side::Lower)
            .map_err(|_| AnalysisError::NoConvergence { what: "the covariance matrix" })?;
        let (vectors, values) = (eigen.U(), eigen.S().column_vector());
        let mut fitted = Self {
            mean: mean.iter().map(|&value| value as f32).collect(),
            components: Vec::with_capacity(components * rows.columns()),
            variances: Vec::with_capacity(components),
        };
        // Eigenvalues come in increasing order.
        for place in (rows.columns() - components..rows.columns()).rev() {
            let direction: Vec<f64> =
                (0..rows.columns()).map(|row| vectors[(row, place)]).collect();
            let largest = direction.iter().fold(0.0_f64, |largest, &value| {
                if value.abs() > largest.abs() { value } else { largest }
            });
            let sign = largest.signum();
            fitted.components.extend(direction.iter().map(|value| (sign * value) as f32));
            fitted.variances.push(values[place].max(0.0));
        }
        Ok(fitted)
    }

    /// The first `components` directions only: the result of [`Pca::fit`] with this number.
    ///
    /// # Errors
    /// If `components` is not from 1 to the number of components.
    pub fn truncated(&self, components: usize) -> Result<Self, AnalysisError> {
        in_range("the number of components", 1, self.components(), components)?;
        Ok(Self {
            mean: self.mean.clone(),
            components: self.components[..components * self.columns()].to_vec(),
            variances: self.variances[..components].to_vec(),
        })
    }

    /// The number of components.
    pub fn components(&self) -> usize {
        self.variances.len()
    }

    /// Numbers in a row.
    pub fn columns(&self) -> usize {
        self.mean.len()
    }

    /// The mean of the rows of the fit.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// The directions, `components x columns`, in the order of falling variance.
    pub fn directions(&self) -> &[f32] {
        &self.components
    }

    /// The variance along each direction, with the divisor `rows - 1`.
    pub fn variances(&self) -> &[f64] {
        &self.variances
    }

    /// The same map as a network of two linear layers with tied weights, `z = W x - W m` and `y = W^T z + m`, and the
    /// parameters of this network.
    pub fn network(&self) -> (Chain, Vec<f32>) {
        let (columns, latent) = (self.columns(), self.components());
        let rows = self.components.chunks_exact(columns);
        let projected = rows.map(|row| {
            let products = row.iter().zip(&self.mean);
            -products.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>() as f32
        });
        let mut parameters = self.components.clone();
        parameters.extend(projected);
        parameters.extend(&self.mean);
        let (bias, activation) = (self.components.len(), Activation::Linear);
        let (own, tied) = (Weight::Own { offset: 0 }, Weight::TransposeOf { layer: 0 });
        let layer =
            |inputs, outputs, weight, bias| Dense { inputs, outputs, weight, bias, activation };
        let layers =
            vec![layer(columns, latent, own, bias), layer(latent, columns, tied, bias + latent)];
        let stack = Chain::of_dense(layers, 0, parameters.len());
        (stack.unwrap_or_else(|_| unreachable!("the layers mirror each other")), parameters)
    }

    /// Projects rows to codes, `n x components`.
    ///
    /// # Errors
    /// If the rows have another length than the rows of the fit.
    pub fn encode(&self, rows: Rows<'_>) -> Result<Vec<f32>, AnalysisError> {
        rows.check_columns(self.columns())?;
        let (columns, latent) = (self.columns(), self.components());
        let mut codes = vec![0.0; rows.len() * latent];
        codes.par_chunks_mut(CHUNK_ROWS * latent).zip(chunks(rows)).for_each(|(codes, chunk)| {
            let centred: Vec<f32> = chunk
                .chunks_exact(columns)
                .flat_map(|row| row.iter().zip(&self.mean).map(|(value, mean)| value - mean))
                .collect();
            let left = MatRef::from_row_major_slice(&centred, centred.len() / columns, columns);
            let right = MatRef::from_row_major_slice(&self.components, latent, columns);
            product(codes, left, right.transpose());
        });
        Ok(codes)
    }

    /// Decodes codes, `n x components`, to rows.
    ///
    /// # Errors
    /// If a code does not have one number for each component.
    pub fn decode(&self, codes: Rows<'_>) -> Result<Vec<f32>, AnalysisError> {
        codes.check_columns(self.components())?;
        let (columns, latent) = (self.columns(), self.components());
        let mut rows = vec![0.0; codes.len() * columns];
        rows.par_chunks_mut(CHUNK_ROWS * columns).zip(chunks(codes)).for_each(|(rows, chunk)| {
            let left = MatRef::from_row_major_slice(chunk, chunk.len() / latent, latent);
            let right = MatRef::from_row_major_slice(&self.components, latent, columns);
            product(rows, left, right);
            for row in rows.chunks_exact_mut(columns) {
                row.iter_mut().zip(&self.mean).for_each(|(value, mean)| *value += mean);
            }
        });
        Ok(rows)
    }

    /// Projects rows and decodes the codes: the nearest points of the fitted subspace.
    ///
    /// # Errors
    /// If the rows have another length than the rows of the fit.
    pub fn reconstruct(&self, rows: Rows<'_>) -> Result<Vec<f32>, AnalysisError> {
        self.decode(Rows::new(&self.encode(rows)?, self.components())?)
    }
}

/// The covariance matrix, of which only the lower triangle is filled.
fn covariance(rows: Rows<'_>, mean: &[f64]) -> Mat<f64> {
    let columns = rows.columns();
    let per_part = rows.len().div_ceil(CHUNK_ROWS).div_ceil(PARTIAL_SUMS) * CHUNK_ROWS * columns;
    let parts: Vec<Mat<f64>> = rows
        .values()
        .par_chunks(per_part)
        .map(|part| {
            let mut sum = Mat::zeros(columns, columns);
            for chunk in part.chunks(CHUNK_ROWS * columns) {
                let centred: Vec<f64> = chunk
                    .chunks_exact(columns)
                    .flat_map(|row| {
                        row.iter().zip(mean).map(|(&value, mean)| f64::from(value) - mean)
                    })
                    .collect();
                let height = centred.len() / columns;
                let centred = MatRef::from_row_major_slice(&centred, height, columns);
                matmul(
                    sum.as_mut(),
                    BlockStructure::TriangularLower,
                    Accum::Add,
                    centred.transpose(),
                    BlockStructure::Rectangular,
                    centred,
                    BlockStructure::Rectangular,
                    1.0,
                    Par::Seq,
                );
            }
            sum
        })
        .collect();
    let sum = parts.into_iter().reduce(|sum, part| sum + part);
    sum.unwrap_or_else(|| Mat::zeros(columns, columns)) * faer::Scale(1.0 / (rows.len() - 1) as f64)
}

//! Linear algebra on rows of numbers: sums in an order that the number of threads does not change.

mod rows;

use faer::{Accum, MatRef, Par};
use rayon::prelude::*;

pub use rows::Rows;

/// Rows that are multiplied at once. Part of the result: it fixes the order of the sums.
pub(crate) const SLICE_ROWS: usize = 512;

pub(crate) fn slices(rows: Rows<'_>) -> rayon::slice::Chunks<'_, f32> {
    rows.values().par_chunks(SLICE_ROWS * rows.columns())
}

/// A product of matrices, row-major.
pub(crate) fn product(out: &mut [f32], left: MatRef<'_, f32>, right: MatRef<'_, f32>) {
    let out = faer::MatMut::from_row_major_slice_mut(out, left.nrows(), right.ncols());
    faer::linalg::matmul::matmul(out, Accum::Replace, left, right, 1.0, Par::Seq);
}

/// The mean row, summed slice by slice in `f64`.
pub(crate) fn mean(rows: Rows<'_>) -> Vec<f64> {
    let sums: Vec<Vec<f64>> = slices(rows)
        .map(|slice| {
            let mut sum = vec![0.0; rows.columns()];
            for row in slice.chunks_exact(rows.columns()) {
                sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
            }
            sum
        })
        .collect();
    let mut mean = vec![0.0; rows.columns()];
    for sum in sums {
        mean.iter_mut().zip(sum).for_each(|(mean, part)| *mean += part);
    }
    mean.iter_mut().for_each(|mean| *mean /= rows.len() as f64);
    mean
}

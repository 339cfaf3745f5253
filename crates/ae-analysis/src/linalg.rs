//! Linear algebra on rows of numbers: sums in an order that the number of threads does not change.

mod rows;

use faer::{Accum, MatRef, Par};
use rayon::prelude::*;

pub use rows::Rows;

/// Rows in one matrix product. The result depends on it, because it fixes the order of the sums.
pub(crate) const CHUNK_ROWS: usize = 512;
/// Partial sums over the rows, for any number of threads. The result depends on it.
pub(crate) const PARTIAL_SUMS: usize = 8;

/// Chunks of [`CHUNK_ROWS`] rows.
pub(crate) fn chunks(rows: Rows<'_>) -> rayon::slice::Chunks<'_, f32> {
    rows.values().par_chunks(CHUNK_ROWS * rows.columns())
}

/// The product of two matrices, row-major, on this thread.
pub(crate) fn product(out: &mut [f32], left: MatRef<'_, f32>, right: MatRef<'_, f32>) {
    let out = faer::MatMut::from_row_major_slice_mut(out, left.nrows(), right.ncols());
    faer::linalg::matmul::matmul(out, Accum::Replace, left, right, 1.0, Par::Seq);
}

/// The mean row, summed in `f64`, chunk by chunk.
pub(crate) fn mean(rows: Rows<'_>) -> Vec<f64> {
    let sums: Vec<Vec<f64>> = chunks(rows)
        .map(|chunk| {
            let mut sum = vec![0.0; rows.columns()];
            for row in chunk.chunks_exact(rows.columns()) {
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

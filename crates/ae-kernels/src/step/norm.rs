//! The squared norm of a gradient.

use rayon::prelude::*;

use crate::simd::{LANES, vectorised};

/// Numbers of a gradient that a task sums.
const CHUNK_LENGTH: usize = 4096;

/// The sum of squares in `f64`, in an order that does not depend on the number of threads. It is finite if and only if
/// all numbers are.
pub fn squared_norm(gradient: &[f32]) -> f64 {
    let chunks: Vec<f64> = gradient.par_chunks(CHUNK_LENGTH).map(squared_norm_of_chunk).collect();
    chunks.iter().sum()
}

/// The sum of squares of a chunk, on the calling thread.
pub(super) fn squared_norm_of_chunk(chunk: &[f32]) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let (groups, rest) = chunk.as_chunks::<LANES>();
            let mut lanes = [0.0_f64; LANES];
            for group in groups {
                for lane in 0..LANES {
                    lanes[lane] += f64::from(group[lane]) * f64::from(group[lane]);
                }
            }
            for (lane, &value) in rest.iter().enumerate() {
                lanes[lane] += f64::from(value) * f64::from(value);
            }
            lanes.iter().sum()
        },
    )
}

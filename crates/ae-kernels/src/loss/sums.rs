//! Sums in an order that neither the vectors' width nor the threads change.

use crate::simd::{LANES, sum_of_lanes, vectorised};

/// The sum of `|x|`.
pub(crate) fn magnitude_sum(values: &[f32]) -> f64 {
    lanes_sum(
        values,
        values,
        #[inline(always)]
        |x, _| x.abs(),
    )
}

/// Summands of a lane that are added in `f32`; sums of groups are added in `f64`.
const SUMMANDS_PER_LANE: usize = 64;

/// The sum of `term(left[i], right[i])`, in lanes.
pub(super) fn lanes_sum(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    assert_eq!(left.len(), right.len(), "two numbers for each term");
    vectorised(
        #[inline(always)]
        || {
            let mut sum = 0.0;
            for (l, r) in
                left.chunks(SUMMANDS_PER_LANE * LANES).zip(right.chunks(SUMMANDS_PER_LANE * LANES))
            {
                sum += sum_of_group(l, r, &term);
            }
            sum
        },
    )
}

#[inline(always)]
fn sum_of_group(left: &[f32], right: &[f32], term: &impl Fn(f32, f32) -> f32) -> f64 {
    let (l, l_rest) = left.as_chunks::<LANES>();
    let (r, r_rest) = right.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for (l, r) in l.iter().zip(r) {
        for lane in 0..LANES {
            lanes[lane] += term(l[lane], r[lane]);
        }
    }
    for (lane, (&l, &r)) in l_rest.iter().zip(r_rest).enumerate() {
        lanes[lane] += term(l, r);
    }
    sum_of_lanes(lanes)
}

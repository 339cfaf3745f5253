//! Binary cross-entropy of rows of logits, with its gradient in the same pass.

use pulp::Simd;

use crate::elementary::{exp_of_negative, exponentials_of, ln_above_one, rectified, sigmoid_of};
use crate::error::{ChainError, check_length, whole_rows};
use crate::simd::{Dispatch, InLanes, LANES, WithLanes, sum_of_lanes};

/// Factors `1 + exp(-|x|)` of a lane that are multiplied before one logarithm is taken of their product, which replaces
/// the sum of their logarithms. A factor is at most 2, and 2^64 is far from overflow.
pub(super) const FACTORS_PER_LOGARITHM: usize = 64;

/// Binary cross-entropy of rows of logits `x` against targets `t`, with its gradient in the same pass.
///
/// Replaces the logits by the gradient `scale * (sigmoid(x) - t)`, adds the rows of the gradient to `bias_gradient`,
/// and returns the sum of `max(x, 0) - x t + ln(1 + exp(-|x|))` over all numbers, in nats. `logits` and `targets` are
/// (rows, width) row-major, `bias_gradient` has the width of a row.
///
/// # Errors
/// If there are not as many targets as logits, or the logits are not whole rows.
pub fn binary_cross_entropy(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> Result<f64, ChainError> {
    check_length("the targets", logits.len(), targets.len())?;
    whole_rows("the logits", bias_gradient.len(), logits.len())?;
    Ok(cross_entropy_of_rows(targets, scale, logits, bias_gradient))
}

/// [`binary_cross_entropy`] without the checks of the lengths.
pub(crate) fn cross_entropy_of_rows(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    Dispatch::Widest.run(InLanes(CrossEntropyOfRows { targets, scale, logits, bias_gradient }))
}

struct CrossEntropyOfRows<'a> {
    targets: &'a [f32],
    scale: f32,
    logits: &'a mut [f32],
    bias_gradient: &'a mut [f32],
}

impl WithLanes for CrossEntropyOfRows<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_lanes<S: Simd, const V: usize, const I: usize>(self, simd: S) -> f64 {
        let Self { targets, scale, logits, bias_gradient } = self;
        let width = bias_gradient.len();
        let rows = logits.chunks_exact_mut(width).zip(targets.chunks_exact(width));
        let mut sum = 0.0;
        for (x, t) in rows {
            sum += cross_entropy_of_row::<S, V, I>(simd, t, scale, x, bias_gradient);
        }
        sum
    }
}

#[inline(always)]
fn cross_entropy_of_row<S: Simd, const V: usize, const I: usize>(
    simd: S,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    let (x, x_rest) = logits.as_chunks_mut::<LANES>();
    let (t, t_rest) = targets.as_chunks::<LANES>();
    let (g, g_rest) = bias_gradient.as_chunks_mut::<LANES>();
    let mut total = 0.0;
    let groups = x
        .chunks_mut(FACTORS_PER_LOGARITHM)
        .zip(t.chunks(FACTORS_PER_LOGARITHM))
        .zip(g.chunks_mut(FACTORS_PER_LOGARITHM));
    for ((x, t), g) in groups {
        let mut sum = CrossEntropyVectors::<S, V>::new(simd);
        let (x, x_last) = S::as_mut_simd_f32s(x.as_flattened_mut()).0.as_chunks_mut::<I>();
        let (t, t_last) = S::as_simd_f32s(t.as_flattened()).0.as_chunks::<I>();
        let (g, g_last) = S::as_mut_simd_f32s(g.as_flattened_mut()).0.as_chunks_mut::<I>();
        for ((x, t), g) in x.iter_mut().zip(t).zip(g) {
            differentiate(simd, t, scale, x, g, &mut sum);
        }
        let (x, t) = (x_last.as_chunks_mut::<V>().0, t_last.as_chunks::<V>().0);
        for ((x, t), g) in x.iter_mut().zip(t).zip(g_last.as_chunks_mut::<V>().0) {
            differentiate(simd, t, scale, x, g, &mut sum);
        }
        total += sum.total();
    }
    let mut sum = CrossEntropy::new();
    let rest = x_rest.iter_mut().zip(t_rest).zip(g_rest);
    for (lane, ((x, &t), g)) in rest.enumerate() {
        let gradient = (sum.add_alone(lane, *x, t) - t) * scale;
        *x = gradient;
        *g += gradient;
    }
    total + sum.total()
}

/// Replaces `N` vectors of logits by the gradient at them, and adds it to the bias's.
#[inline(always)]
fn differentiate<S: Simd, const N: usize, const V: usize>(
    simd: S,
    targets: &[S::f32s; N],
    scale: f32,
    logits: &mut [S::f32s; N],
    bias_gradient: &mut [S::f32s; N],
    sum: &mut CrossEntropyVectors<S, V>,
) {
    let exponentials = exponentials_of(simd, *logits);
    for i in 0..N {
        let sigmoid = sum.add(simd, i, logits[i], exponentials[i], targets[i]);
        let difference = simd.sub_f32s(sigmoid, targets[i]);
        logits[i] = simd.mul_f32s(difference, simd.splat_f32s(scale));
        bias_gradient[i] = simd.add_f32s(bias_gradient[i], logits[i]);
    }
}

/// A sum of cross-entropies in lanes, of at most [`FACTORS_PER_LOGARITHM`] numbers in each.
pub(super) struct CrossEntropy {
    linear: [f32; LANES],
    factors: [f32; LANES],
}

impl CrossEntropy {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self { linear: [0.0; LANES], factors: [1.0; LANES] }
    }

    /// Adds the loss of a logit and returns its sigmoid.
    #[inline(always)]
    pub(super) fn add_alone(&mut self, lane: usize, logit: f32, target: f32) -> f32 {
        let exponential = exp_of_negative(-logit.abs());
        self.factors[lane] *= 1.0 + exponential;
        self.linear[lane] += rectified(logit) - logit * target;
        sigmoid_of(logit, exponential)
    }

    #[inline(always)]
    pub(super) fn total(self) -> f64 {
        let mut lanes = self.linear;
        for (lane, &factor) in lanes.iter_mut().zip(&self.factors) {
            *lane += ln_above_one(factor);
        }
        sum_of_lanes(lanes)
    }
}

/// The same lanes as `V` vectors in registers: a sum in memory would wait for its own store.
pub(super) struct CrossEntropyVectors<S: Simd, const V: usize> {
    linear: [S::f32s; V],
    factors: [S::f32s; V],
}

impl<S: Simd, const V: usize> CrossEntropyVectors<S, V> {
    #[inline(always)]
    pub(super) fn new(simd: S) -> Self {
        Self { linear: [simd.splat_f32s(0.0); V], factors: [simd.splat_f32s(1.0); V] }
    }

    /// Adds the losses of vector `index`, given its `exp(-|x|)`, and returns its sigmoids.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        simd: S,
        index: usize,
        logits: S::f32s,
        exponentials: S::f32s,
        targets: S::f32s,
    ) -> S::f32s {
        let (zero, one) = (simd.splat_f32s(0.0), simd.splat_f32s(1.0));
        let (linear, factors) = (&mut self.linear[index % V], &mut self.factors[index % V]);
        let factor = simd.add_f32s(one, exponentials);
        *factors = simd.mul_f32s(*factors, factor);
        let is_negative = simd.less_than_f32s(logits, zero);
        let rectified = simd.select_f32s(is_negative, zero, logits);
        let term = simd.sub_f32s(rectified, simd.mul_f32s(logits, targets));
        *linear = simd.add_f32s(*linear, term);
        simd.div_f32s(simd.select_f32s(is_negative, exponentials, one), factor)
    }

    #[inline(always)]
    pub(super) fn total(self) -> f64 {
        let mut sum = CrossEntropy::new();
        S::as_mut_simd_f32s(&mut sum.linear).0.copy_from_slice(&self.linear);
        S::as_mut_simd_f32s(&mut sum.factors).0.copy_from_slice(&self.factors);
        sum.total()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::dispatches;

    /// One number at a time, in the order of sums of [`CrossEntropy`].
    fn alone(targets: &[f32], scale: f32, logits: &mut [f32], bias_gradient: &mut [f32]) -> f64 {
        let mut total = 0.0;
        let width = bias_gradient.len();
        let whole = width / LANES * LANES;
        for row in 0..targets.len() / width {
            let groups = (0..whole).step_by(FACTORS_PER_LOGARITHM * LANES).chain([whole]);
            for first in groups {
                let end = if first == whole {
                    width
                } else {
                    whole.min(first + FACTORS_PER_LOGARITHM * LANES)
                };
                let mut sum = CrossEntropy::new();
                for column in first..end {
                    let (x, t) = (&mut logits[row * width + column], targets[row * width + column]);
                    *x = (sum.add_alone((column - first) % LANES, *x, t) - t) * scale;
                    bias_gradient[column] += *x;
                }
                total += sum.total();
            }
        }
        total
    }

    #[test]
    fn every_instruction_set_has_the_bits_of_one_number_at_a_time() {
        for width in [1, 15, 16, 48, 257, 784, 1023, 1024, 1041, 2065] {
            let count = 3 * width;
            let logits = |i: usize| ((i * 613) % 1009) as f32 * 0.2 - 100.0;
            let logits: Vec<f32> = (0..count).map(logits).collect();
            let targets: Vec<f32> = (0..count).map(|i| ((i * 389) % 256) as f32 / 255.0).collect();
            let mut expected = (logits.clone(), vec![0.5; width]);
            let sum = alone(&targets, 0.3, &mut expected.0, &mut expected.1);
            for dispatch in dispatches() {
                let mut found = (logits.clone(), vec![0.5; width]);
                let (logits, bias_gradient) = (&mut found.0[..], &mut found.1[..]);
                let rows =
                    CrossEntropyOfRows { targets: &targets, scale: 0.3, logits, bias_gradient };
                assert_eq!(dispatch.run(InLanes(rows)), sum, "{width} wide, {dispatch:?}");
                assert_eq!(found, expected, "{width} wide, {dispatch:?}");
            }
        }
    }

    #[test]
    fn a_logit_of_nan_gives_a_loss_and_a_gradient_of_nan() {
        for dispatch in dispatches() {
            let (mut logits, mut bias_gradient) = ([1.0; 40], [0.0; 40]);
            logits[3] = f32::NAN;
            logits[39] = f32::NAN;
            let (logits, bias_gradient) = (&mut logits[..], &mut bias_gradient[..]);
            let rows =
                CrossEntropyOfRows { targets: &[0.5; 40], scale: 1.0, logits, bias_gradient };
            assert!(dispatch.run(InLanes(rows)).is_nan(), "{dispatch:?}");
            let are_numbers = |x: &&f32| !x.is_nan();
            assert_eq!(bias_gradient.iter().filter(are_numbers).count(), 38, "{dispatch:?}");
        }
    }
}

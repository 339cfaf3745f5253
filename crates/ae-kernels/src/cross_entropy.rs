//! Binary cross-entropy of rows of logits, with its gradient in the same pass.

use pulp::Simd;

use crate::StackError;
use crate::elementary::{exp_of_negative, exponentials_of, ln_above_one, rectified, sigmoid_of};
use crate::error::{check_length, whole_rows};
use crate::simd::{Dispatch, InLanes, LANES, WithLanes, sum_of_lanes};

/// Numbers of one lane whose factors `1 + exp(-|x|)`, at most 2, are multiplied before the logarithm
/// is taken: the sum of logarithms is the logarithm of the product, and 2^64 is far from overflow.
pub(crate) const FACTORS: usize = 64;

/// Turns rows of `logits` into the gradient of their binary cross-entropy against `targets` times
/// `scale`, adds its rows up in `of_bias`, and returns the sum of
/// `max(x, 0) - x t + ln(1 + exp(-|x|))` over all numbers.
///
/// # Errors
/// If the targets are not as many as the logits, or the logits are not whole rows, each as long as `of_bias`.
pub fn binary_cross_entropy(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> Result<f64, StackError> {
    check_length("the targets", logits.len(), targets.len())?;
    whole_rows("the logits", of_bias.len(), logits.len())?;
    Ok(cross_entropy_of_rows(targets, scale, logits, of_bias))
}

/// The same of whole rows and as many targets.
pub(crate) fn cross_entropy_of_rows(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> f64 {
    Dispatch::Widest.run(InLanes(CrossEntropyOfRows { targets, scale, logits, of_bias }))
}

struct CrossEntropyOfRows<'a> {
    targets: &'a [f32],
    scale: f32,
    logits: &'a mut [f32],
    of_bias: &'a mut [f32],
}

impl WithLanes for CrossEntropyOfRows<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_lanes<S: Simd, const V: usize, const T: usize>(self, simd: S) -> f64 {
        let Self { targets, scale, logits, of_bias } = self;
        let width = of_bias.len();
        let rows = logits.chunks_exact_mut(width).zip(targets.chunks_exact(width));
        let mut sum = 0.0;
        for (x, t) in rows {
            sum += cross_entropy_of_row::<S, V, T>(simd, t, scale, x, of_bias);
        }
        sum
    }
}

#[inline(always)]
fn cross_entropy_of_row<S: Simd, const V: usize, const T: usize>(
    simd: S,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> f64 {
    let (x, x_rest) = logits.as_chunks_mut::<LANES>();
    let (t, t_rest) = targets.as_chunks::<LANES>();
    let (g, g_rest) = of_bias.as_chunks_mut::<LANES>();
    let mut total = 0.0;
    let groups = x.chunks_mut(FACTORS).zip(t.chunks(FACTORS)).zip(g.chunks_mut(FACTORS));
    for ((x, t), g) in groups {
        let mut sum = CrossEntropyVectors::<S, V>::new(simd);
        let (x, x_last) = S::as_mut_simd_f32s(x.as_flattened_mut()).0.as_chunks_mut::<T>();
        let (t, t_last) = S::as_simd_f32s(t.as_flattened()).0.as_chunks::<T>();
        let (g, g_last) = S::as_mut_simd_f32s(g.as_flattened_mut()).0.as_chunks_mut::<T>();
        for ((x, t), g) in x.iter_mut().zip(t).zip(g) {
            differentiate(simd, (t, scale), x, g, &mut sum);
        }
        let (x, t) = (x_last.as_chunks_mut::<V>().0, t_last.as_chunks::<V>().0);
        for ((x, t), g) in x.iter_mut().zip(t).zip(g_last.as_chunks_mut::<V>().0) {
            differentiate(simd, (t, scale), x, g, &mut sum);
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

/// Turns vectors of logits into the gradient there, and adds it to the bias's.
#[inline(always)]
fn differentiate<S: Simd, const N: usize, const V: usize>(
    simd: S,
    (targets, scale): (&[S::f32s; N], f32),
    logits: &mut [S::f32s; N],
    of_bias: &mut [S::f32s; N],
    sum: &mut CrossEntropyVectors<S, V>,
) {
    let exponentials = exponentials_of(simd, *logits);
    for i in 0..N {
        let sigmoid = sum.add(simd, i, logits[i], exponentials[i], targets[i]);
        let difference = simd.sub_f32s(sigmoid, targets[i]);
        logits[i] = simd.mul_f32s(difference, simd.splat_f32s(scale));
        of_bias[i] = simd.add_f32s(of_bias[i], logits[i]);
    }
}

/// A sum of cross-entropies, a lane for every 16th number; of [`FACTORS`] numbers a lane at most.
pub(crate) struct CrossEntropy {
    linear: [f32; LANES],
    factors: [f32; LANES],
}

impl CrossEntropy {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self { linear: [0.0; LANES], factors: [1.0; LANES] }
    }

    /// Adds a number and returns its sigmoid.
    #[inline(always)]
    pub(crate) fn add_alone(&mut self, lane: usize, logit: f32, target: f32) -> f32 {
        let exponential = exp_of_negative(-logit.abs());
        self.factors[lane] *= 1.0 + exponential;
        self.linear[lane] += rectified(logit) - logit * target;
        sigmoid_of(logit, exponential)
    }

    #[inline(always)]
    pub(crate) fn total(self) -> f64 {
        let mut lanes = self.linear;
        for (lane, &factor) in lanes.iter_mut().zip(&self.factors) {
            *lane += ln_above_one(factor);
        }
        sum_of_lanes(lanes)
    }
}

/// The same lanes as `V` vectors, in registers: kept in an array, a sum waits for its own store.
pub(crate) struct CrossEntropyVectors<S: Simd, const V: usize> {
    linear: [S::f32s; V],
    factors: [S::f32s; V],
}

impl<S: Simd, const V: usize> CrossEntropyVectors<S, V> {
    #[inline(always)]
    pub(crate) fn new(simd: S) -> Self {
        Self { linear: [simd.splat_f32s(0.0); V], factors: [simd.splat_f32s(1.0); V] }
    }

    /// Adds the `index`th vector, of which `exp(-|x|)` is given, and returns its sigmoids.
    #[inline(always)]
    pub(crate) fn add(
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
    pub(crate) fn total(self) -> f64 {
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

    /// One number at a time, in the order of sums that [`CrossEntropy`] promises.
    fn alone(targets: &[f32], scale: f32, logits: &mut [f32], of_bias: &mut [f32]) -> f64 {
        let mut total = 0.0;
        let width = of_bias.len();
        let whole = width / LANES * LANES;
        for row in 0..targets.len() / width {
            let groups = (0..whole).step_by(FACTORS * LANES).chain([whole]);
            for first in groups {
                let end = if first == whole { width } else { whole.min(first + FACTORS * LANES) };
                let mut sum = CrossEntropy::new();
                for column in first..end {
                    let (x, t) = (&mut logits[row * width + column], targets[row * width + column]);
                    *x = (sum.add_alone((column - first) % LANES, *x, t) - t) * scale;
                    of_bias[column] += *x;
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
                let (logits, of_bias) = (&mut found.0[..], &mut found.1[..]);
                let rows = CrossEntropyOfRows { targets: &targets, scale: 0.3, logits, of_bias };
                assert_eq!(dispatch.run(InLanes(rows)), sum, "{width} wide, {dispatch:?}");
                assert_eq!(found, expected, "{width} wide, {dispatch:?}");
            }
        }
    }

    #[test]
    fn a_logit_that_is_no_number_stays_one() {
        for dispatch in dispatches() {
            let (mut logits, mut of_bias) = ([1.0; 40], [0.0; 40]);
            logits[3] = f32::NAN;
            logits[39] = f32::NAN;
            let (logits, of_bias) = (&mut logits[..], &mut of_bias[..]);
            let rows = CrossEntropyOfRows { targets: &[0.5; 40], scale: 1.0, logits, of_bias };
            assert!(dispatch.run(InLanes(rows)).is_nan(), "{dispatch:?}");
            let are_numbers = |x: &&f32| !x.is_nan();
            assert_eq!(of_bias.iter().filter(are_numbers).count(), 38, "{dispatch:?}");
        }
    }
}

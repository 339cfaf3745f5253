//! The losses of a row, for evaluation.

use pulp::Simd;

use super::cross_entropy::{CrossEntropy, CrossEntropyVectors, FACTORS_PER_LOGARITHM};
use crate::elementary::exponentials_of;
use crate::error::{ChainError, check_length};
use crate::simd::{Dispatch, InLanes, LANES, WithLanes, sum_of_lanes};

/// The losses of a row's output against its target: sums over the numbers of the row.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowLosses {
    /// Binary cross-entropy in nats; `None` if the last activation is not the sigmoid.
    pub cross_entropy: Option<f64>,
    /// The squared error.
    pub squared_error: f64,
    /// The absolute error.
    pub absolute_error: f64,
}

/// The losses of a sigmoid's outputs, from its logits. Sums are in `f32` within groups of 1024 numbers.
///
/// # Errors
/// If there are not as many targets as logits.
pub fn losses_of_logits(logits: &[f32], targets: &[f32]) -> Result<RowLosses, ChainError> {
    check_length("the targets", logits.len(), targets.len())?;
    Ok(losses_of_row(logits, targets))
}

/// [`losses_of_logits`] without the check of the lengths.
pub(crate) fn losses_of_row(logits: &[f32], targets: &[f32]) -> RowLosses {
    Dispatch::Widest.run(InLanes(LossesOfLogits { logits, targets }))
}

#[derive(Clone, Copy)]
struct LossesOfLogits<'a> {
    logits: &'a [f32],
    targets: &'a [f32],
}

impl WithLanes for LossesOfLogits<'_> {
    type Output = RowLosses;

    #[inline(always)]
    fn with_lanes<S: Simd, const V: usize, const I: usize>(self, simd: S) -> RowLosses {
        let targets = self.targets.chunks(FACTORS_PER_LOGARITHM * LANES);
        let mut sums = GroupLosses { cross_entropy: 0.0, squared_error: 0.0, absolute_error: 0.0 };
        for (x, t) in self.logits.chunks(FACTORS_PER_LOGARITHM * LANES).zip(targets) {
            let group = losses_of_group::<S, V, I>(simd, x, t);
            sums.cross_entropy += group.cross_entropy;
            sums.squared_error += group.squared_error;
            sums.absolute_error += group.absolute_error;
        }
        let GroupLosses { cross_entropy, squared_error, absolute_error } = sums;
        RowLosses { cross_entropy: Some(cross_entropy), squared_error, absolute_error }
    }
}

/// The losses of at most 1024 numbers.
struct GroupLosses {
    cross_entropy: f64,
    squared_error: f64,
    absolute_error: f64,
}

/// Sums of errors in `V` vectors each.
struct ErrorVectors<S: Simd, const V: usize> {
    squares: [S::f32s; V],
    magnitudes: [S::f32s; V],
}

#[inline(always)]
fn losses_of_group<S: Simd, const V: usize, const I: usize>(
    simd: S,
    logits: &[f32],
    targets: &[f32],
) -> GroupLosses {
    let (x, x_rest) = logits.as_chunks::<LANES>();
    let (t, t_rest) = targets.as_chunks::<LANES>();
    let mut sum = CrossEntropyVectors::<S, V>::new(simd);
    let zeros = [simd.splat_f32s(0.0); V];
    let mut errors = ErrorVectors::<S, V> { squares: zeros, magnitudes: zeros };
    let (x, x_last) = S::as_simd_f32s(x.as_flattened()).0.as_chunks::<I>();
    let (t, t_last) = S::as_simd_f32s(t.as_flattened()).0.as_chunks::<I>();
    for (x, t) in x.iter().zip(t) {
        add_losses(simd, x, t, &mut sum, &mut errors);
    }
    for (x, t) in x_last.as_chunks::<V>().0.iter().zip(t_last.as_chunks::<V>().0) {
        add_losses(simd, x, t, &mut sum, &mut errors);
    }
    let [mut squares, mut magnitudes] = [[0.0; LANES]; 2];
    S::as_mut_simd_f32s(&mut squares).0.copy_from_slice(&errors.squares);
    S::as_mut_simd_f32s(&mut magnitudes).0.copy_from_slice(&errors.magnitudes);
    let mut rest = CrossEntropy::new();
    for (lane, (&x, &t)) in x_rest.iter().zip(t_rest).enumerate() {
        let difference = rest.add_alone(lane, x, t) - t;
        squares[lane] += difference * difference;
        magnitudes[lane] += difference.abs();
    }
    GroupLosses {
        cross_entropy: sum.total() + rest.total(),
        squared_error: sum_of_lanes(squares),
        absolute_error: sum_of_lanes(magnitudes),
    }
}

/// Adds the losses of `N` vectors of logits to the lanes.
#[inline(always)]
fn add_losses<S: Simd, const N: usize, const V: usize>(
    simd: S,
    logits: &[S::f32s; N],
    targets: &[S::f32s; N],
    sum: &mut CrossEntropyVectors<S, V>,
    errors: &mut ErrorVectors<S, V>,
) {
    let exponentials = exponentials_of(simd, *logits);
    for i in 0..N {
        let sigmoid = sum.add(simd, i, logits[i], exponentials[i], targets[i]);
        let difference = simd.sub_f32s(sigmoid, targets[i]);
        let square = simd.mul_f32s(difference, difference);
        errors.squares[i % V] = simd.add_f32s(errors.squares[i % V], square);
        let magnitude = simd.abs_f32s(difference);
        errors.magnitudes[i % V] = simd.add_f32s(errors.magnitudes[i % V], magnitude);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::dispatches;

    #[test]
    fn losses_have_the_same_bits_with_every_instruction_set() {
        for length in [1, 16, 47, 100, 784, 1024, 1041, 2065] {
            let logits = |i: usize| ((i * 613) % 1009) as f32 * 0.2 - 100.0;
            let logits: Vec<f32> = (0..length).map(logits).collect();
            let targets: Vec<f32> = (0..length).map(|i| ((i * 389) % 256) as f32 / 255.0).collect();
            let losses = InLanes(LossesOfLogits { logits: &logits, targets: &targets });
            let expected = Dispatch::Scalar.run(losses);
            let exact = |(&x, &t): (&f32, &f32)| {
                let (x, t) = (f64::from(x), f64::from(t));
                let cross_entropy = x.max(0.0) - x * t + (-x.abs()).exp().ln_1p();
                let difference = 1.0 / (1.0 + (-x).exp()) - t;
                [cross_entropy, difference.powi(2), difference.abs()]
            };
            let exact: Vec<[f64; 3]> = logits.iter().zip(&targets).map(exact).collect();
            let RowLosses { cross_entropy, squared_error, absolute_error } = expected;
            let found = [cross_entropy.unwrap(), squared_error, absolute_error];
            for (index, found) in found.into_iter().enumerate() {
                let exact: f64 = exact.iter().map(|losses| losses[index]).sum();
                assert!((found - exact).abs() <= 1e-6 * exact + 1e-9, "{found}, not {exact}");
            }
            for dispatch in dispatches() {
                assert_eq!(dispatch.run(losses), expected, "{length} logits, {dispatch:?}");
            }
        }
    }
}

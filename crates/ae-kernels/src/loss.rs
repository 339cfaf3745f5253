//! How far rows of outputs are from their targets, and the sums behind that.

use pulp::Simd;

use crate::activation::{Function, with_function};
use crate::cross_entropy::{CrossEntropy, CrossEntropyVectors, FACTORS};
use crate::elementary::exponentials_of;
use crate::error::check_length;
use crate::simd::{Dispatch, InLanes, LANES, WithLanes, sum_of_lanes, vectorised};
use crate::{Activation, StackError};

/// Turns rows of `logits` into the gradient of the squared difference
/// between the activation's values and `targets` times `scale`, adds its rows up in `of_bias`, and
/// returns the sum of the squares.
pub(crate) fn squared_error(
    activation: Activation,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> f64 {
    with_function!(activation, F => {
        squared_error_of_rows::<F>(targets, 2.0 * scale, logits, of_bias)
    })
}

fn squared_error_of_rows<F: Function>(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let width = of_bias.len();
            let rows = logits.chunks_exact_mut(width).zip(targets.chunks_exact(width));
            let mut sum = 0.0;
            for (x, t) in rows {
                sum += squared_error_of_row::<F>(t, scale, x, of_bias);
            }
            sum
        },
    )
}

#[inline(always)]
fn squared_error_of_row<F: Function>(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    of_bias: &mut [f32],
) -> f64 {
    let (x, x_rest) = logits.as_chunks_mut::<LANES>();
    let (t, t_rest) = targets.as_chunks::<LANES>();
    let (g, g_rest) = of_bias.as_chunks_mut::<LANES>();
    let mut squares = [0.0; LANES];
    for ((x, t), g) in x.iter_mut().zip(t).zip(g) {
        for lane in 0..LANES {
            let (square, gradient) = square_and_gradient::<F>(x[lane], t[lane], scale);
            squares[lane] += square;
            x[lane] = gradient;
            g[lane] += gradient;
        }
    }
    let rest = x_rest.iter_mut().zip(t_rest).zip(g_rest);
    for (lane, ((x, &t), g)) in rest.enumerate() {
        let (square, gradient) = square_and_gradient::<F>(*x, t, scale);
        squares[lane] += square;
        *x = gradient;
        *g += gradient;
    }
    sum_of_lanes(squares)
}

#[inline(always)]
fn square_and_gradient<F: Function>(logit: f32, target: f32, scale: f32) -> (f32, f32) {
    let value = F::value(logit);
    let difference = value - target;
    (difference * difference, difference * scale * F::slope(logit, value))
}

/// How far rows of outputs are from their targets, summed over a row's numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowLosses {
    /// Binary cross-entropy in nats; none without a sigmoid at the end.
    pub cross_entropy: Option<f64>,
    /// The squared difference.
    pub squared_error: f64,
}

/// The losses of a sigmoid's outputs, from its logits.
///
/// # Errors
/// If there is not one target for each logit.
pub fn losses_of_logits(logits: &[f32], targets: &[f32]) -> Result<RowLosses, StackError> {
    check_length("the targets", logits.len(), targets.len())?;
    Ok(losses_of_row(logits, targets))
}

/// The same of as many logits and targets.
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
    fn with_lanes<S: Simd, const V: usize, const T: usize>(self, simd: S) -> RowLosses {
        let targets = self.targets.chunks(FACTORS * LANES);
        let (mut cross_entropy, mut squared_error) = (0.0, 0.0);
        for (x, t) in self.logits.chunks(FACTORS * LANES).zip(targets) {
            let of_group = losses_of_group::<S, V, T>(simd, x, t);
            cross_entropy += of_group.0;
            squared_error += of_group.1;
        }
        RowLosses { cross_entropy: Some(cross_entropy), squared_error }
    }
}

#[inline(always)]
fn losses_of_group<S: Simd, const V: usize, const T: usize>(
    simd: S,
    logits: &[f32],
    targets: &[f32],
) -> (f64, f64) {
    let (x, x_rest) = logits.as_chunks::<LANES>();
    let (t, t_rest) = targets.as_chunks::<LANES>();
    let (mut sum, mut of_squares) =
        (CrossEntropyVectors::<S, V>::new(simd), [simd.splat_f32s(0.0); V]);
    let (x, x_last) = S::as_simd_f32s(x.as_flattened()).0.as_chunks::<T>();
    let (t, t_last) = S::as_simd_f32s(t.as_flattened()).0.as_chunks::<T>();
    for (x, t) in x.iter().zip(t) {
        add_losses(simd, (x, t), &mut sum, &mut of_squares);
    }
    for (x, t) in x_last.as_chunks::<V>().0.iter().zip(t_last.as_chunks::<V>().0) {
        add_losses(simd, (x, t), &mut sum, &mut of_squares);
    }
    let mut squares = [0.0; LANES];
    S::as_mut_simd_f32s(&mut squares).0.copy_from_slice(&of_squares);
    let mut rest = CrossEntropy::new();
    for (lane, (&x, &t)) in x_rest.iter().zip(t_rest).enumerate() {
        let difference = rest.add_alone(lane, x, t) - t;
        squares[lane] += difference * difference;
    }
    (sum.total() + rest.total(), sum_of_lanes(squares))
}

/// Adds both losses of vectors of logits to their lanes.
#[inline(always)]
fn add_losses<S: Simd, const N: usize, const V: usize>(
    simd: S,
    (logits, targets): (&[S::f32s; N], &[S::f32s; N]),
    sum: &mut CrossEntropyVectors<S, V>,
    squares: &mut [S::f32s; V],
) {
    let exponentials = exponentials_of(simd, *logits);
    for i in 0..N {
        let sigmoid = sum.add(simd, i, logits[i], exponentials[i], targets[i]);
        let difference = simd.sub_f32s(sigmoid, targets[i]);
        let square = simd.mul_f32s(difference, difference);
        squares[i % V] = simd.add_f32s(squares[i % V], square);
    }
}

/// The sum of squared differences of outputs and targets.
///
/// # Errors
/// If there is not one target for each output.
pub fn squared_error_sum(outputs: &[f32], targets: &[f32]) -> Result<f64, StackError> {
    check_length("the targets", outputs.len(), targets.len())?;
    Ok(squared_error_between(outputs, targets))
}

/// The same of as many outputs and targets.
pub(crate) fn squared_error_between(outputs: &[f32], targets: &[f32]) -> f64 {
    lanes_sum(
        outputs,
        targets,
        #[inline(always)]
        |y, t| (y - t) * (y - t),
    )
}

/// The sum of squared differences of a row's outputs and targets, all in `f64`.
pub(crate) fn squared_error_of_row_in_f64(outputs: &[f32], targets: &[f32]) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let (y, y_rest) = outputs.as_chunks::<LANES>();
            let (t, t_rest) = targets.as_chunks::<LANES>();
            let mut lanes = [0.0; LANES];
            for (y, t) in y.iter().zip(t) {
                for lane in 0..LANES {
                    let difference = f64::from(y[lane]) - f64::from(t[lane]);
                    lanes[lane] += difference * difference;
                }
            }
            for (lane, (&y, &t)) in y_rest.iter().zip(t_rest).enumerate() {
                let difference = f64::from(y) - f64::from(t);
                lanes[lane] += difference * difference;
            }
            lanes.iter().sum()
        },
    )
}

/// The sum of magnitudes.
pub(crate) fn magnitude_sum(values: &[f32]) -> f64 {
    lanes_sum(
        values,
        values,
        #[inline(always)]
        |x, _| x.abs(),
    )
}

/// Terms in a lane that are added in `f32` before they go on in `f64`.
const TERMS: usize = 64;

fn lanes_sum(left: &[f32], right: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    assert_eq!(left.len(), right.len(), "two numbers for each term");
    vectorised(
        #[inline(always)]
        || {
            let mut sum = 0.0;
            for (l, r) in left.chunks(TERMS * LANES).zip(right.chunks(TERMS * LANES)) {
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
                [cross_entropy, (1.0 / (1.0 + (-x).exp()) - t).powi(2)]
            };
            let exact: Vec<[f64; 2]> = logits.iter().zip(&targets).map(exact).collect();
            let found = [expected.cross_entropy.unwrap(), expected.squared_error];
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

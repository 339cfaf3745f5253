//! The squared error of rows: with its gradient, and alone.

use super::sums::lanes_sum;
use crate::activation::{Activation, Function, with_function};
use crate::error::{ChainError, check_length};
use crate::simd::{LANES, sum_of_lanes, vectorised};

/// Replaces rows of logits by the gradient of `scale` times the squared difference between the activation's values and
/// `targets`, adds the rows to `bias_gradient`, and returns the sum of the squared differences.
pub(crate) fn squared_error_of_rows(
    activation: Activation,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    with_function!(activation, F => {
        rows_of_function::<F, false>(targets, 2.0 * scale, logits, bias_gradient)
    })
}

/// [`squared_error_of_rows`] of the targets that are numbers. Those that are NaN have no error and a gradient of 0.
pub(crate) fn masked_squared_error_of_rows(
    activation: Activation,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    with_function!(activation, F => {
        rows_of_function::<F, true>(targets, 2.0 * scale, logits, bias_gradient)
    })
}

fn rows_of_function<F: Function, const MASKED: bool>(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let width = bias_gradient.len();
            let rows = logits.chunks_exact_mut(width).zip(targets.chunks_exact(width));
            let mut sum = 0.0;
            for (x, t) in rows {
                sum += row_of_function::<F, MASKED>(t, scale, x, bias_gradient);
            }
            sum
        },
    )
}

#[inline(always)]
fn row_of_function<F: Function, const MASKED: bool>(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    let (x, x_rest) = logits.as_chunks_mut::<LANES>();
    let (t, t_rest) = targets.as_chunks::<LANES>();
    let (g, g_rest) = bias_gradient.as_chunks_mut::<LANES>();
    let mut squares = [0.0; LANES];
    for ((x, t), g) in x.iter_mut().zip(t).zip(g) {
        for lane in 0..LANES {
            let (square, gradient) = square_and_gradient::<F, MASKED>(x[lane], t[lane], scale);
            squares[lane] += square;
            x[lane] = gradient;
            g[lane] += gradient;
        }
    }
    let rest = x_rest.iter_mut().zip(t_rest).zip(g_rest);
    for (lane, ((x, &t), g)) in rest.enumerate() {
        let (square, gradient) = square_and_gradient::<F, MASKED>(*x, t, scale);
        squares[lane] += square;
        *x = gradient;
        *g += gradient;
    }
    sum_of_lanes(squares)
}

#[inline(always)]
fn square_and_gradient<F: Function, const MASKED: bool>(
    logit: f32,
    target: f32,
    scale: f32,
) -> (f32, f32) {
    if MASKED && target.is_nan() {
        return (0.0, 0.0);
    }
    let value = F::value(logit);
    let difference = value - target;
    (difference * difference, difference * scale * F::slope(logit, value))
}

/// The sum of the squared differences between outputs and targets. Sums are in `f32` within groups of 1024 numbers.
///
/// # Errors
/// If there are not as many targets as outputs.
pub fn squared_error_sum(outputs: &[f32], targets: &[f32]) -> Result<f64, ChainError> {
    check_length("the targets", outputs.len(), targets.len())?;
    Ok(squared_error_between(outputs, targets))
}

/// [`squared_error_sum`] without the check of the lengths.
pub(crate) fn squared_error_between(outputs: &[f32], targets: &[f32]) -> f64 {
    lanes_sum(
        outputs,
        targets,
        #[inline(always)]
        |y, t| (y - t) * (y - t),
    )
}

/// The sum of the squared differences, in `f64`.
pub(crate) fn squared_error_in_f64(outputs: &[f32], targets: &[f32]) -> f64 {
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

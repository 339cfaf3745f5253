//! The squared and the absolute error of rows: with their gradient, and alone.

use super::RowLosses;
use super::sums::lanes_sum;
use crate::activation::{Activation, Function, with_function};
use crate::error::{ChainError, check_length};
use crate::simd::{LANES, sum_of_lanes, vectorised};

/// Replaces rows of logits by the gradient of `scale` times the squared difference between the activation's values and
/// `targets`, adds the rows to `bias_gradient`, and returns the sum of the squared differences.
pub(super) fn squared_error_of_rows(
    activation: Activation,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    with_function!(activation, F => {
        differentiate::<F, Squared, false>(targets, 2.0 * scale, logits, bias_gradient)
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
        differentiate::<F, Squared, true>(targets, 2.0 * scale, logits, bias_gradient)
    })
}

/// [`squared_error_of_rows`] for the absolute difference.
pub(super) fn absolute_error_of_rows(
    activation: Activation,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    with_function!(activation, F => {
        differentiate::<F, Absolute, false>(targets, scale, logits, bias_gradient)
    })
}

/// An error of a difference, output minus target.
trait ErrorOf {
    fn error(difference: f32) -> f32;

    /// What the error's slope is proportional to.
    fn slope(difference: f32) -> f32;
}

/// The square; the slope is twice the difference.
struct Squared;

/// The magnitude; the slope is the sign.
struct Absolute;

impl ErrorOf for Squared {
    #[inline(always)]
    fn error(difference: f32) -> f32 {
        difference * difference
    }

    #[inline(always)]
    fn slope(difference: f32) -> f32 {
        difference
    }
}

impl ErrorOf for Absolute {
    #[inline(always)]
    fn error(difference: f32) -> f32 {
        difference.abs()
    }

    /// 0 for a difference of 0 and of NaN; then the loss is NaN.
    #[inline(always)]
    fn slope(difference: f32) -> f32 {
        f32::from(i8::from(difference > 0.0) - i8::from(difference < 0.0))
    }
}

fn differentiate<F: Function, E: ErrorOf, const MASKED: bool>(
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
                sum += differentiate_row::<F, E, MASKED>(t, scale, x, bias_gradient);
            }
            sum
        },
    )
}

#[inline(always)]
fn differentiate_row<F: Function, E: ErrorOf, const MASKED: bool>(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    let (x, x_rest) = logits.as_chunks_mut::<LANES>();
    let (t, t_rest) = targets.as_chunks::<LANES>();
    let (g, g_rest) = bias_gradient.as_chunks_mut::<LANES>();
    let mut errors = [0.0; LANES];
    for ((x, t), g) in x.iter_mut().zip(t).zip(g) {
        for lane in 0..LANES {
            let (error, gradient) = error_and_gradient::<F, E, MASKED>(x[lane], t[lane], scale);
            errors[lane] += error;
            x[lane] = gradient;
            g[lane] += gradient;
        }
    }
    let rest = x_rest.iter_mut().zip(t_rest).zip(g_rest);
    for (lane, ((x, &t), g)) in rest.enumerate() {
        let (error, gradient) = error_and_gradient::<F, E, MASKED>(*x, t, scale);
        errors[lane] += error;
        *x = gradient;
        *g += gradient;
    }
    sum_of_lanes(errors)
}

#[inline(always)]
fn error_and_gradient<F: Function, E: ErrorOf, const MASKED: bool>(
    logit: f32,
    target: f32,
    scale: f32,
) -> (f32, f32) {
    if MASKED && target.is_nan() {
        return (0.0, 0.0);
    }
    let value = F::value(logit);
    let difference = value - target;
    (E::error(difference), E::slope(difference) * scale * F::slope(logit, value))
}

/// The losses of outputs that are no probabilities. Sums are in `f32` within groups of 1024 numbers.
///
/// # Errors
/// If there are not as many targets as outputs.
pub fn losses_of_outputs(outputs: &[f32], targets: &[f32]) -> Result<RowLosses, ChainError> {
    check_length("the targets", outputs.len(), targets.len())?;
    Ok(losses_between(outputs, targets))
}

/// [`losses_of_outputs`] without the check of the lengths.
pub(crate) fn losses_between(outputs: &[f32], targets: &[f32]) -> RowLosses {
    RowLosses {
        cross_entropy: None,
        squared_error: error_sum::<Squared>(outputs, targets),
        absolute_error: error_sum::<Absolute>(outputs, targets),
    }
}

/// The sum of the squared differences between outputs and targets. Sums are in `f32` within groups of 1024 numbers.
///
/// # Errors
/// If there are not as many targets as outputs.
pub fn squared_error_sum(outputs: &[f32], targets: &[f32]) -> Result<f64, ChainError> {
    check_length("the targets", outputs.len(), targets.len())?;
    Ok(error_sum::<Squared>(outputs, targets))
}

fn error_sum<E: ErrorOf>(outputs: &[f32], targets: &[f32]) -> f64 {
    lanes_sum(
        outputs,
        targets,
        #[inline(always)]
        |y, t| E::error(y - t),
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

#[cfg(test)]
mod tests {
    use super::*;

    // import torch
    // x = torch.tensor([0.5, -0.25, 0.75], requires_grad=True)
    // loss = torch.nn.functional.l1_loss(x, torch.tensor([0.5, 0.25, 0.25]))
    // loss.backward()
    // print(loss.item(), x.grad)
    #[test]
    fn the_absolute_error_and_its_gradient_equal_pytorchs() {
        let (mut logits, targets) = ([0.5, -0.25, 0.75], [0.5, 0.25, 0.25]);
        let mut bias = [0.0; 3];
        let scale = 1.0 / 3.0;
        let sum =
            absolute_error_of_rows(Activation::Linear, &targets, scale, &mut logits, &mut bias);
        assert_eq!(sum, 1.0);
        assert_eq!(logits, [0.0, -scale, scale]);
        assert_eq!(bias, logits);
    }

    #[test]
    fn an_output_that_is_no_number_has_an_error_that_is_none() {
        let (mut logits, mut bias) = ([f32::NAN, 0.5], [0.0; 2]);
        let sum =
            absolute_error_of_rows(Activation::Linear, &[0.0; 2], 1.0, &mut logits, &mut bias);
        assert!(sum.is_nan());
    }
}

//! Softmax cross-entropy of rows of logits, with its gradient.

use crate::elementary::{exp_of_negative, ln_above_one};

/// Replaces rows of logits `x` by `scale` times the gradient of `ln(sum exp(x)) - sum t x` for targets `t` that sum to 1,
/// adds the rows to `bias_gradient`, and returns the sum of the rows' losses.
///
/// The gradient is `softmax(x) - t`. The largest logit is subtracted first, so no exponential overflows. Sums within a
/// row are in the order of its numbers.
pub(crate) fn softmax_cross_entropy_of_rows(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    let width = bias_gradient.len();
    let mut total = 0.0;
    for (x, t) in logits.chunks_exact_mut(width).zip(targets.chunks_exact(width)) {
        let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let product: f32 = x.iter().zip(t).map(|(&x, &t)| (x - largest) * t).sum();
        x.iter_mut().for_each(|x| *x = exp_of_negative(*x - largest));
        let sum: f32 = x.iter().sum();
        total += f64::from(ln_above_one(sum)) - f64::from(product);
        for ((x, &t), g) in x.iter_mut().zip(t).zip(&mut *bias_gradient) {
            *x = scale * (*x / sum - t);
            *g += *x;
        }
    }
    total
}

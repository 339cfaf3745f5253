//! Softmax cross-entropy of rows of logits, with its gradient.

use crate::elementary::exp_of_negative;
use crate::simd::vectorised;

/// Replaces rows of logits `x` by the gradient `scale * (softmax(x) * sum t - t)`, adds the rows to `bias_gradient`,
/// and returns the sum over rows of `ln(sum exp(x)) sum t - sum t x`, in nats.
pub(crate) fn softmax_of_rows(
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    let width = bias_gradient.len();
    let rows = logits.chunks_exact_mut(width).zip(targets.chunks_exact(width));
    let mut sum = 0.0;
    for (logits, targets) in rows {
        sum += softmax_of_row(targets, scale, logits);
        bias_gradient.iter_mut().zip(logits).for_each(|(to, g)| *to += *g);
    }
    sum
}

fn softmax_of_row(targets: &[f32], scale: f32, logits: &mut [f32]) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let mut largest = f32::NEG_INFINITY;
            for &x in logits.iter() {
                // A NaN must show.
                largest = if x > largest || x.is_nan() { x } else { largest };
            }
            let (mut exponentials, mut weight, mut dot) = (0.0_f64, 0.0_f64, 0.0_f64);
            for (x, t) in logits.iter_mut().zip(targets) {
                let above = *x - largest;
                weight += f64::from(*t);
                dot += f64::from(*t) * f64::from(above);
                *x = exp_of_negative(above);
                exponentials += f64::from(*x);
            }
            let (inverse, total) = ((1.0 / exponentials) as f32, weight as f32);
            for (x, t) in logits.iter_mut().zip(targets) {
                *x = scale * (*x * inverse * total - t);
            }
            exponentials.ln() * weight - dot
        },
    )
}

//! Binary cross-entropy.

/// The binary cross-entropy between sigmoid(logits) and the targets, mean per pixel, in nats.
///
/// Summed in the stable form `max(x, 0) - x t + log1p(exp(-|x|))` for a logit `x` and a target `t` in
/// [0, 1]: it stays exact where the sigmoid is 0 or 1 to the last bit. This is the loss of the Keras
/// tutorial, "Building Autoencoders in Keras" (2016). NaN if there are no pixels.
///
/// # Panics
/// If there are not as many logits as targets.
pub fn bce_from_logits(logits: &[f32], targets: &[f32]) -> f64 {
    assert_eq!(logits.len(), targets.len(), "a logit for each target");
    let sum: f64 = logits
        .iter()
        .zip(targets)
        .map(|(&logit, &target)| {
            let (x, t) = (f64::from(logit), f64::from(target));
            x.max(0.0) - x * t + (-x.abs()).exp().ln_1p()
        })
        .sum();
    sum / logits.len() as f64
}

#[cfg(test)]
mod tests {
    use std::f64::consts::LN_2;

    use super::*;

    // import numpy as np
    // i = np.arange(64)
    // x, t = (7 * i % 33 - 16) / 2, 5 * i % 9 / 8
    // (np.maximum(x, 0) - x * t + np.log1p(np.exp(-abs(x)))).mean()
    #[test]
    fn equals_numpys_value() {
        let logits: Vec<f32> = (0..64).map(|i| (7 * i % 33 - 16) as f32 / 2.0).collect();
        let targets: Vec<f32> = (0..64).map(|i| (5 * i % 9) as f32 / 8.0).collect();
        let found = bce_from_logits(&logits, &targets);
        assert!((found - 2.302_974_572_665_661_4).abs() < 1e-14, "{found}");
    }

    // import torch
    // bce = torch.nn.functional.binary_cross_entropy_with_logits
    // for x, t in ((0, .3), (20, 0), (20, 1), (40, 1), (-1e4, 1), (1e4, 1), (1e4, .25)):
    //     print(bce(torch.tensor(x, dtype=torch.double), torch.tensor(t, dtype=torch.double)).item())
    #[test]
    fn is_exact_where_the_sigmoid_saturates() {
        for (logit, target, expected) in [
            (0.0, 0.3, LN_2),
            (20.0, 0.0, 20.000_000_002_061_153),
            (20.0, 1.0, 2.061_153_620_314_381e-9),
            (40.0, 1.0, 4.248_354_255_291_589e-18),
            (-1e4, 1.0, 1e4),
            (1e4, 1.0, 0.0),
            (1e4, 0.25, 7500.0),
        ] {
            let found = bce_from_logits(&[logit], &[target]);
            assert!((found - expected).abs() <= 1e-14 * expected, "{logit}, {target}: {found}");
        }
    }

    #[test]
    fn is_nan_for_a_nan_and_for_nothing() {
        assert!(bce_from_logits(&[f32::NAN, 0.0], &[0.0, 0.0]).is_nan());
        assert!(bce_from_logits(&[], &[]).is_nan());
    }

    #[test]
    #[should_panic(expected = "a logit for each target")]
    fn unequal_lengths_are_refused() {
        bce_from_logits(&[0.0], &[]);
    }
}

//! Absolute error.

/// The mean absolute difference per pixel of two images or batches; NaN if there are no pixels.
///
/// # Panics
/// If they have not as many pixels.
pub fn mae(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len(), "as many pixels in either");
    let differences = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
    differences.sum::<f64>() / a.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_the_magnitudes() {
        assert_eq!(mae(&[0.0, 0.5, 1.0, 0.25], &[1.0, 0.25, 1.0, 0.5]), 0.375);
        assert!(mae(&[0.0, f32::NAN], &[0.0, 0.0]).is_nan());
        assert!(mae(&[], &[]).is_nan());
    }
}

//! Squared error.

/// The sum of the squared differences of two images or batches; of one image, its SSE.
///
/// # Panics
/// If they have not as many pixels.
pub fn squared_error(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len(), "as many pixels in either");
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}

/// The mean squared difference per pixel of two images or batches; NaN if there are no pixels.
///
/// # Panics
/// If they have not as many pixels.
pub fn mse(a: &[f32], b: &[f32]) -> f64 {
    squared_error(a, b) / a.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_averages_the_squares() {
        let (a, b) = ([0.0, 0.5, 1.0, 0.25], [1.0, 0.25, 1.0, 0.5]);
        assert_eq!(squared_error(&a, &b), 1.125);
        assert_eq!(mse(&a, &b), 0.281_25);
    }

    // In f32 the sum stands still once it is 2^24 times an addend.
    #[test]
    fn many_small_squares_are_not_lost() {
        let n = 1 << 20;
        let (mut a, b) = (vec![0.5_f32.powi(14); n], vec![0.0; n]);
        a[0] = 1.0;
        assert_eq!(squared_error(&a, &b), 1.0 + (n - 1) as f64 * 0.5_f64.powi(28));
    }

    #[test]
    fn is_nan_for_a_nan_and_for_nothing() {
        assert!(mse(&[0.0, f32::NAN], &[0.0, 0.0]).is_nan());
        assert!(mse(&[], &[]).is_nan());
    }

    #[test]
    #[should_panic(expected = "as many pixels in either")]
    fn unequal_lengths_are_refused() {
        mse(&[0.0, 0.0], &[0.0]);
    }
}

//! Peak signal-to-noise ratio.

/// The peak signal-to-noise ratio in decibels of a mean squared error, `-10 log10(mse)`.
///
/// The peak is 1, the range of the pixels. Equal images, of error 0, have an infinite ratio. The mean
/// over images is not the ratio of their mean error: say which one a number is.
pub fn psnr(mse: f64) -> f64 {
    // 0 less, so that an error of 1 gives 0 and not -0.
    0.0 - 10.0 * mse.log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    // from skimage.metrics import peak_signal_noise_ratio
    // for the images of the test of SSIM, 28 x 28: peak_signal_noise_ratio(a, b, data_range=1)
    #[test]
    fn equals_scikit_images_value() {
        let found = psnr(0.011_610_634_472_905_373);
        assert!((found - 19.351_440_472_250_09).abs() < 1e-13, "{found}");
    }

    #[test]
    fn spans_from_nothing_in_common_to_equal() {
        assert_eq!(psnr(1.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(psnr(0.01), 20.0);
        assert_eq!(psnr(0.0), f64::INFINITY);
        assert!(psnr(f64::NAN).is_nan());
    }
}

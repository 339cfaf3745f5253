//! Structural similarity beside scikit-image's.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_analysis::gaussian_ssim;

/// A pattern and a paler, disturbed copy, exact in `f32`; the same planes as in the snippet below.
fn planes(height: usize, width: usize) -> (Vec<f32>, Vec<f32>) {
    let pixel = |place: usize| {
        let (y, x) = (place / width, place % width);
        let a = (7 * x * x + 5 * y * y + 3 * x * y) % 65;
        let disturbance = (11 * x + 13 * y) % 17;
        (a as f32 / 64.0, (a as f32 * 0.75 + disturbance as f32) / 64.0)
    };
    (0..height * width).map(pixel).unzip()
}

// import numpy as np
// from skimage.metrics import structural_similarity
// y, x = np.mgrid[:height, :width]
// a = (7 * x * x + 5 * y * y + 3 * x * y) % 65 / 64
// b = (48 * a + (11 * x + 13 * y) % 17) / 64
// structural_similarity(a, b, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
#[test]
fn equals_scikit_images_value() {
    for (height, width, expected) in [
        (28, 28, 0.913_964_520_511_810_4),
        (11, 11, 0.905_008_629_232_544_9),
        (13, 40, 0.931_877_633_581_888_8),
    ] {
        let (a, b) = planes(height, width);
        for (a, b) in [(&a, &b), (&b, &a)] {
            let found = gaussian_ssim(a, b, [height, width]).unwrap().unwrap();
            assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
        }
        assert!((gaussian_ssim(&a, &a, [height, width]).unwrap().unwrap() - 1.0).abs() < 1e-12);
    }
}

/// Of a picture of several bands, all windows count once: its value is the mean of the values of its rows of windows.
#[test]
fn bands_and_threads_change_no_bit() {
    let (height, width) = (100, 30);
    let (a, b) = planes(height, width);
    let whole = gaussian_ssim(&a, &b, [height, width]).unwrap().unwrap();
    let rows = (0..=height - 11).map(|y| {
        let part = y * width..(y + 11) * width;
        gaussian_ssim(&a[part.clone()], &b[part], [11, width]).unwrap().unwrap()
    });
    let mean = rows.sum::<f64>() / 90.0;
    assert!((whole - mean).abs() < 1e-12, "{whole}, {mean}");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let alone = pool.install(|| gaussian_ssim(&a, &b, [height, width]).unwrap().unwrap());
    assert_eq!(alone.to_bits(), whole.to_bits());
}

#[test]
fn small_planes_have_none_and_others_are_refused() {
    assert_eq!(gaussian_ssim(&[0.0; 200], &[0.0; 200], [10, 20]).unwrap(), None);
    assert_eq!(gaussian_ssim(&[], &[], [0, 0]).unwrap(), None);
    let error = gaussian_ssim(&[0.0; 144], &[0.0; 143], [12, 12]).unwrap_err().to_string();
    assert_eq!(error, "expected rows of 144 numbers, found 143");
}

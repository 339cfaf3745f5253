//! The blur against SciPy.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_corruption::{Corruption, GaussianBlur};
use ae_random::Seed;

/// The same image in the snippets: `(5 x^2 + 3 y^2 + x y) mod 17 / 16`.
fn image(height: usize, width: usize) -> Vec<f32> {
    let pixel = |y: usize, x: usize| ((5 * x * x + 3 * y * y + x * y) % 17) as f32 / 16.0;
    (0..height * width).map(|place| pixel(place / width, place % width)).collect()
}

fn blurred(sigma: f32, height: usize, width: usize) -> Vec<f32> {
    let mut pixels = image(height, width);
    let blur = GaussianBlur::new(sigma).unwrap();
    blur.corrupt(&mut pixels, height, width, &mut Seed::new(0).stream("unused"));
    pixels
}

#[track_caller]
fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 5e-7, "{found}, expected {expected}");
    }
}

// import numpy as np
// from scipy.ndimage import gaussian_filter
// y, x = np.mgrid[:5, :7]
// gaussian_filter((5 * x * x + 3 * y * y + x * y) % 17 / 16, sigma)[[0, 2]].round(7)
#[test]
#[rustfmt::skip]
fn rows_0_and_2_of_an_image_equal_scipys() {
    for (sigma, row_0, row_2) in [
        (
            0.5,
            [0.0542935, 0.2925752, 0.2753628, 0.5795262, 0.6486989, 0.4708887, 0.556243],
            [0.6219183, 0.2197664, 0.219786, 0.6299862, 0.7402519, 0.656467, 0.1138089],
        ),
        (
            1.0,
            [0.1947984, 0.2771075, 0.3582706, 0.4521271, 0.5203354, 0.5153603, 0.477826],
            [0.4386973, 0.3494391, 0.3481254, 0.4485226, 0.5269692, 0.4982149, 0.3643075],
        ),
        // The radius of 12 pixels is mirrored at both borders and back again.
        (
            3.0,
            [0.3907902, 0.3974752, 0.4094016, 0.4240212, 0.4382984, 0.4494667, 0.4555396],
            [0.4053664, 0.4105266, 0.4199576, 0.4319149, 0.4440265, 0.4538146, 0.4592575],
        ),
    ] {
        let pixels = blurred(sigma, 5, 7);
        assert_close(&pixels[..7], &row_0);
        assert_close(&pixels[14..21], &row_2);
    }
}

// y, x = np.mgrid[:3, :2]
// gaussian_filter((5 * x * x + 3 * y * y + x * y) % 17 / 16, 10).round(7)
#[test]
fn an_image_smaller_than_the_radius_equals_scipys() {
    let expected = [0.322_919_2, 0.322_919_4, 0.322_916_7, 0.322_916_8, 0.322_913_8, 0.322_914];
    assert_close(&blurred(10.0, 3, 2), &expected);
}

#[test]
fn a_blur_below_the_pixel_changes_nothing() {
    // The radius is floor(4 sigma + 1/2) = 0.
    assert_eq!(blurred(0.12, 5, 7), image(5, 7));
    assert_ne!(blurred(0.13, 5, 7), image(5, 7));
}

#[test]
fn a_flat_image_stays_flat_and_an_empty_one_empty() {
    let mut flat = vec![1.0; 28 * 28];
    let blur = GaussianBlur::new(100.0).unwrap();
    let mut stream = Seed::new(0).stream("unused");
    blur.corrupt(&mut flat, 28, 28, &mut stream);
    assert_close(&flat, &[1.0; 28 * 28]);
    blur.corrupt(&mut [], 0, 0, &mut stream);
}

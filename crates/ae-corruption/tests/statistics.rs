//! The distributions of the noises. Bounds are five standard errors of a million pixels or more.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_corruption::{Corruption, Noise, corrupt_batch};
use ae_random::Seed;

const SIDE: usize = 1000;
const PIXELS: f64 = (SIDE * SIDE) as f64;

/// A flat image of a million pixels after a noise.
fn corrupted(noise: &str, pixel: f32) -> Vec<f32> {
    let noise: Noise = noise.parse().unwrap();
    let mut image = vec![pixel; SIDE * SIDE];
    noise.corrupt(&mut image, SIDE, SIDE, &mut Seed::new(42).stream("statistics"));
    image
}

fn mean_and_variance(image: &[f32]) -> (f64, f64) {
    let mean = image.iter().map(|&x| f64::from(x)).sum::<f64>() / PIXELS;
    let squares = image.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>();
    (mean, squares / PIXELS)
}

fn share(image: &[f32], of: impl Fn(f32) -> bool) -> f64 {
    image.iter().filter(|&&x| of(x)).count() as f64 / PIXELS
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found}, expected {expected} +- {tolerance}");
}

/// Mean and variance of a flat image; the variance of normals has a relative error of `sqrt(2/n)`.
#[track_caller]
fn assert_moments(image: &[f32], mean: f64, variance: f64) {
    let (found_mean, found_variance) = mean_and_variance(image);
    assert_near(found_mean, mean, 5.0 * (variance / PIXELS).sqrt());
    assert_near(found_variance, variance, 5.0 * variance * (2.0 / PIXELS).sqrt());
}

#[track_caller]
fn assert_share(image: &[f32], of: impl Fn(f32) -> bool, expected: f64) {
    let tolerance = 5.0 * (expected * (1.0 - expected) / PIXELS).sqrt();
    assert_near(share(image, of), expected, tolerance);
}

#[test]
fn gaussian_noise_has_its_factor_as_standard_deviation() {
    // 0 and 1 are ten standard deviations away: nothing is clipped.
    assert_moments(&corrupted("gaussian:0.05", 0.5), 0.5, 0.0025);
}

// from scipy.integrate import quad; from scipy.stats import norm; import numpy as np
// x, f = 0.3, 0.5
// m = lambda k: quad(lambda n: np.clip(x + f * n, 0, 1)**k * norm.pdf(n), -10, 10, points=[-x / f, (1 - x) / f])[0]
// m(1), m(2) - m(1)**2, norm.cdf(-x / f), norm.sf((1 - x) / f)
#[test]
fn gaussian_noise_is_clipped() {
    let image = corrupted("gaussian:0.5", 0.3);
    let (mean, variance) = mean_and_variance(&image);
    assert_near(mean, 0.366_002_294_8, 5.0 * (0.118_756_5 / PIXELS).sqrt());
    assert_near(variance, 0.118_756_493_1, 0.001);
    assert_share(&image, |x| x == 0.0, 0.274_253_117_8);
    assert_share(&image, |x| x == 1.0, 0.080_756_659_2);
}

#[test]
fn masking_destroys_its_share_and_nothing_else() {
    let image = corrupted("masking:0.25", 0.7);
    assert_share(&image, |x| x == 0.0, 0.25);
    assert!(image.iter().all(|&x| x == 0.0 || x == 0.7));
    assert!(corrupted("masking:1", 0.7).iter().all(|&x| x == 0.0));
}

#[test]
fn salt_and_pepper_fall_equally_often() {
    let image = corrupted("salt-and-pepper:0.3", 0.7);
    assert_share(&image, |x| x == 0.0, 0.15);
    assert_share(&image, |x| x == 1.0, 0.15);
    assert_share(&image, |x| x == 0.7, 0.7);
}

#[test]
fn speckle_grows_with_the_pixel() {
    assert_moments(&corrupted("speckle:0.1", 0.5), 0.5, 0.0025);
    assert_moments(&corrupted("speckle:0.1", 0.25), 0.25, 0.000_625);
    assert!(corrupted("speckle:100", 0.0).iter().all(|&x| x == 0.0));
}

#[test]
fn shot_noise_has_the_mean_as_its_variance() {
    // In counts: 125 +- 11.2 of a peak of 250, clipped 11 standard deviations away.
    let counts: Vec<f32> = corrupted("poisson:250", 0.5).iter().map(|x| x * 250.0).collect();
    assert_moments(&counts, 125.0, 125.0);
    assert!(corrupted("poisson:5", 0.0).iter().all(|&x| x == 0.0));
}

// from scipy.stats import poisson
// poisson.pmf(range(6), 1.5)
#[test]
fn shot_noise_has_poissons_frequencies() {
    let probabilities = [0.223_130_16, 0.334_695_24, 0.251_021_43, 0.125_510_72, 0.047_066_52];
    let image = corrupted("poisson:6", 0.25);
    for (count, probability) in probabilities.into_iter().enumerate() {
        assert_share(&image, |x| (x * 6.0).round() as usize == count, probability);
    }
}

#[test]
fn an_occlusion_is_one_rectangle_of_its_size_at_every_place_inside() {
    let noise: Noise = "occlusion:0.5".parse().unwrap();
    let stream = Seed::new(42).stream("occlusion");
    let (height, width) = (6, 4);
    let mut seen = [[0; 3]; 4];
    for sample in 0..12_000 {
        let mut image = vec![1.0; height * width];
        noise.corrupt(&mut image, height, width, &mut stream.at(0, sample));
        let first = image.iter().position(|&x| x == 0.0).unwrap();
        let (top, left) = (first / width, first % width);
        for (place, &pixel) in image.iter().enumerate() {
            let inside = (top..top + 3).contains(&(place / width))
                && (left..left + 2).contains(&(place % width));
            assert_eq!(pixel, if inside { 0.0 } else { 1.0 });
        }
        seen[top][left] += 1;
    }
    // 12 places, 1000 of each expected with a standard deviation of 30.
    assert!(seen.as_flattened().iter().all(|count| (850..1150).contains(count)), "{seen:?}");
}

#[test]
fn a_whole_occlusion_leaves_nothing() {
    assert!(corrupted("occlusion:1", 1.0).iter().all(|&x| x == 0.0));
}

#[test]
fn a_choice_gives_each_sample_one_of_its_noises_alike_often() {
    let noise: Noise = "masking:1|gaussian:0|salt-and-pepper:1".parse().unwrap();
    let mut images = vec![0.5; SIDE * SIDE];
    let samples: Vec<u32> = (0..images.len() as u32).collect();
    let stream = Seed::new(42).stream("statistics");
    corrupt_batch(&noise, &mut images, &samples, 1, 1, 0, &stream);
    // A third is masked and half a third is pepper; a third is as it was; half a third is salt.
    assert_share(&images, |x| x == 0.0, 0.5);
    assert_share(&images, |x| x == 0.5, 1.0 / 3.0);
    assert_share(&images, |x| x == 1.0, 1.0 / 6.0);
}

#[test]
fn a_choice_is_made_for_the_whole_image() {
    let noise: Noise = "masking:1|gaussian:0".parse().unwrap();
    let mut images = vec![0.5; SIDE * SIDE];
    let samples: Vec<u32> = (0..SIDE as u32).collect();
    let stream = Seed::new(42).stream("statistics");
    corrupt_batch(&noise, &mut images, &samples, 1, SIDE, 0, &stream);
    assert!(images.chunks(SIDE).all(|image| image.iter().all(|pixel| *pixel == image[0])));
    let masked = images.chunks(SIDE).filter(|image| image[0] == 0.0).count();
    assert!((400..600).contains(&masked), "{masked} of {SIDE}");
}

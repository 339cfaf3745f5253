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
fn raw_sensor_noise_adds_the_variances_of_counting_and_reading() {
    // 0.5 / 250 + 0.02^2; 0 and 1 are ten standard deviations away. Then with counts that are rounded normals.
    let image = corrupted("poisson-gaussian:250,0.02", 0.5);
    assert_moments(&image, 0.5, 0.5 / 250.0 + 0.0004);
    let image = corrupted("poisson-gaussian:20000,0.005", 0.5);
    assert_moments(&image, 0.5, 0.5 / 20_000.0 + 0.000_025);
}

/// Where counts are no longer searched for, mean, variance and third moment (which is the mean too) go on.
#[test]
fn large_counts_have_poissons_moments() {
    let mean = 600.0;
    let image = corrupted("poisson-gaussian:1000,0", 0.6);
    let counts: Vec<f64> = image.iter().map(|&x| f64::from(x) * 1000.0).collect();
    assert!(counts.iter().all(|count| (count - count.round()).abs() < 1e-3));
    let moment =
        |power: i32| counts.iter().map(|count| (count - mean).powi(power)).sum::<f64>() / PIXELS;
    // Standard errors: sqrt(m2 / n), sqrt((m4 - m2^2) / n), sqrt(15 m2^3 / n) of a near-normal distribution. Rounding
    // adds 1/12 to the variance.
    assert_near(moment(1), 0.0, 5.0 * (mean / PIXELS).sqrt());
    assert_near(moment(2), mean + 1.0 / 12.0, 5.0 * mean * (2.0 / PIXELS).sqrt());
    assert_near(moment(3), mean, 5.0 * (15.0 * mean.powi(3) / PIXELS).sqrt());
}

/// The mean product of two pixels at a distance in rows and columns, on average over the image.
fn covariance(image: &[f32], mean: f64, [down, across]: [usize; 2]) -> f64 {
    let mut sum = 0.0;
    for y in 0..SIDE - down {
        for x in 0..SIDE - across {
            let [one, other] =
                [y * SIDE + x, (y + down) * SIDE + x + across].map(|place| image[place]);
            sum += (f64::from(one) - mean) * (f64::from(other) - mean);
        }
    }
    sum / ((SIDE - down) * (SIDE - across)) as f64
}

// import numpy as np; from scipy.ndimage import gaussian_filter
// d = np.zeros((41, 41)); d[20, 20] = 1; k = gaussian_filter(d, 2.0); k /= np.sqrt((k * k).sum())
// [(k[:, :41 - l] * k[:, l:]).sum() for l in (1, 2)], (k[:40, :40] * k[1:, 1:]).sum()    # also with 0.7
#[test]
fn correlated_noise_has_its_factor_and_the_correlations_of_its_blur() {
    for (noise, blur, correlations) in [
        ("correlated:0.05", 0.7, [0.581608, 0.129923, 0.338268]),
        ("correlated:0.05,2", 2.0, [0.939413, 0.778801, 0.882497]),
    ] {
        let image = corrupted(noise, 0.5);
        // The squared correlations sum to 2 pi blur^2: as many pixels count as one.
        let independent: f64 = PIXELS / (2.0 * std::f64::consts::PI * blur * blur);
        let variance = covariance(&image, 0.5, [0, 0]);
        assert_near(variance, 0.0025, 5.0 * 0.0025 * (2.0 / independent).sqrt());
        for ([down, across], expected) in [[0, 1], [2, 0], [1, 1]].into_iter().zip(correlations) {
            let found = covariance(&image, 0.5, [down, across]) / variance;
            assert_near(found, expected, 5.0 * (1.0 / independent).sqrt());
        }
    }
}

/// The first row and column have the variance of the others.
#[test]
fn correlated_noise_is_as_strong_at_the_border() {
    let noise: Noise = "correlated:0.05,3".parse().unwrap();
    let stream = Seed::new(42).stream("border");
    let side = 8;
    let mut squares = vec![0.0; side * side];
    let count = 20_000;
    for item in 0..count {
        let mut image = vec![0.5; side * side];
        noise.corrupt(&mut image, side, side, &mut stream.at(0, item));
        squares.iter_mut().zip(image).for_each(|(sum, x)| *sum += (f64::from(x) - 0.5).powi(2));
    }
    for sum in squares {
        assert_near(sum / count as f64, 0.0025, 5.0 * 0.0025 * (2.0 / count as f64).sqrt());
    }
}

#[test]
fn stripes_are_rows_or_columns_of_one_offset() {
    let noise: Noise = "stripes:0.05".parse().unwrap();
    let stream = Seed::new(42).stream("stripes");
    let (height, width) = (30, 20);
    let (mut offsets, mut images_of_rows) = (Vec::new(), 0);
    for item in 0..1000 {
        let mut image = vec![0.5; height * width];
        noise.corrupt(&mut image, height, width, &mut stream.at(0, item));
        let are_rows = image.chunks(width).all(|row| row.iter().all(|x| *x == row[0]));
        let are_columns = image.chunks(width).all(|row| row == &image[..width]);
        assert!(are_rows != are_columns);
        images_of_rows += usize::from(are_rows);
        let step = if are_rows { width } else { 1 };
        let lines = if are_rows { height } else { width };
        offsets.extend(image.iter().step_by(step).take(lines).map(|x| f64::from(*x) - 0.5));
    }
    // Half of 1000, with a standard deviation of 16.
    assert!((420..580).contains(&images_of_rows), "{images_of_rows} of 1000");
    let count = offsets.len() as f64;
    let variance = offsets.iter().map(|offset| offset * offset).sum::<f64>() / count;
    assert_near(variance, 0.0025, 5.0 * 0.0025 * (2.0 / count).sqrt());
}

#[test]
fn stains_darken_their_share_by_at_most_their_strength() {
    let noise: Noise = "stains:0.6".parse().unwrap();
    let stream = Seed::new(42).stream("stains");
    let (height, width) = (50, 80);
    let mut shares = Vec::new();
    for item in 0..300 {
        let mut image = vec![0.8; height * width];
        noise.corrupt(&mut image, height, width, &mut stream.at(0, item));
        let darkest = image.iter().fold(1.0_f32, |darkest, x| darkest.min(*x));
        // Between half the strength and all of it.
        assert!((0.8 * 0.4 - 1e-6..=0.8 * 0.7 + 1e-6).contains(&darkest), "{darkest}");
        assert!(image.iter().all(|x| *x <= 0.8));
        shares.push(image.iter().filter(|x| **x < 0.8).count() as f64 / image.len() as f64);
    }
    assert!(shares.iter().all(|share| (0.045..=0.305).contains(share)), "{shares:?}");
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    // Uniform from 0.05 to 0.3: a variance of 0.25^2 / 12.
    assert_near(mean, 0.175, 5.0 * 0.25 / (12.0 * 300.0_f64).sqrt());
}

#[test]
fn uneven_light_differs_by_its_strength_where_it_differs_most() {
    let noise: Noise = "uneven-light:0.3:unclipped".parse().unwrap();
    let stream = Seed::new(42).stream("light");
    let (height, width) = (50, 80);
    for item in 0..100 {
        let mut image = vec![1.0; height * width];
        noise.corrupt(&mut image, height, width, &mut stream.at(0, item));
        let greatest = image.iter().fold(0.0_f32, |greatest, x| greatest.max((x - 1.0).abs()));
        assert!((greatest - 0.3).abs() < 1e-5, "{greatest}");
        // A spline over cells of 40 pixels: a slope of at most 2 per cell of a field of magnitude at least 0.1.
        let rows = image.chunks(width).flat_map(|row| row.windows(2));
        let steepest = rows.fold(0.0_f32, |steepest, two| steepest.max((two[1] - two[0]).abs()));
        assert!(steepest < 0.3 * 2.0 / 40.0 / 0.1, "{steepest}");
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

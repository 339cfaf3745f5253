//! The estimated standard deviation of noise.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_analysis::noise_level;
use ae_random::Seed;
use proptest::prelude::*;

const SIDE: usize = 192;

/// A picture with shades, edges along the axes, diagonal edges and, in its lower half, strong texture.
fn clean(seed: u64) -> Vec<f32> {
    let mut stream = Seed::new(seed).stream("texture");
    let pixel = |place: usize| {
        let (y, x) = (place / SIDE, place % SIDE);
        let shade = 0.3 + 0.2 * y as f32 / SIDE as f32 + 0.1 * x as f32 / SIDE as f32;
        let edges = if x / 40 % 2 == 0 { 0.0 } else { 0.15 } + if x + y > 200 { 0.1 } else { 0.0 };
        let texture = if y > SIDE / 2 { 0.2 * (stream.uniform() - 0.5) } else { 0.0 };
        shade + edges + texture
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

fn with_noise(clean: &[f32], level: f32, seed: u64) -> Vec<f32> {
    let mut normals = vec![0.0; clean.len()];
    Seed::new(seed).stream("noise").fill_normal(&mut normals);
    clean.iter().zip(normals).map(|(x, normal)| x + level * normal).collect()
}

/// The quietest twentieth of all is the quietest tenth of the half without texture: 3 % more. The quantile has a standard
/// error of 1 %, and 5 of them are allowed.
#[test]
fn noise_is_measured_in_the_quiet_half_of_a_textured_picture() {
    for level in [5.0_f32 / 255.0, 15.0 / 255.0, 25.0 / 255.0, 50.0 / 255.0] {
        for seed in 0..4 {
            let found = noise_level(&with_noise(&clean(seed), level, seed), [SIDE, SIDE]).unwrap();
            assert!((found / level - 1.03).abs() < 0.05, "{found}, expected {level}");
        }
    }
}

/// The quantile of some 5000 overlapping blocks has a standard error of 0.4 %.
#[test]
fn noise_alone_has_its_level() {
    for seed in 0..3 {
        let found = noise_level(&with_noise(&vec![0.5; 600 * 600], 0.1, seed), [600, 600]).unwrap();
        assert!((found / 0.1 - 1.0).abs() < 0.02, "{found}");
    }
}

#[test]
fn shades_and_straight_edges_are_no_noise() {
    let ramp: Vec<f32> = (0..SIDE * SIDE)
        .map(|place| (place % SIDE) as f32 / 256.0 + if place / SIDE > 90 { 0.25 } else { 0.0 })
        .collect();
    assert!(noise_level(&ramp, [SIDE, SIDE]).unwrap() < 1e-6);
    assert_eq!(noise_level(&[1.0; 30 * 40], [30, 40]).unwrap(), 0.0);
}

/// Blocks whose noise clipping has cut off do not count, and without this they would be the quietest.
#[test]
fn clipped_places_do_not_count() {
    let level = 0.1;
    let half_white: Vec<f32> =
        (0..SIDE * SIDE).map(|place| if place / SIDE < 100 { 0.97 } else { 0.5 }).collect();
    let mut noisy = with_noise(&half_white, level, 1);
    noisy.iter_mut().for_each(|x| *x = x.clamp(0.0, 1.0));
    let found = noise_level(&noisy, [SIDE, SIDE]).unwrap();
    assert!((found / level - 1.0).abs() < 0.06, "{found}, expected {level}");
}

#[test]
fn small_pictures_are_measured_as_a_whole() {
    let level = 0.1;
    for (height, width) in [(3, 2000), (17, 300), (1000, 5)] {
        let noisy = with_noise(&vec![0.5; height * width], level, 7);
        let found = noise_level(&noisy, [height, width]).unwrap();
        // Neighbouring responses are correlated: some 1500 independent squares, a standard error of 2 to 3 %.
        assert!((found / level - 1.0).abs() < 0.12, "{height} x {width}: {found}");
    }
}

#[test]
fn what_is_no_picture_is_refused() {
    let refused = |values: &[f32], size| noise_level(values, size).unwrap_err().to_string();
    assert_eq!(refused(&[0.0; 12], [3, 3]), "expected rows of 9 numbers, found 12");
    let expected = "the height of a picture must be from 3 to";
    assert!(refused(&[0.0; 8], [2, 4]).starts_with(expected));
    assert!(refused(&[], [0, 0]).starts_with(expected));
    assert!(refused(&[], [usize::MAX, usize::MAX]).starts_with("expected rows of"));
    let mut plane = [0.5; 25];
    plane[7] = f32::NAN;
    assert_eq!(refused(&plane, [5, 5]), "number 2 of row 1 is NaN, expected a finite number");
}

proptest! {
    /// The level has the unit of the values, and an offset does not change it (powers of two: exact in floats).
    #[test]
    fn the_level_scales_with_the_values(seed: u64, height in 3..60_usize, width in 3..60_usize) {
        let noisy = with_noise(&vec![0.5; height * width], 0.125, seed);
        let level = noise_level(&noisy, [height, width]).unwrap();
        let scaled: Vec<f32> = noisy.iter().map(|x| 4.0 * x).collect();
        prop_assert_eq!(noise_level(&scaled, [height, width]).unwrap(), 4.0 * level);
        let negated: Vec<f32> = noisy.iter().map(|x| -x).collect();
        prop_assert_eq!(noise_level(&negated, [height, width]).unwrap(), level);
    }
}

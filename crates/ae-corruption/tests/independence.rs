//! What holds for every noise: its range, and that it depends on seed, epoch and index only.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_corruption::{Corruption, Noise, corrupt_batch};
use ae_random::{Seed, Stream};
use proptest::prelude::*;

const SIDE: usize = 12;
const SIZE: usize = SIDE * SIDE;

/// Every noise that draws, a chain of them and a choice.
const RANDOM: [&str; 15] = [
    "gaussian:0.5",
    "masking:0.4",
    "salt-and-pepper:0.4",
    "speckle:0.5",
    "poisson:20",
    "occlusion:0.4",
    "masking:0.1+blur:1+gaussian:0.2+poisson:50",
    "gaussian:0.5|masking:0.4|salt-and-pepper:0.3+speckle:0.2",
    "correlated:0.3",
    "poisson-gaussian:20..1000,0.1..0.2",
    "stripes:0.3",
    "stains:0.7",
    "uneven-light:0.5",
    "gaussian:5/255..55/255",
    "stains:0.2..0.9+jpeg:10..90",
];

fn noise(text: &str) -> Noise {
    text.parse().unwrap()
}

fn stream() -> Stream {
    Seed::new(42).stream("corruption")
}

/// Images without black and white, for any noise to show on.
fn images(n: usize) -> Vec<f32> {
    (0..n * SIZE).map(|place| 0.2 + (place * 7 % 61) as f32 / 100.0).collect()
}

fn corrupted(text: &str, samples: &[u32], epoch: u32) -> Vec<f32> {
    // Each sample has its own image, wherever it stands.
    let clean = images(16);
    let mut batch: Vec<f32> =
        samples.iter().flat_map(|&s| &clean[s as usize * SIZE..][..SIZE]).copied().collect();
    corrupt_batch(&noise(text), &mut batch, samples, SIDE, SIDE, epoch, &stream());
    batch
}

#[test]
fn noise_is_the_same_in_any_split_into_batches_and_any_order() {
    for text in RANDOM {
        let samples: Vec<u32> = (0..16).collect();
        let whole = corrupted(text, &samples, 3);
        for length in [1, 3, 16] {
            let split: Vec<f32> =
                samples.chunks(length).flat_map(|part| corrupted(text, part, 3)).collect();
            assert_eq!(split, whole, "{text} in batches of {length}");
        }
        let swapped = corrupted(text, &[9, 4], 3);
        assert_eq!(swapped[..SIZE], whole[9 * SIZE..10 * SIZE], "{text}");
        assert_eq!(swapped[SIZE..], whole[4 * SIZE..5 * SIZE], "{text}");
    }
}

#[test]
fn another_epoch_sample_or_seed_has_other_noise() {
    let flat = |text: &str, seed: u64, epoch: u32, sample: u32| {
        let mut image = vec![0.5; SIZE];
        let stream = Seed::new(seed).stream("corruption");
        corrupt_batch(&noise(text), &mut image, &[sample], SIDE, SIDE, epoch, &stream);
        image
    };
    for text in RANDOM {
        let first = flat(text, 42, 3, 8);
        assert_eq!(first, flat(text, 42, 3, 8), "{text}");
        assert_ne!(first, flat(text, 42, 4, 8), "{text}");
        assert_ne!(first, flat(text, 42, 3, 7), "{text}");
        assert_ne!(first, flat(text, 41, 3, 8), "{text}");
    }
}

#[test]
fn the_links_of_a_chain_draw_one_after_the_other() {
    let mut by_hand = images(1);
    let mut one_stream = stream();
    for link in ["masking:0.3", "gaussian:0.2"] {
        noise(link).corrupt(&mut by_hand, SIDE, SIDE, &mut one_stream);
    }
    let mut chained = images(1);
    noise("masking:0.3+gaussian:0.2").corrupt(&mut chained, SIDE, SIDE, &mut stream());
    assert_eq!(chained, by_hand);
}

#[test]
fn a_pixels_noise_does_not_depend_on_the_other_pixels() {
    for text in [
        "gaussian:0.5",
        "masking:0.4",
        "salt-and-pepper:0.4",
        "speckle:0.5",
        "poisson:20",
        "poisson-gaussian:20,0.1",
        "poisson-gaussian:2000,0.1",
        "masking:0.2..0.5",
    ] {
        let (mut one, mut other) = (images(1), images(1));
        other[..SIZE / 2].fill(0.0);
        for image in [&mut one, &mut other] {
            noise(text).corrupt(image, SIDE, SIDE, &mut stream());
        }
        assert_eq!(one[SIZE / 2..], other[SIZE / 2..], "{text}");
    }
}

/// An occlusion and a blur treat every channel as they treat a grey image alone.
#[test]
fn spatial_noise_has_the_same_place_in_all_channels() {
    for text in ["occlusion:0.4", "blur:1", "stripes:0.3", "stains:0.7", "uneven-light:0.5"] {
        let colours = images(3);
        let mut corrupted = colours.clone();
        corrupt_batch(&noise(text), &mut corrupted, &[7], SIDE, SIDE, 2, &stream());
        for (channel, corrupted) in colours.chunks(SIZE).zip(corrupted.chunks(SIZE)) {
            let mut grey = channel.to_vec();
            corrupt_batch(&noise(text), &mut grey, &[7], SIDE, SIDE, 2, &stream());
            assert_eq!(grey, corrupted, "{text}");
        }
    }
}

#[test]
fn noise_of_no_strength_changes_nothing() {
    let clean = images(1);
    for text in [
        "gaussian:0",
        "masking:0",
        "salt-and-pepper:0",
        "speckle:0",
        "occlusion:0",
        "blur:0",
        "correlated:0",
        "stripes:0",
        "stains:0",
        "uneven-light:0",
    ] {
        let mut image = clean.clone();
        noise(text).corrupt(&mut image, SIDE, SIDE, &mut stream());
        assert_eq!(image, clean, "{text}");
    }
}

/// Values far outside of [0, 1], as standardised columns have them, keep their noise.
#[test]
fn unclipped_noise_follows_its_formula_for_values_of_any_range() {
    type Formula = fn(f32, f32) -> f32;
    let clean: Vec<f32> = images(1).iter().map(|x| 40.0 * x - 20.0).collect();
    let mut normals = vec![0.0; SIZE];
    stream().fill_normal(&mut normals);
    let formulas: [(&str, Formula); 2] = [
        ("gaussian:0.5:unclipped", |x, normal| x + 0.5 * normal),
        ("speckle:0.5:unclipped", |x, normal| x + x * 0.5 * normal),
    ];
    for (text, formula) in formulas {
        let mut image = clean.clone();
        noise(text).corrupt(&mut image, SIDE, SIDE, &mut stream());
        let expected: Vec<f32> = clean.iter().zip(&normals).map(|(x, n)| formula(*x, *n)).collect();
        assert_eq!(image, expected, "{text}");
    }
}

/// A blur is linear, so that scaling the image scales the result.
#[test]
fn an_unclipped_blur_keeps_the_range_of_the_image() {
    let mut unit = images(1);
    let mut scaled: Vec<f32> = unit.iter().map(|x| 64.0 * x).collect();
    noise("blur:1").corrupt(&mut unit, SIDE, SIDE, &mut stream());
    noise("blur:1:unclipped").corrupt(&mut scaled, SIDE, SIDE, &mut stream());
    for (unit, scaled) in unit.iter().zip(&scaled) {
        assert!((64.0 * unit - scaled).abs() < 1e-5, "{scaled}, expected {}", 64.0 * unit);
    }
}

/// Clipping is the only difference.
#[test]
fn clipped_noise_is_unclipped_noise_after_clipping() {
    for text in [
        "gaussian:0.5",
        "gaussian:0.1..0.9",
        "speckle:2",
        "blur:1",
        "correlated:0.5,1",
        "poisson-gaussian:5,0.3",
        "stripes:0.5",
        "uneven-light:1",
    ] {
        let mut clipped = images(1);
        let mut unclipped = clipped.clone();
        noise(text).corrupt(&mut clipped, SIDE, SIDE, &mut stream());
        noise(&format!("{text}:unclipped")).corrupt(&mut unclipped, SIDE, SIDE, &mut stream());
        unclipped.iter_mut().for_each(|x| *x = x.clamp(0.0, 1.0));
        assert_eq!(clipped, unclipped, "{text}");
    }
}

/// Recorded runs name a noise and a seed, so that these pixels must never change.
#[test]
fn the_pixels_of_every_noise_are_pinned() {
    let pinned = [
        3_427_631_399,
        1_113_338_629,
        3_252_433_669,
        2_346_498_517,
        2_241_612_421,
        2_807_837_445,
        121_747_133,
        1_952_199_429,
        765_981_347,
        3_564_898_306,
        3_544_919_569,
        2_374_449_078,
        1_426_942_937,
        664_887_067,
        3_405_305_075,
    ];
    for (text, expected) in RANDOM.into_iter().zip(pinned) {
        let mut image = vec![0.5; SIZE];
        corrupt_batch(&noise(text), &mut image, &[5], SIDE, SIDE, 2, &stream());
        // FNV-1a over the pixels' bits.
        let hash = image.iter().fold(0x811c_9dc5, |hash: u32, pixel| {
            (hash ^ pixel.to_bits()).wrapping_mul(0x0100_0193)
        });
        assert_eq!(hash, expected, "{text}");
    }
}

#[test]
#[should_panic(expected = "one item for each index")]
fn a_batch_of_another_size_is_refused() {
    corrupt_batch(&noise("masking:0.5"), &mut [0.0; SIZE], &[1, 2], SIDE, SIDE, 0, &stream());
}

proptest! {
    #[test]
    fn pixels_stay_in_range(
        text in prop_oneof![
            prop::sample::select(&RANDOM[..]),
            prop::sample::select(&["gaussian:100", "speckle:100", "poisson:0.1", "poisson:500", "blur:100", "correlated:100,10", "poisson-gaussian:0.1,100", "jpeg:1", "stripes:100", "stains:1", "uneven-light:1"][..]),
        ],
        (height, width) in (0..9_usize, 0..9_usize),
        pixel in 0.0..=1.0_f32,
        seed: u64,
    ) {
        let mut image = vec![pixel; height * width];
        image.iter_mut().step_by(3).for_each(|x| *x = 1.0 - *x);
        let mut stream = Seed::new(seed).stream("range");
        noise(text).corrupt(&mut image, height, width, &mut stream);
        prop_assert!(image.iter().all(|x| (0.0..=1.0).contains(x)), "{:?}", image);
    }
}

/// Pixels that are no whole plane, or planes without pixels: no noise panics or allocates what a side claims.
#[test]
fn sizes_that_do_not_fit_do_no_harm() {
    for text in [&RANDOM[..], &["blur:2", "jpeg:50", "correlated:1,10"]].concat() {
        for (height, width) in
            [(0, 0), (0, 5), (5, 0), (1, usize::MAX), (usize::MAX, usize::MAX), (4, 4)]
        {
            for count in [0, 1, 7] {
                let mut pixels = vec![0.5; count];
                noise(text).corrupt(&mut pixels, height, width, &mut stream());
                assert!(pixels.iter().all(|pixel| (0.0..=1.0).contains(pixel)), "{text}");
            }
        }
    }
    for (height, width) in [(0, 0), (3, 0), (1, 1)] {
        corrupt_batch(&noise("blur:2"), &mut [], &[], height, width, 0, &stream());
    }
}

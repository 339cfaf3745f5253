//! Compression: what comes back, and what is refused.

use ae_analysis::{AnalysisError, Codec, Compressor, Mode, Pca, Quality, Rows};
use ae_kernels::{Activation, Layer, Stack, Weight};
use ae_random::Seed;
use proptest::prelude::*;

const SIDE: usize = 8;
const SIZE: usize = SIDE * SIDE;

/// A network of 64-6-64 with random weights.
fn network(seed: u64) -> (Stack, Vec<f32>) {
    let layer = |inputs, outputs, offset, activation| Layer {
        inputs,
        outputs,
        weight: Weight::Own { offset },
        bias: offset + inputs * outputs,
        activation,
    };
    let first = layer(SIZE, 6, 0, Activation::Linear);
    let second = layer(6, SIZE, SIZE * 6 + 6, Activation::Sigmoid);
    let parameters = 2 * SIZE * 6 + 6 + SIZE;
    let mut values = vec![0.0; parameters];
    Seed::new(seed).stream("weights").fill_uniform(&mut values);
    values.iter_mut().for_each(|value| *value -= 0.5);
    (Stack::new(vec![first, second], 0, parameters).unwrap(), values)
}

/// Bright rectangles on black.
fn images(count: usize) -> Vec<u8> {
    let pixel = |image: usize, row: usize, column: usize| {
        let inside = (image % 4..image % 4 + 3).contains(&row) && column > image % 5;
        if inside { 250 + (image % 6) as u8 } else { 0 }
    };
    (0..count * SIZE).map(|at| pixel(at / SIZE, at / SIDE % SIDE, at % SIDE)).collect()
}

fn compressor(seed: u64) -> Compressor {
    let (stack, parameters) = network(seed);
    let codec = Codec::fit(&stack, &parameters, &images(500), [1, SIDE, SIDE]).unwrap();
    Compressor::new(&stack, &parameters, codec, [1, SIDE, SIDE]).unwrap()
}

fn message(result: Result<ae_analysis::Archive<'_>, AnalysisError>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn exact_images_come_back_bit_for_bit_alone_and_together() {
    let compressor = compressor(1);
    let images = images(40);
    for quality in Quality::all() {
        let bytes = compressor.compress(&images, quality, Mode::Exact).unwrap();
        let archive = compressor.open(&bytes).unwrap();
        assert_eq!((archive.len(), archive.quality()), (40, quality));
        assert!(archive.images(0, 40).unwrap() == images);
        for place in [0, 15, 16, 39] {
            assert!(archive.images(place, 1).unwrap() == images[place * SIZE..][..SIZE]);
        }
        assert!(archive.images(14, 5).unwrap() == images[14 * SIZE..19 * SIZE]);
        assert!(archive.images(40, 1).is_err());
    }
}

#[test]
fn a_higher_quality_errs_less_and_takes_more_bytes() {
    let compressor = compressor(1);
    let images = images(200);
    let mut sizes = Vec::new();
    let decoded = Quality::all().map(|quality| {
        let bytes = compressor.compress(&images, quality, Mode::Lossy).unwrap();
        sizes.push(bytes.len());
        let archive = compressor.open(&bytes).unwrap();
        let all = archive.images(0, usize::MAX).unwrap();
        assert!(archive.images(17, 1).unwrap() == all[17 * SIZE..18 * SIZE]);
        all
    });
    let decoded: Vec<Vec<u8>> = decoded.collect();
    assert!(sizes.is_sorted() && sizes[8] > 2 * sizes[0], "{sizes:?}");
    // The best is near the network's own reconstructions; the others are ever farther from it.
    let distances: Vec<u64> = decoded
        .iter()
        .map(|images| {
            let pairs = images.iter().zip(&decoded[8]);
            pairs.map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum()
        })
        .collect();
    assert!(distances[0] > distances[4] && distances[4] > distances[7], "{distances:?}");
}

#[test]
fn numbers_that_training_did_not_see_are_escaped() {
    let (stack, parameters) = network(1);
    let dark = vec![0; 20 * SIZE];
    let codec = Codec::fit(&stack, &parameters, &dark, [1, SIDE, SIDE]).unwrap();
    let compressor = Compressor::new(&stack, &parameters, codec, [1, SIDE, SIDE]).unwrap();
    let images = images(20);
    let bytes = compressor.compress(&images, Quality::default(), Mode::Exact).unwrap();
    assert!(compressor.open(&bytes).unwrap().images(0, 20).unwrap() == images);
}

/// A network of 64-n-64 whose codes hold one number n times, and whose decoder takes their mean.
fn repeating(n: usize) -> Compressor {
    let mut weights = vec![0.0; SIZE];
    Seed::new(4).stream("weights").fill_uniform(&mut weights);
    let mut parameters = weights.repeat(n);
    parameters.extend(vec![0.0; n]);
    let parts = weights.iter().flat_map(|weight| vec![(weight - 0.5) / n as f32; n]);
    parameters.extend(parts.chain(vec![0.0; SIZE]));
    let layer = |inputs, outputs, offset, activation| {
        let (weight, bias) = (Weight::Own { offset }, offset + inputs * outputs);
        Layer { inputs, outputs, weight, bias, activation }
    };
    let first = layer(SIZE, n, 0, Activation::Linear);
    let second = layer(n, SIZE, SIZE * n + n, Activation::Sigmoid);
    let stack = Stack::new(vec![first, second], 0, parameters.len()).unwrap();
    let codec = Codec::fit(&stack, &parameters, &images(500), [1, SIDE, SIDE]).unwrap();
    Compressor::new(&stack, &parameters, codec, [1, SIDE, SIDE]).unwrap()
}

#[test]
fn what_varies_together_is_stored_once() {
    let images = images(400);
    let [once, five] = [1, 5].map(|n| {
        let compressor = repeating(n);
        let file = compressor.compress(&images, Quality::default(), Mode::Lossy).unwrap();
        let pixels = compressor.open(&file).unwrap().images(0, usize::MAX).unwrap();
        (file.len(), pixels)
    });
    assert!(once.0 > 100 && five.0 <= once.0 + 25, "{} {}", once.0, five.0);
    let apart = once.1.iter().zip(&five.1).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(apart <= Some(2), "{apart:?}");
}

#[test]
fn pca_is_compressed_as_a_network() {
    let images = images(400);
    let floats: Vec<f32> = images.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let pca = Pca::fit(Rows::new(&floats, SIZE).unwrap(), 6).unwrap();
    let (stack, parameters) = pca.network();
    let codec = Codec::fit(&stack, &parameters, &images, [1, SIDE, SIDE]).unwrap();
    let compressor = Compressor::new(&stack, &parameters, codec, [1, SIDE, SIDE]).unwrap();
    assert!(compressor.model_bytes() > 4 * parameters.len());
    let best = Quality::all().last().unwrap();
    let file = compressor.compress(&images, best, Mode::Lossy).unwrap();
    let found = compressor.open(&file).unwrap().images(0, usize::MAX).unwrap();
    let projected = pca.reconstruct(Rows::new(&floats, SIZE).unwrap()).unwrap();
    // As rounding to steps of 8 grey levels, for each of the numbers that vary, and rounding the pixels.
    let sum: f64 = pca.variances().iter().sum();
    let effective = sum * sum / pca.variances().iter().map(|x| x * x).sum::<f64>();
    let expected = (64.0 / 12.0 * 6.0 / effective + 1.0 / 12.0).sqrt();
    let squares = found.iter().zip(&projected).map(|(&byte, &expected)| {
        f64::from(f32::from(byte) - 255.0 * expected.clamp(0.0, 1.0)).powi(2)
    });
    let error = (squares.sum::<f64>() / found.len() as f64).sqrt();
    assert!((error / expected - 1.0).abs() < 0.2, "{error} {expected}");
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let compressor = compressor(1);
    let bytes = compressor.compress(&images(20), Quality::default(), Mode::Exact).unwrap();
    for bit in 0..8 * bytes.len() {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(compressor.open(&damaged).is_err(), "bit {bit}");
    }
    for length in 0..bytes.len() {
        assert!(compressor.open(&bytes[..length]).is_err(), "{length} bytes");
    }
    assert!(compressor.open(&[bytes, vec![0]].concat()).is_err());
}

#[test]
fn another_model_and_a_later_version_are_named() {
    let bytes = compressor(1).compress(&images(3), Quality::default(), Mode::Lossy).unwrap();
    let other = compressor(2);
    let found = message(other.open(&bytes));
    assert_eq!(found, "expected images compressed with this model, found those of another model");
    let mut later = bytes.clone();
    later[4] = 2;
    let found = message(other.open(&later));
    assert_eq!(found, "expected version 1, found version 2, of a later program");
    assert!(message(other.open(b"\x89PNG")).contains("found something else"));
}

/// Whether a codec that somebody wrote is refused or works; it must not panic.
#[test]
fn a_codec_of_absurd_numbers_is_refused() {
    let (stack, parameters) = network(1);
    let codec = Codec::fit(&stack, &parameters, &images(50), [1, SIDE, SIDE]).unwrap();
    let text = serde_json::to_value(&codec).unwrap();
    for (field, number) in [
        ("unit", 0),
        ("unit", i64::MAX),
        ("unit", 1),
        ("width", 0),
        ("width", i64::MAX),
        ("low", i64::MIN),
    ] {
        let mut text = text.clone();
        text["dimensions"][0][field] = number.into();
        let codec: Codec = serde_json::from_value(text).unwrap();
        let compressor = Compressor::new(&stack, &parameters, codec, [1, SIDE, SIDE]).unwrap();
        let found = compressor.compress(&images(1), Quality::default(), Mode::Lossy);
        assert!(matches!(found, Err(AnalysisError::NoCodec { .. })), "{field} {number}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_image_comes_back_in_the_exact_mode(
        images in prop::collection::vec(any::<u8>(), SIZE..=SIZE),
    ) {
        let compressor = compressor(3);
        let bytes = compressor.compress(&images, Quality::default(), Mode::Exact).unwrap();
        prop_assert_eq!(compressor.open(&bytes).unwrap().images(0, 1).unwrap(), images);
    }

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        prop_assert!(compressor(3).open(&bytes).is_err());
        prop_assert!(compressor(3).open(&[b"\x89AEZ\x01", bytes.as_slice()].concat()).is_err());
    }
}

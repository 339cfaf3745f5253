//! Compression: what comes back, and what is refused.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_analysis::{Pca, Rows};
use ae_compression::{Codec, CompressionError, Compressor, Mode, Quality, TiledPictures};
use ae_kernels::{Activation, Chain, Dense, Weight};
use ae_random::Seed;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const SIDE: usize = 8;
const SIZE: usize = SIDE * SIDE;

/// A network of 64-6-64 with random weights.
fn network(seed: u64) -> (Chain, Vec<f32>) {
    let layer = |inputs, outputs, offset, activation| Dense {
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
    (Chain::of_dense(vec![first, second], 0, parameters).unwrap(), values)
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

fn message(result: Result<ae_compression::Archive<'_>, CompressionError>) -> String {
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
        Dense { inputs, outputs, weight, bias, activation }
    };
    let first = layer(SIZE, n, 0, Activation::Linear);
    let second = layer(n, SIZE, SIZE * n + n, Activation::Sigmoid);
    let stack = Chain::of_dense(vec![first, second], 0, parameters.len()).unwrap();
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

/// Two pictures of other sizes than the network's images.
fn pictures() -> [(&'static str, [usize; 3], Vec<u8>); 2] {
    [("scans/a.png", [1, 20, 13]), ("scans/b.png", [3, 8, 9])].map(|(name, shape)| {
        let pixels = (0..shape.iter().product()).map(|place| (place * 7 % 256) as u8).collect();
        (name, shape, pixels)
    })
}

fn of_pictures(compressor: &Compressor, mode: Mode) -> Vec<u8> {
    let mut tiled = TiledPictures::new([1, SIDE, SIDE]).unwrap();
    for (name, shape, pixels) in pictures() {
        tiled.add(name, shape, &pixels).unwrap();
    }
    compressor.compress_pictures(&tiled, Quality::default(), mode).unwrap()
}

#[test]
fn pictures_of_any_size_come_back_in_tiles() {
    let compressor = compressor(1);
    let bytes = of_pictures(&compressor, Mode::Exact);
    let archive = compressor.open(&bytes).unwrap();
    let names: Vec<_> = pictures().into_iter().map(|(name, ..)| name).collect();
    let shapes: Vec<_> = pictures().into_iter().map(|(_, shape, _)| shape).collect();
    assert_eq!(archive.names().unwrap().collect::<Vec<_>>(), names);
    assert_eq!(archive.pictures().unwrap(), shapes);
    assert_eq!(archive.len(), 3 * 2 + 3 * 2);
    for (place, (_, _, pixels)) in pictures().into_iter().enumerate() {
        assert_eq!(archive.picture(place).unwrap(), pixels);
    }
    let missing = archive.picture(2).unwrap_err().to_string();
    assert_eq!(missing, "the picture must be from 0 to 1, found 2");
    let bytes = of_pictures(&compressor, Mode::Lossy);
    let lossy = compressor.open(&bytes).unwrap();
    assert_eq!(lossy.picture(1).unwrap().len(), 3 * 8 * 9);
    // Tiles of another shape than the network's images.
    let mut other = TiledPictures::new([1, SIDE, 2 * SIDE]).unwrap();
    other.add("a", [1, 9, 9], &[0; 81]).unwrap();
    let refused = compressor.compress_pictures(&other, Quality::default(), Mode::Lossy);
    assert_eq!(refused.unwrap_err().to_string(), "expected tiles of [1, 8, 8], found [1, 8, 16]");
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let compressor = compressor(1);
    let bytes = compressor.compress(&images(20), Quality::default(), Mode::Exact).unwrap();
    let pictures = of_pictures(&compressor, Mode::Exact);
    for bit in 0..8 * pictures.len() {
        let mut damaged = pictures.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(compressor.open(&damaged).is_err(), "bit {bit}");
    }
    for length in 0..pictures.len() {
        assert!(compressor.open(&pictures[..length]).is_err(), "{length} bytes");
    }
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
    later[4] = 4;
    let found = message(other.open(&later));
    assert_eq!(found, "expected version 1 to 3, found version 4, of a later program");
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
        assert!(matches!(found, Err(CompressionError::NoCodec { .. })), "{field} {number}");
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

    /// What a right checksum covers is not believed either: any header, any index, any blocks.
    #[test]
    fn sealed_bytes_are_refused_or_give_whole_images(
        mode in 0_u8..5,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        end in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let compressor = compressor(3);
        let kept = if [1, 4].contains(&mode) { Mode::Exact } else { Mode::Lossy };
        let bytes = match mode {
            3 | 4 => of_pictures(&compressor, kept),
            _ => compressor.compress(&images(20), Quality::default(), kept).unwrap(),
        };
        let mut body = bytes[..bytes.len() - CHECKSUM].to_vec();
        for (place, byte) in &changes {
            let place = place.index(body.len());
            body[place] = *byte;
        }
        if mode == 2 {
            // Past the fingerprint: another index and other blocks.
            body.truncate(FINGERPRINT_END);
        }
        body.extend(&end);
        let body_is_ours = body == bytes[..bytes.len() - CHECKSUM];
        let sealed = sealed(&body);
        let Ok(archive) = compressor.open(&sealed) else {
            prop_assert!(!body_is_ours);
            return Ok(());
        };
        prop_assert!(archive.len() <= 16 * body.len());
        if let Ok(images) = archive.images(0, 50) {
            prop_assert_eq!(images.len(), SIZE * archive.len().min(50));
        }
        for (place, shape) in archive.pictures().unwrap_or_default().iter().enumerate() {
            if let Ok(picture) = archive.picture(place) {
                prop_assert_eq!(picture.len(), shape.iter().product::<usize>());
            }
        }
    }
}

/// Bytes of the checksum at the end, and where the model's fingerprint ends.
const CHECKSUM: usize = 8;
const FINGERPRINT_END: usize = 4 + 1 + 2 + 8;

/// A body with the checksum that belongs to it: the first bytes of its SHA-256.
fn sealed(body: &[u8]) -> Vec<u8> {
    [body, &Sha256::digest(body)[..CHECKSUM]].concat()
}

#[test]
fn wrong_numbers_behind_a_right_checksum_are_named() {
    let compressor = compressor(1);
    let bytes = compressor.compress(&images(20), Quality::default(), Mode::Exact).unwrap();
    let body = &bytes[..bytes.len() - CHECKSUM];
    // Two blocks: the number of images, the shape, then the blocks' lengths.
    assert_eq!(body[FINGERPRINT_END..][..4], [20, 1, SIDE as u8, SIDE as u8]);
    assert!(compressor.open(&sealed(body)).is_ok());
    let found = |place: usize, replacement: &[u8]| {
        let changed = [&body[..place], replacement, &body[place + 1..]].concat();
        message(compressor.open(&sealed(&changed)))
    };
    assert_eq!(found(5, &[2]), "expected the mode 0 or 1, found 2");
    assert_eq!(found(6, &[0]), "the quality must be from 1 to 9, found 0");
    assert_eq!(found(6, &[10]), "the quality must be from 1 to 9, found 10");
    let other = "expected images compressed with this model, found those of another model";
    assert_eq!(found(7, &[body[7] ^ 1]), other);
    let number = FINGERPRINT_END;
    assert_eq!(found(number, &[0]), "expected as many images as there are blocks, found 0");
    // 2^34 images would take 64 GiB; the index that they need is not there.
    let many = [0x80, 0x80, 0x80, 0x80, 0x40];
    let expected = "expected as many images as there are blocks, found 17179869184";
    assert_eq!(found(number, &many), expected);
    let endless = found(number, &[0xff; 6]);
    assert_eq!(endless, "expected a number below 2^35, found a larger one");
    assert!(
        found(number + 1, &[3]).starts_with("expected 1 channels"),
        "{}",
        found(number + 1, &[3])
    );
    assert!(found(number + 4, &[0]).contains("bytes"), "{}", found(number + 4, &[0]));
    assert!(found(number + 4, &[0xff, 0x7f]).starts_with("expected a block of 16383 bytes"));
    let behind = message(compressor.open(&sealed(&[body, &[0]].concat())));
    assert_eq!(behind, "expected nothing behind the last block, found 1 bytes");
    for length in 0..body.len() {
        assert!(compressor.open(&sealed(&body[..length])).is_err(), "{length} bytes");
    }
}

#[test]
fn any_symbols_behind_a_right_checksum_give_images_of_the_right_size() {
    let compressor = compressor(1);
    for mode in [Mode::Lossy, Mode::Exact] {
        let bytes = compressor.compress(&images(3), Quality::default(), mode).unwrap();
        let header = [&bytes[..FINGERPRINT_END], &[3, 1, SIDE as u8, SIDE as u8]].concat();
        for round in 0..200 {
            let mut values = [0.0; 60];
            Seed::new(round).stream("symbols").fill_uniform(&mut values);
            let block = values.map(|value| (256.0 * value) as u8);
            let length = round as usize % 60;
            let body = [&header, &[length as u8][..], &block[..length]].concat();
            let bytes = sealed(&body);
            let archive = compressor.open(&bytes).unwrap();
            // Symbols that the model does not know are an error, not a panic.
            if let Ok(images) = archive.images(0, 3) {
                assert_eq!(images.len(), 3 * SIZE);
            }
        }
    }
}

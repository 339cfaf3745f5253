//! Codes of any encoder, compressed and read again.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_compression::{compress_codes, decompress_codes};
use ae_random::Seed;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

/// The codes that come back, after a check of the error bound, and the number of bytes.
#[track_caller]
fn read_back(codes: &[f32], latent_dim: usize, max_error: f32) -> (Vec<f32>, usize) {
    let bytes = compress_codes(codes, latent_dim, max_error).unwrap();
    let read = decompress_codes(&bytes).unwrap();
    assert_eq!((read.values.len(), read.latent_dim), (codes.len(), latent_dim));
    for (read, code) in read.values.iter().zip(codes) {
        let error = (f64::from(*read) - f64::from(*code)).abs();
        assert!(error <= f64::from(max_error), "{code} became {read}, beyond {max_error}");
    }
    (read.values, bytes.len())
}

fn normals(count: usize) -> Vec<f32> {
    let mut numbers = vec![0.0; count];
    Seed::new(42).stream("codes").fill_normal(&mut numbers);
    numbers
}

/// Differential entropy of the standard normal distribution: log2(2 pi e) / 2 = 2.0471 bits.
#[test]
fn normal_codes_take_their_entropy() {
    for (rows, max_error, excess) in [(1000, 0.1, 0.15), (10_000, 0.1, 0.03), (10_000, 0.001, 0.15)]
    {
        let codes = normals(rows * 8);
        let (_, bytes) = read_back(&codes, 8, max_error);
        let bits = 8.0 * bytes as f64 / codes.len() as f64;
        let entropy = 2.0471 - (2.0 * f64::from(max_error)).log2();
        assert!((entropy - 0.01..entropy + excess).contains(&bits), "{bits}, entropy {entropy}");
    }
}

/// Half of a rectified normal code is 0, whose place among few others must not cost much.
#[test]
fn codes_of_many_zeros_take_their_entropy() {
    let codes: Vec<f32> = normals(80_000).iter().map(|code| code.max(0.0)).collect();
    let (_, bytes) = read_back(&codes, 8, 0.02);
    // One bit for the sign, and in half of all cases what a positive number takes.
    let entropy = 1.0 + (2.0471 - 1.0 - (0.04_f64).log2()) / 2.0;
    let bits = 8.0 * bytes as f64 / codes.len() as f64;
    assert!((entropy - 0.05..entropy + 0.05).contains(&bits), "{bits}, entropy {entropy}");
}

#[test]
fn constant_codes_take_a_bit_for_eight_numbers() {
    let (_, bytes) = read_back(&[0.5; 64_000], 10, 1e-3);
    // One byte for 64 numbers, and a header.
    assert!(bytes <= 1000 + 100, "{bytes}");
}

#[test]
fn what_came_back_comes_back_the_same_again() {
    let (first, _) = read_back(&normals(3000), 3, 0.05);
    let (second, _) = read_back(&first, 3, 0.05);
    assert_eq!(first, second);
}

#[test]
fn numbers_far_from_all_others_and_errors_below_their_precision_are_stored_exactly() {
    let mut codes = normals(400);
    codes[7] = f32::MAX;
    codes[8] = -1e30;
    codes[9] = f32::MIN_POSITIVE;
    let (read, _) = read_back(&codes, 4, 1e-3);
    assert_eq!(read[7..9], codes[7..9]);
    // Half a unit in the last place of 1.0 is 6e-8.
    let (read, _) = read_back(&codes, 4, 1e-12);
    let exact = read.iter().zip(&codes).filter(|(a, b)| a == b).count();
    assert!(exact > 390, "{exact}");
    read_back(&codes, 4, f32::MAX);
    read_back(&codes, 4, f32::from_bits(1));
}

/// Fixed for good: bytes that were written by an earlier version are read as these numbers.
#[test]
fn the_format_is_pinned() {
    let codes = [0.11, -1.0, 0.52, 3.25, 0.49, -1.0];
    let bytes = compress_codes(&codes, 2, 0.01).unwrap();
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(text, "89414543010ad7233c03020c1563d601000d4bd1761b3f2afc6a66b57ab334e5");
    let read = decompress_codes(&bytes).unwrap();
    // Multiples of 0.02.
    assert_eq!(read.values, [0.12, -1.0, 0.52, 3.26, 0.5, -1.0]);
}

#[test]
fn what_cannot_be_compressed_is_refused() {
    for (codes, latent_dim, max_error, expected) in [
        (&[1.0, 2.0, 3.0][..], 2, 0.1, "3 numbers are not a whole, positive number of rows of 2"),
        (&[], 2, 0.1, "0 numbers are not a whole, positive number of rows of 2"),
        (&[1.0], 0, 0.1, "1 numbers are not a whole, positive number of rows of 0"),
        (&[1.0, 2.0, 3.0, f32::NAN], 2, 0.1, "number 1 of row 1 is NaN, expected a finite number"),
        (&[1.0], 1, 0.0, "the largest error must be a finite number above 0, found 0"),
        (&[1.0], 1, -1.0, "the largest error must be a finite number above 0, found -1"),
        (&[1.0], 1, f32::NAN, "the largest error must be a finite number above 0, found NaN"),
        (&[1.0], 1, f32::INFINITY, "the largest error must be a finite number above 0, found inf"),
    ] {
        let error = compress_codes(codes, latent_dim, max_error).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn damaged_and_cut_bytes_are_refused() {
    let bytes = compress_codes(&normals(60), 3, 0.01).unwrap();
    for place in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        assert!(decompress_codes(&damaged).is_err(), "a flipped bit in byte {place}");
        assert!(decompress_codes(&bytes[..place]).is_err(), "cut to {place} bytes");
    }
}

/// The bytes with a checksum that fits them, as somebody who wants to do harm makes it.
fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&bytes);
    bytes.extend(&digest[..8]);
    bytes
}

#[test]
fn few_bytes_cannot_claim_many_codes() {
    let header = |rows_and_dim: &[u8]| {
        let mut bytes = b"\x89AEC\x01".to_vec();
        bytes.extend(0.01_f32.to_le_bytes());
        bytes.extend(rows_and_dim);
        bytes.extend([0; 40]);
        with_checksum(bytes)
    };
    let most = [0xff, 0xff, 0xff, 0xff, 0x7f];
    for claim in
        [&[most, most].concat()[..], &[&most[..], &[1]].concat(), &[&[1], &most[..]].concat()]
    {
        let error = decompress_codes(&header(claim)).unwrap_err().to_string();
        assert!(error.contains("as many codes as the bytes can hold"), "{error}");
    }
    for nothing in [[0, 1], [1, 0]] {
        assert!(decompress_codes(&header(&nothing)).is_err());
    }
}

proptest! {
    #[test]
    fn every_finite_code_comes_back_within_the_error(
        codes in prop::collection::vec(
            prop_oneof![-2.0..2.0_f32, any::<f32>().prop_filter("finite", |x| x.is_finite())],
            1..60,
        ),
        latent_dim in 1_usize..5,
        exponent in -30..10_i32,
    ) {
        let rows = codes.len() / latent_dim;
        prop_assume!(rows > 0);
        read_back(&codes[..rows * latent_dim], latent_dim, 2_f32.powi(exponent));
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = decompress_codes(&body);
        let mut bytes = b"\x89AEC\x01".to_vec();
        bytes.extend(0.25_f32.to_le_bytes());
        // Two small numbers, for most bodies to reach the range coder.
        bytes.extend([3, 2]);
        bytes.extend(body);
        if let Ok(codes) = decompress_codes(&with_checksum(bytes)) {
            prop_assert_eq!(codes.values.len(), 6);
        }
    }
}

//! The variations on the digits: the same for everybody, and what they say they are.

use ae_dataset::{Dataset, Digits, Variation};

/// 600 and 100 procedural digits.
fn digits() -> Dataset {
    let (train, test) = (Digits::STANDARD.train(600).unwrap(), Digits::STANDARD.test(100).unwrap());
    Dataset::new("digits", "made by this program", train, test).unwrap()
}

/// The SHA-256 of training images, training labels, test images and test labels.
fn digests(variation: Variation) -> [String; 4] {
    let files = variation.of(digits()).unwrap().origin.files;
    files.into_iter().map(|file| file.sha256).collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn the_variations_never_change() {
    let found = Variation::ALL.map(digests);
    assert_eq!(found.map(|digests| digests.concat()), DIGESTS.map(|digests| digests.concat()));
}

const DIGESTS: [[&str; 4]; 3] = [
    [
        "3e173759366faefd0c9eb90ad21de3622c31054e84afd7c82420bbc90e17aa34",
        "93b5715496ab3f1b554ee32c671e08aa3c6c529e604f92e779785c27c84629e7",
        "f6cf36845de309e0f55b3107407a49833f6bdcb86831fa0caaf4c312d72130dd",
        "088ae8d682f57c1a5e93b76f206fcf8526ccd702f39ffdd63bd59e1d06e384f5",
    ],
    [
        "47f6d3fdf232b56bf87a10c5b8de4af50503a1efdcc8bd41fe1b828fdd013bd0",
        "93b5715496ab3f1b554ee32c671e08aa3c6c529e604f92e779785c27c84629e7",
        "d60c2268200e0c5a359b420336d95f1f1366d85eb9fede8e9d24b35fe4c3aa76",
        "088ae8d682f57c1a5e93b76f206fcf8526ccd702f39ffdd63bd59e1d06e384f5",
    ],
    [
        "998bd8376ff4092bcfb6a0135d7d71b7b6896f73779dec9a69b299bc8d999e7e",
        "93b5715496ab3f1b554ee32c671e08aa3c6c529e604f92e779785c27c84629e7",
        "6ff984496832591cf11d5885fcd2369a797d1ed080d6dd2ec18ad6db88517ae8",
        "088ae8d682f57c1a5e93b76f206fcf8526ccd702f39ffdd63bd59e1d06e384f5",
    ],
];

#[test]
fn the_number_of_threads_does_not_matter() {
    let with_threads = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Variation::ALL.map(digests))
    };
    assert_eq!(with_threads(1), with_threads(5));
}

#[test]
fn all_variations_show_the_same_digits() {
    let [basic, rotated, noisy] = Variation::ALL.map(|variation| variation.of(digits()).unwrap());
    assert_eq!([basic.train.len(), basic.test.len()], [120, 500]);
    for other in [&rotated, &noisy] {
        assert_eq!(other.train.labels(), basic.train.labels());
        assert_eq!(other.test.labels(), basic.test.labels());
    }
    let (plain, noisy) = (basic.train.bytes().unwrap(), noisy.train.bytes().unwrap());
    assert!(plain.iter().zip(noisy).all(|(plain, noisy)| noisy >= plain));
    let background: Vec<u8> = plain
        .iter()
        .zip(noisy)
        .filter(|(plain, _)| **plain == 0)
        .map(|(_, noisy)| *noisy)
        .collect();
    let (count, mean) = (background.len() as f64, 127.5);
    let found = background.iter().map(|&noise| f64::from(noise)).sum::<f64>() / count;
    // Five standard errors of the mean of uniform bytes, whose deviation is 73.9.
    assert!((found - mean).abs() < 5.0 * 73.9 / count.sqrt(), "{found}");
}

/// A rotation about the centre moves ink, but hardly any of it out of the image: its amount stays.
#[test]
fn rotated_digits_keep_their_ink_and_lie_another_way() {
    let [basic, rotated, _] = Variation::ALL.map(|variation| variation.of(digits()).unwrap());
    let ink = |image: &[u8]| image.iter().map(|&ink| f64::from(ink)).sum::<f64>();
    let pairs =
        basic.train.bytes().unwrap().chunks(784).zip(rotated.train.bytes().unwrap().chunks(784));
    let mut moved = 0;
    for (plain, turned) in pairs {
        let change = ink(turned) / ink(plain) - 1.0;
        assert!(change.abs() < 0.05, "{change}");
        let distance: f64 =
            plain.iter().zip(turned).map(|(&a, &b)| f64::from(a.abs_diff(b))).sum::<f64>();
        moved += usize::from(distance > 0.5 * ink(plain));
    }
    assert!(moved > 80, "{moved} of 120 digits have moved");
}

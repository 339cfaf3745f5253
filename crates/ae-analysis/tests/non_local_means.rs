//! Non-local means beside its definition in NumPy and beside scikit-image.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_analysis::NonLocalMeans;
use ae_random::Seed;
use proptest::prelude::*;

/// The picture of the first snippet.
fn small() -> Vec<f32> {
    let pixel = |place: usize| {
        let (y, x) = (place / 9, place % 9);
        ((7 * x * x + 5 * y * y + 3 * x * y) % 17) as f32 / 16.0
    };
    (0..63).map(pixel).collect()
}

// import numpy as np
// (H, W), (f, r), (s, h) = (7, 9), (1, 2), (0.1, 0.08)
// y, x = np.mgrid[:H, :W]
// v = (7 * x * x + 5 * y * y + 3 * x * y) % 17 / 16
// m = r + 2 * f
// p = np.pad(v, m, "symmetric")
// P = lambda a, b: p[m+a-f:m+a+f+1, m+b-f:m+b+f+1]
// S = np.zeros((H + 4 * f, W + 4 * f))
// for a in range(-f, H + f):
//   for b in range(-f, W + f):
//     q = [P(a + i, b + j) for i in range(-r, r + 1) for j in range(-r, r + 1)]
//     w = [np.exp(-max(((P(a, b) - o)**2).mean() - 2 * s * s, 0) / h**2) for o in q]
//     S[a+f:a+3*f+1, b+f:b+3*f+1] += sum(k * o for k, o in zip(w, q)) / sum(w)
// out = (S / (2 * f + 1)**2)[2*f:-2*f, 2*f:-2*f]
// out[[0, 0, 3, 6], [0, 5, 4, 8]], out.sum()
#[test]
fn equals_its_definition() {
    let settings = NonLocalMeans { patch: 3, window: 5, sigma: 0.1, h: 0.08 };
    let found = settings.denoise(&small(), [7, 9]).unwrap();
    for (place, expected) in
        [(0, 0.006_483_87), (5, 0.324_927), (3 * 9 + 4, 0.389_042_5), (62, 0.420_596_64)]
    {
        assert!((found[place] - expected).abs() < 2e-6, "{place}: {}", found[place]);
    }
    let sum: f64 = found.iter().map(|&value| f64::from(value)).sum();
    assert!((sum - 33.252_991_535).abs() < 2e-5, "{sum}");
}

/// The clean and the noisy picture of the second snippet: a chessboard with uniform noise of a standard deviation of 0.1.
fn chessboard() -> (Vec<f32>, Vec<f32>) {
    let pixel = |place: u32| {
        let (y, x) = (place / 64, place % 64);
        let z = x.wrapping_mul(374_761_393).wrapping_add(y.wrapping_mul(668_265_263));
        let z = (z ^ (z >> 13)).wrapping_mul(1_274_126_177);
        let uniform = f64::from(z ^ (z >> 16)) / 4_294_967_296.0;
        let clean = if (x / 12 + y / 20).is_multiple_of(2) { 0.3 } else { 0.7 };
        (clean as f32, (clean + (uniform - 0.5) * 12.0_f64.sqrt() * 0.1) as f32)
    };
    (0..64 * 64).map(pixel).unzip()
}

fn psnr(found: &[f32], clean: &[f32]) -> f64 {
    let squares = found.iter().zip(clean).map(|(a, b)| f64::from(a - b).powi(2));
    -10.0 * (squares.sum::<f64>() / clean.len() as f64).log10()
}

// import numpy as np
// from skimage.restoration import denoise_nl_means
// y, x = np.mgrid[:64, :64].astype(np.uint32)
// z = x * np.uint32(374761393) + y * np.uint32(668265263)
// z = (z ^ (z >> np.uint32(13))) * np.uint32(1274126177); z ^= z >> np.uint32(16)
// c = np.where((x // 12 + y // 20) % 2 == 0, 0.3, 0.7)
// v = (c + (z / 2**32 - 0.5) * np.sqrt(12) * 0.1).astype(np.float32)
// psnr = lambda o: -10 * np.log10(((o - c)**2).mean())
// psnr(v), psnr(denoise_nl_means(v, patch_size=5, patch_distance=10, h=0.06, sigma=0.1))
// 20.0095..., 30.8256...
#[test]
fn is_at_least_as_good_as_scikit_images() {
    let (clean, noisy) = chessboard();
    assert!((psnr(&noisy, &clean) - 20.009_554).abs() < 1e-3);
    let settings = NonLocalMeans { patch: 5, window: 21, sigma: 0.1, h: 0.06 };
    let found = psnr(&settings.denoise(&noisy, [64, 64]).unwrap(), &clean);
    assert!((30.825..32.3).contains(&found), "{found}");
}

/// The blocks of a picture that has several of them in both directions leave no seams: each pixel is what it is in a
/// picture that is cut elsewhere.
#[test]
fn blocks_and_threads_change_no_bit() {
    let [height, width] = [70, 300];
    let mut noisy = vec![0.5; height * width];
    let mut normals = vec![0.0; noisy.len()];
    Seed::new(3).stream("noise").fill_normal(&mut normals);
    noisy.iter_mut().zip(normals).for_each(|(x, normal)| *x += 0.1 * normal);
    let settings = NonLocalMeans { patch: 3, window: 7, sigma: 0.1, h: 0.05 };
    let alone = settings.denoise(&noisy, [height, width]).unwrap();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert!(pool.install(|| settings.denoise(&noisy, [height, width]).unwrap()) == alone);
    }
    // A pixel sees 3 + 2 pixels beyond itself.
    let (top, left) = (11, 23);
    let cut: Vec<f32> =
        noisy.chunks(width).skip(top).flat_map(|row| row[left..].to_vec()).collect();
    let cut = settings.denoise(&cut, [height - top, width - left]).unwrap();
    for y in top + 5..height {
        let expected = &alone[y * width + left + 5..(y + 1) * width];
        assert!(&cut[(y - top) * (width - left) + 5..][..width - left - 5] == expected, "{y}");
    }
}

#[test]
fn what_cannot_be_denoised_is_refused() {
    let valid = NonLocalMeans::for_level(0.1);
    let refused =
        |settings: NonLocalMeans| settings.denoise(&[0.5; 6], [2, 3]).unwrap_err().to_string();
    for (settings, expected) in [
        (NonLocalMeans { patch: 4, ..valid }, "the side of a patch must be odd, found 4"),
        (NonLocalMeans { patch: 0, ..valid }, "the side of a patch must be from 1 to 33, found 0"),
        (NonLocalMeans { window: 8, ..valid }, "the side of a search window must be odd, found 8"),
        (
            NonLocalMeans { window: usize::MAX, ..valid },
            "the side of a search window must be from 1 to 129, found 18446744073709551615",
        ),
        (NonLocalMeans { h: 0.0, ..valid }, "non-local means needs a noise level"),
        // Their squares are subnormal, zero and infinite.
        (NonLocalMeans { h: 1e-19, ..valid }, "non-local means needs a noise level"),
        (NonLocalMeans::for_level(1e-30), "non-local means needs a noise level"),
        (NonLocalMeans { h: 1.9e19, ..valid }, "non-local means needs a noise level"),
        (NonLocalMeans::for_level(-1.0), "non-local means needs a noise level"),
        (NonLocalMeans::for_level(f32::NAN), "non-local means needs a noise level"),
    ] {
        assert!(refused(settings).starts_with(expected), "{}", refused(settings));
    }
    for h in [1.1e-19, 1.8e19] {
        let denoised = NonLocalMeans { h, ..valid }.denoise(&[0.25, 0.5], [1, 2]).unwrap();
        assert!(denoised.iter().all(|value| (0.25..=0.5).contains(value)), "{h}: {denoised:?}");
    }
    let refused = |plane: &[f32], size| valid.denoise(plane, size).unwrap_err().to_string();
    assert_eq!(refused(&[0.5; 6], [2, 2]), "expected rows of 4 numbers, found 6");
    assert!(refused(&[], [0, 0]).starts_with("0 numbers are not a whole"));
    assert!(refused(&[], [usize::MAX, 2]).starts_with("expected rows of"));
    let nan = "number 1 of row 0 is NaN, expected a finite number";
    assert_eq!(refused(&[0.0, f32::NAN], [1, 2]), nan);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A flat picture stays, without noise every picture stays, and the result lies between the least and the greatest pixel.
    #[test]
    fn pictures_of_any_size(
        height in 1..40_usize, width in 1..40_usize, seed: u64, value in 0.0_f32..1.0, sigma in 0.01_f32..0.4,
    ) {
        let settings = NonLocalMeans::for_level(sigma);
        let flat = vec![value; height * width];
        prop_assert_eq!(settings.denoise(&flat, [height, width]).unwrap(), flat);
        let mut stream = Seed::new(seed).stream("picture");
        let picture: Vec<f32> = (0..height * width).map(|_| stream.uniform()).collect();
        let still = NonLocalMeans::for_level(0.0).denoise(&picture, [height, width]).unwrap();
        prop_assert_eq!(&still, &picture);
        let denoised = settings.denoise(&picture, [height, width]).unwrap();
        let least = picture.iter().copied().fold(f32::MAX, f32::min) - 1e-5;
        let greatest = picture.iter().copied().fold(f32::MIN, f32::max) + 1e-5;
        prop_assert!(denoised.iter().all(|value| (least..=greatest).contains(value)));
    }
}

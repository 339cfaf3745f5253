//! Structural similarity.
//!
//! Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural
//! similarity" (IEEE Transactions on Image Processing 13, 2004), equation 13, as scikit-image computes
//! it by default: over every 7 x 7 window that lies inside the image,
//! `(2 ma mb + C1)(2 cov + C2) / ((ma^2 + mb^2 + C1)(va + vb + C2))` with the windows' means and sample
//! (co)variances, `C1 = 0.01^2` and `C2 = 0.03^2` for pixels in [0, 1].

/// Rows and columns of a window.
const WINDOW: usize = 7;

/// Over a window: the sums of `a`, `b`, `a^2 + b^2` and `a b`.
///
/// The formula needs no more, and four numbers fill a vector register.
type Sums = [f64; 4];

/// The mean structural similarity of two images in [0, 1], from -1 to 1; equal images have 1.
///
/// The value of scikit-image's `structural_similarity(a, b, data_range=1)` on `f64` images; see Wang et
/// al. 2004, equation 13. `None` if a side is shorter than the window's 7 pixels.
///
/// # Shapes
/// `a` and `b` are row-major, `height x width`.
///
/// # Panics
/// If an image does not have `height x width` pixels.
pub fn ssim(a: &[f32], b: &[f32], height: usize, width: usize) -> Option<f64> {
    assert_eq!([a.len(), b.len()], [height * width; 2], "two images of height x width");
    if height < WINDOW || width < WINDOW {
        return None;
    }
    let row = |y: usize| {
        let pixels = y * width..(y + 1) * width;
        a[pixels.clone()].iter().zip(&b[pixels]).map(|(&a, &b)| products(a, b))
    };
    // Each column's sums over the last 7 rows: a row comes in, another falls out.
    let mut columns: Vec<Sums> = vec![[0.0; 4]; width];
    let mut total = 0.0;
    for y in 0..height {
        for (column, pixel) in columns.iter_mut().zip(row(y)) {
            *column = add(*column, pixel);
        }
        if y + 1 >= WINDOW {
            total += total_of_windows(&columns);
            for (column, pixel) in columns.iter_mut().zip(row(y + 1 - WINDOW)) {
                *column = subtract(*column, pixel);
            }
        }
    }
    Some(total / ((height - WINDOW + 1) * (width - WINDOW + 1)) as f64)
}

/// The sum of the similarities of a row of windows.
fn total_of_windows(columns: &[Sums]) -> f64 {
    let first = columns[..WINDOW - 1].iter().copied().fold([0.0; 4], add);
    let entering_and_leaving = columns[WINDOW - 1..].iter().zip(columns);
    let (_, total) =
        entering_and_leaving.fold((first, 0.0), |(sums, total), (entering, leaving)| {
            let window = add(sums, *entering);
            (subtract(window, *leaving), total + similarity(window))
        });
    total
}

fn similarity(sums: Sums) -> f64 {
    const PIXELS: f64 = (WINDOW * WINDOW) as f64;
    const C1: f64 = 0.01 * 0.01;
    const C2: f64 = 0.03 * 0.03;
    let [mean_a, mean_b, mean_squares, mean_product] = sums.map(|sum| sum / PIXELS);
    let to_sample = PIXELS / (PIXELS - 1.0);
    let squared_means = mean_a * mean_a + mean_b * mean_b;
    let variances = to_sample * (mean_squares - squared_means);
    let covariance = to_sample * (mean_product - mean_a * mean_b);
    (2.0 * mean_a * mean_b + C1) * (2.0 * covariance + C2)
        / ((squared_means + C1) * (variances + C2))
}

fn products(a: f32, b: f32) -> Sums {
    let (a, b) = (f64::from(a), f64::from(b));
    [a, b, a * a + b * b, a * b]
}

fn add(x: Sums, y: Sums) -> Sums {
    std::array::from_fn(|i| x[i] + y[i])
}

fn subtract(x: Sums, y: Sums) -> Sums {
    std::array::from_fn(|i| x[i] - y[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pattern and a paler, disturbed copy, exact in `f32`; the same images in the snippet below.
    fn images(height: usize, width: usize) -> (Vec<f32>, Vec<f32>) {
        let pixel = |place: usize| {
            let (y, x) = (place / width, place % width);
            let a = (7 * x * x + 5 * y * y + 3 * x * y) % 65;
            let disturbance = (11 * x + 13 * y) % 17;
            (a as f32 / 64.0, (a as f32 * 0.75 + disturbance as f32) / 64.0)
        };
        (0..height * width).map(pixel).unzip()
    }

    #[track_caller]
    fn assert_close(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
    }

    // import numpy as np
    // from skimage.metrics import structural_similarity
    // y, x = np.mgrid[:height, :width]
    // a = (7 * x * x + 5 * y * y + 3 * x * y) % 65 / 64
    // b = (48 * a + (11 * x + 13 * y) % 17) / 64
    // structural_similarity(a, b, data_range=1)
    #[test]
    fn equals_scikit_images_value() {
        for (height, width, expected) in [
            (28, 28, 0.918_050_264_862_303_5),
            (7, 7, 0.946_595_031_455_620_6),
            (9, 40, 0.931_590_712_281_057_7),
        ] {
            let (a, b) = images(height, width);
            assert_close(ssim(&a, &b, height, width), expected);
            assert_close(ssim(&b, &a, height, width), expected);
        }
    }

    // structural_similarity(np.zeros((28, 28)), a, data_range=1)
    #[test]
    fn equals_scikit_images_value_for_a_black_image() {
        let (a, _) = images(28, 28);
        assert_close(ssim(&[0.0; 28 * 28], &a, 28, 28), 4.517_394_184_906_811e-6);
    }

    #[test]
    fn equal_images_have_1_and_their_negative_less_than_0() {
        let (a, _) = images(28, 28);
        let negative: Vec<f32> = a.iter().map(|x| 1.0 - x).collect();
        assert_close(ssim(&a, &a, 28, 28), 1.0);
        assert!(ssim(&a, &negative, 28, 28).unwrap() < -0.5);
    }

    #[test]
    fn an_image_smaller_than_the_window_has_none() {
        assert_eq!(ssim(&[0.0; 60], &[0.0; 60], 6, 10), None);
        assert_eq!(ssim(&[0.0; 60], &[0.0; 60], 10, 6), None);
        assert_eq!(ssim(&[], &[], 0, 0), None);
    }

    #[test]
    fn a_nan_is_not_lost() {
        let (mut a, b) = images(28, 28);
        a[0] = f32::NAN;
        assert!(ssim(&a, &b, 28, 28).unwrap().is_nan());
    }

    #[test]
    #[should_panic(expected = "two images of height x width")]
    fn another_size_is_refused() {
        ssim(&[0.0; 64], &[0.0; 63], 8, 8);
    }
}

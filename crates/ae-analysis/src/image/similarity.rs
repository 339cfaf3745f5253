//! Structural similarity of whole pictures, with the window of its article.

use rayon::prelude::*;

use crate::AnalysisError;

/// Pixels on either side of the window's middle: 11 x 11 in all.
const RADIUS: usize = 5;
const SIDE: usize = 2 * RADIUS + 1;
/// The standard deviation of the window's weights, in pixels.
const SIGMA: f64 = 1.5;
/// Rows of windows in one task. The result does not depend on it.
const BAND: usize = 32;

/// Weighted means over a window: of `a`, `b`, `a^2 + b^2` and `a b`.
type Moments = [f64; 4];

/// The mean structural similarity of two planes in [0, 1], from -1 to 1; equal planes have 1.
///
/// Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural similarity" (IEEE
/// Transactions on Image Processing 13, 2004), equation 13, with the article's window: 11 x 11 pixels with Gaussian
/// weights of a standard deviation of 1.5, over every window that lies inside the plane. It is the value of
/// scikit-image's `structural_similarity(a, b, data_range=1, gaussian_weights=True, sigma=1.5,
/// use_sample_covariance=False)` on `f64` images. `None` if a side is shorter than 11 pixels.
///
/// `a` and `b` are row-major, `height x width`.
///
/// # Errors
/// If a plane does not have `height x width` values.
pub fn gaussian_ssim(
    a: &[f32],
    b: &[f32],
    [height, width]: [usize; 2],
) -> Result<Option<f64>, AnalysisError> {
    let expected = height.saturating_mul(width);
    if let Some(other) = [a, b].into_iter().find(|plane| plane.len() != expected) {
        return Err(AnalysisError::Columns { expected, found: other.len() });
    }
    if height < SIDE || width < SIDE {
        return Ok(None);
    }
    let weights = weights();
    let (down, across) = (height - SIDE + 1, width - SIDE + 1);
    let bands = (0..down.div_ceil(BAND)).into_par_iter().map(|band| {
        let top = band * BAND;
        let rows = BAND.min(down - top);
        let part = top * width..(top + rows + SIDE - 1) * width;
        sums_of_rows(&a[part.clone()], &b[part], width, &weights)
    });
    // Row by row in one order, whatever the threads.
    let rows: Vec<f64> = bands.collect::<Vec<_>>().concat();
    Ok(Some(rows.iter().sum::<f64>() / (down * across) as f64))
}

fn weights() -> [f64; SIDE] {
    let weight = |place: usize| {
        let distance = (place as f64 - RADIUS as f64) / SIGMA;
        (-0.5 * distance * distance).exp()
    };
    let weights: [f64; SIDE] = std::array::from_fn(weight);
    let total: f64 = weights.iter().sum();
    weights.map(|weight| weight / total)
}

/// The sums of the similarities of each row of windows.
fn sums_of_rows(a: &[f32], b: &[f32], width: usize, weights: &[f64; SIDE]) -> Vec<f64> {
    let across = width - SIDE + 1;
    let mut along: Vec<Moments> = Vec::with_capacity(a.len() / width * across);
    for (a, b) in a.chunks_exact(width).zip(b.chunks_exact(width)) {
        let pixels: Vec<Moments> = a.iter().zip(b).map(|(&a, &b)| products(a, b)).collect();
        along.extend(pixels.windows(SIDE).map(|window| mean_of(window.iter(), weights)));
    }
    let rows = along.len() / across - (SIDE - 1);
    let similarity_at = |y: usize, x: usize| {
        let window = (y..y + SIDE).map(|y| &along[y * across + x]);
        similarity(mean_of(window, weights))
    };
    (0..rows).map(|y| (0..across).map(|x| similarity_at(y, x)).sum()).collect()
}

fn mean_of<'a>(values: impl Iterator<Item = &'a Moments>, weights: &[f64; SIDE]) -> Moments {
    let mut mean = [0.0; 4];
    for (value, weight) in values.zip(weights) {
        for (mean, value) in mean.iter_mut().zip(value) {
            *mean += weight * value;
        }
    }
    mean
}

fn products(a: f32, b: f32) -> Moments {
    let (a, b) = (f64::from(a), f64::from(b));
    [a, b, a * a + b * b, a * b]
}

fn similarity([mean_a, mean_b, mean_squares, mean_product]: Moments) -> f64 {
    const C1: f64 = 0.01 * 0.01;
    const C2: f64 = 0.03 * 0.03;
    let squared_means = mean_a * mean_a + mean_b * mean_b;
    let product_of_means = mean_a * mean_b;
    (2.0 * product_of_means + C1) * (2.0 * (mean_product - product_of_means) + C2)
        / ((squared_means + C1) * (mean_squares - squared_means + C2))
}

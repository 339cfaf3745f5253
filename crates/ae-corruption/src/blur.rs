//! Gaussian blur: each pixel becomes the mean of its neighbours under a Gaussian of `sigma` pixels.
//!
//! `scipy.ndimage.gaussian_filter` with its defaults: weights `exp(-k^2 / (2 sigma^2))`, normalised, for
//! `|k| <= floor(4 sigma + 1/2)`, along the rows and then along the columns; beyond the border the image
//! is mirrored with its edge pixel repeated (`d c b a | a b c d | d c b a`). Nothing random is drawn.

use std::fmt;

use ae_random::Stream;

use crate::exponential::exp_of_minus;
use crate::parameter::Parameter;
use crate::{Corruption, CorruptionError};

/// Gaussian blur: each pixel becomes the mean of its neighbours under a Gaussian of `sigma` pixels.
///
/// `scipy.ndimage.gaussian_filter` with its defaults (mode "reflect", truncated at 4 sigma). It draws
/// nothing: the stream is left where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianBlur {
    sigma: f32,
    /// The weights of the distances 0, 1, ...
    weights: Vec<f64>,
}

impl GaussianBlur {
    /// The work grows with sigma; 100 pixels leave a flat grey of most images.
    pub(crate) const SIGMA: Parameter =
        Parameter { noise: "blur", name: "sigma", low: 0.0, high: 100.0 };

    /// A blur of a standard deviation of `sigma` pixels.
    ///
    /// # Errors
    /// If sigma is not a number from 0 to 100.
    pub fn new(sigma: f32) -> Result<Self, CorruptionError> {
        let sigma = Self::SIGMA.check(sigma)?;
        Ok(Self { sigma, weights: weights(f64::from(sigma)) })
    }
}

impl fmt::Display for GaussianBlur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::SIGMA.write(f, self.sigma)
    }
}

impl Corruption for GaussianBlur {
    fn corrupt(&self, pixels: &mut [f32], height: usize, width: usize, _stream: &mut Stream) {
        let size = height.saturating_mul(width);
        // A radius of 0 changes nothing; an image of no pixels has no border to mirror.
        if self.weights.len() == 1 || size == 0 || pixels.len() < size {
            return;
        }
        let mut transposed = vec![0.0; size];
        for channel in pixels.chunks_exact_mut(size) {
            blur_rows_and_transpose(&self.weights, channel, width, &mut transposed);
            blur_rows_and_transpose(&self.weights, &transposed, height, channel);
        }
        pixels.iter_mut().for_each(|pixel| *pixel = pixel.clamp(0.0, 1.0));
    }
}

/// The normalised weights of the distances from 0 to the radius.
fn weights(sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma + 0.5) as u32;
    let unnormalised = |distance: u32| {
        if distance == 0 { 1.0 } else { exp_of_minus((f64::from(distance) / sigma).powi(2) / 2.0) }
    };
    let sum = 1.0 + 2.0 * (1..=radius).map(unnormalised).sum::<f64>();
    (0..=radius).map(|distance| unnormalised(distance) / sum).collect()
}

/// Blurs the rows of `source`, each `width` long, and writes them as the columns of `target`.
fn blur_rows_and_transpose(weights: &[f64], source: &[f32], width: usize, target: &mut [f32]) {
    let height = source.len() / width;
    let radius = weights.len() - 1;
    let mut mirrored = vec![0.0; width + 2 * radius];
    let mut blurred = vec![0.0; width];
    for (y, row) in source.chunks_exact(width).enumerate() {
        for (position, pixel) in mirrored.iter_mut().enumerate() {
            *pixel = f64::from(row[mirror(position, radius, width)]);
        }
        blurred.fill(0.0);
        for (distance, weight) in weights.iter().enumerate() {
            // The centre is its own neighbour on either side: half its weight for each.
            let weight = if distance == 0 { weight / 2.0 } else { *weight };
            let (left, right) = (&mirrored[radius - distance..], &mirrored[radius + distance..]);
            for ((sum, left), right) in blurred.iter_mut().zip(left).zip(right) {
                *sum += weight * (left + right);
            }
        }
        for (pixel, sum) in target.iter_mut().skip(y).step_by(height).zip(&blurred) {
            *pixel = *sum as f32;
        }
    }
}

/// The pixel that stands at `position - offset` in a row mirrored again and again at its borders.
fn mirror(position: usize, offset: usize, width: usize) -> usize {
    let period = 2 * width;
    let place = (position + period - offset % period) % period;
    if place < width { place } else { period - 1 - place }
}

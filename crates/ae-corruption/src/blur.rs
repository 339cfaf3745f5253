//! Gaussian blur: each pixel becomes the mean of its neighbours under a Gaussian of `sigma` pixels.
//!
//! `scipy.ndimage.gaussian_filter` with its defaults: weights `exp(-k^2 / (2 sigma^2))`, normalised, for
//! `|k| <= floor(4 sigma + 1/2)`, along the rows and then along the columns; beyond the border the image
//! is mirrored with its edge pixel repeated (`d c b a | a b c d | d c b a`). Nothing random is drawn.

use std::fmt;

use ae_random::Stream;

use crate::exponential::exp_of_minus;
use crate::parameter::{BuiltIn, Parameter, Values};
use crate::{Clipping, Corruption, CorruptionError, reflected_index};

/// Gaussian blur: each pixel becomes the mean of its neighbours under a Gaussian of `sigma` pixels.
///
/// `scipy.ndimage.gaussian_filter` with its defaults (mode "reflect", truncated at 4 sigma). It draws
/// nothing from the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianBlur {
    sigma: f32,
    /// The weights of the distances 0, 1, ...
    weights: Vec<f64>,
    clipping: Clipping,
}

impl GaussianBlur {
    /// A sigma of 100 pixels turns most images into a flat grey.
    const SIGMA: Parameter = Parameter::new("blur", "sigma", 0.0, 100.0);

    /// A blur of a standard deviation of `sigma` pixels. The time for an image grows with sigma.
    ///
    /// # Errors
    /// If sigma is not a number from 0 to 100.
    pub fn new(sigma: f32) -> Result<Self, CorruptionError> {
        let sigma = Self::SIGMA.check(sigma)?;
        let weights = weights(f64::from(sigma));
        Ok(Self { sigma, weights, clipping: Clipping::default() })
    }

    /// The same blur with or without clipping. Without it, values may have any range: a mean does not leave
    /// the range of its values by more than rounding.
    #[must_use]
    pub fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl BuiltIn for GaussianBlur {
    const NAME: &'static str = "blur";
    const PARAMETERS: &'static [Parameter] = &[Self::SIGMA];
    const CAN_BE_UNCLIPPED: bool = true;

    fn with_values([sigma, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(sigma)
    }

    fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl fmt::Display for GaussianBlur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.sigma], self.clipping)
    }
}

impl Corruption for GaussianBlur {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, _stream: &mut Stream) {
        let size = height.saturating_mul(width);
        // A radius of 0 changes nothing; an image of no pixels has no border to mirror.
        if self.weights.len() == 1 || size == 0 || values.len() < size {
            return;
        }
        let mut transposed = vec![0.0; size];
        for channel in values.chunks_exact_mut(size) {
            blur_rows_and_transpose(&self.weights, channel, width, &mut transposed);
            blur_rows_and_transpose(&self.weights, &transposed, height, channel);
        }
        self.clipping.apply(values);
    }

    fn needs_unit_range(&self) -> bool {
        self.clipping == Clipping::UnitRange
    }

    fn is_spatial(&self) -> bool {
        true
    }
}

/// The normalised weights of the distances from 0 to the radius.
pub(crate) fn weights(sigma: f64) -> Vec<f64> {
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
            *pixel = f64::from(row[reflected_index(position as isize - radius as isize, width)]);
        }
        blurred.fill(0.0);
        for (distance, weight) in weights.iter().enumerate() {
            // The centre stands on both sides of itself, with half its weight on each.
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

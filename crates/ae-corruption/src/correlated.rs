//! Correlated Gaussian noise: `y = clip(x + factor c, 0, 1)`, `c` blurred white noise of mean 0 and variance 1.
//!
//! Noise that a camera has interpolated (demosaicing) or a picture that was scaled: neighbouring pixels err
//! alike. `c = (g * n) / sqrt(sum g^2)` with white noise `n ~ N(0, 1)` and the Gaussian `g` of `blur` pixels,
//! that of [`GaussianBlur`](crate::GaussianBlur). The white noise extends beyond the image, so that the
//! variance is the same at the border. Two pixels at the distance `d` have a correlation of about
//! `exp(-d^2 / (4 blur^2))`.

use std::fmt;
use std::ops::RangeInclusive;

use ae_random::Stream;

use crate::blur::weights;
use crate::parameter::{BuiltIn, Parameter, Values};
use crate::{Clipping, Corruption, CorruptionError};

/// Correlated Gaussian noise: `y = clip(x + factor c, 0, 1)`, `c` white noise after a blur of `blur` pixels, with a
/// standard deviation of 1 at each value. Channels have independent noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlated {
    factor: f32,
    blur: f32,
    /// The weights of the blur for the offsets from -radius to radius; their squares sum to 1.
    kernel: Vec<f32>,
    clipping: Clipping,
}

impl Correlated {
    const FACTOR: Parameter = Parameter::new("correlated", "factor", 0.0, 100.0);
    /// Neighbours have a correlation of 0.6 by default, about that of a demosaiced photograph's noise.
    const BLUR: Parameter =
        Parameter { default: Some(0.7), ..Parameter::new("correlated", "blur", 0.3, 10.0) };

    /// Noise of a standard deviation of `factor` that is correlated over about `blur` pixels.
    ///
    /// # Errors
    /// If the factor is not a number from 0 to 100, or the blur not one from 0.3 to 10.
    pub fn new(factor: f32, blur: f32) -> Result<Self, CorruptionError> {
        let (factor, blur) = (Self::FACTOR.check(factor)?, Self::BLUR.check(blur)?);
        let half = weights(f64::from(blur));
        let both = half.iter().skip(1).rev().chain(&half);
        let length = both.clone().map(|weight| weight * weight).sum::<f64>().sqrt();
        let kernel = both.map(|weight| (weight / length) as f32).collect();
        Ok(Self { factor, blur, kernel, clipping: Clipping::default() })
    }

    /// The same noise with or without clipping.
    #[must_use]
    pub fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }

    /// Adds the noise to an image of one channel.
    fn add_to(&self, plane: &mut [f32], width: usize, stream: &mut Stream) {
        let taps = self.kernel.len();
        let extended = width + taps - 1;
        let rows = plane.len() / width + taps - 1;
        // The rows of white noise after the blur along them.
        let mut blurred = Vec::with_capacity(rows * width);
        let mut white = vec![0.0; extended];
        for _ in 0..rows {
            stream.fill_normal(&mut white);
            blurred.extend(white.windows(taps).map(|window| dot(window, &self.kernel)));
        }
        let mut noise = vec![0.0; width];
        for (y, row) in plane.chunks_exact_mut(width).enumerate() {
            noise.fill(0.0);
            for (weight, line) in self.kernel.iter().zip(blurred[y * width..].chunks_exact(width)) {
                noise.iter_mut().zip(line).for_each(|(sum, value)| *sum += weight * value);
            }
            row.iter_mut().zip(&noise).for_each(|(value, noise)| *value += self.factor * noise);
        }
    }
}

fn dot(left: &[f32], right: &[f32]) -> f32 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

impl BuiltIn for Correlated {
    const NAME: &'static str = "correlated";
    const PARAMETERS: &'static [Parameter] = &[Self::FACTOR, Self::BLUR];
    const CAN_BE_UNCLIPPED: bool = true;

    fn with_values([factor, blur]: Values) -> Result<Self, CorruptionError> {
        Self::new(factor, blur)
    }

    fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl fmt::Display for Correlated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.factor, self.blur], self.clipping)
    }
}

impl Corruption for Correlated {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        let size = height.saturating_mul(width);
        if size == 0 || values.len() < size {
            return;
        }
        for plane in values.chunks_exact_mut(size) {
            self.add_to(plane, width, stream);
        }
        self.clipping.apply(values);
    }

    fn level_range(&self) -> Option<RangeInclusive<f32>> {
        Some(self.factor..=self.factor)
    }

    fn needs_unit_range(&self) -> bool {
        self.clipping == Clipping::UnitRange
    }

    fn is_spatial(&self) -> bool {
        true
    }
}

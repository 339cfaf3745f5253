//! Additive Gaussian noise: `y = clip(x + factor n, 0, 1)`, `n ~ N(0, 1)` for each value.
//!
//! The noise of F. Chollet, "Building Autoencoders in Keras" (2016), section "Application to image
//! denoising", there with the factor 0.5.

use std::fmt;
use std::ops::RangeInclusive;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Values};
use crate::pixelwise::map_with_normals;
use crate::{Clipping, Corruption, CorruptionError};

/// Additive Gaussian noise: `y = clip(x + factor n, 0, 1)`, `n ~ N(0, 1)` for each value.
///
/// From the Keras tutorial, "Building Autoencoders in Keras" (2016), which takes the factor 0.5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaussian {
    factor: f32,
    clipping: Clipping,
}

impl Gaussian {
    /// Beyond the greatest factor, nearly every clipped pixel is 0 or 1 already.
    const FACTOR: Parameter = Parameter::new("gaussian", "factor", 0.0, 100.0);

    /// Noise of a standard deviation of `factor`, in units of the values: for pixels, 1 is the whole range.
    ///
    /// # Errors
    /// If the factor is not a number from 0 to 100.
    pub fn new(factor: f32) -> Result<Self, CorruptionError> {
        Ok(Self { factor: Self::FACTOR.check(factor)?, clipping: Clipping::default() })
    }

    /// The same noise with or without clipping; without it, `y = x + factor n`.
    #[must_use]
    pub fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl BuiltIn for Gaussian {
    const NAME: &'static str = "gaussian";
    const PARAMETERS: &'static [Parameter] = &[Self::FACTOR];
    const CAN_BE_UNCLIPPED: bool = true;

    fn with_values([factor, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(factor)
    }

    fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl fmt::Display for Gaussian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.factor], self.clipping)
    }
}

impl Corruption for Gaussian {
    fn corrupt(&self, values: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        let factor = self.factor;
        let noisy = |x: f32, normal: f32| x + factor * normal;
        match self.clipping {
            Clipping::UnitRange => {
                map_with_normals(values, stream, |x, normal| noisy(x, normal).clamp(0.0, 1.0));
            }
            Clipping::Off => map_with_normals(values, stream, noisy),
        }
    }

    fn level_range(&self) -> Option<RangeInclusive<f32>> {
        Some(self.factor..=self.factor)
    }

    fn needs_unit_range(&self) -> bool {
        self.clipping == Clipping::UnitRange
    }
}

//! Additive Gaussian noise: `y = clip(x + factor n, 0, 1)`, `n ~ N(0, 1)` for each pixel.
//!
//! The noise of F. Chollet, "Building Autoencoders in Keras" (2016), section "Application to image
//! denoising", there with the factor 0.5.

use std::fmt;

use ae_random::Stream;

use crate::parameter::Parameter;
use crate::pixelwise::map_with_normals;
use crate::{Corruption, CorruptionError};

/// Additive Gaussian noise: `y = clip(x + factor n, 0, 1)`, `n ~ N(0, 1)` for each pixel.
///
/// From the Keras tutorial, "Building Autoencoders in Keras" (2016), which takes the factor 0.5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gaussian {
    factor: f32,
}

impl Gaussian {
    /// Beyond this, nearly every pixel is 0 or 1 already.
    pub(crate) const FACTOR: Parameter =
        Parameter { noise: "gaussian", name: "factor", low: 0.0, high: 100.0 };

    /// Noise of a standard deviation of `factor`, in units of the pixel range.
    ///
    /// # Errors
    /// If the factor is not a number from 0 to 100.
    pub fn new(factor: f32) -> Result<Self, CorruptionError> {
        Ok(Self { factor: Self::FACTOR.check(factor)? })
    }
}

impl fmt::Display for Gaussian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::FACTOR.write(f, self.factor)
    }
}

impl Corruption for Gaussian {
    fn corrupt(&self, pixels: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        let factor = self.factor;
        map_with_normals(pixels, stream, |x, normal| (x + factor * normal).clamp(0.0, 1.0));
    }
}

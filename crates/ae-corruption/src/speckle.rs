//! Speckle: multiplicative noise, `y = clip(x + x factor n, 0, 1)`, `n ~ N(0, 1)` for each pixel.
//!
//! The mode "speckle" of scikit-image's `random_noise`. Black pixels stay black.

use std::fmt;

use ae_random::Stream;

use crate::parameter::Parameter;
use crate::pixelwise::map_with_normals;
use crate::{Corruption, CorruptionError};

/// Multiplicative noise: `y = clip(x + x factor n, 0, 1)`, `n ~ N(0, 1)` for each pixel.
///
/// The mode "speckle" of scikit-image's `random_noise`. Black pixels stay black.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speckle {
    factor: f32,
}

impl Speckle {
    pub(crate) const FACTOR: Parameter =
        Parameter { noise: "speckle", name: "factor", low: 0.0, high: 100.0 };

    /// Noise of a standard deviation of `factor` times the pixel.
    ///
    /// # Errors
    /// If the factor is not a number from 0 to 100.
    pub fn new(factor: f32) -> Result<Self, CorruptionError> {
        Ok(Self { factor: Self::FACTOR.check(factor)? })
    }
}

impl fmt::Display for Speckle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::FACTOR.write(f, self.factor)
    }
}

impl Corruption for Speckle {
    fn corrupt(&self, pixels: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        let factor = self.factor;
        map_with_normals(pixels, stream, |x, normal| (x + x * factor * normal).clamp(0.0, 1.0));
    }
}

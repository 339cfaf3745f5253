//! Speckle: multiplicative noise, `y = clip(x + x factor n, 0, 1)`, `n ~ N(0, 1)` for each value.
//!
//! The mode "speckle" of scikit-image's `random_noise`. Black pixels stay black.

use std::fmt;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Values};
use crate::pixelwise::map_with_normals;
use crate::{Clipping, Corruption, CorruptionError};

/// Multiplicative noise: `y = clip(x + x factor n, 0, 1)`, `n ~ N(0, 1)` for each value.
///
/// The mode "speckle" of scikit-image's `random_noise`. Black pixels stay black.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speckle {
    factor: f32,
    clipping: Clipping,
}

impl Speckle {
    const FACTOR: Parameter = Parameter::new("speckle", "factor", 0.0, 100.0);

    /// Noise of a standard deviation of `factor` times the value.
    ///
    /// # Errors
    /// If the factor is not a number from 0 to 100.
    pub fn new(factor: f32) -> Result<Self, CorruptionError> {
        Ok(Self { factor: Self::FACTOR.check(factor)?, clipping: Clipping::default() })
    }

    /// The same noise with or without clipping; without it, `y = x + x factor n`.
    #[must_use]
    pub fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl BuiltIn for Speckle {
    const NAME: &'static str = "speckle";
    const PARAMETERS: &'static [Parameter] = &[Self::FACTOR];
    const CAN_BE_UNCLIPPED: bool = true;

    fn with_values([factor, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(factor)
    }

    fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl fmt::Display for Speckle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.factor], self.clipping)
    }
}

impl Corruption for Speckle {
    fn corrupt(&self, values: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        let factor = self.factor;
        let noisy = |x: f32, normal: f32| x + x * factor * normal;
        match self.clipping {
            Clipping::UnitRange => {
                map_with_normals(values, stream, |x, normal| noisy(x, normal).clamp(0.0, 1.0));
            }
            Clipping::Off => map_with_normals(values, stream, noisy),
        }
    }

    fn needs_unit_range(&self) -> bool {
        self.clipping == Clipping::UnitRange
    }
}

//! Masking noise: each value becomes 0 with a given probability.
//!
//! Vincent, Larochelle, Bengio and Manzagol, "Extracting and composing robust features with denoising
//! autoencoders" (ICML 2008), section "The denoising autoencoder". There a fixed number of pixels is
//! set to 0 in every image; here each pixel is drawn independently, so that their number varies.

use std::fmt;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Values};
use crate::pixelwise::map_with_uniforms;
use crate::{Clipping, Corruption, CorruptionError};

/// Masking noise: each value becomes 0 with a given probability.
///
/// Vincent et al., ICML 2008; there with a fixed number of masked pixels in every image. The values may have
/// any range: on standardised columns, 0 is the column's mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Masking {
    probability: f32,
}

impl Masking {
    const PROBABILITY: Parameter = Parameter::new("masking", "probability", 0.0, 1.0);

    /// Noise that sets a value to 0 with this probability.
    ///
    /// # Errors
    /// If the probability is not a number from 0 to 1.
    pub fn new(probability: f32) -> Result<Self, CorruptionError> {
        Ok(Self { probability: Self::PROBABILITY.check(probability)? })
    }
}

impl BuiltIn for Masking {
    const NAME: &'static str = "masking";
    const PARAMETERS: &'static [Parameter] = &[Self::PROBABILITY];

    fn with_values([probability, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(probability)
    }
}

impl fmt::Display for Masking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.probability], Clipping::UnitRange)
    }
}

impl Corruption for Masking {
    fn corrupt(&self, values: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        let probability = self.probability;
        map_with_uniforms(values, stream, |x, uniform| if uniform < probability { 0.0 } else { x });
    }
    fn needs_unit_range(&self) -> bool {
        false
    }
}

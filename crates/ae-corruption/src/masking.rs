//! Masking noise: each pixel becomes 0 with a probability, and stays as it is otherwise.
//!
//! Vincent, Larochelle, Bengio and Manzagol, "Extracting and composing robust features with denoising
//! autoencoders" (ICML 2008), section "The denoising autoencoder". There a fixed number of pixels is
//! destroyed in every image; here each pixel decides for itself, so that their number varies.

use std::fmt;

use ae_random::Stream;

use crate::parameter::Parameter;
use crate::pixelwise::map_with_uniforms;
use crate::{Corruption, CorruptionError};

/// Masking noise: each pixel becomes 0 with a probability, and stays as it is otherwise.
///
/// Vincent et al., ICML 2008; there with a fixed number of destroyed pixels in every image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Masking {
    probability: f32,
}

impl Masking {
    pub(crate) const PROBABILITY: Parameter =
        Parameter { noise: "masking", name: "probability", low: 0.0, high: 1.0 };

    /// Noise that destroys a pixel with this probability.
    ///
    /// # Errors
    /// If the probability is not a number from 0 to 1.
    pub fn new(probability: f32) -> Result<Self, CorruptionError> {
        Ok(Self { probability: Self::PROBABILITY.check(probability)? })
    }
}

impl fmt::Display for Masking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::PROBABILITY.write(f, self.probability)
    }
}

impl Corruption for Masking {
    fn corrupt(&self, pixels: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        let probability = self.probability;
        map_with_uniforms(pixels, stream, |x, uniform| if uniform < probability { 0.0 } else { x });
    }
}

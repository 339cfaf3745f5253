//! Salt-and-pepper noise: with a probability a pixel becomes 0 or 1, by the toss of a fair coin.
//!
//! Vincent, Larochelle, Lajoie, Bengio and Manzagol, "Stacked denoising autoencoders" (JMLR 11, 2010),
//! section "Types of corruption considered". There a fixed fraction of the pixels is replaced in every
//! image; here each pixel decides for itself.

use std::fmt;

use ae_random::Stream;

use crate::parameter::Parameter;
use crate::pixelwise::map_with_uniforms;
use crate::{Corruption, CorruptionError};

/// Salt-and-pepper noise: with a probability a pixel becomes 0 or 1, by the toss of a fair coin.
///
/// Vincent et al., JMLR 11, 2010; there with a fixed number of replaced pixels in every image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SaltAndPepper {
    probability: f32,
}

impl SaltAndPepper {
    pub(crate) const PROBABILITY: Parameter =
        Parameter { noise: "salt-and-pepper", name: "probability", low: 0.0, high: 1.0 };

    /// Noise that replaces a pixel with this probability.
    ///
    /// # Errors
    /// If the probability is not a number from 0 to 1.
    pub fn new(probability: f32) -> Result<Self, CorruptionError> {
        Ok(Self { probability: Self::PROBABILITY.check(probability)? })
    }
}

impl fmt::Display for SaltAndPepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::PROBABILITY.write(f, self.probability)
    }
}

impl Corruption for SaltAndPepper {
    fn corrupt(&self, pixels: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        let probability = self.probability;
        let pepper = probability / 2.0;
        // One number decides both whether a pixel is replaced and how the coin falls.
        map_with_uniforms(pixels, stream, |x, uniform| {
            let kept_or_salt = if uniform < probability { 1.0 } else { x };
            if uniform < pepper { 0.0 } else { kept_or_salt }
        });
    }
}

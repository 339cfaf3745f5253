//! Salt-and-pepper noise: each pixel becomes 0 or 1 with a given probability, both equally often.
//!
//! Vincent, Larochelle, Lajoie, Bengio and Manzagol, "Stacked denoising autoencoders" (JMLR 11, 2010),
//! section "Types of corruption considered". There a fixed fraction of the pixels is replaced in every
//! image; here each pixel is drawn independently.

use std::fmt;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Values};
use crate::pixelwise::map_with_uniforms;
use crate::{Clipping, Corruption, CorruptionError};

/// Salt-and-pepper noise: each pixel becomes 0 or 1 with a given probability, both equally often.
///
/// Vincent et al., JMLR 11, 2010; there with a fixed number of replaced pixels in every image. For values in
/// [0, 1], whose ends are pepper and salt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SaltAndPepper {
    probability: f32,
}

impl SaltAndPepper {
    const PROBABILITY: Parameter = Parameter::new("salt-and-pepper", "probability", 0.0, 1.0);

    /// Noise that replaces a pixel with this probability.
    ///
    /// # Errors
    /// If the probability is not a number from 0 to 1.
    pub fn new(probability: f32) -> Result<Self, CorruptionError> {
        Ok(Self { probability: Self::PROBABILITY.check(probability)? })
    }
}

impl BuiltIn for SaltAndPepper {
    const NAME: &'static str = "salt-and-pepper";
    const PARAMETERS: &'static [Parameter] = &[Self::PROBABILITY];

    fn with_values([probability, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(probability)
    }
}

impl fmt::Display for SaltAndPepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.probability], Clipping::UnitRange)
    }
}

impl Corruption for SaltAndPepper {
    fn corrupt(&self, values: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        let probability = self.probability;
        let pepper = probability / 2.0;
        // One random number decides both whether a pixel is replaced and by what.
        map_with_uniforms(values, stream, |x, uniform| {
            let kept_or_salt = if uniform < probability { 1.0 } else { x };
            if uniform < pepper { 0.0 } else { kept_or_salt }
        });
    }
}

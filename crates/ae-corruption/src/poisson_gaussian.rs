//! Raw sensor noise: `y = clip(k / peak + sigma n, 0, 1)`, `k ~ Poisson(peak x)`, `n ~ N(0, 1)` for each pixel.
//!
//! Foi, Trimeche, Katkovnik and Egiazarian, "Practical Poissonian-Gaussian noise modeling and fitting for single-image
//! raw-data" (IEEE Transactions on Image Processing 17, 2008): photons are counted, and reading the counts adds
//! Gaussian noise. The variance at a pixel `x` is `x / peak + sigma^2`.

use std::fmt;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Values};
use crate::poisson::{GREATEST_SEARCHED_MEAN, count_at};
use crate::{Clipping, Corruption, CorruptionError};

/// Pixels whose random numbers are drawn together.
const CHUNK: usize = 256;

/// Raw sensor noise: `y = clip(k / peak + sigma n, 0, 1)`, `k ~ Poisson(peak x)`, `n ~ N(0, 1)` for each pixel.
///
/// Of a camera that counts `peak` photons on average from a white pixel, and whose reading adds noise of the standard
/// deviation `sigma`. The variance at a pixel `x` is `x / peak + sigma^2`. Counts are exact up to a mean of 500
/// ([`Poisson`](crate::Poisson)); beyond, they are rounded from a normal number with the mean, the variance and, to
/// first order, the skewness of the Poisson distribution (Cornish and Fisher 1938). For values in [0, 1] only; results
/// can lie outside if they are not clipped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PoissonGaussian {
    peak: f32,
    sigma: f32,
    clipping: Clipping,
}

impl PoissonGaussian {
    /// Beyond 100 000 photons, shot noise is below a step of 8 bits everywhere.
    const PEAK: Parameter = Parameter::new("poisson-gaussian", "peak", 0.1, 100_000.0);
    const SIGMA: Parameter = Parameter::new("poisson-gaussian", "sigma", 0.0, 100.0);

    /// Noise of a camera that counts `peak` photons on average from a white pixel and adds Gaussian noise of the
    /// standard deviation `sigma`, in units of the pixels.
    ///
    /// # Errors
    /// If the peak is not a number from 0.1 to 100 000, or sigma not one from 0 to 100.
    pub fn new(peak: f32, sigma: f32) -> Result<Self, CorruptionError> {
        let (peak, sigma) = (Self::PEAK.check(peak)?, Self::SIGMA.check(sigma)?);
        Ok(Self { peak, sigma, clipping: Clipping::default() })
    }

    /// The same noise with or without clipping. The pixels that it is given lie in [0, 1] either way.
    #[must_use]
    pub fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }

    /// The count of a pixel, divided by the peak.
    fn counted(&self, pixel: f32, uniform: f64, normal: f32) -> f32 {
        // The clamp bounds the search where the caller's values are not in [0, 1].
        let mean = f64::from(self.peak) * f64::from(pixel.clamp(0.0, 1.0));
        let count = if mean > GREATEST_SEARCHED_MEAN {
            let normal = f64::from(normal);
            (mean + mean.sqrt() * normal + (normal * normal - 1.0) / 6.0).round().max(0.0)
        } else if mean > 0.0 {
            f64::from(count_at(uniform, mean))
        } else {
            0.0
        };
        (count / f64::from(self.peak)) as f32
    }
}

impl BuiltIn for PoissonGaussian {
    const NAME: &'static str = "poisson-gaussian";
    const PARAMETERS: &'static [Parameter] = &[Self::PEAK, Self::SIGMA];
    const CAN_BE_UNCLIPPED: bool = true;

    fn with_values([peak, sigma]: Values) -> Result<Self, CorruptionError> {
        Self::new(peak, sigma)
    }

    fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl fmt::Display for PoissonGaussian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.peak, self.sigma], self.clipping)
    }
}

impl Corruption for PoissonGaussian {
    fn corrupt(&self, values: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        let (mut shot, mut read) = ([0.0; CHUNK], [0.0; CHUNK]);
        for chunk in values.chunks_mut(CHUNK) {
            // All are drawn for each pixel, so that its noise does not depend on the pixels before it.
            stream.fill_normal(&mut shot[..chunk.len()]);
            stream.fill_normal(&mut read[..chunk.len()]);
            for ((pixel, shot), read) in chunk.iter_mut().zip(shot).zip(read) {
                let uniform = (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
                *pixel = self.counted(*pixel, uniform, shot) + self.sigma * read;
            }
        }
        self.clipping.apply(values);
    }
}

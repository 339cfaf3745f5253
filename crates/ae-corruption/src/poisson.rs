//! Shot noise: `y = clip(k / peak, 0, 1)`, `k ~ Poisson(peak x)` for each pixel.
//!
//! A camera that counts photons, on average `peak` of them from a white pixel, records such an image. The
//! fewer the photons, the stronger the noise. Counts are drawn by inversion with a sequential search
//! (Devroye, "Non-uniform random variate generation", 1986, chapter X.3), which is exact up to the rounding
//! of `f64`.

use std::fmt;

use ae_random::Stream;

use crate::exponential::exp_of_minus;
use crate::parameter::{BuiltIn, Parameter, Values};
use crate::{Clipping, Corruption, CorruptionError};

/// The greatest mean of a count that is drawn by a search.
pub(crate) const GREATEST_SEARCHED_MEAN: f64 = 500.0;

/// Shot noise: `y = clip(k / peak, 0, 1)`, `k ~ Poisson(peak x)` for each pixel.
///
/// Mean and variance of `peak y` are both `peak x` as long as nothing is clipped. Black pixels stay black.
/// The time for a pixel grows with its mean count. For values in [0, 1] only: a count has no negative mean,
/// and `peak` is the count of the value 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Poisson {
    peak: f32,
}

impl Poisson {
    /// `exp(-peak)` has to be a normal `f64`, and a search of 500 steps is still fast enough.
    const PEAK: Parameter = Parameter::new("poisson", "peak", 0.1, GREATEST_SEARCHED_MEAN as f32);

    /// Noise of a camera that counts `peak` photons on average from a white pixel.
    ///
    /// # Errors
    /// If the peak is not a number from 0.1 to 500.
    pub fn new(peak: f32) -> Result<Self, CorruptionError> {
        Ok(Self { peak: Self::PEAK.check(peak)? })
    }
}

impl BuiltIn for Poisson {
    const NAME: &'static str = "poisson";
    const PARAMETERS: &'static [Parameter] = &[Self::PEAK];

    fn with_values([peak, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(peak)
    }
}

impl fmt::Display for Poisson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.peak], Clipping::UnitRange)
    }
}

impl Corruption for Poisson {
    fn corrupt(&self, values: &mut [f32], _height: usize, _width: usize, stream: &mut Stream) {
        for pixel in values {
            // Drawn for black pixels too, so that a pixel's noise does not depend on the pixels before it.
            let uniform = (stream.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
            // The clamp bounds the search where the caller's values are not in [0, 1].
            let mean = f64::from(self.peak) * f64::from(pixel.clamp(0.0, 1.0));
            if mean > 0.0 {
                *pixel = (count_at(uniform, mean) as f32 / self.peak).min(1.0);
            }
        }
    }
}

/// The least count whose distribution function at this mean is above `uniform`, in [0, 1).
pub(crate) fn count_at(uniform: f64, mean: f64) -> u32 {
    let mut count = 0;
    let mut probability = exp_of_minus(mean);
    let mut distribution = probability;
    while uniform >= distribution {
        count += 1;
        probability *= mean / f64::from(count);
        // Far above the mean the sum stops growing. Without this exit the search would never end where
        // rounding has left the sum below `uniform`.
        if distribution + probability == distribution {
            break;
        }
        distribution += probability;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    // from scipy.stats import poisson
    // for mean in (0.1, 3.7, 100, 500):
    //     print([int(poisson.ppf(q, mean)) for q in (0.001, 0.25, 0.5, 0.9, 0.999, 1 - 1e-9)])
    #[test]
    fn counts_equal_the_quantiles_of_scipy() {
        let quantiles = [0.001, 0.25, 0.5, 0.9, 0.999, 1.0 - 1e-9];
        for (mean, expected) in [
            (0.1, [0, 0, 0, 0, 2, 6]),
            (3.7, [0, 2, 4, 6, 11, 20]),
            (100.0, [71, 93, 100, 113, 132, 166]),
            (500.0, [432, 485, 500, 529, 571, 640]),
        ] {
            assert_eq!(quantiles.map(|q| count_at(q, mean)), expected, "mean {mean}");
        }
    }

    #[test]
    fn the_search_ends_at_the_greatest_uniform_number() {
        let greatest = 1.0 - f64::EPSILON / 2.0;
        for step in 1..=5000 {
            let mean = f64::from(step) / 10.0;
            let bound = mean + 10.0 * mean.sqrt() + 20.0;
            assert!(f64::from(count_at(greatest, mean)) < bound, "mean {mean}");
        }
    }
}

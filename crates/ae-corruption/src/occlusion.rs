//! Occlusion: a rectangle at a random place becomes 0.
//!
//! DeVries and Taylor, "Improved regularization of convolutional neural networks with Cutout" (2017,
//! arXiv 1708.04552). There the patch is a square that may stick out of the image; here it has the
//! image's proportions and lies inside, so that the occluded area is the same in every image.

use std::fmt;

use ae_random::Stream;

use crate::parameter::Parameter;
use crate::{Corruption, CorruptionError};

/// Occlusion: a rectangle of a fraction of each side becomes 0, every place inside equally likely.
///
/// After Cutout, DeVries and Taylor 2017 (arXiv 1708.04552). The sides are rounded to whole pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occlusion {
    fraction: f32,
}

impl Occlusion {
    pub(crate) const FRACTION: Parameter =
        Parameter { noise: "occlusion", name: "fraction", low: 0.0, high: 1.0 };

    /// A rectangle whose height and width are this fraction of the image's.
    ///
    /// # Errors
    /// If the fraction is not a number from 0 to 1.
    pub fn new(fraction: f32) -> Result<Self, CorruptionError> {
        Ok(Self { fraction: Self::FRACTION.check(fraction)? })
    }

    /// First and last row or column, exclusive, of a rectangle in a side of this length.
    fn draw_span(&self, side: usize, stream: &mut Stream) -> (usize, usize) {
        let length = ((self.fraction * side as f32).round() as usize).min(side);
        let places = u32::try_from(side - length).unwrap_or(u32::MAX).saturating_add(1);
        let start = stream.below(places) as usize;
        (start, start + length)
    }
}

impl fmt::Display for Occlusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::FRACTION.write(f, self.fraction)
    }
}

impl Corruption for Occlusion {
    fn corrupt(&self, pixels: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        let (top, bottom) = self.draw_span(height, stream);
        let (left, right) = self.draw_span(width, stream);
        for channel in pixels.chunks_exact_mut(height.saturating_mul(width).max(1)) {
            for row in channel.chunks_exact_mut(width.max(1)).take(bottom).skip(top) {
                row.iter_mut().take(right).skip(left).for_each(|pixel| *pixel = 0.0);
            }
        }
    }
}

//! Occlusion: a rectangle at a random place is set to 0.
//!
//! DeVries and Taylor, "Improved regularization of convolutional neural networks with Cutout" (2017,
//! arXiv 1708.04552). There the patch is a square that may stick out of the image; here it has the
//! image's proportions and lies inside, so that the occluded area is the same in every image.

use std::fmt;
use std::ops::Range;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Values};
use crate::{Clipping, Corruption, CorruptionError};

/// Occlusion: a rectangle is set to 0. Its sides are a given fraction of the image's, and all places inside of
/// the image are equally likely.
///
/// After Cutout, DeVries and Taylor 2017 (arXiv 1708.04552). The sides are rounded to whole pixels. The values
/// may have any range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Occlusion {
    fraction: f32,
}

impl Occlusion {
    const FRACTION: Parameter = Parameter::new("occlusion", "fraction", 0.0, 1.0);

    /// A rectangle whose height and width are this fraction of the image's.
    ///
    /// # Errors
    /// If the fraction is not a number from 0 to 1.
    pub fn new(fraction: f32) -> Result<Self, CorruptionError> {
        Ok(Self { fraction: Self::FRACTION.check(fraction)? })
    }

    /// The length of the rectangle's side along an image side of this length.
    fn length(&self, side: usize) -> usize {
        ((self.fraction * side as f32).round() as usize).min(side)
    }

    /// The rows or columns that the rectangle covers of an image side of this length.
    fn draw_span(&self, side: usize, stream: &mut Stream) -> Range<usize> {
        let length = self.length(side);
        let places = u32::try_from(side - length).unwrap_or(u32::MAX).saturating_add(1);
        let start = stream.below(places) as usize;
        start..start + length
    }
}

impl BuiltIn for Occlusion {
    const NAME: &'static str = "occlusion";
    const PARAMETERS: &'static [Parameter] = &[Self::FRACTION];

    fn with_values([fraction, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(fraction)
    }
}

impl fmt::Display for Occlusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.fraction], Clipping::UnitRange)
    }
}

impl Corruption for Occlusion {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        let rows = self.draw_span(height, stream);
        let columns = self.draw_span(width, stream);
        for channel in values.chunks_exact_mut(height.saturating_mul(width).max(1)) {
            for row in channel.chunks_exact_mut(width.max(1)).take(rows.end).skip(rows.start) {
                let covered = row.iter_mut().take(columns.end).skip(columns.start);
                covered.for_each(|value| *value = 0.0);
            }
        }
    }
    fn needs_unit_range(&self) -> bool {
        false
    }

    fn is_spatial(&self) -> bool {
        true
    }

    /// A rectangle of less than half a row or column is rounded to nothing.
    fn is_without_effect(&self, height: usize, width: usize) -> bool {
        self.fraction > 0.0 && self.length(height).min(self.length(width)) == 0
    }
}

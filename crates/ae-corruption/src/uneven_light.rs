//! Uneven light: `y = clip(x (1 + strength g), 0, 1)` with a smooth field `g` of which the greatest magnitude is 1.
//!
//! The bias field of microscopy and the shading of photographed pages, in its usual multiplicative model
//! (Likar, Maintz, Viergever and Pernus, "Retrospective shading correction based on entropy minimization", Journal of
//! Microscopy 197, 2000). The field is a cubic B-spline over cells of half the image's longer side.

use std::fmt;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Values};
use crate::smooth_field::smooth_field;
use crate::{Clipping, Corruption, CorruptionError};

/// Uneven light: `y = clip(x (1 + strength g), 0, 1)` with a smooth field `g`, the same in all channels.
///
/// The greatest magnitude of `g` within an image is 1, so that the light differs by `strength` at most. The
/// field varies over half the image's longer side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnevenLight {
    strength: f32,
    clipping: Clipping,
}

impl UnevenLight {
    /// At 1, the darkest place may be black.
    const STRENGTH: Parameter = Parameter::new("uneven-light", "strength", 0.0, 1.0);

    /// Light that differs by this fraction from even light where it differs most.
    ///
    /// # Errors
    /// If the strength is not a number from 0 to 1.
    pub fn new(strength: f32) -> Result<Self, CorruptionError> {
        Ok(Self { strength: Self::STRENGTH.check(strength)?, clipping: Clipping::default() })
    }

    /// The same light with or without clipping.
    #[must_use]
    pub fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl BuiltIn for UnevenLight {
    const NAME: &'static str = "uneven-light";
    const PARAMETERS: &'static [Parameter] = &[Self::STRENGTH];
    const CAN_BE_UNCLIPPED: bool = true;

    fn with_values([strength, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(strength)
    }

    fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl fmt::Display for UnevenLight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.strength], self.clipping)
    }
}

impl Corruption for UnevenLight {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        let size = height.saturating_mul(width);
        if size == 0 || values.len() < size {
            return;
        }
        let field = smooth_field(height, width, height.max(width) as f32 / 2.0, stream);
        let greatest = field.iter().fold(0.0_f32, |greatest, value| greatest.max(value.abs()));
        if greatest == 0.0 {
            return;
        }
        let scale = self.strength / greatest;
        for channel in values.chunks_exact_mut(size) {
            for (value, light) in channel.iter_mut().zip(&field) {
                *value *= 1.0 + scale * light;
            }
        }
        self.clipping.apply(values);
    }

    fn needs_unit_range(&self) -> bool {
        self.clipping == Clipping::UnitRange
    }

    fn is_spatial(&self) -> bool {
        true
    }
}

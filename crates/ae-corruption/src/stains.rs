//! Stains: `y = x (1 - strength s m)` with dark, soft-edged blotches `m` in [0, 1].
//!
//! The blotches are the highest parts of a smooth random field, as in procedural textures (Ebert, Musgrave, Peachey,
//! Perlin and Worley, "Texturing and modeling: a procedural approach", 1994): cubic B-splines over cells of a third and
//! of a ninth of the longer side, with weights 1 and 1/3. The share of the image that they cover, from a twentieth to
//! three tenths, and their darkness `s` from a half to 1 are drawn for each item.

use std::fmt;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Values};
use crate::smooth_field::smooth_field;
use crate::{Clipping, Corruption, CorruptionError};

/// Stains, as on scans of old paper: `y = x (1 - strength s m)` with dark, soft-edged blotches `m` in [0, 1], the same
/// in all channels.
///
/// For each item, the blotches cover from a twentieth to three tenths of the image, and their darkness `s` is from a
/// half to 1, both uniform. Nothing is clipped, because a pixel in [0, 1] stays there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stains {
    strength: f32,
}

impl Stains {
    const STRENGTH: Parameter = Parameter::new("stains", "strength", 0.0, 1.0);

    /// Stains that take at most this fraction of the light.
    ///
    /// # Errors
    /// If the strength is not a number from 0 to 1.
    pub fn new(strength: f32) -> Result<Self, CorruptionError> {
        Ok(Self { strength: Self::STRENGTH.check(strength)? })
    }
}

impl BuiltIn for Stains {
    const NAME: &'static str = "stains";
    const PARAMETERS: &'static [Parameter] = &[Self::STRENGTH];

    fn with_values([strength, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(strength)
    }
}

impl fmt::Display for Stains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.strength], Clipping::UnitRange)
    }
}

impl Corruption for Stains {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        let size = height.saturating_mul(width);
        if size == 0 || values.len() < size {
            return;
        }
        let share = 0.05 + 0.25 * stream.uniform();
        let darkness = self.strength * (0.5 + 0.5 * stream.uniform());
        let mask = blotches(height, width, share, stream);
        for channel in values.chunks_exact_mut(size) {
            for (value, blotch) in channel.iter_mut().zip(&mask) {
                *value *= 1.0 - darkness * blotch;
            }
        }
    }

    fn is_spatial(&self) -> bool {
        true
    }
}

/// Blotches that cover this share of the image: 0 outside, 1 at the darkest place.
fn blotches(height: usize, width: usize, share: f32, stream: &mut Stream) -> Vec<f32> {
    let side = height.max(width) as f32;
    let mut field = smooth_field(height, width, side / 3.0, stream);
    let detail = smooth_field(height, width, side / 9.0, stream);
    field.iter_mut().zip(detail).for_each(|(value, detail)| *value += detail / 3.0);

    let mut sorted = field.clone();
    let place = ((1.0 - share) * sorted.len() as f32) as usize;
    let place = place.min(sorted.len() - 1);
    let (_, &mut edge, above) = sorted.select_nth_unstable_by(place, f32::total_cmp);
    let highest = above.iter().fold(edge, |highest, value| highest.max(*value));
    // Half the way up, a blotch has its full darkness.
    let slope = 2.0 / (highest - edge).max(f32::MIN_POSITIVE);
    field.iter_mut().for_each(|value| *value = smooth_step((*value - edge) * slope));
    field
}

/// A step from 0 at 0 to 1 at 1 with level ends.
fn smooth_step(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

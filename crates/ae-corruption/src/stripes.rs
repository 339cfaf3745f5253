//! Stripes: `y = clip(x + strength n, 0, 1)`, with one `n ~ N(0, 1)` for each row, or for each column.
//!
//! The fixed-pattern noise of line sensors and scanners and the row noise of CMOS sensors (EMVA Standard 1288,
//! "Standard for characterization of image sensors and cameras", release 4.0, section "Spatial nonuniformity").

use std::fmt;

use ae_random::Stream;

use crate::parameter::{BuiltIn, Parameter, Values};
use crate::{Clipping, Corruption, CorruptionError};

/// Stripes: `y = clip(x + strength n, 0, 1)`, with one `n ~ N(0, 1)` for each row or for each column, the same in all
/// channels.
///
/// Whether an item has rows or columns of them is drawn with equal probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stripes {
    strength: f32,
    clipping: Clipping,
}

impl Stripes {
    const STRENGTH: Parameter = Parameter::new("stripes", "strength", 0.0, 100.0);

    /// Stripes whose offsets have this standard deviation.
    ///
    /// # Errors
    /// If the strength is not a number from 0 to 100.
    pub fn new(strength: f32) -> Result<Self, CorruptionError> {
        Ok(Self { strength: Self::STRENGTH.check(strength)?, clipping: Clipping::default() })
    }

    /// The same stripes with or without clipping.
    #[must_use]
    pub fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl BuiltIn for Stripes {
    const NAME: &'static str = "stripes";
    const PARAMETERS: &'static [Parameter] = &[Self::STRENGTH];
    const CAN_BE_UNCLIPPED: bool = true;

    fn with_values([strength, _]: Values) -> Result<Self, CorruptionError> {
        Self::new(strength)
    }

    fn with_clipping(self, clipping: Clipping) -> Self {
        Self { clipping, ..self }
    }
}

impl fmt::Display for Stripes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::write_text(f, &[self.strength], self.clipping)
    }
}

impl Corruption for Stripes {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        let size = height.saturating_mul(width);
        if size == 0 || values.len() < size {
            return;
        }
        let are_rows = stream.below(2) == 0;
        let mut offsets = vec![0.0; if are_rows { height } else { width }];
        stream.fill_normal(&mut offsets);
        offsets.iter_mut().for_each(|offset| *offset *= self.strength);
        for (y, row) in values.chunks_exact_mut(width).enumerate() {
            if are_rows {
                row.iter_mut().for_each(|value| *value += offsets[y % height]);
            } else {
                row.iter_mut().zip(&offsets).for_each(|(value, offset)| *value += offset);
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

//! A built-in noise has one number or two, its parameters.

use std::fmt;

use crate::{Clipping, Corruption, CorruptionError};

/// The values of a noise's parameters. A noise of one parameter leaves the second value at 0.
pub(crate) type Values = [f32; 2];

/// The name of a noise, the name of one of its parameters and the closed range of its values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) noise: &'static str,
    pub(crate) name: &'static str,
    pub(crate) low: f32,
    pub(crate) high: f32,
    pub(crate) steps: Steps,
    /// The value where the text leaves it out.
    pub(crate) default: Option<f32>,
}

/// The values that a parameter takes in its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steps {
    /// All numbers.
    Continuous,
    /// Whole numbers.
    Whole,
}

impl Parameter {
    /// A parameter without a default that takes all numbers from `low` to `high`.
    pub(crate) const fn new(noise: &'static str, name: &'static str, low: f32, high: f32) -> Self {
        Self { noise, name, low, high, steps: Steps::Continuous, default: None }
    }

    /// The value, if it lies in the range; NaN does not.
    pub(crate) fn check(&self, value: f32) -> Result<f32, CorruptionError> {
        let Self { noise, name: parameter, low, high, steps, .. } = *self;
        if !(low..=high).contains(&value) {
            return Err(CorruptionError::OutOfRange { noise, parameter, low, high, found: value });
        }
        if steps == Steps::Whole && value.fract() != 0.0 {
            return Err(CorruptionError::NotWhole { noise, parameter, found: value });
        }
        // Adding 0 turns -0 into 0.
        Ok(value + 0.0)
    }
}

/// A noise of this crate, made of the values of its parameters.
pub(crate) trait BuiltIn: Corruption + Clone + 'static {
    /// The name in texts.
    const NAME: &'static str;

    /// The parameters in the order of the text; at least one, at most as many as [`Values`] holds. A noise is
    /// the stronger, or the weaker, the greater each of them is: its properties at the ends of a range bound
    /// those in between.
    const PARAMETERS: &'static [Parameter];

    /// Whether [`with_clipping`](Self::with_clipping) has an effect.
    const CAN_BE_UNCLIPPED: bool = false;

    fn with_values(values: Values) -> Result<Self, CorruptionError>;

    /// The same noise with or without clipping.
    #[must_use]
    fn with_clipping(self, clipping: Clipping) -> Self {
        let _ = clipping;
        self
    }

    /// Writes the text form, from which the same values are read again.
    fn write_text(
        f: &mut fmt::Formatter<'_>,
        values: &[impl fmt::Display],
        clipping: Clipping,
    ) -> fmt::Result {
        for (position, value) in values.iter().enumerate() {
            let before = if position == 0 { Self::NAME } else { "" };
            write!(f, "{before}{}{value}", if position == 0 { ':' } else { ',' })?;
        }
        f.write_str(clipping.suffix())
    }
}

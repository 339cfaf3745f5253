//! A built-in noise has one number, its parameter.

use std::fmt;

use crate::{Clipping, Corruption, CorruptionError};

/// The name of a noise, the name of its parameter and the closed range of its values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) noise: &'static str,
    pub(crate) name: &'static str,
    pub(crate) low: f32,
    pub(crate) high: f32,
}

impl Parameter {
    /// The value, if it lies in the range; NaN does not.
    pub(crate) fn check(&self, value: f32) -> Result<f32, CorruptionError> {
        let Self { noise, name: parameter, low, high } = *self;
        if (low..=high).contains(&value) {
            // Adding 0 turns -0 into 0.
            Ok(value + 0.0)
        } else {
            Err(CorruptionError::OutOfRange { noise, parameter, low, high, found: value })
        }
    }

    /// Writes the noise's text form, from which the same value is read again.
    pub(crate) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        value: f32,
        clipping: Clipping,
    ) -> fmt::Result {
        write!(f, "{}:{value}{}", self.noise, clipping.suffix())
    }
}

/// A noise of this crate, made of the value of its parameter.
pub(crate) trait BuiltIn: Corruption + Sized + 'static {
    const PARAMETER: Parameter;

    fn with_value(value: f32) -> Result<Self, CorruptionError>;

    /// The same noise without clipping; `None` where there is nothing to switch off.
    fn unclipped(self) -> Option<Self> {
        None
    }
}

//! The choices of a user: how finely codes are rounded, and whether images come back exactly.

use std::fmt;
use std::str::FromStr;

use crate::CompressionError;
use crate::error::in_range;

/// How finely codes are rounded, from 1 (coarse) to 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quality(u8);

/// For each quality, the step in grey levels at which rounding the pixels errs about as much as rounding the codes.
const GREY_LEVELS: [i64; 9] = [128, 91, 64, 45, 32, 23, 16, 11, 8];

impl Quality {
    /// All qualities, from the coarsest.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=9).map(Self)
    }

    /// The quality with this number.
    ///
    /// # Errors
    /// [`CompressionError::Range`] if it is not from 1 to 9.
    pub fn new(number: u8) -> Result<Self, CompressionError> {
        in_range("the quality", 1, GREY_LEVELS.len(), usize::from(number))?;
        Ok(Self(number))
    }

    /// Its number, from 1 to 9.
    pub fn number(self) -> u8 {
        self.0
    }

    pub(crate) fn grey_levels(self) -> i64 {
        GREY_LEVELS[usize::from(self.0 - 1)]
    }
}

impl Default for Quality {
    fn default() -> Self {
        Self(5)
    }
}

impl FromStr for Quality {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let quality = text.parse().ok().and_then(|number| Self::new(number).ok());
        quality.ok_or_else(|| "expected a whole number from 1 to 9".to_owned())
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether images come back exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The decoder's output for the rounded codes comes back.
    Lossy,
    /// The images come back bit for bit.
    Exact,
}

//! What is fitted to a model for compression, and how finely its codes are rounded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::CompressionError;
use crate::basis::Basis;
use crate::error::in_range;
use crate::latents::Dimension;

/// What is fitted to a model, all of it integers: how finely each number of a code is rounded, how often
/// its values occur, and how often pixels occur where the decoder expects others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codec {
    /// Where the rounded numbers are coordinates; none for long codes, which are rounded themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) basis: Option<Basis>,
    pub(crate) dimensions: Vec<Dimension>,
    /// Counts of the 256 values of a pixel, for each [context](crate::pixels).
    pub(crate) pixels: Vec<Vec<u32>>,
}

/// How finely codes are rounded, from 1 (coarse) to 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quality(u8);

/// Grey levels of a rounding that errs about as much as that of the codes, for each quality.
const GREY_LEVELS: [i64; 9] = [128, 91, 64, 45, 32, 23, 16, 11, 8];

impl Quality {
    /// All of them, from the coarsest.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=9).map(Self)
    }

    /// The quality of this number.
    ///
    /// # Errors
    /// [`CompressionError::Range`] if it is not from 1 to 9.
    pub fn new(number: u8) -> Result<Self, CompressionError> {
        in_range("the quality", 1, GREY_LEVELS.len(), usize::from(number))?;
        Ok(Self(number))
    }

    /// Its number.
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

/// What comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What the decoder makes of the rounded codes.
    Lossy,
    /// The images, bit for bit.
    Exact,
}

//! How a person's own data is to be read.

use std::fmt;
use std::str::FromStr;

use ae_random::Seed;
use serde::{Deserialize, Serialize};

use crate::{ColumnScaling, Scaling};

/// What is done with images of another size than the wanted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resize {
    /// They are refused.
    #[default]
    None,
    /// Scaled to lie within the wanted size, in the middle, on black.
    Fit,
    /// Scaled to cover the wanted size, and what sticks out is cut off on both sides.
    Crop,
}

impl fmt::Display for Resize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Fit => "fit",
            Self::Crop => "crop",
        })
    }
}

impl FromStr for Resize {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "fit" => Ok(Self::Fit),
            "crop" => Ok(Self::Crop),
            _ => Err("expected fit, crop or none"),
        }
    }
}

/// What is done with pictures that cannot be decoded, and with rows of a table that hold something
/// else than numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BadItems {
    /// One alone is an error.
    #[default]
    Refuse,
    /// They are listed as warnings, left out and counted.
    Skip,
}

/// How images or rows are read that a model is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// What is done with images of another size.
    pub resize: Resize,
    /// What is done with those that cannot be read.
    pub bad: BadItems,
    /// The column of a table that holds the classes, by its name in the header.
    pub label_column: Option<String>,
}

/// How a data set is read.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadOptions {
    /// As for images that a model is applied to.
    pub read: ReadOptions,
    /// Height and width of the images; without it, those of the first one.
    pub size: Option<[usize; 2]>,
    /// 1 for grey, 3 for RGB; without it, the first picture's kind.
    pub channels: Option<usize>,
    /// The part of the data that is held out for testing, where the data does not say; within (0, 1).
    pub test_fraction: f64,
    /// What decides which: the stream `split`.
    pub seed: Seed,
    /// The scaling of a table's columns; without it, the one that fits the training rows.
    pub scaling: Option<Scaling>,
    /// How that one is chosen.
    pub columns: ColumnScaling,
}

impl LoadOptions {
    /// The part that is held out when nothing is said.
    pub const TEST_FRACTION: f64 = 0.1;
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            read: ReadOptions::default(),
            size: None,
            channels: None,
            test_fraction: Self::TEST_FRACTION,
            seed: Seed::new(42),
            scaling: None,
            columns: ColumnScaling::MinMax,
        }
    }
}

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadItems {
    /// One alone is an error.
    #[default]
    Refuse,
    /// They are listed as warnings, left out and counted.
    Skip,
}

/// A part of data that says by itself what is for training and what is held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What is for training.
    Train,
    /// What is held out for choosing among models: a folder of pictures `val`, `valid` or `validation`.
    Validation,
    /// What is held out for testing.
    Test,
    /// All of them.
    All,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
            Self::All => "all",
        })
    }
}

impl FromStr for Part {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "train" => Ok(Self::Train),
            "validation" | "valid" | "val" => Ok(Self::Validation),
            "test" => Ok(Self::Test),
            "all" => Ok(Self::All),
            _ => Err("expected train, validation, test or all"),
        }
    }
}

/// Whether the first line of a table names its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Header {
    /// The first lines decide; what was decided is said, and it is a warning if it was a guess.
    #[default]
    Auto,
    /// It names the columns.
    Yes,
    /// It is a row.
    No,
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Yes => "yes",
            Self::No => "no",
        })
    }
}

impl FromStr for Header {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "yes" => Ok(Self::Yes),
            "no" => Ok(Self::No),
            _ => Err("expected yes, no or auto"),
        }
    }
}

/// What separates the columns of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delimiter {
    /// The first lines decide; it is said if it is not the comma.
    #[default]
    Auto,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// The tabulator.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// The byte, unless the first lines decide.
    pub(crate) fn byte(self) -> Option<u8> {
        match self {
            Self::Auto => None,
            Self::Comma => Some(b','),
            Self::Semicolon => Some(b';'),
            Self::Tab => Some(b'\t'),
            Self::Pipe => Some(b'|'),
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "pipe",
        })
    }
}

impl FromStr for Delimiter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "comma" | "," => Ok(Self::Comma),
            "semicolon" | ";" => Ok(Self::Semicolon),
            "tab" | "\t" | "\\t" => Ok(Self::Tab),
            "pipe" | "|" => Ok(Self::Pipe),
            _ => Err("expected comma, semicolon, tab, pipe or auto"),
        }
    }
}

/// How images or rows are read that a model is applied to. A model's file keeps those of its training;
/// what a file does not name is the default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// What is done with images of another size.
    pub resize: Resize,
    /// What is done with those that cannot be read.
    pub bad: BadItems,
    /// Whether a table's first line names the columns.
    #[serde(skip_serializing_if = "is_default")]
    pub header: Header,
    /// What separates a table's columns.
    #[serde(skip_serializing_if = "is_default")]
    pub delimiter: Delimiter,
    /// The column of a table that holds the classes: its name in the header or, where no column has that
    /// name, its number counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_column: Option<String>,
    /// Columns of a table that are left out, named as the label column is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop_columns: Vec<String>,
    /// Which part is read of data that has parts, and judged on of a data set; without it, what is held out.
    /// A model's file does not keep it.
    #[serde(skip)]
    pub part: Option<Part>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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

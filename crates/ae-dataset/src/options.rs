//! Options for reading a person's own data.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use ae_random::Seed;
use serde::{Deserialize, Serialize};

use crate::{ColumnScaling, Mapping, PatchOptions, Scaling};

/// What happens to images of another size than the wanted one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resize {
    /// They are refused.
    #[default]
    None,
    /// They are scaled to fit into the wanted size, centred on black.
    Fit,
    /// They are scaled to cover the wanted size, and the rest is cut off evenly on both sides.
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

/// What happens to bad items: pictures that cannot be decoded, rows of a table with other things than numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadItems {
    /// One bad item is an error.
    #[default]
    Refuse,
    /// Bad items are left out and counted, with warnings.
    Skip,
}

/// The colour that transparent pixels are put onto: red, green and blue. Its text is `#rrggbb`, `white` or `black`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Background(pub [u8; 3]);

impl Background {
    /// Whether its channels are equal.
    pub fn is_grey(self) -> bool {
        let Self([red, green, blue]) = self;
        red == green && green == blue
    }
}

impl fmt::Display for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [255, 255, 255] => f.write_str("white"),
            [0, 0, 0] => f.write_str("black"),
            [red, green, blue] => write!(f, "#{red:02x}{green:02x}{blue:02x}"),
        }
    }
}

impl FromStr for Background {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = match text {
            "white" => return Ok(Self([255; 3])),
            "black" => return Ok(Self([0; 3])),
            text => text.strip_prefix('#').unwrap_or_default(),
        };
        let is_colour = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_colour);
        let [_, red, green, blue] =
            number.ok_or("expected white, black or #rrggbb, such as #f0e0d0")?.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl TryFrom<String> for Background {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Background> for String {
    fn from(background: Background) -> Self {
        background.to_string()
    }
}

/// A part of data that itself says what is for training and what is held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The training data.
    Train,
    /// The validation set, which decides during training: a folder of pictures `val`, `valid` or `validation`.
    Validation,
    /// The test set, held out to the end.
    Test,
    /// All data.
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

/// Whether the first line of a table is a header with the names of the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Header {
    /// The first lines decide. [`Progress::chose`](crate::Progress::chose) reports the decision; a guess is a warning.
    #[default]
    Auto,
    /// It is a header.
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

/// The character between the columns of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delimiter {
    /// The first lines decide. [`Progress::chose`](crate::Progress::chose) reports any other than the comma.
    #[default]
    Auto,
    /// A comma.
    Comma,
    /// A semicolon.
    Semicolon,
    /// A tab.
    Tab,
    /// The character `|`.
    Pipe,
}

impl Delimiter {
    /// The delimiter; `None` if the first lines decide.
    #[cfg(feature = "tables")]
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

/// Options for reading images or rows. A model's file keeps those of its training; a missing key means the default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReadOptions {
    /// What happens to images of another size.
    pub resize: Resize,
    /// What happens to items that cannot be read.
    pub bad: BadItems,
    /// Whether a table's first line is a header.
    #[serde(skip_serializing_if = "is_default")]
    pub header: Header,
    /// The delimiter of a table.
    #[serde(skip_serializing_if = "is_default")]
    pub delimiter: Delimiter,
    /// The column of a table with the classes: its name or, if no column has this name, its number counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_column: Option<String>,
    /// The columns of a table that are left out, named like the label column.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop_columns: Vec<String>,
    /// The colour that transparent pixels are put onto. Without it, pictures with such pixels are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
    /// The part that is read of data with parts, by default the held-out part. A model's file does not keep it.
    #[serde(skip)]
    pub part: Option<Part>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Options for loading a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadOptions {
    /// The options that also apply to the inputs of a trained model.
    pub read: ReadOptions,
    /// Height and width of the images, by default those of the first one.
    pub size: Option<[usize; 2]>,
    /// The number of channels, 1 (grey) or 3 (RGB), by default that of the first picture.
    pub channels: Option<usize>,
    /// The fraction in (0, 1) that is held out for testing, unless the data itself says what is for testing.
    pub test_fraction: f64,
    /// The seed whose stream `split` decides which items are held out.
    pub seed: Seed,
    /// The scaling of a table's columns, by default one that is fitted to the training rows.
    pub scaling: Option<Scaling>,
    /// The kind of scaling that is fitted.
    pub columns: ColumnScaling,
    /// The patches that are cut from a folder of pictures, by default none: the images are whole pictures.
    pub patches: Option<PatchOptions>,
    /// The folder of the pictures that those of the source become: their partners have the same paths there, whatever the
    /// endings. By default pictures have no partners.
    pub target: Option<PathBuf>,
    /// Which files are mapped, and not read into memory.
    pub mapping: Mapping,
    /// The folder in which the rows of a mapped table are kept, in a temporary file without a name; by default the
    /// system's folder for temporary files.
    pub scratch: Option<PathBuf>,
}

impl LoadOptions {
    /// The default of [`test_fraction`](Self::test_fraction).
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
            patches: None,
            target: None,
            mapping: Mapping::Large,
            scratch: None,
        }
    }
}

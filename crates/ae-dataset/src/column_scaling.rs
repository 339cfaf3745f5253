//! How the scale of a table's columns is chosen.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What becomes of values in a column that was constant in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConstantColumns {
    /// All become 0: how models of earlier versions were trained.
    #[default]
    Zero,
    /// Their difference from the constant: a difference of 1 counts as a whole range of training. With
    /// [`ColumnScaling::MinMax`] that is 1, as in scikit-learn (`_handle_zeros_in_scale`: the scale is 1), with
    /// [`ColumnScaling::Standard`] six standard deviations.
    Unit,
}

/// How the scale of a table's columns is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnScaling {
    /// The training rows' minimum becomes 0, their maximum 1.
    #[default]
    MinMax,
    /// The training rows' mean becomes 0, one standard deviation above it 1.
    Standard,
}

impl fmt::Display for ColumnScaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MinMax => "min-max",
            Self::Standard => "standard",
        })
    }
}

impl FromStr for ColumnScaling {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "min-max" => Ok(Self::MinMax),
            "standard" => Ok(Self::Standard),
            _ => Err("expected min-max or standard"),
        }
    }
}

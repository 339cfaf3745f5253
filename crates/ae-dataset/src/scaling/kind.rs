//! The kinds of column scaling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The scaled value in a column that was constant in training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConstantColumns {
    /// Always 0, as in models of earlier versions.
    #[default]
    Zero,
    /// The difference from the constant. A difference of 1 counts as a whole range of training: 1 with
    /// [`ColumnScaling::MinMax`], as in scikit-learn (`_handle_zeros_in_scale`: the scale is 1), and six standard
    /// deviations with [`ColumnScaling::Standard`].
    Unit,
}

/// How the bounds of a column's scaling are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnScaling {
    /// The minimum of the training rows becomes 0, their maximum 1.
    #[default]
    MinMax,
    /// The mean of the training rows becomes 0, one standard deviation above it 1.
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

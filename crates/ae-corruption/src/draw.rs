//! When noise is drawn.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::CorruptionError;

/// When the noise of a sample is drawn: `once` or `every-epoch`, as text and in serde.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draw {
    /// Once, before the training: every epoch shows the same corrupted images, as in the Keras
    /// tutorial.
    Once,
    /// Afresh in every epoch, as in Vincent et al. 2008: no corrupted image is shown twice.
    EveryEpoch,
}

impl Draw {
    /// The epoch at which the noise's stream stands in this epoch of the training.
    pub fn epoch(self, epoch: u32) -> u32 {
        match self {
            Self::Once => 0,
            Self::EveryEpoch => epoch,
        }
    }
}

impl fmt::Display for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Once => "once",
            Self::EveryEpoch => "every-epoch",
        })
    }
}

impl FromStr for Draw {
    type Err = CorruptionError;

    fn from_str(text: &str) -> Result<Self, CorruptionError> {
        [Self::Once, Self::EveryEpoch]
            .into_iter()
            .find(|draw| draw.to_string() == text)
            .ok_or_else(|| CorruptionError::UnknownDraw { found: text.to_owned() })
    }
}

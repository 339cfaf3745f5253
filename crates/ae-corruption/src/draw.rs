//! How often noise is drawn: once, or in every epoch.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::CorruptionError;

/// How often the noise of an item is drawn: `once` or `every-epoch`, as text and in serde.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draw {
    /// Once, before the training. Every epoch sees the same corrupted items, as in the Keras tutorial.
    Once,
    /// Anew in every epoch, as in Vincent et al. 2008.
    EveryEpoch,
}

impl Draw {
    /// The epoch to draw at in this epoch of the training: 0 for [`Once`](Self::Once), so that it is the same
    /// noise every time. An argument of [`corrupt_batch`](crate::corrupt_batch).
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

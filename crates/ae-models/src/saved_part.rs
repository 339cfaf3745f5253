//! The part of a model that a file holds.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The part of a model that a weights file holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SavedPart {
    /// Encoder and decoder.
    #[default]
    Model,
    /// The encoder alone.
    Encoder,
}

impl fmt::Display for SavedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Model => "a whole model",
            Self::Encoder => "an encoder alone",
        })
    }
}

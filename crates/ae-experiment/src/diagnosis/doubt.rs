//! Reasons to doubt a model, and their likely causes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A reason to doubt that a model has learned, with its likely cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// The observation, as a sentence.
    pub text: String,
    /// Its likely cause.
    pub cause: Cause,
}

/// The likely cause of a doubt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Cause {
    /// The learning rate is too high: units died, or the steps are too long.
    LearningRate,
    /// Too few steps were taken.
    FewSteps,
    /// There are too few training items.
    FewItems,
    /// The output cannot reach the values of the data.
    Output,
    /// Network, loss or noise do not suit the data.
    Network,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LearningRate => "the learning rate is too high",
            Self::FewSteps => "too few steps were taken",
            Self::FewItems => "there is too little training data",
            Self::Output => "the output's range does not hold the data's values",
            Self::Network => "network, loss or noise do not suit the data",
        })
    }
}

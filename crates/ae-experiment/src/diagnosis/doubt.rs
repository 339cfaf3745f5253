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
    /// Of a top-k code the same few numbers are always the largest; the others are never learned.
    TopK,
    /// The weight of the L1 penalty on the code is too large.
    CodeL1,
    /// The weight of the divergence of a variational code is too large.
    Kl,
    /// The weight of the sparsity penalty is too large.
    Sparsity,
    /// The weight of the contractive penalty is too large.
    Contractive,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LearningRate => "the learning rate is too high",
            Self::FewSteps => "too few steps were taken",
            Self::FewItems => "there is too little training data",
            Self::Output => "the output's range does not hold the data's values",
            Self::Network => "network, loss or noise do not suit the data",
            Self::TopK => "the same numbers of the codes are always the largest",
            Self::CodeL1 => "the weight of the L1 penalty on the code is too large",
            Self::Kl => "the weight of the divergence is too large",
            Self::Sparsity => "the weight of the sparsity penalty is too large",
            Self::Contractive => "the weight of the contractive penalty is too large",
        })
    }
}

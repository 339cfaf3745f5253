//! Errors of training.

use std::error::Error;
use std::path::PathBuf;

use ae_dataset::DatasetError;
use ae_files::FileError;
use ae_kernels::{ChainError, PeersError};
use ae_models::ModelError;

use crate::Difference;

/// An error of training.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// The loss or its gradient became NaN or infinite.
    #[error(
        "training diverged in epoch {epoch}, batch {batch}: {quantity} is not finite; {}",
        last_good(checkpoint)
    )]
    Diverged {
        /// The epoch, counted from 1.
        epoch: u32,
        /// The batch of the epoch, counted from 1.
        batch: usize,
        /// The loss, the gradient, or the validation loss after the epoch's last batch.
        quantity: &'static str,
        /// The newest checkpoint, written before the divergence.
        checkpoint: Option<PathBuf>,
    },
    /// The model learns from corrupted images and the data has no corruption, or the reverse.
    #[error("{expected}, but {found}")]
    Corruption {
        /// What the model learns from.
        expected: &'static str,
        /// What the data has.
        found: &'static str,
    },
    /// A setting is outside its range.
    #[error("{setting} must be {expected}, found {found}")]
    Setting {
        /// The setting's name in a spec.
        setting: &'static str,
        /// The accepted range.
        expected: String,
        /// The value that was given.
        found: String,
    },
    /// The images are of another size than the model's.
    #[error("the model takes images of {expected} pixels, the data has {found}")]
    ImageSize {
        /// Pixels of the model's input.
        expected: usize,
        /// Pixels of the data's images.
        found: usize,
    },
    /// A named metric is not computed in this run.
    #[error("there is no metric `{name}` in this run; there are {known}")]
    UnknownMetric {
        /// The name that was given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A checkpoint is damaged, or belongs to another model.
    #[error("{} is not a usable checkpoint: {reason}", ae_files::shown(path))]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        reason: String,
    },
    /// A checkpoint belongs to a run of another model, with other settings or on other data.
    #[error("{} was written by another run: {difference}", ae_files::shown(path))]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// What has changed since it was written.
        difference: Difference,
    },
    /// An earlier write in the background failed.
    #[error("an earlier write failed: {reason}")]
    EarlierWrite {
        /// What went wrong then.
        reason: String,
    },
    /// There is no checkpoint to resume from.
    #[error("there is no checkpoint in {}", ae_files::shown(folder))]
    NoCheckpoint {
        /// The folder that was searched.
        folder: PathBuf,
    },
    /// The fused kernels cannot compute this model.
    #[error("the fused engine cannot run this model: {reason}; use the autograd engine")]
    NotFused {
        /// What it has that the kernels do not know.
        reason: String,
    },
    /// A state has other parameters than the engine's model.
    #[error("the model expects {expected}, the state has {found}")]
    OtherArchitecture {
        /// The model's first parameter that differs.
        expected: String,
        /// What the state has in its place.
        found: String,
    },
    /// An engine was used before it was given a state.
    #[error("the engine has no parameters yet; call `load` first")]
    NotLoaded,
    /// The objective does not suit the model.
    #[error(transparent)]
    Objective(#[from] ChainError),
    /// The autograd engine was asked for in a build without candle.
    #[error(
        "the autograd engine needs candle, and this build has none; build ae-training with the feature `candle`"
    )]
    NeedsCandle,
    /// Another process of the training cannot be worked with.
    #[error(transparent)]
    Peers(#[from] PeersError),
    /// Another process of the training has other settings, other data or another version.
    #[error("rank {rank} cannot train with rank 0: {fault}")]
    Disagreement {
        /// Its rank.
        rank: usize,
        /// What differs.
        fault: String,
    },
    /// An observer failed with an error of its own.
    #[error("an observer failed: {0}")]
    Observer(#[source] Box<dyn Error + Send + Sync>),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The patches of an epoch could not be cut.
    #[error(transparent)]
    Dataset(Box<DatasetError>),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<DatasetError> for TrainingError {
    fn from(error: DatasetError) -> Self {
        Self::Dataset(Box::new(error))
    }
}

impl TrainingError {
    /// The failure of an observer, with its own error.
    pub fn observer(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Observer(error.into())
    }
}

fn last_good(checkpoint: &Option<PathBuf>) -> String {
    match checkpoint {
        Some(path) => format!("the last good checkpoint is {}", ae_files::shown(path)),
        None => "there is no checkpoint before it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_forge_a_line_of_output() {
        let message = TrainingError::NoCheckpoint { folder: "a\nb".into() }.to_string();
        assert!(message.contains("a\\nb") && message.lines().count() == 1, "{message}");
    }
}

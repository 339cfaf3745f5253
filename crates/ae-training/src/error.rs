//! What can go wrong in training.

use std::path::PathBuf;

use ae_files::FileError;
use ae_kernels::StackError;
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
    /// The model learns from corrupted images and no noise was given, or the reverse.
    #[error("{expected}, but {found}")]
    Noise {
        /// What the model learns from.
        expected: &'static str,
        /// What was given.
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
    /// A checkpoint does not hold what it should.
    #[error("{} is not a usable checkpoint: {reason}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What was expected and found.
        reason: String,
    },
    /// A checkpoint belongs to a run of another model, with other settings or on other data.
    #[error("{} was written by another run: {difference}", path.display())]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// What is not as it was.
        difference: Difference,
    },
    /// Something that was written in the background failed before.
    #[error("an earlier write failed: {reason}")]
    EarlierWrite {
        /// What went wrong then.
        reason: String,
    },
    /// There is nothing to resume from.
    #[error("there is no checkpoint in {}", folder.display())]
    NoCheckpoint {
        /// The folder that was searched.
        folder: PathBuf,
    },
    /// The model is none that the fused engine knows.
    #[error("the fused engine does not support this model; use the autograd engine")]
    NotFused,
    /// The objective does not suit the model.
    #[error(transparent)]
    Objective(#[from] StackError),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// candle failed.
    #[error("tensor operation failed")]
    Tensor(#[from] candle_core::Error),
    /// A file failed.
    #[error(transparent)]
    File(#[from] FileError),
}

fn last_good(checkpoint: &Option<PathBuf>) -> String {
    match checkpoint {
        Some(path) => format!("the last good checkpoint is {}", path.display()),
        None => "there is no checkpoint before it".to_owned(),
    }
}

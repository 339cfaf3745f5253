//! What can go wrong in an experiment.

use std::path::PathBuf;

use ae_analysis::AnalysisError;
use ae_apply::ApplyError;
use ae_corruption::CorruptionError;
use ae_dataset::DatasetError;
use ae_files::FileError;
use ae_models::ModelError;
use ae_report::ReportError;
use ae_training::TrainingError;

/// An error of an experiment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// The spec is not valid TOML.
    #[error("{} is not a valid spec:\n{source}", path.display())]
    Spec {
        /// The file.
        path: PathBuf,
        /// The place and the reason.
        source: Box<toml::de::Error>,
    },
    /// The spec has an unknown, missing or mistyped key.
    #[error("{} is not a valid spec:\n{source}", path.display())]
    Keys {
        /// The file.
        path: PathBuf,
        /// The place and the reason.
        source: Box<toml::de::Error>,
    },
    /// A spec has no key of this name.
    #[error("a spec has no key `{key}`; the nearest is `{nearest}`")]
    UnknownKey {
        /// What was named.
        key: String,
        /// The known key that is most like it.
        nearest: &'static str,
    },
    /// A key of a spec was set to a value that it cannot have.
    #[error("`{key}` takes {range}: {reason}")]
    Value {
        /// The key.
        key: String,
        /// What was wrong.
        reason: String,
        /// The accepted values.
        range: &'static str,
    },
    /// The spec's bytes are not text.
    #[error("{} is not a valid spec: it is not UTF-8 text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// A setting is outside its range.
    #[error("{setting} must be {expected}, found {found}")]
    Setting {
        /// The setting's place in the spec.
        setting: &'static str,
        /// The accepted values.
        expected: String,
        /// The value that was given.
        found: String,
    },
    /// The folder for the run is not empty.
    #[error(
        "{} exists already; resume it (`ae resume`), choose another folder, or replace it with --force",
        path.display()
    )]
    RunExists {
        /// The folder.
        path: PathBuf,
    },
    /// The folder to replace holds something that no run has written.
    #[error("{} is not replaced: it holds {found}, which no run writes", path.display())]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The first foreign file.
        found: String,
    },
    /// A study is not one model's training.
    #[error("{name} is a study: it trains several models; run it with `ae study`")]
    Study {
        /// The experiment's name.
        name: String,
    },
    /// There is no run in the folder.
    #[error("{} is not a run: it has no {missing}", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
        /// The file that is missing.
        missing: &'static str,
    },
    /// A run was interrupted before it had a model.
    #[error("{} has not finished, and has no model yet; `ae resume {}` goes on with it", path.display(), path.display())]
    Unfinished {
        /// The folder of the run.
        path: PathBuf,
    },
    /// A study was named where one model is needed.
    #[error(
        "{} is a study; its models are in {}: name one of these files",
        path.display(),
        path.join("models").display()
    )]
    ManyModels {
        /// The folder of the study.
        path: PathBuf,
    },
    /// Data or settings are not what a run was begun with.
    #[error("{} cannot go on: {changes}", path.display())]
    Changed {
        /// The folder of the run.
        path: PathBuf,
        /// What has changed, and what to do.
        changes: String,
    },
    /// The data has as many numbers an image as another model takes.
    #[error(
        "{source_name} is not the data of {}: its {items} have {found} numbers each, the run's have {expected}; name \
         the data that the run was begun with, or train anew (`ae train`)",
        path.display()
    )]
    OtherSize {
        /// The folder of the run.
        path: PathBuf,
        /// The data.
        source_name: String,
        /// What it consists of: images or rows.
        items: &'static str,
        /// Numbers of an image of the run.
        expected: usize,
        /// Numbers of an image of the data.
        found: usize,
    },
    /// The record could not be put into words.
    #[error("cannot encode {what}: {reason}")]
    Encode {
        /// What was to be written.
        what: &'static str,
        /// Why not.
        reason: String,
    },
    /// Applying a model failed.
    #[error(transparent)]
    Apply(Box<ApplyError>),
    /// An analysis failed.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// The data failed.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The noise failed.
    #[error(transparent)]
    Corruption(#[from] CorruptionError),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Training failed.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// There are no pictures for a figure.
    #[error("there are no pictures to show: {reason}")]
    NoPictures {
        /// Why not.
        reason: String,
    },
    /// A figure failed.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<ApplyError> for ExperimentError {
    fn from(error: ApplyError) -> Self {
        Self::Apply(Box::new(error))
    }
}

impl ExperimentError {
    /// A setting outside its range.
    pub fn setting(setting: &'static str, expected: &str, found: &str) -> Self {
        Self::Setting { setting, expected: expected.to_owned(), found: found.to_owned() }
    }

    /// Whether a setting is wrong, and not a file or the data.
    pub fn is_about_a_setting(&self) -> bool {
        use ae_training::TrainingError::Setting;
        if let Self::Apply(error) = self {
            return error.is_about_a_setting();
        }
        matches!(
            self,
            Self::Setting { .. }
                | Self::Keys { .. }
                | Self::UnknownKey { .. }
                | Self::Value { .. }
                | Self::Model(ModelError::Spec { .. } | ModelError::LossOfLinear)
                | Self::Training(Setting { .. })
        )
    }
}

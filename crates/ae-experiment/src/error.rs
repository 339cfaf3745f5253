//! Errors of an experiment.

use std::path::PathBuf;

use ae_analysis::AnalysisError;
use ae_apply::ApplyError;
use ae_corruption::CorruptionError;
use ae_dataset::{DatasetError, Resize};
use ae_files::{FileError, counted_as};
use ae_models::ModelError;
use ae_report::ReportError;
use ae_training::TrainingError;

use crate::NetworkName;

/// An error of an experiment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExperimentError {
    /// The spec is not valid TOML.
    #[error("{} is not a valid spec:\n{source}", ae_files::shown(path))]
    Spec {
        /// The file.
        path: PathBuf,
        /// The line and the reason.
        source: Box<toml::de::Error>,
    },
    /// The spec has an unknown, missing or mistyped key.
    #[error("{} is not a valid spec:\n{source}", ae_files::shown(path))]
    Keys {
        /// The file.
        path: PathBuf,
        /// The line and the reason.
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
    /// The spec is not UTF-8 text.
    #[error("{} is not a valid spec: it is not UTF-8 text", ae_files::shown(path))]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// A setting is outside its range.
    #[error("{setting} must be {expected}, found {found}")]
    Setting {
        /// The setting's key in the spec.
        setting: &'static str,
        /// The accepted values.
        expected: String,
        /// The value that was given.
        found: String,
    },
    /// The network does not fit images of this size.
    #[error(
        "images of {} do not fit the network `{network}`{}; the nearest sizes that do: {}",
        by(*found),
        reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default(),
        nearest.iter().map(|&size| by(size)).collect::<Vec<_>>().join(" and ")
    )]
    ImageSize {
        /// The network's name.
        network: NetworkName,
        /// Height and width of the images.
        found: [usize; 2],
        /// How images of another size become images of this size, as the spec says.
        resize: Resize,
        /// What does not fit, if the widths or layers are a person's own: the mistake may be theirs.
        reason: Option<Box<ModelError>>,
        /// The nearest sizes that fit, height and width each; at least one.
        nearest: Vec<[usize; 2]>,
    },
    /// The folder for the run is not empty.
    #[error("{} exists already", ae_files::shown(path))]
    RunExists {
        /// The folder.
        path: PathBuf,
    },
    /// The folder to replace holds a file that no run writes.
    #[error("{} is not replaced: it holds {found}, which no run writes", ae_files::shown(path))]
    NotARun {
        /// The folder.
        path: PathBuf,
        /// The first such file.
        found: String,
    },
    /// The spec is one of a study, which trains several models.
    #[error("{name} is a study: it trains several models; run it as a study")]
    Study {
        /// The experiment's name.
        name: String,
    },
    /// The folder holds no run.
    #[error("{} is not a run: it has no {missing}", ae_files::shown(path))]
    NoRun {
        /// The folder.
        path: PathBuf,
        /// The file that is missing.
        missing: &'static str,
    },
    /// The run was interrupted before it wrote a model.
    #[error("{} has not finished and has no model yet; resume it first", ae_files::shown(path))]
    Unfinished {
        /// The folder of the run.
        path: PathBuf,
    },
    /// An observer asked the training to stop ([`Observer::stop`](ae_training::Observer::stop)). A checkpoint was
    /// written: the run can be resumed, and ends with the bits of a run that was not stopped.
    #[error("the training was stopped after {}; resume it to go on", counted_as(*completed_epochs as usize, "epoch"))]
    Stopped {
        /// Epochs that were completed before the stop.
        completed_epochs: u32,
    },
    /// A study was given where one model is needed.
    #[error(
        "{} is a study; its models are in {}: name one of these files",
        ae_files::shown(path),
        ae_files::shown(&path.join("models"))
    )]
    ManyModels {
        /// The folder of the study.
        path: PathBuf,
    },
    /// Data or settings have changed since the run was begun.
    #[error("{} cannot go on: {changes}", ae_files::shown(path))]
    Changed {
        /// The folder of the run.
        path: PathBuf,
        /// The changes, and what to do.
        changes: String,
    },
    /// The items of the data do not have as many values as those of the run.
    #[error(
        "{source_name} is not the data of {}: its {items} have {found} numbers each, the run's have {expected}; name \
         the data that the run was begun with, or train anew",
        ae_files::shown(path)
    )]
    OtherSize {
        /// The folder of the run.
        path: PathBuf,
        /// The data.
        source_name: String,
        /// What the items are called: images or rows.
        items: &'static str,
        /// Values of an item of the run.
        expected: usize,
        /// Values of an item of the data.
        found: usize,
    },
    /// A file of a run does not hold what it should.
    #[error("{} is damaged: {reason}", ae_files::shown(path))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// These runs cannot be compared.
    #[error("{reason}")]
    Compared {
        /// What was expected and found.
        reason: String,
    },
    /// A spec or a record could not be written as text.
    #[error("cannot encode {what}: {reason}")]
    Encode {
        /// What was to be written.
        what: &'static str,
        /// The reason.
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
        /// The reason.
        reason: String,
    },
    /// A figure failed.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file failed.
    #[error(transparent)]
    File(#[from] FileError),
}

/// `28 x 28`.
fn by([height, width]: [usize; 2]) -> String {
    format!("{height} x {width}")
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

    /// Whether a setting is wrong, rather than a file or the data.
    pub fn is_about_a_setting(&self) -> bool {
        use ae_training::TrainingError::{NotFused, Objective, Setting, UnknownMetric};
        if let Self::Apply(error) = self {
            return error.is_about_a_setting();
        }
        matches!(
            self,
            Self::Setting { .. }
                | Self::ImageSize { .. }
                | Self::Keys { .. }
                | Self::UnknownKey { .. }
                | Self::Compared { .. }
                | Self::Value { .. }
                | Self::Corruption(_)
                | Self::Model(
                    ModelError::Spec { .. }
                        | ModelError::Layer { .. }
                        | ModelError::Objective { .. }
                )
                | Self::Training(
                    Setting { .. } | UnknownMetric { .. } | NotFused { .. } | Objective(_)
                )
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_forge_a_line_of_output() {
        let message = ExperimentError::NoRun { path: "a\nb".into(), missing: "x" }.to_string();
        assert!(message.contains("a\\nb") && message.lines().count() == 1, "{message}");
    }
}

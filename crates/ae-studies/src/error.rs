//! What can go wrong in a study.

use std::path::PathBuf;

use ae_analysis::AnalysisError;
use ae_apply::ApplyError;
use ae_compression::CompressionError;
use ae_corruption::CorruptionError;
use ae_dataset::DatasetError;
use ae_experiment::ExperimentError;
use ae_files::FileError;
use ae_models::ModelError;
use ae_report::ReportError;
use ae_training::TrainingError;

/// Why a study failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// A model in the folder of a study was not trained by it.
    #[error(
        "{} was trained with other settings or on other data than this study's; put the spec and the data \
         back as they were, or run the study again in another folder",
        ae_files::shown(path)
    )]
    OtherModel {
        /// The weights file.
        path: PathBuf,
    },
    /// A study's test pictures are not those that it began with.
    #[error(
        "the pictures of the test set {set} are not those that the study began with (SHA-256 {found}, expected {expected}); \
         put them back as they were, or run the study again in another folder"
    )]
    OtherPictures {
        /// The name of the test set.
        set: String,
        /// The digest of the pictures that the study began with, or `none`.
        expected: String,
        /// The digest of those that there are now, or `none`.
        found: String,
    },
    /// A picture format that images are compared with failed.
    #[error("{format} failed on the images: {reason}")]
    Format {
        /// The format.
        format: &'static str,
        /// What its encoder or decoder said.
        reason: String,
    },
    /// A training is not a study.
    #[error("{name} is not a study: it has no [study] table; run it with `ae train`")]
    NoStudy {
        /// The experiment's name.
        name: String,
    },
    /// No experiment of this crate has the name.
    #[error("there is no experiment `{name}`; there are: {known}")]
    NoExperiment {
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A file or folder that a reproduction would replace is not its own.
    #[error(
        "{} was not made by `ae reproduce`, so it is left as it is; move it away or choose another folder for \
         the results",
        ae_files::shown(path)
    )]
    NotReproduced {
        /// The file or folder.
        path: PathBuf,
    },
    /// There is a file in the place of the results folder.
    #[error("{} is not a folder; choose another one for the results", ae_files::shown(path))]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// The summary could not be put into JSON.
    #[error("cannot encode the summary: {reason}")]
    Summary {
        /// Why not.
        reason: String,
    },
    /// A summary is none of `ae reproduce`.
    #[error("{} is not the summary of `ae reproduce`: {reason}", ae_files::shown(path))]
    ForeignSummary {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The spec, its data or the training failed.
    #[error(transparent)]
    Experiment(Box<ExperimentError>),
    /// Applying a model failed.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// An analysis failed.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// Compression failed.
    #[error(transparent)]
    Compression(#[from] CompressionError),
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
    /// A figure failed.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file failed.
    #[error(transparent)]
    File(#[from] FileError),
}

impl From<ExperimentError> for StudyError {
    fn from(error: ExperimentError) -> Self {
        Self::Experiment(Box::new(error))
    }
}

/// A setting of a study outside its range.
pub(crate) fn setting(setting: &'static str, expected: &str, found: &str) -> StudyError {
    ExperimentError::setting(setting, expected, found).into()
}

//! Studies: questions that take several models to answer, each beside what people use instead.
//!
//! A study is a spec with a `[study]` table. The rest of the spec says how its models are trained; the
//! study says which ones and what is measured of them. It leaves models, tables and figures in its
//! folder, and the same record as a run.

mod anomaly_detection;
mod baselines;
mod compression;
mod denoising_comparison;
mod dimensionality;
mod feature_learning;
mod latent_figures;
mod setup;
mod workbench;

use std::path::Path;

use ae_dataset::{Network, Progress};
use candle_core::Device;
use serde::{Deserialize, Serialize};

pub use anomaly_detection::{AnomalyDetection, NamedScore};
pub use compression::Compression;
pub use denoising_comparison::{DenoisingComparison, NoiseStrengths};
pub use dimensionality::DimensionalityReduction;
pub use feature_learning::FeatureLearning;
pub(crate) use setup::{Setup, StudyModel};
pub(crate) use workbench::Workbench;

use crate::folder::{Claim, Existing, RunFolder};
use crate::plan::setting;
use crate::resume::ResumeChanges;
use crate::run::resolve;
use crate::{ExperimentError, Record, Spec};

/// The figures that studies leave, each as PNG and as SVG.
pub(crate) const FIGURES: &[&str] = &[
    "reconstructions",
    "denoised",
    "roc",
    "precision-recall",
    "rate-distortion",
    "compressed",
    "map-autoencoder",
    "map-pca",
    "map-tsne",
    "decoded-plane",
    "interpolation",
    "probes-logistic",
    "probes-neighbours",
];
/// The tables that studies leave, as CSV.
pub(crate) const TABLES: &[&str] = &[
    "dimensions",
    "denoising",
    "anomalies",
    "probes",
    "rate-distortion",
    "equal-quality",
    "lossless",
    "model-size",
];

/// What is asked of several models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum StudySpec {
    /// How much of an image a few numbers keep, beside PCA.
    DimensionalityReduction(DimensionalityReduction),
    /// What is left of every noise, beside a median filter and PCA.
    DenoisingComparison(DenoisingComparison),
    /// How well models of one class tell the others from it, beside PCA.
    AnomalyDetection(AnomalyDetection),
    /// Which noise learns the most useful codes, beside PCA.
    FeatureLearning(FeatureLearning),
    /// How many bytes images take, beside JPEG, PNG, zstd and PCA.
    Compression(Compression),
}

/// How a study is carried out: nothing here changes its result.
pub struct StudyOptions<'a> {
    /// Where the models are trained.
    pub device: Device,
    /// Whether data may be fetched.
    pub network: Network,
    /// Hears of a download.
    pub progress: &'a mut dyn Progress,
    /// Hears what the study does now, a sentence a step.
    pub step: &'a mut dyn FnMut(&str),
}

/// One kind of study.
pub(crate) trait Study {
    /// Checks all settings against the spec and its data, before anything is written; the models that
    /// [`run`](Self::run) will train, in its order.
    fn check(&self, setup: &Setup) -> Result<Vec<StudyModel>, ExperimentError>;

    /// Trains the models, and leaves figures, tables and metrics.
    fn run(&self, bench: &mut Workbench) -> Result<(), ExperimentError>;
}

impl StudySpec {
    fn study(&self) -> &dyn Study {
        match self {
            Self::DimensionalityReduction(study) => study,
            Self::DenoisingComparison(study) => study,
            Self::AnomalyDetection(study) => study,
            Self::FeatureLearning(study) => study,
            Self::Compression(study) => study,
        }
    }
}

/// Runs a study by its spec into a new folder.
///
/// # Errors
/// If the spec is no study, it or its data is invalid, or the folder is taken: then nothing was changed. If a step
/// fails, the models that were trained until then stay, and [`resume_study`] goes on from there.
pub fn run_study(
    spec: Spec,
    folder: &Path,
    existing: Existing,
    options: StudyOptions,
) -> Result<Record, ExperimentError> {
    let StudyOptions { device, network, progress, step } = options;
    let study = study_of(&spec)?;
    // Before anything is fetched.
    let claim = Claim::new(folder, existing)?;
    let (spec, dataset) = resolve(spec, network, progress)?;
    let setup = Setup::new(&spec, &dataset, &device)?;
    let models = setup.checked(study.study())?;
    let toml = spec.to_toml()?;
    // All that can be refused has been: now an earlier study may go.
    let folder = claim.take()?;
    ae_files::write_atomic(&folder.spec(), toml.as_bytes())?;
    carry_out(study.study(), Workbench::new(setup, models, folder, step)?)
}

/// Goes on with a study that was interrupted: models that it has finished are read, the others are trained. It ends
/// with the record, tables and figures of one that was not interrupted.
///
/// # Errors
/// As [`run_study`]; and if the folder holds no study, another process is at work in it, or a model in it was trained
/// with other settings or on other data. Nothing was changed then.
pub fn resume_study(
    folder: &Path,
    changes: &ResumeChanges,
    options: StudyOptions,
) -> Result<Record, ExperimentError> {
    let StudyOptions { device, network, progress, step } = options;
    let folder = RunFolder::open(folder)?;
    let written = Spec::read(&folder.spec())?;
    let study = study_of(&written)?;
    if let Some(epochs) = changes.epochs {
        let expected = "left as it is for a study, whose models are compared after the same epochs";
        return Err(setting("training.epochs", expected, &epochs.to_string()));
    }
    let (spec, dataset) = resolve(changes.applied_to(&written), network, progress)?;
    let setup = Setup::new(&spec, &dataset, &device)?;
    let mut models = setup.checked(study.study())?;
    models.iter_mut().try_for_each(|model| model.find(&folder))?;
    folder.remove_temporaries()?;
    if spec != written {
        ae_files::write_atomic(&folder.spec(), spec.to_toml()?.as_bytes())?;
    }
    let has_finished =
        models.iter().all(|model| model.found.is_some()) && folder.record().is_file();
    if has_finished {
        progress.chose("the study had finished before: its tables and figures are only made again");
        return carry_out(study.study(), Workbench::new(setup, models, folder, &mut |_| ())?);
    }
    if models.iter().any(|model| model.found.is_none()) {
        folder.remove_results()?;
    }
    carry_out(study.study(), Workbench::new(setup, models, folder, step)?)
}

fn study_of(spec: &Spec) -> Result<StudySpec, ExperimentError> {
    spec.study.clone().ok_or_else(|| ExperimentError::NoStudy { name: spec.name.clone() })
}

fn carry_out(study: &dyn Study, mut bench: Workbench) -> Result<Record, ExperimentError> {
    study.run(&mut bench)?;
    bench.finish()
}

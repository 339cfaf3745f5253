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
pub(crate) use workbench::Workbench;

use crate::folder::{Existing, RunFolder};
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

/// Runs a study by its spec into a new folder. A study that was interrupted is run again.
///
/// # Errors
/// If the spec is no study, it or its data is invalid, the folder is taken, or a step fails.
pub fn run_study(
    spec: Spec,
    folder: &Path,
    existing: Existing,
    options: StudyOptions,
) -> Result<Record, ExperimentError> {
    let StudyOptions { device, network, progress, step } = options;
    let Some(study) = spec.study.clone() else {
        return Err(ExperimentError::NoStudy { name: spec.name });
    };
    // Before anything is fetched.
    RunFolder::check(folder, existing)?;
    let (spec, dataset) = resolve(spec, network, progress)?;
    let mut bench = Workbench::new(&spec, &dataset, (folder, existing), device, step)?;
    match study {
        StudySpec::DimensionalityReduction(study) => study.run(&mut bench)?,
        StudySpec::DenoisingComparison(study) => study.run(&mut bench)?,
        StudySpec::AnomalyDetection(study) => study.run(&mut bench)?,
        StudySpec::FeatureLearning(study) => study.run(&mut bench)?,
        StudySpec::Compression(study) => study.run(&mut bench)?,
    }
    bench.finish()
}

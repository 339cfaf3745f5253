//! The diagnosis of a trained model: its error compared with baselines, and its dead code units.

mod baselines;
mod doubt;
mod reasons;

use ae_analysis::Rows;
use ae_models::{Inference, Layer, Loss, Part};
use ae_training::{Counted, TrainingState};
pub use baselines::NoPca;
use baselines::{Comparison, Errors, dead_units, mean_of, sample_of};
pub use doubt::{Cause, Doubt};
use reasons::Circumstances;
use serde::{Deserialize, Serialize};

use crate::ExperimentError;
use crate::plan::Plan;

/// A trained model compared with baselines on the validation images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Training steps.
    pub steps: u64,
    /// The model's squared error per value on the validation images: `val_mse`, or with blind spots
    /// `val_blind_spot_mse`. Then this error and those of the baselines are to the noisy values.
    pub model_mse: f64,
    /// The squared error per value of predicting the mean of the training images.
    pub mean_mse: f64,
    /// The squared error per value of PCA with [`components`](Self::components); none if there is no comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pca_mse: Option<f64>,
    /// Why there is no comparison with PCA; none in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_pca: Option<NoPca>,
    /// The squared error per value of the corrupted images, if the model removes noise from images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noisy_mse: Option<f64>,
    /// The binary cross-entropy per value of predicting the mean, if it is the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_bce: Option<f64>,
    /// Components of PCA: as many as a code has numbers (of a top-k code those that stay), if there are enough images.
    pub components: usize,
    /// The number of training images, evenly spaced among all, that the baselines were fitted to and dead units counted
    /// on.
    pub sample: usize,
    /// Units of the code.
    pub code_units: usize,
    /// Code units whose activation is the same for all images of the sample.
    pub dead_code_units: usize,
    /// Channels of the code, if it is maps and no vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_channels: Option<usize>,
    /// Channels all of whose places are the same for all images of the sample, if the code is maps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_code_channels: Option<usize>,
    /// Reasons to doubt the model, the most important one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Doubt>,
}

/// Compares a trained model with the baselines; nothing if an error is not finite. `outside` is the number of values
/// that the output activation cannot reach.
pub(crate) fn diagnose(
    plan: &Plan,
    state: &TrainingState,
    model: &dyn Inference,
    model_mse: f64,
    outside: usize,
) -> Result<Option<Diagnosis>, ExperimentError> {
    let train = &plan.dataset.train;
    let (columns, code_units) = (train.image_size(), model.latent_dim());
    let sample = sample_of(train, code_units);
    let count = sample.len() / columns;
    let rows = Rows::new(&sample, columns)?;
    let kept = kept_numbers(plan);
    let numbers = kept.unwrap_or(code_units);
    let components = numbers.min(count.saturating_sub(1)).min(columns);
    let maps = Some(plan.network.code()).filter(|code| code.channels < code.numbers());
    let (has_maps, is_whole) = (maps.is_some(), count == train.len());
    let is_blind = plan.counted() == Counted::BlindSpots;
    let comparison = Comparison { numbers, components, has_maps, is_blind, is_whole };
    let (pca, no_pca) = match comparison.fit(rows) {
        Ok(pca) => (Some(pca), None),
        Err(reason) => (None, Some(reason)),
    };
    let mean = pca.as_ref().map_or_else(|| mean_of(rows), |pca| pca.mean().to_vec());
    let entropy = plan.spec.training.loss == Loss::BinaryCrossEntropy && outside == 0;
    let errors = Errors::of(&plan.shown_samples(), plan.counted(), &mean, pca.as_ref())?;
    let dead = dead_units(model, &sample, count)?;
    let dead_channels = maps.map(|code| {
        let places = (code.numbers() / code.channels.max(1)).max(1);
        dead.chunks(places).filter(|channel| channel.iter().all(|&is_dead| is_dead)).count()
    });
    let mut diagnosis = Diagnosis {
        steps: state.steps(),
        model_mse,
        mean_mse: errors.mean,
        pca_mse: errors.pca,
        no_pca,
        // A model of a table is trained on masked cells, but is not used to restore them.
        noisy_mse: errors.noisy.filter(|_| plan.dataset.scaling.is_none()),
        mean_bce: entropy.then_some(errors.mean_bce),
        components,
        sample: count,
        code_units,
        dead_code_units: dead.iter().filter(|&&is_dead| is_dead).count(),
        code_channels: maps.map(|code| code.channels),
        dead_code_channels: dead_channels,
        warnings: Vec::new(),
    };
    diagnosis.warnings = diagnosis.doubts(&Circumstances::of(plan, state, kept.is_some(), outside));
    let Diagnosis { model_mse, mean_mse, pca_mse, mean_bce, .. } = diagnosis;
    let errors = [Some(model_mse), Some(mean_mse), pca_mse, mean_bce];
    Ok(errors.into_iter().flatten().all(f64::is_finite).then_some(diagnosis))
}

/// How many numbers of a code a `top-k` layer of the encoder leaves, if there is one.
fn kept_numbers(plan: &Plan) -> Option<usize> {
    let encoder = plan.network.layers().iter().filter(|layer| layer.part == Part::Encoder);
    let mut kept = encoder.filter_map(|layer| match &layer.layer {
        Layer::TopK(top) => Some(top.k),
        _ => None,
    });
    kept.next_back()
}

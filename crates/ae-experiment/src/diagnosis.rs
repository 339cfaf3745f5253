//! The diagnosis of a trained model: its error compared with baselines, and its dead code units.

mod doubt;

use ae_analysis::{Pca, Rows};
use ae_dataset::Images;
use ae_files::counted_as;
use ae_models::{Inference, Loss};
use ae_training::{Samples, TrainingBatch, TrainingState};
pub use doubt::{Cause, Doubt};
use serde::{Deserialize, Serialize};

use crate::ExperimentError;
use crate::plan::Plan;

/// Most training images that the baselines are fitted to.
const SAMPLE: usize = 4096;
/// Most values of these images.
const SAMPLE_NUMBERS: usize = 1 << 24;
/// Most products in a step of the subspace iteration, so that it takes no noticeable time.
const PRODUCTS: usize = 1 << 31;
/// Most values of an image for which the whole covariance matrix is computed.
const EXACT_COLUMNS: usize = 256;
/// Rows that are evaluated together. Part of the result: it fixes the order of the sums.
const CHUNK: usize = 512;
/// A unit is constant if its activation varies by less than this fraction of its size.
const CONSTANT: f32 = 1e-6;
/// A model has learned nothing if its error is more than this fraction of the mean's.
const NOTHING_LEARNED: f64 = 0.98;
/// A model is far worse than PCA if its error is more than this multiple of PCA's, and the difference is noticeable.
const FAR_WORSE: f64 = 1.5;
/// A difference of errors is noticeable if it is more than this fraction of the mean's error.
const NOTICEABLE: f64 = 0.05;
/// Fewer steps than this are most probably too few.
const FEW_STEPS: u64 = 2000;
/// Fewer training items than this are most probably too few.
const FEW_ITEMS: usize = 50;
/// From this learning rate on, Adam hardly ever converges.
const HIGH_RATE: f64 = 0.03;

/// A trained model compared with baselines on the validation images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// Training steps.
    pub steps: u64,
    /// The model's squared error per value on the validation images: `val_mse`.
    pub model_mse: f64,
    /// The squared error per value of predicting the mean of the training images.
    pub mean_mse: f64,
    /// The squared error per value of PCA with [`components`](Self::components); none if PCA would take too long
    /// or have as many components as an image has values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pca_mse: Option<f64>,
    /// The squared error per value of the corrupted images, if the model removes noise from images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noisy_mse: Option<f64>,
    /// The binary cross-entropy per value of predicting the mean, if it is the loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_bce: Option<f64>,
    /// Components of PCA: as many as the code has units, if there are enough images.
    pub components: usize,
    /// The number of training images, evenly spaced among all, that the baselines were fitted to and dead units counted on.
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

/// Compares a trained model with the baselines; nothing if an error is not finite. `outside` is the number of values that
/// the output activation cannot reach.
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
    let components = code_units.min(count.saturating_sub(1)).min(columns);
    // A failure of a baseline must not fail a finished training.
    let pca = fit_pca(rows, components, count == train.len()).unwrap_or_else(|error| {
        tracing::warn!("the model is not compared with PCA: {error}");
        None
    });
    let mean = pca.as_ref().map_or_else(|| mean_of(rows), |pca| pca.mean().to_vec());
    let entropy = plan.spec.training.loss == Loss::BinaryCrossEntropy && outside == 0;
    let errors = Errors::of(&plan.validation_samples(), &mean, pca.as_ref())?;
    let dead = dead_units(model, &sample, count)?;
    let maps = Some(plan.network.code()).filter(|code| code.channels < code.numbers());
    let dead_channels = maps.map(|code| {
        let places = (code.numbers() / code.channels.max(1)).max(1);
        dead.chunks(places).filter(|channel| channel.iter().all(|&is_dead| is_dead)).count()
    });
    let mut diagnosis = Diagnosis {
        steps: state.steps(),
        model_mse,
        mean_mse: errors.mean,
        pca_mse: errors.pca,
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
    let rate = plan.spec.training.optimizer.learning_rate();
    diagnosis.warnings = diagnosis.doubts(rate, train.len(), outside);
    let Diagnosis { model_mse, mean_mse, pca_mse, mean_bce, .. } = diagnosis;
    let errors = [Some(model_mse), Some(mean_mse), pca_mse, mean_bce];
    Ok(errors.into_iter().flatten().all(f64::is_finite).then_some(diagnosis))
}

impl Diagnosis {
    /// The reasons to doubt the model.
    fn doubts(&self, learning_rate: f64, items: usize, outside: usize) -> Vec<Doubt> {
        let Self { model_mse, mean_mse, .. } = *self;
        // A place of a map may well see nothing but background, a channel may not.
        let (dead, code_units, noun) = match (self.dead_code_channels, self.code_channels) {
            (Some(dead), Some(channels)) => (dead, channels, "channels of the code"),
            _ => (self.dead_code_units, self.code_units, "code units"),
        };
        let mut doubts = Vec::new();
        let cause = if 2 * dead >= code_units || learning_rate >= HIGH_RATE {
            Cause::LearningRate
        } else if self.steps < FEW_STEPS {
            Cause::FewSteps
        } else if items < FEW_ITEMS {
            Cause::FewItems
        } else if outside > 0 {
            Cause::Output
        } else {
            Cause::Network
        };
        if mean_mse > 0.0 && model_mse.is_nan() | (model_mse >= NOTHING_LEARNED * mean_mse) {
            let text = format!(
                "the model is no better than the mean of the training data: mse {model_mse:.5}, the mean \
                 has {mean_mse:.5}"
            );
            doubts.push(Doubt { text, cause });
        // A convolutional network has far fewer weights than PCA; to be behind it is no sign of a failed training.
        } else if let Some(pca) = self.pca_mse
            && self.code_channels.is_none()
            && model_mse > FAR_WORSE * pca
            && model_mse - pca > NOTICEABLE * mean_mse
        {
            let text = format!(
                "the model is far worse than PCA with {}: mse {model_mse:.5}, PCA has {pca:.5}",
                counted_as(self.components, "component")
            );
            doubts.push(Doubt { text, cause });
        }
        if let Some(noisy) = self.noisy_mse
            && model_mse >= noisy
        {
            let text = format!(
                "the denoised images are no better than the noisy ones: mse {model_mse:.5}, the noisy \
                 images have {noisy:.5}"
            );
            doubts.push(Doubt { text, cause });
        }
        // If all images are equal, so are the codes.
        if 4 * dead > code_units && mean_mse > 0.0 {
            let text = format!(
                "{dead} of {code_units} {noun} are dead: the same for all of the training data"
            );
            doubts.push(Doubt { text, cause: Cause::LearningRate });
        }
        doubts
    }
}

/// Training images, evenly spaced, `n x values`.
fn sample_of(train: &Images, code_units: usize) -> Vec<f32> {
    let columns = train.image_size();
    let affordable = PRODUCTS / columns.saturating_mul(code_units + 10).max(1);
    let most = SAMPLE.min(SAMPLE_NUMBERS / columns).min(affordable).max(2);
    let count = train.len().min(most);
    let chosen: Vec<u32> = (0..count).map(|place| (place * train.len() / count) as u32).collect();
    let mut sample = vec![0.0; count * columns];
    train.gather(&chosen, &mut sample);
    sample
}

/// PCA of the rows; nothing if they are a sample of fewer than two rows per component, which PCA would fit too closely.
fn fit_pca(
    rows: Rows<'_>,
    components: usize,
    are_all: bool,
) -> Result<Option<Pca>, ExperimentError> {
    // With as many components as there are values PCA copies its input: no baseline.
    let is_copy = components >= rows.columns();
    if components == 0 || is_copy || (!are_all && rows.len() < 2 * components) {
        return Ok(None);
    }
    Ok(Some(if rows.columns() <= EXACT_COLUMNS {
        Pca::fit(rows, components)?
    } else {
        Pca::approximate(rows, components)?
    }))
}

fn mean_of(rows: Rows<'_>) -> Vec<f32> {
    let mut sum = vec![0.0_f64; rows.columns()];
    for row in rows.iter() {
        sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sum.into_iter().map(|sum| (sum / rows.len().max(1) as f64) as f32).collect()
}

/// Errors per value of the baselines on the validation images.
struct Errors {
    mean: f64,
    mean_bce: f64,
    pca: Option<f64>,
    noisy: Option<f64>,
}

impl Errors {
    fn of(samples: &Samples, mean: &[f32], pca: Option<&Pca>) -> Result<Self, ExperimentError> {
        // Clamped, because the cross-entropy of a wrong pixel at 0 or 1 would be infinite.
        let logs: Vec<[f64; 2]> = mean
            .iter()
            .map(|&mean| f64::from(mean).clamp(1e-7, 1.0 - 1e-7))
            .map(|mean| [mean.ln(), (1.0 - mean).ln()])
            .collect();
        let all: Vec<u32> = (0..samples.images().len() as u32).collect();
        let (mut of_mean, mut of_bce, mut of_pca, mut of_noise) = (0.0, 0.0, 0.0, 0.0);
        for chosen in all.chunks(CHUNK) {
            let TrainingBatch { inputs, targets } = samples.gather(chosen, 0);
            for row in targets.chunks(mean.len()) {
                of_mean += squared_error(row, mean);
                of_bce -= row
                    .iter()
                    .zip(&logs)
                    .map(|(&t, [log, other])| f64::from(t) * log + (1.0 - f64::from(t)) * other)
                    .sum::<f64>();
            }
            of_noise += squared_error(&inputs, &targets);
            if let Some(pca) = pca {
                let outputs = pca.reconstruct(Rows::new(&inputs, mean.len())?)?;
                of_pca += squared_error(&targets, &outputs);
            }
        }
        let numbers = (all.len() * mean.len()) as f64;
        let pca = pca.map(|_| of_pca / numbers);
        let noisy = samples.is_corrupted().then_some(of_noise / numbers);
        Ok(Self { mean: of_mean / numbers, mean_bce: of_bce / numbers, pca, noisy })
    }
}

fn squared_error(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

/// Whether the activation of each code unit is the same for all images; of none for a single image.
fn dead_units(
    model: &dyn Inference,
    sample: &[f32],
    count: usize,
) -> Result<Vec<bool>, ExperimentError> {
    let units = model.latent_dim();
    if count < 2 {
        return Ok(vec![false; units]);
    }
    let mut codes = vec![0.0; count * units];
    model.encode(sample, &mut codes)?;
    let constant = |unit: usize| {
        let values = codes.iter().skip(unit).step_by(units);
        let (low, high) = values
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &x| (low.min(x), high.max(x)));
        high - low <= CONSTANT * low.abs().max(high.abs())
    };
    Ok((0..units).map(constant).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnosis(model_mse: f64, steps: u64, dead: usize) -> Diagnosis {
        Diagnosis {
            steps,
            model_mse,
            mean_mse: 0.1,
            pca_mse: Some(0.02),
            noisy_mse: None,
            mean_bce: None,
            components: 4,
            sample: 100,
            code_units: 4,
            dead_code_units: dead,
            code_channels: None,
            dead_code_channels: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a_model_that_has_learned_is_not_doubted() {
        assert_eq!(diagnosis(0.029, 5000, 1).doubts(0.001, 1000, 0), []);
        // A large ratio to PCA does not matter if both errors are tiny.
        let small = Diagnosis { pca_mse: Some(1e-9), ..diagnosis(1e-3, 5000, 0) };
        assert_eq!(small.doubts(0.001, 1000, 0), []);
    }

    #[test]
    fn a_model_like_the_mean_is_doubted_with_its_cause() {
        for (steps, dead, rate, items, outside, cause) in [
            (50, 0, 0.001, 9, 0, Cause::FewSteps),
            (50, 4, 0.001, 999, 0, Cause::LearningRate),
            (9000, 0, 5.0, 999, 0, Cause::LearningRate),
            (9000, 0, 0.001, 999, 7, Cause::Output),
            (9000, 0, 0.001, 49, 0, Cause::FewItems),
            (9000, 0, 0.001, 50, 0, Cause::Network),
        ] {
            let doubts = diagnosis(0.0999, steps, dead).doubts(rate, items, outside);
            assert_eq!(doubts[0].cause, cause, "{doubts:?}");
            assert!(doubts[0].text.contains("no better than the mean"), "{doubts:?}");
            assert_eq!(doubts.len(), if dead > 0 { 2 } else { 1 });
        }
    }

    #[test]
    fn a_denoiser_that_is_no_better_than_the_noise_is_doubted() {
        let denoiser = Diagnosis { noisy_mse: Some(0.02), ..diagnosis(0.019, 9000, 0) };
        assert_eq!(denoiser.doubts(0.001, 1000, 0), []);
        let doubts = Diagnosis { noisy_mse: Some(0.018), ..denoiser }.doubts(0.001, 1000, 0);
        assert!(doubts[0].text.contains("than the noisy ones: mse 0.01900"), "{doubts:?}");
        assert_eq!((doubts.len(), doubts[0].cause), (1, Cause::Network));
    }

    #[test]
    fn of_maps_whole_channels_are_dead_and_no_single_places() {
        let maps = Diagnosis {
            code_units: 128,
            code_channels: Some(8),
            dead_code_channels: Some(0),
            ..diagnosis(0.02, 9000, 100)
        };
        assert_eq!(maps.doubts(0.001, 1000, 0), []);
        let behind_pca = Diagnosis { model_mse: 0.04, ..maps.clone() };
        assert_eq!(behind_pca.doubts(0.001, 1000, 0), []);
        let doubts = Diagnosis { dead_code_channels: Some(3), ..maps }.doubts(0.001, 1000, 0);
        assert!(doubts[0].text.contains("3 of 8 channels of the code are dead"), "{doubts:?}");
    }

    #[test]
    fn a_model_far_behind_pca_is_doubted() {
        let doubts = diagnosis(0.04, 100, 0).doubts(0.001, 1000, 0);
        assert_eq!(doubts.len(), 1);
        assert_eq!(doubts[0].cause, Cause::FewSteps);
        assert!(doubts[0].text.contains("far worse than PCA with 4 components"), "{doubts:?}");
    }
}

//! What a model is compared with: the mean and PCA of training data; and which units of its code are dead.

use std::fmt;

use ae_analysis::{Pca, Rows};
use ae_dataset::Images;
use ae_models::{Inference, with_noise_level};
use ae_training::{Counted, Samples, TrainingBatch};
use serde::{Deserialize, Serialize};

use crate::ExperimentError;

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

/// Training images, evenly spaced, `n x values`.
pub(super) fn sample_of(train: &Images, code_units: usize) -> Vec<f32> {
    let columns = train.image_size();
    let affordable = PRODUCTS / columns.saturating_mul(code_units + 10).max(1);
    let most = SAMPLE.min(SAMPLE_NUMBERS / columns).min(affordable).max(2);
    let count = train.len().min(most);
    let chosen: Vec<u32> = (0..count).map(|place| (place * train.len() / count) as u32).collect();
    let mut sample = vec![0.0; count * columns];
    train.gather(&chosen, &mut sample);
    sample
}

/// Why a model is not compared with PCA.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NoPca {
    /// The code is maps: each of its numbers sees a part of an image, a component of PCA sees all of it.
    Maps,
    /// The code has more than half as many numbers as an item has values: PCA then nearly copies its input.
    LongCode,
    /// The model is judged on pixels that it does not see, PCA would see them.
    BlindSpots,
    /// There are too few training items.
    FewItems,
    /// It would take too long.
    Costly,
    /// It failed.
    Failed,
}

impl fmt::Display for NoPca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Maps => "no PCA, as the code consists of feature maps",
            Self::LongCode => "no PCA, as the code is longer than half of the data",
            Self::BlindSpots => "no PCA, as the model does not see what it is judged on",
            Self::FewItems => "too little training data for PCA",
            Self::Costly => "PCA would take too long",
            Self::Failed => "PCA failed",
        })
    }
}

/// What decides whether a comparison with PCA is fair.
pub(super) struct Comparison {
    /// Numbers of a code.
    pub(super) numbers: usize,
    /// Components of PCA.
    pub(super) components: usize,
    /// Whether the code is maps.
    pub(super) has_maps: bool,
    /// Whether the model is judged on blind spots.
    pub(super) is_blind: bool,
    /// Whether the rows are all training items.
    pub(super) is_whole: bool,
}

impl Comparison {
    /// PCA of the rows, or why a model is not compared with it.
    pub(super) fn fit(&self, rows: Rows<'_>) -> Result<Pca, NoPca> {
        let Self { numbers, components, has_maps, is_blind, is_whole } = *self;
        if is_blind {
            return Err(NoPca::BlindSpots);
        }
        if has_maps {
            return Err(NoPca::Maps);
        }
        if components == 0 {
            return Err(NoPca::FewItems);
        }
        let columns = rows.columns();
        if numbers > columns.div_ceil(2) || numbers >= columns {
            return Err(NoPca::LongCode);
        }
        // A sample of fewer than two rows per component would be fitted too closely.
        if !is_whole && rows.len() < 2 * components {
            return Err(NoPca::Costly);
        }
        let fitted = if rows.columns() <= EXACT_COLUMNS {
            Pca::fit(rows, components)
        } else {
            Pca::approximate(rows, components)
        };
        // A failure of a baseline must not fail a finished training.
        fitted.map_err(|error| {
            tracing::warn!("the model is not compared with PCA: {error}");
            NoPca::Failed
        })
    }
}

pub(super) fn mean_of(rows: Rows<'_>) -> Vec<f32> {
    let mut sum = vec![0.0_f64; rows.columns()];
    for row in rows.iter() {
        sum.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sum.into_iter().map(|sum| (sum / rows.len().max(1) as f64) as f32).collect()
}

/// Errors per value of the baselines on the validation images.
pub(super) struct Errors {
    pub(super) mean: f64,
    pub(super) mean_bce: f64,
    pub(super) pca: Option<f64>,
    pub(super) noisy: Option<f64>,
}

impl Errors {
    /// The samples have nothing hidden.
    pub(super) fn of(
        samples: &Samples,
        counted: Counted,
        mean: &[f32],
        pca: Option<&Pca>,
    ) -> Result<Self, ExperimentError> {
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
            // What is hidden at blind spots, and is to be found, is the noisy image.
            let targets = if counted == Counted::BlindSpots { inputs.clone() } else { targets };
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
        let is_known = samples.is_corrupted() && counted == Counted::All;
        let noisy = is_known.then_some(of_noise / numbers);
        Ok(Self { mean: of_mean / numbers, mean_bce: of_bce / numbers, pca, noisy })
    }
}

fn squared_error(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

/// Whether the activation of each code unit is the same for all images; of none for a single image.
pub(super) fn dead_units(
    model: &dyn Inference,
    sample: &[f32],
    count: usize,
) -> Result<Vec<bool>, ExperimentError> {
    let units = model.latent_dim();
    if count < 2 {
        return Ok(vec![false; units]);
    }
    let mut codes = vec![0.0; count * units];
    let (pixels, inputs) = (model.pixels(), model.inputs());
    if inputs == pixels {
        model.encode(sample, &mut codes)?;
    } else {
        let clean = with_noise_level(sample, pixels, inputs - pixels, &vec![0.0; count]);
        model.encode(&clean, &mut codes)?;
    }
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

    #[test]
    fn only_a_fair_comparison_with_pca_is_made() {
        let values: Vec<f32> = (0..80_u16).map(|value| f32::from(value * 7 % 11)).collect();
        let rows = Rows::new(&values, 8).unwrap();
        let fit = |numbers: usize, has_maps, is_whole| {
            let components = numbers.min(4);
            Comparison { numbers, components, has_maps, is_blind: false, is_whole }.fit(rows).err()
        };
        assert_eq!(fit(4, false, true), None);
        assert_eq!(fit(5, false, true), Some(NoPca::LongCode));
        assert_eq!(fit(4, true, true), Some(NoPca::Maps));
        assert_eq!(fit(0, false, true), Some(NoPca::FewItems));
        // Of three columns two are half, rounded up; of one there is no half.
        let narrow = |columns, numbers| {
            let rows = Rows::new(&values[..12], columns).unwrap();
            let components = numbers;
            let comparison = Comparison {
                numbers,
                components,
                has_maps: false,
                is_blind: false,
                is_whole: true,
            };
            comparison.fit(rows).err()
        };
        assert_eq!([narrow(3, 2), narrow(1, 1)], [None, Some(NoPca::LongCode)]);
        let few = Rows::new(&values[..56], 8).unwrap();
        let sampled = Comparison {
            numbers: 4,
            components: 4,
            has_maps: false,
            is_blind: false,
            is_whole: false,
        };
        assert_eq!(sampled.fit(few).err(), Some(NoPca::Costly));
        let blind = Comparison { is_blind: true, is_whole: true, ..sampled };
        assert_eq!(blind.fit(few).err(), Some(NoPca::BlindSpots));
    }
}

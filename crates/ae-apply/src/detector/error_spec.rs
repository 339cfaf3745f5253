//! How a reconstruction is compared with its item, before a score is made of it.

use ae_analysis::{AnalysisError, AnomalyScore, Rows};
use ae_corruption::{GaussianBlur, Noise, corrupt_batch};
use ae_dataset::ImageShape;
use ae_random::{Seed, Stream};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApplyError;
use crate::model::{Autoencoded, Model};

/// The stream of the noise on copies of an item.
const STREAM: &str = "anomaly";
/// Most draws of noise for an item.
const MOST_DRAWS: u32 = 1000;

/// How the reconstruction of an item is compared with the item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorSpec {
    /// The score that is computed from residuals and codes.
    pub score: AnomalyScore,
    /// If given, the model reconstructs corrupted copies of the item, and the mean of their reconstructions is compared
    /// with the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseDraws>,
    /// Standard deviation in pixels of a Gaussian filter on item and reconstruction before they are compared: an edge that
    /// is slightly displaced then weighs less than a missing stroke. 0 is no filter; at most 100.
    pub smoothing: f32,
}

/// Noise of which several draws are averaged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseDraws {
    /// The noise.
    pub noise: Noise,
    /// Corrupted copies of an item: 1 to 1000.
    pub draws: u32,
    /// The seed of the stream `anomaly`.
    pub seed: u64,
}

/// Residuals and codes of items: what a score is computed from.
#[derive(Debug)]
pub struct Residuals {
    residuals: Vec<f32>,
    codes: Vec<f32>,
    pixels: usize,
    latent_dim: usize,
}

impl Residuals {
    /// Reconstruction minus item, `n x pixels`.
    ///
    /// # Errors
    /// Never for residuals of a model.
    pub fn residuals(&self) -> Result<Rows<'_>, AnalysisError> {
        Rows::new(&self.residuals, self.pixels)
    }

    /// The codes of the items, `n x latent_dim`.
    ///
    /// # Errors
    /// Never for codes of a model.
    pub fn codes(&self) -> Result<Rows<'_>, AnalysisError> {
        Rows::new(&self.codes, self.latent_dim)
    }
}

impl ErrorSpec {
    /// Checks the settings for items of this shape.
    ///
    /// # Errors
    /// [`ApplyError::Setting`] or [`ApplyError::Corruption`] if the number of draws or the smoothing is out of its range, or
    /// rows of a table are to be smoothed.
    pub fn check(&self, shape: ImageShape) -> Result<(), ApplyError> {
        let draws = self.noise.as_ref().map_or(1, |noise| noise.draws);
        if !(1..=MOST_DRAWS).contains(&draws) {
            return Err(ApplyError::setting("draws", "from 1 to 1000", &draws.to_string()));
        }
        GaussianBlur::new(self.smoothing)?;
        if self.smoothing > 0.0 && shape.height == 1 {
            let found = self.smoothing.to_string();
            return Err(ApplyError::setting("smoothing", "0 for rows of a table", &found));
        }
        Ok(())
    }

    /// Residuals and codes of items, `n x channels x height x width`. `first` is the place of the first item in its input:
    /// noise on an item depends on its place.
    ///
    /// # Errors
    /// If the items do not fit the model, or the device fails.
    pub fn residuals(
        &self,
        model: &Model,
        items: &[f32],
        first: usize,
    ) -> Result<Residuals, ApplyError> {
        let Autoencoded { codes, reconstructions } = match &self.noise {
            None => model.autoencode(items)?,
            Some(noise) => {
                let reconstructions = noise.mean_reconstruction(model, items, first)?;
                Autoencoded { codes: model.encode(items)?, reconstructions }
            }
        };
        let shape = model.shape();
        let residuals = self.difference(reconstructions, items, shape, first)?;
        Ok(Residuals { residuals, codes, pixels: shape.size(), latent_dim: model.latent_dim() })
    }

    /// Reconstructions minus items of a shape, both smoothed.
    pub(super) fn difference(
        &self,
        mut reconstructions: Vec<f32>,
        items: &[f32],
        shape: ImageShape,
        first: usize,
    ) -> Result<Vec<f32>, ApplyError> {
        if self.smoothing > 0.0 {
            let filter = Corruptor {
                noise: &Noise::from(GaussianBlur::new(self.smoothing)?),
                shape,
                first,
                stream: &Seed::new(0).stream(STREAM),
            };
            let mut targets = items.to_vec();
            filter.apply(&mut reconstructions, 0);
            filter.apply(&mut targets, 0);
            reconstructions.iter_mut().zip(targets).for_each(|(y, x)| *y -= x);
        } else {
            reconstructions.iter_mut().zip(items).for_each(|(y, x)| *y -= x);
        }
        Ok(reconstructions)
    }
}

impl NoiseDraws {
    /// The mean of the reconstructions of several corrupted copies, summed in the order of the draws.
    fn mean_reconstruction(
        &self,
        model: &Model,
        items: &[f32],
        first: usize,
    ) -> Result<Vec<f32>, ApplyError> {
        let stream = Seed::new(self.seed).stream(STREAM);
        let corruptor =
            Corruptor { noise: &self.noise, shape: model.shape(), first, stream: &stream };
        let mut mean = vec![0.0; items.len()];
        for draw in 0..self.draws {
            let mut noisy = items.to_vec();
            corruptor.apply(&mut noisy, draw);
            let outputs = model.reconstruct(&noisy)?;
            mean.iter_mut().zip(outputs).for_each(|(sum, output)| *sum += output);
        }
        let draws = self.draws as f32;
        mean.iter_mut().for_each(|sum| *sum /= draws);
        Ok(mean)
    }
}

/// Corrupts items in parallel, each by its own place in the stream.
struct Corruptor<'a> {
    noise: &'a Noise,
    shape: ImageShape,
    /// The place of the first item in its input.
    first: usize,
    stream: &'a Stream,
}

impl Corruptor<'_> {
    fn apply(&self, items: &mut [f32], draw: u32) {
        let ImageShape { height, width, .. } = self.shape;
        items.par_chunks_mut(self.shape.size()).enumerate().for_each(|(place, item)| {
            let sample = [(self.first + place) as u32];
            corrupt_batch(self.noise, item, &sample, height, width, draw, self.stream);
        });
    }
}

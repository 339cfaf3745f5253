//! Anomaly detection by a trained model: fitted to normals, kept in the weights file, applied to others.

mod held_out;

use std::path::Path;

pub use held_out::{CalibratedBy, Normals};
use held_out::{Honest, honest_scores};

use ae_analysis::{
    AnalysisError, AnomalyScore, AnomalyScorer, Calibration, LeaveOneOut, NormalMoments, Rows,
    ThresholdRule,
};
use ae_corruption::{GaussianBlur, Noise, corrupt_batch};
use ae_dataset::{ImageShape, InputReader, Inputs};
use ae_files::counted_as;
use ae_models::{Device, ModelError, SavedModel};
use ae_random::{Seed, Stream};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::ApplyError;
use crate::model::Model;
use crate::reading::check_noise;

/// The attachment with what was fitted.
const ANOMALY: &str = "anomaly";
/// Most draws of noise for an image.
const MOST_DRAWS: u32 = 1000;

/// What of a reconstruction is compared with its image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorSpec {
    /// What the scores are made of.
    pub score: AnomalyScore,
    /// The model is shown noisy copies of the image; the error is that of its mean reconstruction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise: Option<NoiseDraws>,
    /// Image and reconstruction are smoothed by a Gaussian of so many pixels before they are compared, so
    /// that an edge that is a little off weighs less than a stroke that is missing; 0 does nothing.
    pub smoothing: f32,
}

/// What a model makes of images, beside them.
#[derive(Debug)]
pub struct Compared {
    residuals: Vec<f32>,
    codes: Vec<f32>,
    pixels: usize,
    latent: usize,
}

/// Noise that is drawn several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseDraws {
    /// The noise.
    pub noise: Noise,
    /// How many noisy copies of an image are made: 1 to 1000.
    pub draws: u32,
    /// The seed of the stream `anomaly`.
    pub seed: u64,
}

/// What was fitted to normals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fitted {
    error: ErrorSpec,
    scorer: AnomalyScorer,
    calibration: Calibration,
    /// The largest error of a pixel among the normals; fits of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    largest_error: Option<f64>,
}

/// A trained model that tells anomalies from normals.
pub struct AnomalyDetector {
    model: Model,
    fitted: Fitted,
}

/// A detector that was just fitted.
pub struct AnomalyFit {
    /// The detector.
    pub detector: AnomalyDetector,
    /// Which scores its threshold and its p-values come from.
    pub calibrated_by: CalibratedBy,
    /// Items that the score was fitted to.
    pub items: usize,
}

/// How an item stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnomalyVerdict {
    /// Larger is stranger.
    pub score: f64,
    /// How probable such a score is for a normal item.
    pub p_value: f64,
    /// Whether the score is above the threshold.
    pub is_anomaly: bool,
}

impl AnomalyDetector {
    /// Fits to normals, which `open` opens once to score them and, if the score needs it, once before for its
    /// statistics. `step` hears how many were read, of how many.
    ///
    /// Threshold and p-values come from scores of the normals as if each were new: see [`LeaveOneOut`]. Where
    /// the model was trained on most of them, they come from the part that the training held out, or are
    /// corrected by it: see [`CalibratedBy`]. Too few for the threshold are warned about.
    ///
    /// # Errors
    /// If there are fewer than 3 items, they cannot be read, a setting is out of its range, a score is not
    /// finite, or the score needs codes and all are equal.
    pub fn fit(
        model: Model,
        error: ErrorSpec,
        rule: ThresholdRule,
        normals: Normals,
        mut open: impl FnMut(&Model) -> Result<InputReader, ApplyError>,
        step: &mut dyn FnMut(usize, usize),
    ) -> Result<AnomalyFit, ApplyError> {
        // Refused before anything is computed.
        rule.check()?;
        error.check(model.shape())?;
        if let Some(noise) = &error.noise {
            check_noise(&noise.noise, model.format())?;
        }
        let mut moments = NormalMoments::new(model.shape().size(), model.latent_dim());
        let needs_moments = error.score != AnomalyScore::Squared;
        if needs_moments {
            each_chunk(open(&model)?, step, |chunk, first| {
                let compared = error.apply(&model, &chunk.pixels, first)?;
                let [residuals, codes] = compared.rows()?;
                moments.add(residuals, codes).map_err(|error| of_item(error, chunk))
            })?;
        }
        let left_out = LeaveOneOut::fit(error.score, &moments)?;
        let (mut scores, mut largest_error, mut skipped) = (Vec::new(), 0.0_f64, 0);
        let items = open(&model)?;
        let items = if needs_moments { items.again() } else { items };
        each_chunk(items, step, |chunk, first| {
            let compared = error.apply(&model, &chunk.pixels, first)?;
            let [residuals, codes] = compared.rows()?;
            let found = left_out.scores(residuals, codes);
            let mut found = found.map_err(|error| of_item(error, chunk))?;
            add_hidden(error.score, &model, &chunk.pixels, &mut found);
            scores.extend(found);
            let errors = residuals.iter().flat_map(|residual| left_out.scorer().errors(residual));
            largest_error = errors.fold(largest_error, f64::max);
            skipped += chunk.skipped;
            Ok(())
        })?;
        if needs_moments && moments.len() != scores.len() {
            let (expected, found) = (moments.len(), scores.len());
            return Err(AnalysisError::Count { what: "scores", expected, found }.into());
        }
        let items = scores.len();
        let Honest { scores, by } = honest_scores(scores, normals, skipped, model.input())?;
        let calibration = Calibration::fit(&scores, rule)?;
        warn_of_few(&calibration);
        let (scorer, largest_error) = (left_out.into_scorer(), Some(largest_error));
        let fitted = Fitted { error, scorer, calibration, largest_error };
        Ok(AnomalyFit { detector: Self { model, fitted }, calibrated_by: by, items })
    }

    /// Opens a weights file, or the folder of a run, that something was fitted in.
    ///
    /// # Errors
    /// If there is no such file, it is no whole autoencoder, or nothing was fitted in it.
    pub fn open(path: &Path, device: &Device) -> Result<Self, ApplyError> {
        Self::of_model(Model::open(path, device)?, path)
    }

    /// The detector in a model that is open; `path` is what errors call it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of_model(model: Model, path: &Path) -> Result<Self, ApplyError> {
        let Some(fitted) = model.saved().attachments.get::<Fitted>(ANOMALY)? else {
            return Err(ApplyError::NotFitted { path: path.to_owned() });
        };
        let (pixels, latent) = (model.shape().size(), model.latent_dim());
        let sound = fitted.scorer.fits(pixels, latent)
            && fitted.calibration.is_sound()
            && fitted.scorer.score() == fitted.error.score
            && fitted.largest_error.is_none_or(|largest| largest.is_finite() && largest >= 0.0)
            && fitted.error.check(model.shape()).is_ok();
        if !sound {
            let reason = "it is no anomaly detector for this model".to_owned();
            return Err(ModelError::Attachment { name: ANOMALY.to_owned(), reason }.into());
        }
        Ok(Self { model, fitted })
    }

    /// Writes the model with what was fitted, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), ApplyError> {
        let mut saved: SavedModel = self.model.saved().clone();
        saved.attachments.set(ANOMALY, &self.fitted)?;
        Ok(saved.save(path)?)
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What is compared.
    pub fn error(&self) -> &ErrorSpec {
        &self.fitted.error
    }

    /// Threshold and p-values.
    pub fn calibration(&self) -> &Calibration {
        &self.fitted.calibration
    }

    /// The largest error of a pixel among the normals that it was fitted to, a fixed reference for the
    /// errors of others; fits of earlier versions have none.
    pub fn largest_normal_error(&self) -> Option<f64> {
        self.fitted.largest_error
    }

    /// Judges the images of a chunk, of which the first is the `first` of all: a verdict each, and where
    /// their errors are, `n x channels x height x width`.
    ///
    /// # Errors
    /// If the images do not fit the model, or a score is not finite: [`ApplyError::Score`] names the
    /// item.
    pub fn judge(
        &self,
        chunk: &Inputs,
        first: usize,
    ) -> Result<(Vec<AnomalyVerdict>, Vec<f32>), ApplyError> {
        let Fitted { error, scorer, calibration, .. } = &self.fitted;
        let compared = error.apply(&self.model, &chunk.pixels, first)?;
        let [residuals, codes] = compared.rows()?;
        let scores = scorer.scores(residuals, codes);
        let mut scores = scores.map_err(|error| of_item(error, chunk))?;
        add_hidden(error.score, &self.model, &chunk.pixels, &mut scores);
        let verdict = |score| -> Result<_, AnalysisError> {
            let p_value = calibration.p_value(score)?;
            Ok(AnomalyVerdict { score, p_value, is_anomaly: calibration.is_anomaly(score)? })
        };
        let errors = residuals.iter().flat_map(|residual| scorer.errors(residual));
        let errors = errors.map(|error| error as f32).collect();
        Ok((scores.into_iter().map(verdict).collect::<Result<_, _>>()?, errors))
    }
}

/// Says so if the threshold lies where there are no scores of normals.
fn warn_of_few(calibration: &Calibration) {
    let (items, rule) = (calibration.items(), calibration.rule());
    if items < rule.fewest_scores() {
        let percent = |part: f64| (1e4 * part).round() / 100.0;
        tracing::warn!(
            "the threshold is the largest score of {}, or next to it: {} items are needed for \
             one that {} % of normal items exceed; of new normal items, about {} % will be called anomalies",
            counted_as(items, "item"),
            rule.fewest_scores(),
            percent(rule.alarm_rate()),
            percent(1.0 / (items + 1) as f64)
        );
    }
}

/// A code says nothing of what the network is not shown of a table's row: a deviation in a column that
/// was constant in training, or a value far outside its range. The latent score adds that itself.
fn add_hidden(score: AnomalyScore, model: &Model, items: &[f32], scores: &mut [f64]) {
    if score == AnomalyScore::Latent {
        let hidden = model.format().hidden_deviations(items);
        scores.iter_mut().zip(hidden).for_each(|(score, hidden)| *score += hidden);
    }
}

/// An error of an analysis, with the item that it is about.
fn of_item(error: AnalysisError, chunk: &Inputs) -> ApplyError {
    let (place, value) = match error {
        AnalysisError::Score { item, value } => (item, value),
        // A residual or a code that is not finite has no finite score.
        AnalysisError::NotFinite { row, value, .. } => (row, f64::from(value)),
        error => return error.into(),
    };
    let file = chunk.files.as_ref().and_then(|files| files.get(place)).cloned();
    let number = chunk.items.get(place).copied().unwrap_or_default();
    ApplyError::Score { number, file, value }
}

impl ErrorSpec {
    /// Checks the settings for images of this shape.
    pub fn check(&self, shape: ImageShape) -> Result<(), ApplyError> {
        let draws = self.noise.as_ref().map_or(1, |noise| noise.draws);
        if !(1..=MOST_DRAWS).contains(&draws) {
            return Err(ApplyError::setting("draws", "from 1 to 1000", &draws.to_string()));
        }
        GaussianBlur::new(self.smoothing)?;
        if self.smoothing > 0.0 && shape.height == 1 {
            return Err(ApplyError::setting(
                "smoothing",
                "0 for rows of a table",
                &self.smoothing.to_string(),
            ));
        }
        Ok(())
    }

    /// Residuals and codes of images of which the first is the `first` of all.
    pub fn apply(
        &self,
        model: &Model,
        images: &[f32],
        first: usize,
    ) -> Result<Compared, ApplyError> {
        let codes = model.encode(images)?;
        let mut residuals = match &self.noise {
            None => model.reconstruct(images)?,
            Some(noise) => noise.mean_reconstruction(model, images, first)?,
        };
        let (shape, stream) = (model.shape(), Seed::new(0).stream(ANOMALY));
        if self.smoothing > 0.0 {
            let blur = Noise::from(GaussianBlur::new(self.smoothing)?);
            let mut targets = images.to_vec();
            corrupt(&blur, &mut residuals, shape, (0, first), &stream);
            corrupt(&blur, &mut targets, shape, (0, first), &stream);
            residuals.iter_mut().zip(targets).for_each(|(y, x)| *y -= x);
        } else {
            residuals.iter_mut().zip(images).for_each(|(y, x)| *y -= x);
        }
        Ok(Compared { residuals, codes, pixels: shape.size(), latent: model.latent_dim() })
    }
}

impl Compared {
    /// Residuals, `n x pixels`, and codes, `n x latent`.
    pub fn rows(&self) -> Result<[Rows<'_>; 2], AnalysisError> {
        Ok([Rows::new(&self.residuals, self.pixels)?, Rows::new(&self.codes, self.latent)?])
    }
}

impl NoiseDraws {
    /// The mean of the reconstructions of several noisy copies, summed in the order of the draws.
    fn mean_reconstruction(
        &self,
        model: &Model,
        images: &[f32],
        first: usize,
    ) -> Result<Vec<f32>, ApplyError> {
        let stream = Seed::new(self.seed).stream(ANOMALY);
        let mut mean = vec![0.0; images.len()];
        for draw in 0..self.draws {
            let mut noisy = images.to_vec();
            corrupt(&self.noise, &mut noisy, model.shape(), (draw, first), &stream);
            let outputs = model.reconstruct(&noisy)?;
            mean.iter_mut().zip(outputs).for_each(|(sum, output)| *sum += output);
        }
        let draws = self.draws as f32;
        mean.iter_mut().for_each(|sum| *sum /= draws);
        Ok(mean)
    }
}

/// Corrupts images in parallel; each has a place in the stream of its own.
fn corrupt(
    noise: &Noise,
    images: &mut [f32],
    shape: ImageShape,
    (draw, first): (u32, usize),
    stream: &Stream,
) {
    images.par_chunks_mut(shape.size()).enumerate().for_each(|(place, image)| {
        let sample = [(first + place) as u32];
        corrupt_batch(noise, image, &sample, shape.height, shape.width, draw, stream);
    });
}

/// Goes through all chunks with the place of the first item of each.
fn each_chunk(
    mut reader: InputReader,
    step: &mut dyn FnMut(usize, usize),
    mut take: impl FnMut(&Inputs, usize) -> Result<(), ApplyError>,
) -> Result<(), ApplyError> {
    let mut first = 0;
    while let Some(chunk) = reader.next().transpose()? {
        take(&chunk, first)?;
        first += chunk.len();
        step(reader.done(), reader.total());
    }
    Ok(())
}

#[cfg(test)]
mod tests;

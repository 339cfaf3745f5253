//! Anomaly detection with a trained model: fitted to normal items, kept in the weights file, applied to other items.

mod error_spec;
mod held_out;
mod pictures;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

pub use error_spec::{ErrorSpec, NoiseDraws, Residuals};
pub use held_out::{CalibratedBy, Normals};
use held_out::{CalibrationScores, calibration_scores};
pub use pictures::JudgedPicture;

use ae_analysis::{
    AnalysisError, AnomalyScore, AnomalyScorer, Calibration, LeaveOneOut, NormalMoments,
    ThresholdRule,
};
use ae_dataset::{InputReader, Inputs};
use ae_files::counted_as;
use ae_models::{ModelError, SavedModel};
use serde::{Deserialize, Serialize};

use crate::Device;
use crate::error::ApplyError;
use crate::model::Model;
use crate::reading::check_noise;

/// The attachment of a weights file that holds a fitted detector.
const ATTACHMENT: &str = "anomaly";

/// The fitted part of a detector, as a weights file holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fitted {
    error: ErrorSpec,
    scorer: AnomalyScorer,
    calibration: Calibration,
    /// The largest error of a pixel among the normal items; files of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    largest_error: Option<f64>,
    /// The fewest windows of the model's size in an item of the fit: more than 1 if all were larger pictures.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    windows: NonZeroUsize,
}

fn one() -> NonZeroUsize {
    NonZeroUsize::MIN
}

fn is_one(windows: &NonZeroUsize) -> bool {
    windows.get() == 1
}

/// A trained model with a score of anomalies, a threshold and p-values.
pub struct AnomalyDetector {
    model: Model,
    fitted: Fitted,
}

/// A detector that was just fitted.
pub struct AnomalyFit {
    /// The detector.
    pub detector: AnomalyDetector,
    /// The scores that its threshold and p-values come from.
    pub calibrated_by: CalibratedBy,
    /// The number of items that the score was fitted to.
    pub items: usize,
}

/// The verdict on an item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AnomalyVerdict {
    /// The anomaly score: the larger, the less like the normal items.
    pub score: f64,
    /// The probability that a normal item scores at least as high.
    pub p_value: f64,
    /// Whether the score is above the threshold.
    pub is_anomaly: bool,
}

/// The verdicts on items, and the errors of their pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedItems {
    /// A verdict for each item.
    pub verdicts: Vec<AnomalyVerdict>,
    /// The error of each pixel, `n x channels x height x width`, as the score weighs it.
    pub errors: Vec<f32>,
}

impl AnomalyDetector {
    /// Fits a detector to normal items.
    ///
    /// `open` opens them: once to score them and, unless the score is [`AnomalyScore::Squared`], once before for their
    /// statistics. `progress` is called with the number of items read and the number of all items.
    ///
    /// Threshold and p-values come from scores of the normal items as if each were new (see [`LeaveOneOut`]). If the model
    /// was trained on most of them, they come from the part that the training held out, or are corrected by it (see
    /// [`CalibratedBy`]). Too few items for the threshold give a warning.
    ///
    /// # Errors
    /// If there are fewer than 3 items, an item cannot be read, a setting is out of its range, a score is not finite, or
    /// the score needs codes and all codes are equal.
    pub fn fit(
        model: Model,
        error: ErrorSpec,
        rule: ThresholdRule,
        normals: Normals,
        mut open: impl FnMut(&Model) -> Result<InputReader, ApplyError>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<AnomalyFit, ApplyError> {
        // Wrong settings are refused before anything is computed.
        rule.check()?;
        error.check(model.shape())?;
        if let Some(noise) = &error.noise {
            check_noise(&noise.noise, model.format())?;
        }
        let mut moments = NormalMoments::new(model.shape().size(), model.latent_dim());
        let needs_moments = error.score != AnomalyScore::Squared;
        if needs_moments {
            each_chunk(open(&model)?, progress, |chunk, first| {
                let residuals = error.residuals(&model, &chunk.pixels, first)?;
                let added = moments.add(residuals.residuals()?, residuals.codes()?);
                added.map_err(|error| name_item(error, |place| name_in(chunk, place)))
            })?;
        }
        let left_out = LeaveOneOut::fit(error.score, &moments)?;
        let (mut scores, mut largest_error, mut skipped) = (Vec::new(), 0.0_f64, 0);
        let items = open(&model)?;
        let items = if needs_moments { items.again() } else { items };
        each_chunk(items, progress, |chunk, first| {
            let residuals = error.residuals(&model, &chunk.pixels, first)?;
            let found = left_out.scores(residuals.residuals()?, residuals.codes()?);
            let mut found =
                found.map_err(|error| name_item(error, |place| name_in(chunk, place)))?;
            add_hidden(error.score, &model, &chunk.pixels, &mut found);
            scores.extend(found);
            let rows = residuals.residuals()?;
            let errors = rows.iter().flat_map(|residual| left_out.scorer().errors(residual));
            largest_error = errors.fold(largest_error, f64::max);
            skipped += chunk.skipped;
            Ok(())
        })?;
        if needs_moments && moments.len() != scores.len() {
            let (expected, found) = (moments.len(), scores.len());
            return Err(AnalysisError::Count { what: "scores", expected, found }.into());
        }
        let items = scores.len();
        let CalibrationScores { scores, by } =
            calibration_scores(scores, normals, skipped, model.input())?;
        let calibration = Calibration::fit(&scores, rule)?;
        warn_of_few(&calibration);
        let (scorer, largest_error) = (left_out.into_scorer(), Some(largest_error));
        let fitted = Fitted { error, scorer, calibration, largest_error, windows: one() };
        Ok(AnomalyFit { detector: Self { model, fitted }, calibrated_by: by, items })
    }

    /// Opens the detector in a weights file, or in the `model.safetensors` of a folder, on the CPU.
    ///
    /// # Errors
    /// [`ApplyError::NotFitted`] if the file holds none; and as [`Model::open`].
    pub fn open(path: &Path) -> Result<Self, ApplyError> {
        Self::open_on(path, &Device::Cpu)
    }

    /// As [`open`](Self::open), on a device.
    ///
    /// # Errors
    /// As [`open`](Self::open), and if the device cannot hold the model.
    pub fn open_on(path: &Path, device: &Device) -> Result<Self, ApplyError> {
        Self::of_model(Model::open_on(path, device)?, path)
    }

    /// Whether a model's file holds a detector, sound or not.
    pub fn is_in(model: &Model) -> bool {
        model.saved().attachments.names().any(|name| name == ATTACHMENT)
    }

    /// The detector in a model that is open; errors call the model `path`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn of_model(model: Model, path: &Path) -> Result<Self, ApplyError> {
        let Some(fitted) = model.saved().attachments.get::<Fitted>(ATTACHMENT)? else {
            return Err(ApplyError::NotFitted { path: path.to_owned() });
        };
        let (pixels, latent_dim) = (model.shape().size(), model.latent_dim());
        let is_sound = fitted.scorer.fits(pixels, latent_dim)
            && fitted.calibration.is_sound()
            && fitted.scorer.score() == fitted.error.score
            && fitted.largest_error.is_none_or(|largest| largest.is_finite() && largest >= 0.0)
            && fitted.error.check(model.shape()).is_ok();
        if !is_sound {
            let reason = "it is no anomaly detector for this model".to_owned();
            return Err(ModelError::Attachment { name: ATTACHMENT.to_owned(), reason }.into());
        }
        Ok(Self { model, fitted })
    }

    /// Writes the model and the detector into a weights file, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), ApplyError> {
        let mut saved: SavedModel = self.model.saved().clone();
        saved.attachments.set(ATTACHMENT, &self.fitted)?;
        Ok(saved.save(path)?)
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// How reconstructions are compared with items.
    pub fn error(&self) -> &ErrorSpec {
        &self.fitted.error
    }

    /// Threshold and p-values.
    pub fn calibration(&self) -> &Calibration {
        &self.fitted.calibration
    }

    /// The largest error of a pixel among the normal items: a fixed scale for heat maps of other items. Files of earlier
    /// versions have none.
    pub fn largest_normal_error(&self) -> Option<f64> {
        self.fitted.largest_error
    }

    /// Judges items in memory, `n x channels x height x width` in [0, 1], by their places in the slice.
    ///
    /// # Errors
    /// If the slice is not whole items, or a score is not finite: [`ApplyError::Score`] names the item.
    pub fn judge_slice(&self, items: &[f32]) -> Result<JudgedItems, ApplyError> {
        self.judge_slice_from(items, 0)
    }

    /// The same of items that begin at the place `first` of an input: the noise on an item depends on its place.
    ///
    /// # Errors
    /// As [`judge_slice`](Self::judge_slice).
    pub fn judge_slice_from(&self, items: &[f32], first: usize) -> Result<JudgedItems, ApplyError> {
        let name = |within| ItemName { number: (first + within) as u64, file: None };
        self.judge_items(items, first, name)
    }

    /// Judges a chunk of an input. Noise on an item depends on its place in the input ([`Inputs::items`]).
    ///
    /// # Errors
    /// If the items do not fit the model, or a score is not finite: [`ApplyError::Score`] names the item.
    pub fn judge(&self, chunk: &Inputs) -> Result<JudgedItems, ApplyError> {
        let mut judged = JudgedItems { verdicts: Vec::new(), errors: Vec::new() };
        let size = self.model.shape().size();
        // Between items that follow each other, others may have been left out.
        for items in chunk.items.chunk_by(|one, next| one + 1 == *next) {
            let done = judged.verdicts.len();
            let pixels = chunk.pixels.get(done * size..(done + items.len()) * size);
            let first = items.first().copied().unwrap_or_default() as usize;
            let name = |place| name_in(chunk, done + place);
            let next = self.judge_items(pixels.unwrap_or_default(), first, name)?;
            judged.verdicts.extend(next.verdicts);
            judged.errors.extend(next.errors);
        }
        Ok(judged)
    }

    fn judge_items(
        &self,
        items: &[f32],
        first: usize,
        name: impl Fn(usize) -> ItemName,
    ) -> Result<JudgedItems, ApplyError> {
        let Fitted { error, scorer, calibration, .. } = &self.fitted;
        let residuals = error.residuals(&self.model, items, first)?;
        let scores = scorer.scores(residuals.residuals()?, residuals.codes()?);
        let mut scores = scores.map_err(|error| name_item(error, name))?;
        add_hidden(error.score, &self.model, items, &mut scores);
        let verdict = |score| -> Result<_, AnalysisError> {
            let p_value = calibration.p_value(score)?;
            Ok(AnomalyVerdict { score, p_value, is_anomaly: calibration.is_anomaly(score)? })
        };
        let verdicts = scores.into_iter().map(verdict).collect::<Result<_, _>>()?;
        let rows = residuals.residuals()?;
        let errors = rows.iter().flat_map(|residual| scorer.errors(residual));
        Ok(JudgedItems { verdicts, errors: errors.map(|error| error as f32).collect() })
    }
}

/// Warns if there are too few scores for the threshold's rule.
fn warn_of_few(calibration: &Calibration) {
    let (items, rule) = (calibration.items(), calibration.rule());
    if items < rule.fewest_scores() {
        let percent = |part: f64| (1e4 * part).round() / 100.0;
        tracing::warn!(
            "the threshold is about the largest score of {}: at least {} items are needed for \
             one that {} % of normal items exceed; about {} % of new normal items will be called anomalies",
            counted_as(items, "item"),
            rule.fewest_scores(),
            percent(rule.alarm_rate()),
            percent(1.0 / (items + 1) as f64)
        );
    }
}

/// Adds to the latent score what the network is not shown of a table's row: deviations in columns that were constant in
/// training, and values far outside of a column's range. The other scores see them in the residual.
fn add_hidden(score: AnomalyScore, model: &Model, items: &[f32], scores: &mut [f64]) {
    if score == AnomalyScore::Latent {
        let hidden = model.format().hidden_deviations(items);
        scores.iter_mut().zip(hidden).for_each(|(score, hidden)| *score += hidden);
    }
}

/// What an error calls an item.
struct ItemName {
    /// Its number in the input, counted from 0.
    number: u64,
    file: Option<PathBuf>,
}

fn name_in(chunk: &Inputs, place: usize) -> ItemName {
    let file = chunk.files.as_ref().and_then(|files| files.get(place)).cloned();
    ItemName { number: chunk.items.get(place).copied().unwrap_or_default(), file }
}

/// The error of an analysis, with the name of the item that it is about.
fn name_item(error: AnalysisError, name: impl Fn(usize) -> ItemName) -> ApplyError {
    let (place, value) = match error {
        AnalysisError::Score { item, value } => (item, value),
        // A residual or a code that is not finite has no finite score.
        AnalysisError::NotFinite { row, value, .. } => (row, f64::from(value)),
        error => return error.into(),
    };
    let ItemName { number, file } = name(place);
    ApplyError::Score { number, file, value }
}

/// Calls `take` with every chunk and the place of its first item.
fn each_chunk(
    mut reader: InputReader,
    progress: &mut dyn FnMut(usize, usize),
    mut take: impl FnMut(&Inputs, usize) -> Result<(), ApplyError>,
) -> Result<(), ApplyError> {
    let mut first = 0;
    while let Some(chunk) = reader.next().transpose()? {
        take(&chunk, first)?;
        first += chunk.len();
        progress(reader.done(), reader.total());
    }
    Ok(())
}

#[cfg(test)]
mod tests;

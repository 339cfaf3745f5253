//! Anomalies in pictures that are larger than the model's items.
//!
//! The score of a picture is that of its strangest window of the model's size; windows overlap by half or more. So it can be
//! compared with scores of items, and with those of other pictures. The p-value of the largest of several scores is their
//! number times its own, at most 1 (see [`Calibration`]).
//!
//! Where a score needs nothing but residuals, a spatial network reconstructs the picture as one, and windows are cut from the
//! residuals. Otherwise each window goes through the model as an item does.

use std::num::NonZeroUsize;

use ae_analysis::{AnomalyScore, AnomalyScorer, Calibration, ThresholdRule, Tiling};
use ae_dataset::{DatasetError, ImageShape, Inputs};

use super::error_spec::ErrorSpec;
use super::{AnomalyDetector, AnomalyFit, AnomalyVerdict, CalibratedBy, Fitted};
use super::{ItemName, name_in, name_item, warn_of_few};
use crate::error::ApplyError;
use crate::model::{Model, PictureOptions};
use crate::reading::check_noise;

/// The verdict on a picture, and the errors of its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedPicture {
    /// The score of the strangest window, with the p-value and the verdict of the picture.
    pub verdict: AnomalyVerdict,
    /// The number of windows of the model's size.
    pub windows: NonZeroUsize,
    /// Row and column of the first pixel of the strangest window.
    pub strangest: [usize; 2],
    /// The error of each number of the picture, `channels x height x width`: what the score adds up over a window. Where
    /// windows overlap, their errors are blended.
    pub errors: Vec<f32>,
}

/// What is compared with the pictures of the fit.
struct Scored {
    score: f64,
    windows: NonZeroUsize,
    strangest: [usize; 2],
    errors: Vec<f32>,
}

impl AnomalyDetector {
    /// Fits a detector to whole normal pictures, each of the model's size or larger: threshold and p-values come from the
    /// scores of pictures. `progress` is called with the number of pictures done.
    ///
    /// The data should be pictures that the model was not trained on.
    ///
    /// # Errors
    /// [`ApplyError::SmallPicture`] for a picture that is smaller than the model's items, [`ApplyError::Setting`] for another
    /// score than [`AnomalyScore::Squared`], which alone needs no statistics of items of one size; otherwise as
    /// [`fit`](Self::fit).
    pub fn fit_to_pictures(
        model: Model,
        error: ErrorSpec,
        rule: ThresholdRule,
        pictures: impl IntoIterator<Item = Result<Inputs, DatasetError>>,
        progress: &mut dyn FnMut(usize),
    ) -> Result<AnomalyFit, ApplyError> {
        rule.check()?;
        error.check(model.shape())?;
        if error.score != AnomalyScore::Squared {
            let expected = "squared for pictures of other sizes than the model's: the other scores are fitted to items of \
                            the model's size";
            let found = format!("{:?}", error.score).to_lowercase();
            return Err(ApplyError::setting("the score", expected, &found));
        }
        if let Some(noise) = &error.noise {
            check_noise(&noise.noise, model.format())?;
        }
        let scorer = AnomalyScorer::Squared {};
        let (mut scores, mut largest, mut first) = (Vec::new(), 0.0_f64, 0);
        let mut fewest = NonZeroUsize::MAX;
        for picture in pictures {
            let scored = scored(&model, &error, &scorer, &picture?, first)?;
            first += scored.windows.get();
            fewest = fewest.min(scored.windows);
            largest = scored.errors.iter().fold(largest, |most, &it| most.max(f64::from(it)));
            scores.push(scored.score);
            progress(scores.len());
        }
        let calibration = Calibration::fit(&scores, rule)?;
        warn_of_few(&calibration);
        let (items, largest_error) = (scores.len(), Some(largest));
        let fitted = Fitted { error, scorer, calibration, largest_error, windows: fewest };
        let detector = Self { model, fitted };
        Ok(AnomalyFit { detector, calibrated_by: CalibratedBy::All, items })
    }

    /// Judges a picture of the model's size or larger, a chunk of one item; `first` is the number of all windows of the
    /// pictures before it, for the noise on copies.
    ///
    /// The p-value is that of the strangest window times the number of windows, or, if the detector was fitted to whole
    /// pictures, times the number of such pictures that would have as many windows; at most 1. The picture is an anomaly if
    /// the score is above the threshold for so many.
    ///
    /// # Errors
    /// [`ApplyError::SmallPicture`] if it is smaller, [`ApplyError::ImageSize`] if it has other channels,
    /// [`ApplyError::Score`] if the score is not finite; and if the device fails.
    pub fn judge_picture(
        &self,
        picture: &Inputs,
        first: usize,
    ) -> Result<JudgedPicture, ApplyError> {
        let Fitted { error, scorer, calibration, .. } = &self.fitted;
        let Scored { score, windows, strangest, errors } =
            scored(&self.model, error, scorer, picture, first)?;
        let tries = self.comparisons(windows);
        let p_value = calibration.p_value_of_largest(score, tries)?;
        let is_anomaly = score > calibration.threshold_of_largest(tries);
        let verdict = AnomalyVerdict { score, p_value, is_anomaly };
        Ok(JudgedPicture { verdict, windows, strangest, errors })
    }

    /// How many windows of the model's size a picture of this shape has.
    ///
    /// # Errors
    /// [`ApplyError::Analysis`] if a side is 0.
    pub fn windows_of(&self, shape: ImageShape) -> Result<usize, ApplyError> {
        let own = self.model.shape();
        Ok(Tiling::new([shape.height, shape.width], [own.height, own.width])?.len())
    }

    /// How often the p-value of a picture's largest score counts: its windows, in units of those of the smallest picture of
    /// the fit.
    pub fn comparisons(&self, windows: NonZeroUsize) -> NonZeroUsize {
        let items = windows.get().div_ceil(self.fitted.windows.get());
        NonZeroUsize::new(items).unwrap_or(NonZeroUsize::MIN)
    }

    /// How many items the fit needs for p-values of pictures of so many windows to reach the rate of false alarms.
    pub fn items_needed(&self, windows: NonZeroUsize) -> usize {
        let fewest = self.calibration().rule().fewest_scores();
        fewest.saturating_mul(self.comparisons(windows).get())
    }

    /// The fewest windows that an item of the fit had: 1 unless it was fitted to larger pictures.
    pub fn fewest_windows(&self) -> NonZeroUsize {
        self.fitted.windows
    }
}

/// Checks that a picture has a window.
fn check(model: &Model, shape: ImageShape) -> Result<(), ApplyError> {
    let expected = model.shape();
    if shape.channels != expected.channels {
        let origin = "the picture".to_owned();
        return Err(ApplyError::ImageSize { origin, expected, found: shape });
    }
    if shape.height < expected.height || shape.width < expected.width {
        return Err(ApplyError::SmallPicture { expected, found: shape });
    }
    Ok(())
}

/// The windows' scores as they are found: the largest, and its place.
struct Windows<'a> {
    tiling: &'a Tiling,
    done: usize,
    largest: f64,
    strangest: [usize; 2],
}

impl Windows<'_> {
    fn add(&mut self, scores: &[f64]) {
        for &score in scores {
            if score > self.largest {
                self.largest = score;
                let place = self.tiling.place(self.done).unwrap_or_default();
                self.strangest = place.map(isize::unsigned_abs);
            }
            self.done += 1;
        }
    }
}

fn scored(
    model: &Model,
    error: &ErrorSpec,
    scorer: &AnomalyScorer,
    picture: &Inputs,
    first: usize,
) -> Result<Scored, ApplyError> {
    let (shape, own, pixels) = (picture.shape, model.shape(), &picture.pixels);
    check(model, shape)?;
    let tiling = Tiling::new([shape.height, shape.width], [own.height, own.width])?;
    let name = |_| -> ItemName { name_in(picture, 0) };
    let mut found = Windows { tiling: &tiling, done: 0, largest: f64::MIN, strangest: [0; 2] };
    let needs_code = matches!(error.score, AnomalyScore::Latent | AnomalyScore::Likelihood);
    let is_one = shape == own;
    let errors = if !is_one && model.is_spatial() && !needs_code && error.noise.is_none() {
        let made = model.reconstruct_picture(
            pixels.clone(),
            shape,
            &PictureOptions::default(),
            &mut |_, _| {},
        )?;
        let residuals = error.difference(made, pixels, shape, first)?;
        tiling.apply(&residuals, own.channels, |tiles| {
            let errors: Vec<f32> = tiles
                .chunks(own.size())
                .flat_map(|tile| {
                    found.add(&[scorer.errors(tile).sum()]);
                    scorer.errors(tile).map(|error| error as f32)
                })
                .collect();
            Ok::<_, ApplyError>(errors)
        })?
    } else {
        let mut of_items = |items: &[f32]| -> Result<Vec<f32>, ApplyError> {
            let residuals = error.residuals(model, items, first + found.done)?;
            let scores = scorer.scores(residuals.residuals()?, residuals.codes()?);
            found.add(&scores.map_err(|error| name_item(error, name))?);
            let rows = residuals.residuals()?;
            Ok(rows.iter().flat_map(|it| scorer.errors(it)).map(|it| it as f32).collect())
        };
        // One window is an item, to the bit.
        if is_one { of_items(pixels)? } else { tiling.apply(pixels, own.channels, of_items)? }
    };
    let Windows { largest: score, strangest, done, .. } = found;
    // A window whose errors are no numbers is never the largest.
    if let Some(error) = errors.iter().find(|error| !error.is_finite()) {
        let ItemName { number, file } = name(0);
        return Err(ApplyError::Score { number, file, value: f64::from(*error) });
    }
    let windows = NonZeroUsize::new(done).unwrap_or(NonZeroUsize::MIN);
    Ok(Scored { score, windows, strangest, errors })
}

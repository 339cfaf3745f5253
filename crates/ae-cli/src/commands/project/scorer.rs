//! The scores of an interactive map.

use ae_apply::{AnomalyDetector, ApplyError, Device, Model};
use ae_dataset::Progress;
use ae_experiment::weights_file;
use ae_models::{ModelError, SavedModel};

use crate::args::Project;
use crate::commands::anomaly::are_whole;

/// What scores items.
pub(super) enum Scorer {
    /// The detector that was fitted to the model.
    Detector(Box<AnomalyDetector>),
    /// The squared error of the reconstruction.
    Error(Box<Model>),
}

impl Scorer {
    /// The detector in a model's file, or else the model; nothing for an encoder alone.
    pub(super) fn open(
        args: &Project,
        device: &Device,
        progress: &mut dyn Progress,
    ) -> anyhow::Result<Option<Self>> {
        let path = &args.applied.model;
        let saved = match SavedModel::load(&weights_file(path)?) {
            Err(ModelError::WrongPart { .. }) => return Ok(None),
            loaded => loaded?,
        };
        let model = Model::new_on(saved, device)?;
        if !AnomalyDetector::is_in(&model) {
            return Ok(Some(Self::Error(Box::new(model))));
        }
        if are_whole(&args.applied, &model, &args.reading)? {
            // A map has one point for a picture.
            progress.chose(
                "the map shows reconstruction errors: it has pictures in the model's size, and `ae anomaly score` looks \
                 at the windows of whole pictures",
            );
            return Ok(Some(Self::Error(Box::new(model))));
        }
        Ok(Some(Self::Detector(Box::new(AnomalyDetector::of_model(model, path)?))))
    }

    /// What the page calls the score.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Detector(_) => "anomaly score",
            Self::Error(_) => "reconstruction error",
        }
    }

    /// The score of the item at a place of the input: that of `ae anomaly score`, or the mean squared error of its values.
    pub(super) fn score(&self, place: usize, item: &[f32]) -> Result<Option<f64>, ApplyError> {
        match self {
            Self::Detector(detector) => {
                let judged = detector.judge_slice_from(item, place)?;
                Ok(judged.verdicts.first().map(|verdict| verdict.score))
            }
            Self::Error(model) => {
                let made = model.reconstruct(item)?;
                let errors = item.iter().zip(&made).map(|(&value, &made)| f64::from(value - made));
                Ok(Some(errors.map(|error| error * error).sum::<f64>() / item.len().max(1) as f64))
            }
        }
    }
}

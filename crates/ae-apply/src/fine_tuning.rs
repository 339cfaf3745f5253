//! Fine-tuning of a model's encoder on labels, as a measure of what its weights are worth beside a probe of frozen codes.

use std::ops::ControlFlow;

use ae_analysis::accuracy;
use ae_dataset::{Dataset, Images, Pixels};
use ae_training::{
    Classifier, FineTuned, FineTuningConfig, FineTuningEpoch, LabelledImages, fine_tune,
};

use crate::error::ApplyError;
use crate::model::Model;
use crate::probe::ProbeSpec;

/// What a fine-tuned encoder reached, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct FineTunedProbe {
    /// The accuracy on the test items after the best epoch, from 0 to 1.
    pub accuracy: f64,
    /// The epoch with the lowest error on the held-out training items.
    pub best: FineTuningEpoch,
    /// All epochs.
    pub curve: Vec<FineTuningEpoch>,
    /// Training items that were learned from.
    pub training_items: usize,
    /// Training items that were held out to choose the epoch.
    pub validation_items: usize,
}

/// Fine-tunes a model's encoder: a softmax layer is put on the code, and all weights are trained on the labels of the
/// training items (Vincent et al. 2010, section 3). A part of the training items is held out to choose the epoch; the
/// test items are looked at once, at the end. It runs on the CPU.
///
/// `progress` hears of every epoch and may end the training.
///
/// # Errors
/// As [`ProbeSpec::check`]; [`ApplyError::ImageSize`] if the items do not fit the model; and if the fused engine does not
/// support the network, a setting is outside its range, or the training diverges.
pub fn fine_tuned_probe(
    model: &Model,
    dataset: &Dataset,
    config: &FineTuningConfig,
    progress: &mut dyn FnMut(&FineTuningEpoch) -> ControlFlow<()>,
) -> Result<FineTunedProbe, ApplyError> {
    ProbeSpec { labels: Vec::new(), repetitions: 1 }.check(dataset)?;
    let (expected, found) = (model.shape(), dataset.train.shape());
    if found != expected {
        let origin = dataset.origin.location.clone();
        return Err(ApplyError::ImageSize { origin, expected, found });
    }
    let of_train = dataset.train.labels().unwrap_or_default();
    let mut labels = of_train.to_vec();
    labels.sort_unstable();
    labels.dedup();
    let classes: Vec<u8> =
        of_train.iter().map(|label| labels.partition_point(|other| other < label) as u8).collect();
    let saved = model.saved();
    let architecture = saved.spec.architecture()?;
    let classifier = Classifier::on_encoder(
        architecture.as_ref(),
        &saved.parameters,
        labels.len(),
        config.seed,
    )?;
    let train = network_input(model, &dataset.train)?;
    let data = LabelledImages { images: &train, classes: &classes };
    let FineTuned { classifier, best, curve, training_images, validation_images } =
        fine_tune(classifier, data, config, progress)?;
    let predicted = classifier.predict(&network_input(model, &dataset.test)?)?;
    let predicted: Vec<u8> = predicted.iter().map(|&class| labels[usize::from(class)]).collect();
    Ok(FineTunedProbe {
        accuracy: accuracy(&predicted, dataset.test.labels().unwrap_or_default()),
        best,
        curve,
        training_items: training_images,
        validation_items: validation_images,
    })
}

/// The items as the network receives them: bytes stay bytes, rows of a table are bounded.
fn network_input(model: &Model, images: &Images) -> Result<Images, ApplyError> {
    if model.format().scaling.is_none() {
        return Ok(images.clone());
    }
    let rows = images.to_floats();
    let rows = model.format().network_input(&rows).into_owned();
    Ok(Images::of_shape(images.shape(), Pixels::Floats(rows))?)
}

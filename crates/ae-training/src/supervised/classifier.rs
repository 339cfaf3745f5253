//! An encoder with a softmax layer on its code.

use ae_kernels::{Activation, Chain, Connection, Dense, Layer, PackedChain, Weight};
use ae_models::{Architecture, Layout, NamedDraws, Parameters};
use ae_random::Seed;

use crate::fused::fused_chain;
use crate::{Images, Samples, TrainingError};

/// Images that go through the network at once. No part of the result: a row has the same bits in every batch.
const BATCH: usize = 1024;
/// The most classes: labels are bytes.
const MOST_CLASSES: usize = 256;

/// Images with a class for each.
#[derive(Debug, Clone, Copy)]
pub struct LabelledImages<'a> {
    /// The images.
    pub images: &'a Images,
    /// The class of each image, from 0 to one below the number of classes.
    pub classes: &'a [u8],
}

/// A classifier: the layers of an encoder, then a dense layer from the code to a logit for each class. The softmax of
/// the logits are the probabilities of the classes.
#[derive(Debug, Clone)]
pub struct Classifier {
    pub(super) chain: Chain,
    pub(super) parameters: Vec<f32>,
    /// The layers that draw random numbers in training.
    pub(super) random: Vec<NamedDraws>,
}

/// What a classifier makes of labelled images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Judgement {
    /// The mean of `-ln p(class | image)`.
    pub(super) loss: f64,
    /// The fraction of images whose most likely class is another, from 0 to 1.
    pub(super) error: f64,
}

impl LabelledImages<'_> {
    /// Checks the numbers of images and classes.
    pub(super) fn check(&self, classes: usize) -> Result<(), TrainingError> {
        let (expected, found) = (self.images.len(), self.classes.len());
        if found != expected {
            let expected = format!("one for each of {expected} images");
            return Err(setting("classes", expected, found));
        }
        match self.classes.iter().find(|&&class| usize::from(class) >= classes) {
            Some(class) => Err(setting("classes", format!("below {classes}"), class)),
            None => Ok(()),
        }
    }
}

impl Classifier {
    /// A classifier on the encoder of an autoencoder with these parameters. The last layer's weight is drawn from the
    /// stream `init/classifier.weight` of the seed as Glorot and Bengio do, its bias is 0.
    ///
    /// # Errors
    /// [`TrainingError::NotFused`] if the kernels cannot run the network; [`TrainingError::Setting`] if there are not 2 to
    /// 256 classes, or the network is told the level of noise; [`TrainingError::Objective`] if the layout does not
    /// begin with the encoder's parameters (their names begin with `encoder.`).
    pub fn on_encoder(
        architecture: &dyn Architecture,
        parameters: &Parameters,
        classes: usize,
        seed: Seed,
    ) -> Result<Self, TrainingError> {
        if !(2..=MOST_CLASSES).contains(&classes) {
            return Err(setting("classes", format!("from 2 to {MOST_CLASSES}"), classes));
        }
        if architecture.inputs() != architecture.pixels() {
            let expected = "false for fine-tuning, which gives the network images alone";
            return Err(setting("model.noise_level", expected.to_owned(), true));
        }
        let whole = fused_chain(architecture)?;
        let views = parameters.layout().views().iter();
        let of_encoder = views.take_while(|view| view.name.starts_with("encoder."));
        let encoder = of_encoder.last().map_or(0, |view| view.range().end);
        let code = whole.code_width();
        let top = Layout::new(vec![
            ("classifier.weight".to_owned(), vec![classes, code]),
            ("classifier.bias".to_owned(), vec![classes]),
        ]);
        let (weight, bias) = (encoder, encoder.saturating_add(classes.saturating_mul(code)));
        let mut layers = whole.layers().get(..=whole.code()).unwrap_or_default().to_vec();
        layers.push(Layer::from(Dense {
            inputs: code,
            outputs: classes,
            weight: Weight::Own { offset: weight },
            bias,
            activation: Activation::Linear,
        }));
        let numbers = encoder.saturating_add(top.len());
        let chain =
            Chain::new(whole.input_shape(), layers, whole.code(), Connection::Plain, numbers)?;
        let mut values = parameters.values().get(..encoder).unwrap_or_default().to_vec();
        values.extend(Parameters::glorot_uniform(top, seed).values());
        let mut random = architecture.draws();
        random.retain(|draws| draws.index <= whole.code());
        Ok(Self { chain, parameters: values, random })
    }

    /// The number of classes.
    pub fn classes(&self) -> usize {
        self.chain.outputs()
    }

    /// The values of an image: channels times height times width.
    pub fn pixels(&self) -> usize {
        self.chain.inputs()
    }

    /// All parameters: the encoder's in its layout, then the last layer's weight, (classes, code), and its bias.
    pub fn parameters(&self) -> &[f32] {
        &self.parameters
    }

    /// The most likely class of each image; of several the first. An image has the same class in any batch.
    ///
    /// # Errors
    /// If the images are of another size.
    pub fn predict(&self, images: &Images) -> Result<Vec<u8>, TrainingError> {
        let items: Vec<u32> = (0..images.len() as u32).collect();
        let mut predicted = Vec::with_capacity(items.len());
        self.for_each_row(images, &items, |logits| predicted.push(most_likely(logits) as u8))?;
        Ok(predicted)
    }

    /// The mean loss and the fraction of errors on some of the images.
    pub(super) fn judge(
        &self,
        data: LabelledImages<'_>,
        items: &[u32],
    ) -> Result<Judgement, TrainingError> {
        let (mut loss, mut errors) = (0.0, 0_usize);
        let mut classes = items.iter().map(|&item| usize::from(data.classes[item as usize]));
        self.for_each_row(data.images, items, |logits| {
            let class = classes.next().unwrap_or_default();
            loss += negative_log_likelihood(logits, class);
            errors += usize::from(most_likely(logits) != class);
        })?;
        let count = items.len().max(1) as f64;
        Ok(Judgement { loss: loss / count, error: errors as f64 / count })
    }

    /// Calls a function with the logits of each of these images, in order.
    fn for_each_row(
        &self,
        images: &Images,
        items: &[u32],
        mut see: impl FnMut(&[f32]),
    ) -> Result<(), TrainingError> {
        self.check_size(images)?;
        let packed = PackedChain::new(&self.chain, &self.parameters)?;
        let samples = Samples::new(images, None);
        let (mut inputs, mut logits) = (Vec::new(), Vec::new());
        for items in items.chunks(BATCH) {
            inputs.resize(items.len() * self.pixels(), 0.0);
            logits.resize(items.len() * self.classes(), 0.0);
            samples.gather_into(items, 0, &mut inputs, &mut []);
            packed.reconstruct(&inputs, &mut logits)?;
            logits.chunks_exact(self.classes()).for_each(&mut see);
        }
        Ok(())
    }

    pub(super) fn check_size(&self, images: &Images) -> Result<(), TrainingError> {
        let (expected, found) = (self.pixels(), images.image_size());
        if found == expected { Ok(()) } else { Err(TrainingError::ImageSize { expected, found }) }
    }
}

/// The place of the largest number, of several the first.
fn most_likely(logits: &[f32]) -> usize {
    (0..logits.len()).fold(0, |best, class| if logits[class] > logits[best] { class } else { best })
}

/// `ln(sum exp(x)) - x[class]`, without overflow.
fn negative_log_likelihood(logits: &[f32], class: usize) -> f64 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|&logit| f64::from(logit - largest).exp()).sum();
    sum.ln() - f64::from(logits[class] - largest)
}

/// The error of a setting out of its range.
pub(super) fn setting(
    setting: &'static str,
    expected: String,
    found: impl ToString,
) -> TrainingError {
    TrainingError::Setting { setting, expected, found: found.to_string() }
}

#[cfg(test)]
mod tests {
    use ae_models::ModelSpec;

    use super::*;

    /// A classifier is given images alone.
    #[test]
    fn a_network_that_is_told_the_level_of_noise_has_no_classifier() {
        let written = r#"{"image": [2, 2], "noise_level": true,
            "encoder": [{"layer": "dense", "outputs": 3}], "decoder": [{"layer": "dense", "outputs": 4}]}"#;
        let spec: ModelSpec = serde_json::from_str(written).unwrap();
        let architecture = spec.architecture().unwrap();
        let parameters = architecture.initialise(Seed::new(1));
        let refused = Classifier::on_encoder(architecture.as_ref(), &parameters, 3, Seed::new(1))
            .unwrap_err();
        let text = refused.to_string();
        assert!(text.starts_with("model.noise_level must be false for fine-tuning"), "{text}");
    }
}

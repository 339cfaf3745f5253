//! What is served: a model, its anomaly detector, and examples of its data.

use std::path::Path;
use std::sync::OnceLock;

use ae_apply::{AnomalyDetector, Model};
use ae_dataset::InputFormat;
use ae_models::ModelKind;

use crate::{Examples, Fault, ServeError};

/// The most numbers of a batch, of items or of codes: 16 MiB before it is JSON.
const MOST_NUMBERS: usize = 1 << 22;

/// A model that is served.
pub struct Subject {
    name: String,
    held: Held,
    examples: OnceLock<Result<Examples, String>>,
}

enum Held {
    Model(Box<Model>),
    Detector(Box<AnomalyDetector>),
}

impl Subject {
    /// A model, with the detector in its file if one was fitted. `name` is shown on the page.
    ///
    /// # Errors
    /// If the detector is damaged.
    pub fn new(name: &str, model: Model) -> Result<Self, ServeError> {
        let held = match AnomalyDetector::is_in(&model) {
            true => Held::Detector(Box::new(AnomalyDetector::of_model(model, Path::new(name))?)),
            false => Held::Model(Box::new(model)),
        };
        Ok(Self { name: name.to_owned(), held, examples: OnceLock::new() })
    }

    /// Adds examples, or why there are none; once, from any thread, also while the model is served. Later ones are dropped.
    pub fn add_examples(&self, examples: Result<Examples, String>) {
        let _ = self.examples.set(examples);
    }

    /// The examples, once they are there.
    #[cfg(feature = "server")]
    pub(crate) fn examples(&self) -> Option<Result<&Examples, &str>> {
        self.examples.get().map(|examples| examples.as_ref().map_err(String::as_str))
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model.
    pub fn model(&self) -> &Model {
        match &self.held {
            Held::Model(model) => model,
            Held::Detector(detector) => detector.model(),
        }
    }

    /// The detector.
    pub(crate) fn detector(&self) -> Result<&AnomalyDetector, Fault> {
        match &self.held {
            Held::Detector(detector) => Ok(detector),
            Held::Model(_) => Err(Fault::cannot(
                "the model has no anomaly detector".to_owned(),
                "fit one to normal items with `ae anomaly fit MODEL DATA`, and start the server again",
            )),
        }
    }

    pub(crate) fn format(&self) -> &InputFormat {
        self.model().format()
    }

    /// The most items of a batch, for a bound from the settings.
    pub(crate) fn most_items(&self, batch: usize) -> usize {
        let model = self.model();
        let numbers = model.shape().size().max(model.latent_dim()).max(1);
        batch.min(MOST_NUMBERS / numbers).max(1)
    }

    pub(crate) fn is_denoiser(&self) -> bool {
        let spec = &self.model().saved().spec;
        spec.kind == ModelKind::Denoising || spec.network.noise_level
    }

    /// Whether codes have a distribution that others can be drawn from.
    pub(crate) fn is_variational(&self) -> bool {
        self.model().saved().spec.check().is_ok_and(|network| network.is_variational())
    }

    /// Why codes alone are not decoded, if they are not.
    pub(crate) fn check_decoder(&self) -> Result<(), Fault> {
        match self.model().is_residual() {
            false => Ok(()),
            true => Err(Fault::cannot(
                "the model is residual: it adds its input to what it makes of a code, so that a code alone gives no image"
                    .to_owned(),
                "train a model with `residual = false` to decode codes",
            )),
        }
    }

    /// Why noise is not removed, if it is not.
    pub(crate) fn check_denoiser(&self) -> Result<(), Fault> {
        match self.is_denoiser() {
            true => Ok(()),
            false => Err(Fault::cannot(
                "the model is a regular autoencoder, which was not trained to remove noise"
                    .to_owned(),
                "use /v1/reconstruct, or train a model with `ae train --noise gaussian:0.5`",
            )),
        }
    }

    /// Why nothing is sampled, if it is not.
    pub(crate) fn check_sampler(&self) -> Result<(), Fault> {
        match self.is_variational() {
            true => Ok(()),
            false => Err(Fault::cannot(
                "the model is no variational autoencoder: its codes have no known distribution that others could be drawn from"
                    .to_owned(),
                "train one with `ae train --network vae`",
            )),
        }
    }
}

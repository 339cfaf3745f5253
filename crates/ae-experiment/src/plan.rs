//! A spec that was checked against its data: only a [`Plan`] is trained.

use std::sync::Arc;

use ae_apply::{DataDigests, RUN, RunSettings, SCALING, check_noise};
use ae_dataset::{Dataset, Images, InputFormat};
use ae_models::{
    Architecture, DenseConfig, Device, ModelError, ModelKind, ModelSpec, Objective, Parameters,
    SavedModel,
};
use ae_random::Seed;
use ae_training::{Engine, FitConfig, SampleCorruption, Samples, TrainingState, curve_metrics};

use crate::{EngineKind, ExperimentError, Spec};

/// A spec that was checked against its data, with the architecture that follows from both.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The spec; it names the engine.
    pub spec: Spec,
    /// The data.
    pub dataset: Dataset,
    /// The network.
    pub model: ModelSpec,
    /// The network's architecture, built once.
    pub architecture: Arc<dyn Architecture>,
    /// The loss and the penalties that are minimised.
    pub objective: Objective,
    /// The engine that computes gradients.
    pub engine: EngineKind,
}

impl Plan {
    /// Checks a spec against its data and builds the architecture.
    ///
    /// The plan's spec names the engine, even if the written spec leaves it open.
    ///
    /// # Errors
    /// If a setting is outside its range, or the network or the noise does not fit the data.
    pub fn new(mut spec: Spec, dataset: Dataset, device: &Device) -> Result<Self, ExperimentError> {
        check_name("name", &spec.name)?;
        at_least_1("checkpoints.keep", spec.checkpoints.keep)?;
        at_least_1("checkpoints.every", spec.checkpoints.every as usize)?;
        check_number("training.code_l1", f64::from(spec.training.code_l1), "at least 0", |x| {
            x >= 0.0
        })?;
        check_corruption(&spec)?;
        if let Some(corruption) = &spec.corruption {
            let (shape, scaling) = (dataset.train.shape(), dataset.scaling.clone());
            check_noise(&corruption.noise, &InputFormat { shape, scaling })?;
        }
        let model = model_spec(&spec, &dataset.train);
        let architecture: Arc<dyn Architecture> = model.architecture()?.into();
        let fastest = || EngineKind::fastest(architecture.as_ref(), device);
        let engine = spec.training.engine.unwrap_or_else(fastest);
        spec.training.engine = Some(engine);
        let objective = Objective { loss: spec.training.loss, code_l1: spec.training.code_l1 };
        let metrics = curve_metrics(architecture.as_ref(), &objective);
        fit_config(&spec).check(&spec.training.optimizer, &metrics)?;
        objective.check(&model.check()?)?;
        let plan = Self { spec, dataset, model, objective, engine, architecture };
        // An engine that does not support the model or the device is refused here.
        plan.start_engine(device)?;
        Ok(plan)
    }

    /// Starts the engine on a device.
    ///
    /// # Errors
    /// If the engine does not support the model or the device.
    pub fn start_engine(&self, device: &Device) -> Result<Box<dyn Engine + '_>, ExperimentError> {
        self.engine.start(self.architecture.as_ref(), self.objective, device)
    }

    /// The state before the first step: initial parameters, and an optimizer without moments.
    pub fn initial_state(&self) -> TrainingState {
        let parameters = self.architecture.initialise(self.seed());
        TrainingState::new(parameters, self.spec.training.optimizer)
    }

    /// The settings of the training loop.
    pub fn fit_config(&self) -> FitConfig {
        fit_config(&self.spec)
    }

    /// The seed.
    pub fn seed(&self) -> Seed {
        Seed::new(self.spec.seed)
    }

    /// A weights file of the network with these parameters. The settings of the training and the scaling of a table are
    /// attached.
    ///
    /// # Errors
    /// If an attachment cannot be written as JSON.
    pub fn saved(&self, parameters: Parameters) -> Result<SavedModel, ModelError> {
        let mut saved = SavedModel::new(self.model.clone(), parameters);
        saved.attachments.set(RUN, &settings_of(&self.spec, &self.dataset))?;
        if let Some(scaling) = &self.dataset.scaling {
            saved.attachments.set(SCALING, scaling)?;
        }
        Ok(saved)
    }

    /// The training images with the corruption of training.
    pub fn train_samples(&self) -> Samples<'_> {
        self.samples(&self.dataset.train, "corruption/train")
    }

    /// The validation images, which are the data's test images, with a corruption of their own.
    pub fn validation_samples(&self) -> Samples<'_> {
        self.samples(&self.dataset.test, "corruption/validation")
    }

    fn samples<'a>(&'a self, images: &'a Images, stream: &str) -> Samples<'a> {
        let noise = self.spec.corruption.as_ref().map(|corruption| SampleCorruption {
            corruption: &corruption.noise,
            draw: corruption.drawn,
            stream: self.seed().stream(stream),
        });
        Samples::new(images, noise)
    }
}

/// The settings of the training, as the weights file holds them.
fn settings_of(spec: &Spec, dataset: &Dataset) -> RunSettings {
    let (test_fraction, data) = (dataset.held_out, DataDigests::of(dataset));
    RunSettings { test_fraction, data, ..spec.run_settings() }
}

fn fit_config(spec: &Spec) -> FitConfig {
    let training = &spec.training;
    FitConfig {
        seed: Seed::new(spec.seed),
        epochs: training.epochs,
        batch_size: training.batch_size,
        schedule: training.schedule,
        clip_norm: training.clip_norm,
        early_stopping: training.early_stopping.clone(),
    }
}

fn model_spec(spec: &Spec, images: &Images) -> ModelSpec {
    let network = &spec.model;
    let dense = DenseConfig {
        image: [images.height(), images.width()],
        channels: images.channels(),
        encoder: network.encoder.clone(),
        decoder: network.decoder.clone(),
        hidden_activation: network.hidden_activation,
        code_activation: network.code_activation,
        output_activation: network.output_activation,
        tied_weights: network.tied_weights,
    };
    ModelSpec { kind: network.kind, dense }
}

/// Checks a name that becomes the name of a folder or a file; `place` is its key in the spec.
///
/// # Errors
/// [`ExperimentError::Setting`] if it has other characters than letters, digits, `.`, `_` and `-`, or begins with a mark.
pub fn check_name(place: &'static str, name: &str) -> Result<(), ExperimentError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) {
        return Ok(());
    }
    let expected = "letters, digits, `.`, `_` and `-`, beginning with a letter or a digit";
    Err(ExperimentError::setting(place, expected, &format!("`{name}`")))
}

fn check_corruption(spec: &Spec) -> Result<(), ExperimentError> {
    let (expected, found) = match (spec.model.kind, &spec.corruption) {
        (ModelKind::Denoising, None) => ("given for a denoising model", "none"),
        (ModelKind::Regular, Some(_)) => ("left out for a regular model", "a noise"),
        _ => return Ok(()),
    };
    Err(ExperimentError::setting("corruption", expected, found))
}

fn at_least_1(place: &'static str, value: usize) -> Result<(), ExperimentError> {
    if value == 0 { Err(ExperimentError::setting(place, "at least 1", "0")) } else { Ok(()) }
}

fn check_number(
    place: &'static str,
    value: f64,
    expected: &str,
    holds: impl Fn(f64) -> bool,
) -> Result<(), ExperimentError> {
    if value.is_finite() && holds(value) {
        return Ok(());
    }
    Err(ExperimentError::setting(place, &format!("finite and {expected}"), &value.to_string()))
}

/// The validation metric of the loss.
pub(crate) fn validation_metric(plan: &Plan) -> String {
    ae_training::validation_metric(plan.spec.training.loss)
}

//! A spec that was checked against its data: only a [`Plan`] is trained.

use std::sync::Arc;

use ae_apply::{DataDigests, RUN, RunSettings, SCALING, check_noise};
use ae_dataset::{Dataset, Images, InputFormat};
use ae_models::{
    Architecture, CheckedNetwork, CodeL1, Contractive, Device, Kl, KlSparsity, ModelError,
    ModelSpec, Objective, Parameters, SavedModel,
};
use ae_random::Seed;
use ae_training::{
    BlindSpots, Counted, Engine, FitConfig, Peers, SampleCorruption, Samples, TrainingState,
    curve_metrics,
};

use crate::preflight::check_memory;
use crate::{EngineKind, ExperimentError, Spec, TrainingSpec, learned_from};

/// A spec that was checked against its data, with the architecture that follows from both.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The spec; it names the engine.
    pub spec: Spec,
    /// The data.
    pub dataset: Dataset,
    /// The model: its kind and its network.
    pub model: ModelSpec,
    /// The network, with all shapes.
    pub network: CheckedNetwork,
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
        check_table(&spec, &dataset)?;
        let model = ModelSpec {
            kind: spec.model.kind,
            network: spec.model.network_for(&dataset, spec.data.resize.unwrap_or_default())?,
        };
        let network = model.check()?;
        resolve_penalties(&mut spec, &network)?;
        learned_from::check(&spec, &dataset, &network)?;
        if let Some(corruption) = &spec.corruption {
            let (shape, scaling) = (dataset.train.shape(), dataset.scaling.clone());
            check_noise(&corruption.noise, &InputFormat { shape, scaling })?;
        }
        let architecture: Arc<dyn Architecture> = model.architecture()?.into();
        let fastest = || EngineKind::fastest(architecture.as_ref(), device);
        let engine = spec.training.engine.unwrap_or_else(fastest);
        spec.training.engine = Some(engine);
        let objective = objective(&spec.training);
        let metrics = curve_metrics(architecture.as_ref(), &objective, counted(&spec));
        fit_config(&spec).check(&spec.training.optimizer, &metrics)?;
        architecture.check_objective(&objective)?;
        let plan = Self { spec, dataset, model, network, objective, engine, architecture };
        check_memory(&plan)?;
        // An engine that does not support the model or the device is refused here.
        plan.start_engine(device)?;
        Ok(plan)
    }

    /// Starts the engine on a device.
    ///
    /// # Errors
    /// If the engine does not support the model or the device.
    pub fn start_engine(&self, device: &Device) -> Result<Box<dyn Engine + '_>, ExperimentError> {
        self.start_engine_among(device, None)
    }

    /// Starts the engine of one of several processes, if there are peers.
    pub(crate) fn start_engine_among(
        &self,
        device: &Device,
        peers: Option<Arc<dyn Peers>>,
    ) -> Result<Box<dyn Engine + '_>, ExperimentError> {
        self.engine.start(self.architecture.as_ref(), self.objective.clone(), device, peers)
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

    /// The training images with the corruption of training; or patches, which every epoch cuts anew.
    pub fn train_samples(&self) -> Samples<'_> {
        let inputs = self.dataset.inputs.as_ref().map(|inputs| &inputs.train);
        let samples = self.samples(&self.dataset.train, inputs, "train");
        let samples = self.with_blind_spots(samples, "train");
        match &self.dataset.patches {
            Some(patches) => samples.cut_from(patches),
            None => samples,
        }
    }

    /// The validation images, which are the data's test images, with a corruption and blind spots of their own.
    pub fn validation_samples(&self) -> Samples<'_> {
        self.with_blind_spots(self.shown_samples(), "validation")
    }

    /// The validation images as a trained model gets them: nothing is hidden.
    pub fn shown_samples(&self) -> Samples<'_> {
        let inputs = self.dataset.inputs.as_ref().map(|inputs| &inputs.test);
        self.samples(&self.dataset.test, inputs, "validation")
    }

    /// Which numbers of an image the loss counts.
    pub fn counted(&self) -> Counted {
        counted(&self.spec)
    }

    fn samples<'a>(
        &'a self,
        images: &'a Images,
        inputs: Option<&'a Images>,
        half: &str,
    ) -> Samples<'a> {
        let noise = self.spec.corruption.as_ref().map(|corruption| SampleCorruption {
            corruption: &corruption.noise,
            draw: corruption.drawn,
            stream: self.seed().stream(&format!("corruption/{half}")),
        });
        let samples = Samples::new(images, noise);
        match inputs {
            Some(inputs) => samples.with_inputs(inputs),
            None => samples,
        }
    }

    fn with_blind_spots<'a>(&self, samples: Samples<'a>, half: &str) -> Samples<'a> {
        let Some(fraction) = self.spec.training.blind_spot else { return samples };
        let stream = self.seed().stream(&format!("blind-spots/{half}"));
        samples.with_blind_spots(BlindSpots::new(fraction, stream))
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
        kl_warm_up: training.kl_warm_up,
        early_stopping: training.early_stopping.clone(),
    }
}

/// Why a layer that compares neighbours does not suit a table.
pub(crate) const NO_NEIGHBOURS: &str =
    "compares neighbours, and the order of a table's columns means nothing";

/// Refuses a table for a network whose layers compare neighbours.
///
/// # Errors
/// [`ExperimentError::Setting`].
pub(crate) fn check_table(spec: &Spec, dataset: &Dataset) -> Result<(), ExperimentError> {
    let name = spec.model.name();
    if dataset.scaling.is_none() || !name.is_convolutional() {
        return Ok(());
    }
    let expected = format!("dense or vae for a table: a convolution {NO_NEIGHBOURS}");
    Err(ExperimentError::setting("model.network", &expected, &name.to_string()))
}

/// The mean activation of sparse units where none is said (Ng, CS294A lecture notes, "Sparse autoencoder").
const SPARSITY_TARGET: f32 = 0.05;

/// Checks the penalties' settings, and writes those that follow from the network.
fn resolve_penalties(spec: &mut Spec, network: &CheckedNetwork) -> Result<(), ExperimentError> {
    let training = &mut spec.training;
    for (place, weight) in [
        ("training.code_l1", training.code_l1),
        ("training.kl_weight", training.kl_weight),
        ("training.sparsity_weight", training.sparsity_weight),
        ("training.contractive_weight", training.contractive_weight),
    ] {
        let weight = f64::from(weight.unwrap_or_default());
        check_number(place, weight, "at least 0", |weight| weight >= 0.0)?;
    }
    if network.is_variational() {
        training.kl_weight.get_or_insert(1.0);
    }
    if let Some(epochs) = training.kl_warm_up.filter(|_| training.kl_weight.is_none()) {
        let expected = "left out where there is no `kl_weight`";
        let place = "training.kl_warm_up";
        return Err(ExperimentError::setting(place, expected, &epochs.to_string()));
    }
    if training.sparsity_weight.is_some() {
        training.sparsity_target.get_or_insert(SPARSITY_TARGET);
    }
    if let Some(target) = training.sparsity_target {
        let place = "training.sparsity_target";
        if training.sparsity_weight.is_none() {
            let expected = "left out where there is no `sparsity_weight`";
            return Err(ExperimentError::setting(place, expected, &target.to_string()));
        }
        let holds = |target| target > 0.0 && target < 1.0;
        check_number(place, f64::from(target), "above 0 and below 1", holds)?;
    }
    Ok(())
}

/// The loss and the penalties.
fn objective(training: &TrainingSpec) -> Objective {
    let mut objective = Objective::new(training.loss);
    if let Some(weight) = training.code_l1.filter(|&weight| weight != 0.0) {
        objective = objective.with(CodeL1 { weight });
    }
    if let Some(weight) = training.kl_weight {
        objective = objective.with(Kl { weight });
    }
    if let (Some(weight), Some(target)) = (training.sparsity_weight, training.sparsity_target) {
        objective = objective.with(KlSparsity { target, weight });
    }
    if let Some(weight) = training.contractive_weight {
        objective = objective.with(Contractive { weight });
    }
    objective
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
    ae_training::validation_metric(plan.spec.training.loss, plan.counted())
}

pub(crate) fn counted(spec: &Spec) -> Counted {
    if spec.training.blind_spot.is_some() { Counted::BlindSpots } else { Counted::All }
}

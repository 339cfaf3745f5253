//! Spec to record: the one place that puts concrete data, noise and model together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ae_dataset::{Dataset, ImageShape, Network, Progress, Source, load};
use ae_files::FileError;
use ae_models::{Device, Parameters};
use ae_random::Seed;
use ae_training::{
    Background, Checkpoints, CsvCurve, Event, Observer, TrainingData, TrainingError, TrainingState,
    best_epoch, fit,
};

use crate::folder::{Claim, Existing, RunFolder};
use crate::plan::{Plan, validation_metric};
use crate::preflight::Preflight;
use crate::trained::{Outcome, Trained};
use crate::{Adaptation, ExperimentError, Spec};

/// How a run is carried out: nothing here changes its result.
pub struct RunOptions<'a> {
    /// Where the model is trained.
    pub device: Device,
    /// Whether data may be fetched.
    pub network: Network,
    /// Hears of a download.
    pub progress: &'a mut dyn Progress,
    /// Hears of the training.
    pub observer: Box<dyn Observer + 'a>,
}

/// Trains a model by its spec into a new folder.
///
/// `adaptation` says what of the spec follows from the data.
///
/// The spec is written before the first step, the record after the last.
///
/// # Errors
/// If the spec or its data is invalid, the folder is taken, or training fails. What was written
/// until then stays and can be resumed.
pub fn train(
    mut spec: Spec,
    adaptation: &Adaptation,
    folder: &Path,
    existing: Existing,
    options: RunOptions,
) -> Result<Outcome, ExperimentError> {
    let RunOptions { device, network, progress, observer } = options;
    if spec.study.is_some() {
        return Err(ExperimentError::Study { name: spec.name });
    }
    // Before anything is fetched.
    let claim = Claim::new(folder, existing)?;
    adaptation.before_reading(&mut spec);
    let (mut spec, dataset) = resolve(spec, network, progress)?;
    adaptation.after_reading(&mut spec, &dataset, progress)?;
    let plan = Plan::new(spec, dataset, &device)?;
    let preflight = Preflight::of(&plan)?;
    let (toml, identity) = (plan.spec.to_toml()?, plan.identity()?);
    let state = initial_state(&plan);
    progress.chose(&preflight.announcement(&plan));
    preflight.warn(&plan);
    // All that can be refused has been: now an earlier run may go.
    let folder = claim.take()?;
    ae_files::write_atomic(&folder.spec(), toml.as_bytes())?;
    let checkpoints =
        Checkpoints::open(&folder.checkpoints(), identity, plan.spec.checkpoints.keep)?
            .every(plan.spec.checkpoints.every);
    run(&plan, &preflight, &folder, state, &checkpoints, device, observer)
}

/// The state before the first epoch: initial parameters, and an optimizer without steps.
pub fn initial_state(plan: &Plan) -> TrainingState {
    let parameters = plan.architecture.initialise(plan.seed());
    TrainingState::new(parameters, plan.spec.training.optimizer)
}

/// Loads the data, says so if other data stands in, and writes into the spec what it turned out to
/// be, so that a resumed run finds the same.
///
/// # Errors
/// If the data cannot be had or is damaged.
pub fn resolve(
    mut spec: Spec,
    network: Network,
    progress: &mut dyn Progress,
) -> Result<(Spec, Dataset), ExperimentError> {
    let Ok(source) = spec.data.source.parse::<Source>();
    let options = spec.data.load_options(Seed::new(spec.seed));
    let mut dataset = load(&source, &options, network, progress)?;
    if let Some(sentence) = &dataset.origin.substituted {
        tracing::warn!("{sentence}");
    } else {
        dataset.origin.substituted = spec.data.substituted.take();
    }
    spec.data.substituted = dataset.origin.substituted.clone();
    let source = found_source(&dataset)?;
    if let Source::Path(path) = &source {
        // As it is after a resume, wherever that is started.
        dataset.origin.location = path.display().to_string();
    }
    spec.data.source = source.to_string();
    spec.data.test_fraction = dataset.held_out;
    if dataset.origin.name == "pictures" {
        let ImageShape { channels, height, width } = dataset.train.shape();
        spec.data.size = Some([height, width]);
        spec.data.channels = Some(channels);
    }
    Ok((spec, dataset))
}

/// Where the data was found: a folder or a file by its full path, anything else by its name.
fn found_source(dataset: &Dataset) -> Result<Source, ExperimentError> {
    let location = Path::new(&dataset.origin.location);
    if !location.exists() {
        let Ok(source) = dataset.origin.name.parse();
        return Ok(source);
    }
    let path = location.to_owned();
    let absolute = location.canonicalize().map_err(|source| FileError::Read { path, source })?;
    Ok(Source::Path(absolute))
}

pub(crate) fn run(
    plan: &Plan,
    preflight: &Preflight,
    folder: &RunFolder,
    mut state: TrainingState,
    checkpoints: &Checkpoints,
    device: Device,
    observer: Box<dyn Observer + '_>,
) -> Result<Outcome, ExperimentError> {
    let background = || Arc::clone(checkpoints.background());
    let curve = CsvCurve::new(&folder.curve(), background());
    let (path, background) = (folder.best_model(), background());
    let best = BestModel { plan, path, background, unwritten: None };
    let mut observers: Vec<Box<dyn Observer + '_>> =
        vec![Box::new(curve), Box::new(best), observer];
    let resumed_after = Some(state.completed_epochs()).filter(|&epochs| epochs > 0);
    let seconds = fit_plan(plan, &mut state, Some(checkpoints), &device, &mut observers)?;

    Trained { plan, preflight, folder, state: &state, device: &device, seconds, resumed_after }
        .finish()
}

/// Trains to the plan's last epoch; the wall time of it in seconds.
///
/// # Errors
/// If training, or the observer, fails.
pub fn fit_plan(
    plan: &Plan,
    state: &mut TrainingState,
    checkpoints: Option<&Checkpoints>,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<f64, ExperimentError> {
    let mut engine = plan.engine.start(plan.architecture.as_ref(), plan.objective, device)?;
    let (train, validation) = (plan.train_samples(), plan.validation_samples());
    let data = TrainingData { train: &train, validation: &validation };
    let config = plan.fit_config();
    warn_of_one_batch(plan);
    let started = Instant::now();
    // From inside the pool: entering it from outside at every step would put this thread to sleep.
    rayon::scope(|_| fit(engine.as_mut(), data, &config, state, checkpoints, observer))?;
    Ok(started.elapsed().as_secs_f64())
}

fn warn_of_one_batch(plan: &Plan) {
    let (batch_size, images) = (plan.spec.training.batch_size, plan.dataset.train.len());
    if batch_size > images {
        tracing::warn!(
            "the batch size {batch_size} is above the {images} training images: an epoch is one batch"
        );
    }
}

/// Keeps the model of the epoch with the lowest validation loss.
struct BestModel<'a> {
    plan: &'a Plan,
    path: PathBuf,
    background: Arc<Background>,
    /// The best parameters, if they are newer than the last checkpoint.
    unwritten: Option<Parameters>,
}

impl Observer for BestModel<'_> {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        let is_kept = match event {
            Event::EpochEnded { record, state, is_kept } => {
                if best_epoch(state.curve(), validation_metric(self.plan)) == Some(record.epoch) {
                    self.unwritten = Some(state.parameters().clone());
                }
                *is_kept
            }
            Event::Stopping { .. } => true,
            _ => false,
        };
        if is_kept && let Some(parameters) = self.unwritten.take() {
            let (saved, path) = (self.plan.saved(parameters)?, self.path.clone());
            self.background.run(move || Ok(saved.save(&path)?))?;
        }
        Ok(())
    }
}

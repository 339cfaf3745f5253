//! Training by a spec into a folder: `train` resolves the data, checks the plan, and trains.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use ae_dataset::{
    Dataset, DatasetError, ImageShape, Network, Origin, PatchSource, Progress, Resize, Source, load,
};
use ae_files::FileError;
use ae_models::{Device, Parameters};
use ae_random::Seed;
use ae_training::{
    Background, Checkpoints, CsvCurve, Engine, Event, FitOutcome, Observer, Peers, StopTogether,
    TrainingData, TrainingError, TrainingState, best_epoch, deciding_metric, fit, share_state,
};

use crate::finish::{Finish, Outcome, Together};
use crate::folder::{Claim, Existing, RunFolder};
use crate::live::{Attendant, LiveTraining};
use crate::page::try_to_write_page;
use crate::plan::Plan;
use crate::preflight::Preflight;
use crate::tensorboard::EventFile;
use crate::together::agree_on;
use crate::{Adaptation, DataSpec, ExperimentError, Spec, TensorBoard};

/// The longest side of an image that is read, in pixels.
const MOST_SIDE: usize = 8192;

/// The options of a run that do not change its result.
pub struct RunOptions<'a> {
    /// The device that trains the model.
    pub device: Device,
    /// Whether data may be downloaded.
    pub network: Network,
    /// Is told of downloads, and of settings that were chosen.
    pub progress: &'a mut dyn Progress,
    /// Is told of the training.
    pub observer: Box<dyn Observer + 'a>,
    /// Whether an event file is written.
    pub tensorboard: TensorBoard,
    /// Is told how far the training is, and stops it.
    pub live: Option<LiveTraining>,
    /// The processes that train together, if there are several: this is rank 0 of them, and the others call
    /// [`train_beside`](crate::train_beside) or [`resume_beside`](crate::resume_beside).
    pub peers: Option<Arc<dyn Peers>>,
}

/// The CPU, no downloads, and nothing that listens.
impl Default for RunOptions<'_> {
    fn default() -> Self {
        Self {
            device: Device::Cpu,
            network: Network::Offline,
            // `()` takes no memory, so that nothing is leaked.
            progress: Box::leak(Box::new(())),
            observer: Box::new(Vec::<Box<dyn Observer>>::new()),
            tensorboard: TensorBoard::Off,
            live: None,
            peers: None,
        }
    }
}

/// What trains a plan and listens to it.
pub(crate) struct Trainer<'a> {
    pub(crate) device: Device,
    pub(crate) observer: Box<dyn Observer + 'a>,
    pub(crate) tensorboard: TensorBoard,
    pub(crate) live: Option<LiveTraining>,
    pub(crate) peers: Option<Arc<dyn Peers>>,
}

/// Trains a model by its spec into a new folder. `adaptation` completes the spec from the data.
///
/// `spec.toml` is written before the first step, `record.json` after everything else.
///
/// # Errors
/// If the spec does not fit the data, the folder is taken ([`ExperimentError::RunExists`]), training fails, or the
/// observer asks it to stop ([`ExperimentError::Stopped`]). The files that were written until then stay, and the run
/// can be resumed.
pub fn train(
    mut spec: Spec,
    adaptation: &Adaptation,
    folder: &Path,
    existing: Existing,
    options: RunOptions,
) -> Result<Outcome, ExperimentError> {
    let RunOptions { device, network, progress, observer, tensorboard, live, peers } = options;
    if spec.study.is_some() {
        return Err(ExperimentError::Study { name: spec.name });
    }
    // A folder that is taken is refused before anything is downloaded.
    let claim = Claim::new(folder, existing)?;
    adaptation.before_reading(&mut spec);
    let (mut spec, dataset) = resolve(spec, folder, network, progress)?;
    adaptation.after_reading(&mut spec, &dataset, progress)?;
    let plan = Plan::new(spec, dataset, &device)?;
    let preflight = Preflight::of(&plan);
    let (toml, identity) = (plan.spec.to_toml()?, plan.identity()?);
    let mut state = plan.initial_state();
    if let Some(peers) = &peers {
        agree_on(&plan, peers.as_ref(), progress)?;
    }
    progress.chose(&preflight.announcement(&plan));
    preflight.notes.iter().for_each(|note| progress.chose(note));
    preflight.warn(&plan);
    // Everything that can be refused was checked: from here on an earlier run may be removed.
    let folder = claim.take()?;
    ae_files::write_atomic(&folder.spec(), toml.as_bytes())?;
    let checkpoints =
        Checkpoints::open(&folder.checkpoints(), identity, plan.spec.checkpoints.keep)?
            .every(plan.spec.checkpoints.every);
    peers.as_deref().map_or(Ok(()), |peers| share_state(peers, &mut state))?;
    let trainer = Trainer { device, observer, tensorboard, live, peers };
    run(&plan, &preflight, &folder, state, &checkpoints, trainer)
}

/// Loads the data and writes into the spec what was found: path, shape, held-out fraction, and the reason of a
/// substitution. A resumed run then finds the same data.
///
/// The rows of a mapped table are kept in a temporary file without a name in the run's `folder`, or in the nearest folder
/// above it that exists.
///
/// # Errors
/// If the data cannot be found or is damaged.
pub fn resolve(
    mut spec: Spec,
    folder: &Path,
    network: Network,
    progress: &mut dyn Progress,
) -> Result<(Spec, Dataset), ExperimentError> {
    check_data(&spec.data)?;
    let Ok(source) = spec.data.source.parse::<Source>();
    let scratch = folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let options = spec.data.load_options(Seed::new(spec.seed), scratch.to_owned());
    let mut dataset = load(&source, &options, network, progress)?;
    if let Some(sentence) = &dataset.origin.substituted {
        tracing::warn!("{sentence}");
    } else {
        dataset.origin.substituted = spec.data.substituted.take();
    }
    spec.data.substituted = dataset.origin.substituted.clone();
    let source = found_source(&dataset)?;
    if let Some(path) = source.path() {
        // The full path, so that a resume from another folder writes the same.
        dataset.origin.location = path.display().to_string();
    }
    spec.data.source = source.to_string();
    spec.data.test_fraction = dataset.held_out;
    if dataset.scaling.is_some() {
        spec.ask_about_rows();
    }
    if dataset.origin.name == "pictures" {
        let ImageShape { channels, height, width } = dataset.train.shape();
        // Patches have a size of their own.
        spec.data.size = dataset.patches.is_none().then_some([height, width]);
        spec.data.channels = Some(channels);
    }
    spec.data.patches = dataset.patches.as_ref().map(PatchSource::options);
    if let Some(inputs) = &mut dataset.inputs {
        inputs.target = absolute(Path::new(&inputs.target))?.display().to_string();
        spec.data.target = Some(inputs.target.clone());
    }
    Ok((spec, dataset))
}

/// Checks the settings of the data that need no data.
fn check_data(data: &DataSpec) -> Result<(), ExperimentError> {
    if let Some(side) = data.size.iter().flatten().find(|side| !(1..=MOST_SIDE).contains(*side)) {
        let expected = format!("from 1 to {MOST_SIDE}");
        return Err(ExperimentError::setting("data.size", &expected, &side.to_string()));
    }
    if let Some(channels) = data.channels.filter(|channels| ![1, 3].contains(channels)) {
        return Err(ExperimentError::setting("data.channels", "1 or 3", &channels.to_string()));
    }
    if let Some(patches) = &data.patches {
        patches.check().map_err(DatasetError::from)?;
        let resize = data.resize.filter(|&resize| resize != Resize::None);
        let size = data.size.map(|[height, width]| ("data.size", format!("{height} x {width}")));
        if let Some((key, found)) = size.or(resize.map(|it| ("data.resize", it.to_string()))) {
            let expected =
                "left out with data.patches: patches are cut from pictures in their own sizes";
            return Err(ExperimentError::setting(key, expected, &found));
        }
    }
    match data.test_fraction.filter(|fraction| !(*fraction > 0.0 && *fraction < 1.0)) {
        Some(fraction) => {
            let expected = "above 0 and below 1";
            Err(ExperimentError::setting("data.test_fraction", expected, &fraction.to_string()))
        }
        None => Ok(()),
    }
}

/// The source that was found: a folder or a file by its full path, a data set by its name, or a variation of these.
fn found_source(dataset: &Dataset) -> Result<Source, ExperimentError> {
    let Origin { name, location, variation, .. } = &dataset.origin;
    let location = Path::new(location);
    if !location.exists() {
        let Ok(source) = name.parse();
        return Ok(source);
    }
    let found = Source::Path(absolute(location)?);
    Ok(match *variation {
        Some(variation) => Source::Variation { variation, of: Box::new(found) },
        None => found,
    })
}

fn absolute(path: &Path) -> Result<PathBuf, FileError> {
    path.canonicalize().map_err(|source| FileError::Read { path: path.to_owned(), source })
}

/// Trains a plan from a state into a folder, and writes its results.
pub(crate) fn run(
    plan: &Plan,
    preflight: &Preflight,
    folder: &RunFolder,
    state: TrainingState,
    checkpoints: &Checkpoints,
    trainer: Trainer<'_>,
) -> Result<Outcome, ExperimentError> {
    thread::scope(|scope| {
        let attendant = trainer.live.as_ref().map(|live| Attendant::start(scope, live, plan));
        run_attended(plan, preflight, folder, state, checkpoints, trainer, attendant.as_ref())
    })
}

fn run_attended(
    plan: &Plan,
    preflight: &Preflight,
    folder: &RunFolder,
    mut state: TrainingState,
    checkpoints: &Checkpoints,
    trainer: Trainer<'_>,
    attendant: Option<&Attendant>,
) -> Result<Outcome, ExperimentError> {
    let Trainer { device, observer, tensorboard, live, peers } = trainer;
    let processes = peers.as_ref().map_or(1, |peers| peers.ranks());
    let background = || Arc::clone(checkpoints.background());
    let curve = CsvCurve::new(&folder.curve(), background());
    let (path, background) = (folder.best_model(), background());
    let best = BestModel { plan, path, background, unwritten: None };
    let events =
        |state: &TrainingState| EventFile::of(tensorboard, plan, folder, checkpoints, state);
    let mut observers: Vec<Box<dyn Observer + '_>> = vec![Box::new(curve), Box::new(best)];
    observers.extend(events(&state)?.map(|events| Box::new(events) as Box<dyn Observer>));
    observers.push(observer);
    observers.extend(live.map(|live| Box::new(live) as Box<dyn Observer>));
    observers.extend(attendant.map(|it| Box::new(it.listener()) as Box<dyn Observer>));
    let resumed_after = Some(state.completed_epochs()).filter(|&epochs| epochs > 0);
    let mut engine = plan.start_engine_among(&device, peers.clone())?;
    let mut listening: Box<dyn Observer + '_> = match &peers {
        Some(peers) => Box::new(StopTogether::new(Box::new(observers), Arc::clone(peers))),
        None => Box::new(observers),
    };
    let sent = || peers.as_ref().map_or(0, |peers| peers.sent_bytes());
    let (steps_before, sent_before) = (state.steps(), sent());
    let observer = listening.as_mut();
    let seconds = fit_with(engine.as_mut(), plan, &mut state, Some(checkpoints), observer)?;
    drop(listening);
    let steps = state.steps() - steps_before;
    let sent_a_step = (sent() - sent_before).checked_div(steps).filter(|_| processes > 1);
    events(&state)?.map_or(Ok(()), |events| events.complete(&state))?;
    let model = engine.inference()?;
    let (state, device) = (&state, &device);
    let model = model.as_ref();
    let together = Together { processes, sent_a_step };
    let finish =
        Finish { plan, preflight, folder, state, model, device, seconds, resumed_after, together };
    let outcome = finish.finish()?;
    try_to_write_page(folder.path());
    Ok(outcome)
}

/// Trains to the plan's last epoch and returns the wall time in seconds.
///
/// # Errors
/// If the engine, a write of a checkpoint or the observer fails, and [`ExperimentError::Stopped`] if the observer asks
/// the training to stop.
pub fn fit_plan(
    plan: &Plan,
    state: &mut TrainingState,
    checkpoints: Option<&Checkpoints>,
    device: &Device,
    observer: &mut dyn Observer,
) -> Result<f64, ExperimentError> {
    fit_with(plan.start_engine(device)?.as_mut(), plan, state, checkpoints, observer)
}

pub(crate) fn fit_with(
    engine: &mut dyn Engine,
    plan: &Plan,
    state: &mut TrainingState,
    checkpoints: Option<&Checkpoints>,
    observer: &mut dyn Observer,
) -> Result<f64, ExperimentError> {
    let (train, validation) = (plan.train_samples(), plan.validation_samples());
    let data = TrainingData { train: &train, validation: &validation };
    let config = plan.fit_config();
    warn_of_one_batch(plan);
    let started = Instant::now();
    // On a thread of the pool: entering the pool from outside at every step would put this thread to sleep each time.
    let outcome = rayon::scope(|_| fit(engine, data, &config, state, checkpoints, observer))?;
    if outcome == FitOutcome::StoppedByObserver {
        return Err(ExperimentError::Stopped { completed_epochs: state.completed_epochs() });
    }
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

/// Writes the model of the epoch with the lowest validation loss.
struct BestModel<'a> {
    plan: &'a Plan,
    path: PathBuf,
    background: Arc<Background>,
    /// The best parameters, if they are newer than the newest checkpoint.
    unwritten: Option<Parameters>,
}

impl Observer for BestModel<'_> {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        let is_kept = match event {
            Event::EpochEnded { record, state, is_kept } => {
                if best_epoch(
                    state.curve(),
                    &deciding_metric(
                        self.plan.architecture.as_ref(),
                        &self.plan.objective,
                        self.plan.counted(),
                    ),
                ) == Some(record.epoch)
                {
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

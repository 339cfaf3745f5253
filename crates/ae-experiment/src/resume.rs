//! Resuming a run: after a kill, or for more epochs than it was begun with.

use std::path::Path;

use ae_dataset::{Dataset, Progress};
use ae_files::counted_as;
use ae_training::{Checkpoints, Schedule, TrainingError, TrainingState, curve_csv, share_state};

use crate::folder::RunFolder;
use crate::identity::told_changes;
use crate::plan::Plan;
use crate::preflight::Preflight;
use crate::run::{Trainer, resolve, run};
use crate::together::agree_on;
use crate::{ExperimentError, Outcome, RunOptions, Spec};

/// What is changed when a run is resumed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResumeChanges {
    /// The new number of epochs in all, including those that are done.
    pub epochs: Option<u32>,
    /// The new path of the same data.
    pub data: Option<String>,
    /// The new path of the same partners of its pictures.
    pub target: Option<String>,
}

/// The spec of the run or study in a folder.
///
/// # Errors
/// [`ExperimentError::NoRun`] if there is none, and as [`Spec::read`].
pub fn begun_spec(folder: &Path) -> Result<Spec, ExperimentError> {
    let spec = folder.join("spec.toml");
    if !spec.is_file() {
        return Err(ExperimentError::NoRun { path: folder.to_owned(), missing: "spec.toml" });
    }
    Spec::read(&spec)
}

/// Resumes a run. It ends with the same weights and the same curve as a run that was not interrupted.
///
/// A finished run is evaluated and drawn again; an anomaly detector and a codec stay in its weights file.
///
/// With more epochs, a finished run goes on. With every schedule but the cosine it ends with the weights of a run that
/// was begun with as many epochs. Early stopping that ended the run is removed from the spec; otherwise it stays in
/// force.
/// [`Progress::chose`] is told of this.
///
/// # Errors
/// As [`train`](crate::train). Nothing is changed if the folder holds no run, another process writes into it, data or
/// settings have changed ([`ExperimentError::Changed`]), or more epochs are done than asked for.
pub fn resume(
    folder: &Path,
    changes: &ResumeChanges,
    options: RunOptions,
) -> Result<Outcome, ExperimentError> {
    let RunOptions { device, network, progress, observer, tensorboard, live, peers } = options;
    let (path, folder) = (folder, RunFolder::open(folder)?);
    let written = Spec::read(&folder.spec())?;
    if written.study.is_some() {
        return Err(ExperimentError::Study { name: written.name });
    }
    let (spec, dataset) = resolve(changes.applied_to(&written), path, network, progress)?;
    check_size(path, &spec, &dataset)?;
    let mut plan = Plan::new(spec, dataset, &device).map_err(|error| match error {
        // The network has fitted the data before.
        ExperimentError::ImageSize { found: [height, width], .. } => ExperimentError::Changed {
            path: path.to_owned(),
            changes: format!(
                "its images are {height} x {width} now, which its network does not fit"
            ),
        },
        error => error,
    })?;
    let keep = plan.spec.checkpoints.keep;
    let identity = plan.identity()?.or_former(plan.former_digest(&Spec::text(&folder.spec())?));
    let checkpoints = Checkpoints::open(&folder.checkpoints(), identity, keep)?
        .every(plan.spec.checkpoints.every);
    if let Some(peers) = &peers {
        agree_on(&plan, peers.as_ref(), progress)?;
    }
    let mut state = match checkpoints.newest()? {
        None => {
            progress.chose("there is no checkpoint yet: the training starts from the beginning");
            plan.initial_state()
        }
        Some(_) => {
            let optimizer = plan.spec.training.optimizer;
            let loaded = checkpoints.load_newest(plan.architecture.layout(), optimizer);
            let (state, faults) = loaded.map_err(|error| match error {
                TrainingError::OtherRun { difference, .. } => ExperimentError::Changed {
                    path: path.to_owned(),
                    changes: told_changes(&difference, items(&plan.dataset)),
                },
                error => error.into(),
            })?;
            faults.iter().for_each(|fault| tracing::warn!("{fault}; going on from an older one"));
            state
        }
    };
    peers.as_deref().map_or(Ok(()), |peers| share_state(peers, &mut state))?;
    if changes.epochs.is_some() {
        lengthened(&mut plan, &written, &state, progress)?;
    }
    folder.remove_temporaries()?;
    if plan.spec != written {
        // The checkpoint is written before the spec: it then fits both specs, whenever the process is killed.
        if state.completed_epochs() > 0 {
            checkpoints.save(&state)?;
            checkpoints.finish()?;
        }
        ae_files::write_atomic(&folder.spec(), plan.spec.to_toml()?.as_bytes())?;
    }
    if !is_over(&plan, &state) {
        folder.remove_results()?;
    } else if folder.record().is_file() {
        progress.chose("the run had finished before: only its metrics and figures are made again");
    }
    if state.completed_epochs() > 0 {
        // After a kill or a damaged checkpoint, the file may hold epochs that are not in the state.
        ae_files::write_atomic(&folder.curve(), curve_csv(state.curve()).as_bytes())?;
    }
    let trainer = Trainer { device, observer, tensorboard, live, peers };
    run(&plan, &Preflight::of(&plan), &folder, state, &checkpoints, trainer)
}

impl ResumeChanges {
    /// The spec with these changes.
    pub fn applied_to(&self, written: &Spec) -> Spec {
        let mut spec = written.clone();
        if let Some(source) = &self.data {
            spec.data.source.clone_from(source);
            spec.data.substituted = None;
        }
        if let Some(target) = &self.target {
            spec.data.target = Some(target.clone());
        }
        if let Some(epochs) = self.epochs {
            spec.training.epochs = epochs;
        }
        spec
    }
}

/// Refuses data whose items do not have as many values as the run's.
fn check_size(run: &Path, spec: &Spec, dataset: &Dataset) -> Result<(), ExperimentError> {
    let found = dataset.train.image_size();
    match spec.model.dense().and_then(|dense| dense.encoder.first()) {
        Some(&expected) if expected != found => Err(ExperimentError::OtherSize {
            path: run.to_owned(),
            source_name: spec.data.source.clone(),
            items: items(dataset),
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

/// What the items of a data set are called.
fn items(dataset: &Dataset) -> &'static str {
    if dataset.scaling.is_some() { "rows" } else { "images" }
}

/// Whether no epoch is left to train.
fn is_over(plan: &Plan, state: &TrainingState) -> bool {
    let training = &plan.spec.training;
    let stops = training.early_stopping.as_ref().is_some_and(|it| it.should_stop(state.curve()));
    state.completed_epochs() >= training.epochs || stops
}

/// Checks a new number of epochs, and says what it means for early stopping and for the learning rate.
pub(crate) fn lengthened(
    plan: &mut Plan,
    written: &Spec,
    state: &TrainingState,
    progress: &mut dyn Progress,
) -> Result<(), ExperimentError> {
    let (done, planned) = (state.completed_epochs(), plan.spec.training.epochs);
    if planned < done {
        let expected = format!("at least {done}, the epochs that are done");
        return Err(ExperimentError::setting("training.epochs", &expected, &planned.to_string()));
    }
    if planned == done || planned == written.training.epochs {
        return Ok(());
    }
    if let Some(stopping) = &plan.spec.training.early_stopping {
        let metric = &stopping.metric;
        if stopping.should_stop(state.curve()) {
            progress.chose(&format!(
                "early stopping had ended the run after epoch {done}, because {metric} no longer fell; it is \
                 lifted, and removed from the spec"
            ));
            plan.spec.training.early_stopping = None;
        } else {
            progress.chose(&format!(
                "early stopping stays in force: the run ends before epoch {planned} if {metric} no longer falls"
            ));
        }
    }
    progress.chose(&meaning(plan, written.training.epochs, state));
    Ok(())
}

/// What a new number of epochs means for the learning rate, as a sentence.
fn meaning(plan: &Plan, before: u32, state: &TrainingState) -> String {
    let training = &plan.spec.training;
    let (done, epochs) = (state.completed_epochs(), training.epochs);
    let asked = counted_as(epochs as usize, "epoch");
    if !matches!(training.schedule, Schedule::Cosine { .. }) {
        return format!(
            "{asked} instead of {before}: the learning rate does not depend on their number, so the result \
             is that of a run of {asked}"
        );
    }
    let batches = plan.dataset.train.len().div_ceil(training.batch_size) as u64;
    let at = |epochs| ae_training::StepPosition {
        step: u64::from(done) * batches,
        steps_per_epoch: batches,
        epochs,
    };
    let rate = training.optimizer.learning_rate() * training.schedule.factor(at(epochs));
    let last = state.curve().last().map_or(rate, |row| row.learning_rate);
    format!(
        "{asked} instead of {before}: the cosine of the learning rate is stretched over all {epochs}, so it \
         jumps from {last:.3e} after epoch {done} to {rate:.3e}, and the result is not that of a run that was begun \
         with {asked}"
    )
}

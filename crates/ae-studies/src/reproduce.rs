//! The experiments of this crate, run one after the other and compared with the published numbers.
//!
//! ```text
//! for each experiment: train or run_study -> Record; then rows for a table, summary.json, report.html
//! ```

mod experiments;
mod folder;
mod report;
mod summary;
mod table;

use std::path::{Path, PathBuf};

use ae_dataset::{Network, Progress, Source};
use ae_experiment::{
    Adaptation, DatasetRecord, Existing, ExperimentError, Record, RunOptions, Spec, StudySpec,
    TensorBoard, train,
};
use ae_models::Device;
use ae_training::Observer;

use crate::{StudyError, StudyOptions, run_study};

pub use experiments::{Experiment, Selection};

/// What is to be run, and where the results go.
#[derive(Debug, Clone)]
pub struct Reproduction {
    /// The folder of the results: a run's folder for each experiment, `summary.json` and `report.html`.
    pub folder: PathBuf,
    /// The command that does this, as a person types it; the report shows it.
    pub command: String,
    /// The experiments, in order.
    pub experiments: Vec<PlannedExperiment>,
}

/// An experiment that is to be run.
#[derive(Debug, Clone)]
pub struct PlannedExperiment {
    /// Its spec; the run's folder has its name.
    pub spec: Spec,
    /// The command that runs it alone, as a person types it.
    pub command: String,
}

/// How a reproduction is carried out: nothing here changes its results.
pub struct ReproduceOptions<'a> {
    /// Where the models are trained.
    pub device: Device,
    /// Whether data may be fetched.
    pub network: Network,
    /// Hears of reading and fetching data.
    pub progress: &'a mut dyn Progress,
    /// Hears which experiment begins, before anything of it is written.
    pub begins: &'a mut dyn FnMut(&Beginning),
    /// Makes the observer of a single model's training.
    pub observer: &'a mut dyn FnMut() -> Box<dyn Observer>,
    /// Hears what a study does now, a sentence a step.
    pub step: &'a mut dyn FnMut(&str),
}

/// An experiment that begins.
#[derive(Debug)]
#[non_exhaustive]
pub struct Beginning<'a> {
    /// Its name.
    pub name: &'a str,
    /// The folder of its run.
    pub folder: &'a Path,
    /// Whether it is a study: several models.
    pub is_study: bool,
    /// Its place among the experiments, counted from 1.
    pub place: usize,
    /// How many experiments there are.
    pub count: usize,
}

/// What came out of a reproduction.
#[derive(Debug)]
#[non_exhaustive]
pub struct Reproduced {
    /// The folder of the results.
    pub folder: PathBuf,
    /// The command that did this.
    pub command: String,
    /// A run for each experiment, in order.
    pub runs: Vec<ReproducedRun>,
}

/// An experiment's run, as it ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReproducedRun {
    /// The experiment's name.
    pub name: String,
    /// The command that runs it alone.
    pub command: String,
    /// Its record, or why it failed.
    pub result: Result<Record, StudyError>,
}

/// How all runs ended together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// Every expectation that was judged held.
    Held,
    /// Every run ended well, and an expectation fell short.
    Short,
    /// A run failed.
    Failed,
}

/// Runs all experiments, also those after one that fails. Earlier runs that this function made are replaced.
///
/// # Errors
/// If the folder, or the folder of a run, holds what this function did not write: then nothing was changed and
/// nothing was run. A failure of an experiment is no error: it stands in its [`ReproducedRun`].
pub fn reproduce(
    reproduction: Reproduction,
    options: ReproduceOptions,
) -> Result<Reproduced, StudyError> {
    let Reproduction { folder, command, experiments } = reproduction;
    folder::check(&folder)?;
    let folder_of = |experiment: &PlannedExperiment| folder.join(&experiment.spec.name);
    experiments.iter().try_for_each(|experiment| folder::check_run(&folder_of(experiment)))?;
    folder::claim(&folder)?;
    let mut options = options;
    let mut runs: Vec<ReproducedRun> = Vec::new();
    let count = experiments.len();
    for (index, experiment) in experiments.iter().enumerate() {
        let (name, run_folder) = (experiment.spec.name.clone(), folder_of(experiment));
        let is_study = experiment.spec.study.is_some();
        let place = index + 1;
        (options.begins)(&Beginning { name: &name, folder: &run_folder, is_study, place, count });
        let spec = on_the_data_found(experiment.spec.clone(), &runs);
        let result = run_one(spec, &run_folder, &mut options);
        runs.push(ReproducedRun { name, command: experiment.command.clone(), result });
    }
    Ok(Reproduced { folder, command, runs })
}

fn run_one(
    spec: Spec,
    folder: &Path,
    options: &mut ReproduceOptions,
) -> Result<Record, StudyError> {
    folder::claim_run(folder)?;
    let (device, network) = (options.device.clone(), options.network);
    let (progress, existing) = (&mut *options.progress, Existing::Replace);
    if spec.study.is_some() {
        let study = StudyOptions { device, network, progress, step: &mut *options.step };
        return run_study(spec, folder, existing, study);
    }
    let observer = (options.observer)();
    let tensorboard = TensorBoard::Off;
    let (live, peers) = (None, None);
    let run = RunOptions { device, network, progress, observer, tensorboard, live, peers };
    Ok(train(spec, &Adaptation::None, folder, existing, run)?.record)
}

/// The spec on the data that an earlier run found in place of what was asked for: the search for it, which may
/// wait for the network, and the warning are not repeated.
fn on_the_data_found(mut spec: Spec, runs: &[ReproducedRun]) -> Spec {
    if has_own_data(&spec) {
        return spec;
    }
    let found = datasets(runs).into_iter().find(|data| data.substituted.is_some());
    if let Some(data) = found {
        let (Ok(asked), Ok(found)) =
            (spec.data.source.parse::<Source>(), data.name.parse::<Source>());
        spec.data.source = asked.with_data(found.without_variation()).to_string();
        spec.data.substituted.clone_from(&data.substituted);
    }
    spec
}

/// Whether an experiment has data of its own, which no other data replaces: photographs in place of digits.
fn has_own_data(spec: &Spec) -> bool {
    matches!(spec.study, Some(StudySpec::Photographs(_)))
}

/// The data that the runs used, each once.
fn datasets(runs: &[ReproducedRun]) -> Vec<&DatasetRecord> {
    let mut datasets = Vec::new();
    for record in runs.iter().flat_map(|run| &run.result) {
        if !datasets.contains(&&record.dataset) {
            datasets.push(&record.dataset);
        }
    }
    datasets
}

impl Reproduced {
    /// The headings of [`rows`](Self::rows).
    pub const COLUMNS: [&'static str; 7] = table::COLUMNS;

    /// A table: a row for each expectation, at least one for each run, with a text for each column.
    pub fn rows(&self) -> Vec<[String; 7]> {
        table::rows(&self.runs)
    }

    /// The data that the runs used, a sentence each.
    pub fn data(&self) -> Vec<String> {
        datasets(&self.runs).into_iter().map(table::describe).collect()
    }

    /// What scripts read, as JSON with a line for each value.
    ///
    /// # Errors
    /// If it cannot be put into JSON.
    pub fn summary(&self) -> Result<String, StudyError> {
        summary::render(self)
    }

    /// The page of all experiments.
    pub fn report_path(&self) -> PathBuf {
        self.folder.join(folder::REPORT)
    }

    /// Writes `summary.json` and `report.html` into the folder.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self) -> Result<(), StudyError> {
        ae_files::write_atomic(&self.folder.join(folder::SUMMARY), self.summary()?.as_bytes())?;
        self.write_page(&self.report_path())
    }

    /// Writes the page of all experiments. Its figures are those in the folders of the runs.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_page(&self, path: &Path) -> Result<(), StudyError> {
        let page = report::page(self).html().map_err(ExperimentError::from)?;
        Ok(ae_files::write_atomic(path, page.as_bytes())?)
    }

    /// What came out of an earlier reproduction, as its folder tells. A command is that of a run's spec, and a run that
    /// failed has another error.
    ///
    /// # Errors
    /// If there is no summary, or it is none of this program.
    pub fn read(folder: &Path) -> Result<Self, StudyError> {
        let runs = summary::names(&folder.join(folder::SUMMARY))?.into_iter().map(|name| {
            let run = folder.join(&name);
            let result = Record::read(&run.join("record.json")).map_err(StudyError::from);
            let is_study = result.as_ref().is_ok_and(|record| !record.models.is_empty());
            let verb = if is_study { "study" } else { "train" };
            ReproducedRun { command: format!("ae {verb} {name}/spec.toml"), result, name }
        });
        Ok(Self { folder: folder.to_owned(), command: String::new(), runs: runs.collect() })
    }

    /// Whether a folder holds the results of a reproduction.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(folder::SUMMARY).is_file() && !folder.join("spec.toml").exists()
    }

    /// How all runs ended together.
    pub fn conclusion(&self) -> Conclusion {
        if self.runs.iter().any(|run| run.result.is_err()) {
            Conclusion::Failed
        } else if self.runs.iter().flat_map(|run| &run.result).any(Record::falls_short) {
            Conclusion::Short
        } else {
            Conclusion::Held
        }
    }
}

#[cfg(test)]
mod tests;

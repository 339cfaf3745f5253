//! What differs between runs: settings, metrics, best epochs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ae_files::FileError;
use ae_training::EpochRecord;
use serde::Serialize;

use super::look::{RunFiles, RunState};
use super::settings::dotted;
use super::survey::by_value;
use super::{Better, better};
use crate::{ExperimentError, Record, Spec};

/// Several runs or studies beside each other, as plain data. Every row has a value for each run, in their order.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The runs.
    pub runs: Vec<ComparedRun>,
    /// The settings that are not the same in all runs.
    pub settings: Vec<SettingRow>,
    /// The metrics after the last epoch, of every metric that a run has.
    pub metrics: Vec<MetricRow>,
    /// The best epoch by each validation metric of the curves that has a better direction.
    pub best_epochs: Vec<BestEpochs>,
    /// Whether the runs are on the same data. If not, no value is marked as the best.
    pub is_same_data: bool,
    /// What makes the numbers hard to compare, a sentence each.
    pub warnings: Vec<String>,
}

/// A run or study that is compared.
#[derive(Debug, Clone, Serialize)]
pub struct ComparedRun {
    /// Its folder, as it was named.
    #[serde(serialize_with = "as_text")]
    pub folder: PathBuf,
    /// The experiment's name.
    pub name: String,
    /// The data, in short.
    pub data: String,
    /// The network, in a few words.
    pub network: String,
    /// `running`, `finished` or `interrupted`.
    pub state: &'static str,
    /// Epochs done; none in a study that has not finished.
    pub epochs: Option<u32>,
    /// Epochs planned.
    pub planned_epochs: Option<u32>,
    /// The learning curve; empty in a study.
    pub curve: Vec<EpochRecord>,
}

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SettingRow {
    /// Its dotted key in the specs.
    pub key: String,
    /// Its values as written in TOML; none where a spec does not have the key.
    pub values: Vec<Option<String>>,
}

/// A metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricRow {
    /// Its name.
    pub metric: String,
    /// Which direction is better, if one is.
    pub better: Option<Better>,
    /// Its values.
    pub values: Vec<Option<f64>>,
    /// The place of the best value among at least two.
    pub best: Option<usize>,
}

/// The best epoch of each run by one metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BestEpochs {
    /// The metric.
    pub metric: String,
    /// Which direction is better.
    pub better: Better,
    /// The best epoch of each run and its value.
    pub values: Vec<Option<EpochValue>>,
    /// The place of the best value among at least two.
    pub best: Option<usize>,
}

/// The value of a metric after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EpochValue {
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// The value.
    pub value: f64,
}

fn as_text<S: serde::Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

/// The files of a run that is compared.
struct Read {
    folder: PathBuf,
    files: RunFiles,
    spec: Spec,
}

impl Comparison {
    /// The fewest and the most runs that are compared.
    pub const COUNT: [usize; 2] = [2, 20];

    /// Compares the runs and studies in these folders.
    ///
    /// # Errors
    /// [`ExperimentError::Compared`] for fewer than 2, more than 20, or one that is named twice;
    /// [`ExperimentError::NoRun`] for a folder without a run; [`ExperimentError::Damaged`] if a file of one cannot be
    /// read.
    pub fn of(folders: &[PathBuf]) -> Result<Self, ExperimentError> {
        check_names(folders)?;
        let runs: Vec<Read> = folders.iter().map(|it| read(it)).collect::<Result<_, _>>()?;
        let is_same_data = !differs(&runs, &data_key(&runs));
        let mut comparison = Self {
            settings: settings(&runs)?,
            metrics: metrics(&runs),
            best_epochs: best_epochs(&runs),
            is_same_data,
            warnings: warnings(&runs),
            runs: runs.into_iter().map(compared).collect(),
        };
        comparison.mark_best();
        Ok(comparison)
    }

    /// Finds the best value of every row. Values on different data have none.
    fn mark_best(&mut self) {
        let is_same_data = self.is_same_data;
        let best = |better, values: &[Option<f64>]| {
            if is_same_data { best_of(better, values) } else { None }
        };
        for row in &mut self.metrics {
            row.best = best(row.better, &row.values);
        }
        for row in &mut self.best_epochs {
            row.best = best(Some(row.better), &values_of(&row.values));
        }
    }

    /// Puts the runs in the order of a metric after the last epoch: the best first, those without it last.
    ///
    /// # Errors
    /// The metrics that there are, if this is none of them.
    pub fn sort_by(&mut self, metric: &str) -> Result<(), Vec<String>> {
        let Some(row) = self.metrics.iter().find(|row| row.metric == metric) else {
            return Err(self.metrics.iter().map(|row| row.metric.clone()).collect());
        };
        let direction = row.better.unwrap_or(Better::Lower);
        let mut order: Vec<usize> = (0..self.runs.len()).collect();
        order.sort_by(|&a, &b| by_value(row.values[a], row.values[b], direction));
        reorder(&mut self.runs, &order);
        self.settings.iter_mut().for_each(|row| reorder(&mut row.values, &order));
        self.metrics.iter_mut().for_each(|row| reorder(&mut row.values, &order));
        self.best_epochs.iter_mut().for_each(|row| reorder(&mut row.values, &order));
        self.mark_best();
        Ok(())
    }
}

fn reorder<T: Clone>(values: &mut Vec<T>, order: &[usize]) {
    *values = order.iter().map(|&at| values[at].clone()).collect();
}

fn check_names(folders: &[PathBuf]) -> Result<(), ExperimentError> {
    let [fewest, most] = Comparison::COUNT;
    let found = folders.len();
    if !(fewest..=most).contains(&found) {
        let reason = format!("expected {fewest} to {most} runs, found {found}");
        return Err(ExperimentError::Compared { reason });
    }
    let mut seen: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for folder in folders {
        let place = folder.canonicalize();
        let place = place.map_err(|source| FileError::Read { path: folder.clone(), source })?;
        if let Some(first) = seen.insert(place, folder) {
            let [first, second] = [first, folder].map(ae_files::shown);
            let reason = format!("{first} and {second} are the same run; name different ones");
            return Err(ExperimentError::Compared { reason });
        }
    }
    Ok(())
}

fn read(folder: &Path) -> Result<Read, ExperimentError> {
    let fail = |source| FileError::Read { path: folder.to_owned(), source };
    let no_run = || ExperimentError::NoRun { path: folder.to_owned(), missing: "spec.toml" };
    if !fs::metadata(folder).map_err(fail)?.is_dir() {
        return Err(no_run());
    }
    let files = RunFiles::read(folder).ok_or_else(no_run)?;
    if let RunState::Damaged { file, reason } = &files.state {
        let path = folder.join(file);
        return Err(ExperimentError::Damaged { path, reason: reason.clone() });
    }
    let spec = files.spec.clone().ok_or_else(no_run)?;
    Ok(Read { folder: folder.to_owned(), files, spec })
}

fn compared(run: Read) -> ComparedRun {
    let Read { folder, files, spec } = run;
    let [epochs, planned_epochs] = files.epochs();
    ComparedRun {
        folder,
        name: spec.name,
        data: files.data(),
        network: files.network(),
        state: files.state.name(),
        epochs,
        planned_epochs,
        curve: files.curve,
    }
}

/// The settings that differ.
fn settings(runs: &[Read]) -> Result<Vec<SettingRow>, ExperimentError> {
    let all: Vec<BTreeMap<String, String>> =
        runs.iter().map(|run| dotted(&run.spec)).collect::<Result<_, _>>()?;
    let keys: BTreeSet<&String> = all.iter().flat_map(BTreeMap::keys).collect();
    let rows = keys.into_iter().map(|key| {
        let values: Vec<Option<String>> = all.iter().map(|run| run.get(key).cloned()).collect();
        SettingRow { key: key.clone(), values }
    });
    Ok(rows.filter(|row| row.values.iter().any(|value| *value != row.values[0])).collect())
}

fn metrics(runs: &[Read]) -> Vec<MetricRow> {
    let all: Vec<_> = runs.iter().map(|run| run.files.metrics()).collect();
    let names: BTreeSet<&String> = all.iter().flat_map(BTreeMap::keys).collect();
    let row = |name: &String| {
        let values: Vec<Option<f64>> = all.iter().map(|run| run.get(name).copied()).collect();
        MetricRow { metric: name.clone(), better: better(name), values, best: None }
    };
    names.into_iter().map(row).collect()
}

/// The place of the best value, if there are two.
fn best_of(better: Option<Better>, values: &[Option<f64>]) -> Option<usize> {
    let is_choice = values.iter().flatten().nth(1).is_some();
    better.filter(|_| is_choice).and_then(|better| better.best(values))
}

fn best_epochs(runs: &[Read]) -> Vec<BestEpochs> {
    let rows = runs.iter().flat_map(|run| &run.files.curve);
    let names: BTreeSet<&String> = rows.flat_map(|row| row.metrics.keys()).collect();
    let validation = names.into_iter().filter(|name| name.starts_with("val_"));
    let row = |name: &String| {
        let better = better(name)?;
        let best = |run: &Read| best_epoch(&run.files.curve, name, better);
        let values: Vec<Option<EpochValue>> = runs.iter().map(best).collect();
        Some(BestEpochs { metric: name.clone(), better, values, best: None })
    };
    validation.filter_map(row).collect()
}

fn best_epoch(curve: &[EpochRecord], metric: &str, better: Better) -> Option<EpochValue> {
    let values: Vec<Option<f64>> =
        curve.iter().map(|row| row.metrics.get(metric).copied()).collect();
    let at = better.best(&values)?;
    Some(EpochValue { epoch: curve[at].epoch, value: values[at]? })
}

fn values_of(epochs: &[Option<EpochValue>]) -> Vec<Option<f64>> {
    epochs.iter().map(|found| found.map(|found| found.value)).collect()
}

fn differs(runs: &[Read], what: &dyn Fn(&Read) -> String) -> bool {
    runs.iter().map(what).collect::<BTreeSet<String>>().len() > 1
}

/// What a reader of the numbers has to know.
fn warnings(runs: &[Read]) -> Vec<String> {
    let mut warnings = Vec::new();
    if differs(runs, &data_key(runs)) {
        warnings.push("the runs are on different data, so their metrics do not compare".to_owned());
    } else if differs(runs, &held_out) {
        let sentence =
            "the runs hold out different parts of the data, so they are judged on different items";
        warnings.push(sentence.to_owned());
    }
    if differs(runs, &noise) {
        let sentence = "the runs are judged on inputs with different noise";
        warnings.push(sentence.to_owned());
    }
    for run in runs {
        if run.files.metrics().is_empty() {
            let folder = ae_files::shown(&run.folder);
            warnings.push(format!("{folder} has no finished epoch yet, so it has no metrics"));
        }
    }
    warnings
}

/// What tells data apart: the digests of its files if every run has a record, else its source.
fn data_key(runs: &[Read]) -> impl Fn(&Read) -> String {
    let has_digests = runs.iter().all(|run| run.files.record.is_some());
    move |run| match &run.files.record {
        Some(Record { dataset, .. }) if has_digests => {
            dataset.files.iter().map(|file| format!("{} {}\n", file.name, file.sha256)).collect()
        }
        _ => run.spec.data.source.clone(),
    }
}

/// What decides which items are held out, if the data does not say it.
fn held_out(run: &Read) -> String {
    let fraction = run.spec.data.test_fraction;
    fraction.map_or_else(String::new, |fraction| format!("{fraction} by seed {}", run.spec.seed))
}

fn noise(run: &Read) -> String {
    let corruption = run.spec.corruption.as_ref();
    corruption.map_or_else(String::new, |corruption| corruption.noise.to_string())
}

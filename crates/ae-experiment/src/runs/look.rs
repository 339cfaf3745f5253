//! A run or study as its folder shows it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ae_dataset::Source;
use ae_files::{LockState, lock_state};
use ae_training::{EpochRecord, Metrics, parse_curve_csv};
use serde::Serialize;

use crate::folder::{CHECKPOINTS, CURVE, MODEL, MODELS, RECORD, SPEC, is_run};
use crate::{DatasetRecord, ExperimentError, NetworkForm, Record, Spec};

/// The largest curve that is read, in bytes: some hundred thousand epochs.
const LARGEST_CURVE: u64 = 1 << 26;
/// The metrics that a list shows of a run.
const SHOWN: usize = 2;

/// What a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// The training of one model.
    Run,
    /// Several models that are compared.
    Study,
}

/// How far a run or study is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// A process holds the folder's lock.
    Running {
        /// Its id, if it is known.
        owner: Option<u32>,
    },
    /// It has a record.
    Finished,
    /// It has no record, and nobody works on it. A resume goes on with it.
    Interrupted,
    /// A file cannot be read.
    Damaged {
        /// The file's name in the folder.
        file: &'static str,
        /// What is wrong, in one line.
        reason: String,
    },
}

impl RunState {
    /// `running`, `finished`, `interrupted` or `damaged`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Running { .. } => "running",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
            Self::Damaged { .. } => "damaged",
        }
    }
}

/// A run or study in short.
#[derive(Debug, Clone)]
pub struct RunSummary {
    /// Its folder.
    pub folder: PathBuf,
    /// What it is.
    pub kind: RunKind,
    /// The experiment's name; empty if no file tells it.
    pub name: String,
    /// The data: a data set's name, or the last part of a path; empty if no file tells it.
    pub data: String,
    /// The network in a few words.
    pub network: String,
    /// Epochs done; none in a study that has no record.
    pub epochs: Option<u32>,
    /// Epochs planned.
    pub planned_epochs: Option<u32>,
    /// The metrics of the record, or those of the curve's last epoch.
    pub metrics: Metrics,
    /// The names of the metrics that matter most, at most two.
    pub main_metrics: Vec<String>,
    /// How far it is.
    pub state: RunState,
    /// When a file of it was last written, by the file system.
    pub written: Option<SystemTime>,
}

/// The files of a run, read.
#[derive(Debug)]
pub(super) struct RunFiles {
    pub(super) spec: Option<Spec>,
    pub(super) record: Option<Record>,
    /// Empty if there is no file.
    pub(super) curve: Vec<EpochRecord>,
    pub(super) state: RunState,
}

impl RunFiles {
    /// Reads the run or study in a folder; none if there is none.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        // The lock first: a run that ends meanwhile has its record.
        let lock = lock_state(folder);
        let is_held = lock != LockState::Free;
        let has = |name: &str| folder.join(name).exists();
        // A record beside weights is a run even if its spec was lost.
        let is_one = is_run(folder) || (is_held && has(SPEC)) || (has(RECORD) && has(MODEL));
        if !is_one {
            return None;
        }
        let mut damage = None;
        let spec = kept(Spec::read(&folder.join(SPEC)).map(Some), SPEC, &mut damage);
        let record_path = folder.join(RECORD);
        let record = match record_path.exists() {
            true => kept(Record::read(&record_path).map(Some), RECORD, &mut damage),
            false => None,
        };
        let curve = kept(read_curve(&folder.join(CURVE)), CURVE, &mut damage);
        let is_study = spec.as_ref().is_some_and(|spec| spec.study.is_some());
        if record.is_some() && !is_study && !has(MODEL) {
            let missing = RunState::Damaged { file: MODEL, reason: "it is missing".to_owned() };
            damage.get_or_insert(missing);
        }
        let state = match (lock, damage) {
            (LockState::Held { owner }, _) => RunState::Running { owner },
            (LockState::Free, Some(damage)) => damage,
            (LockState::Free, None) if record.is_some() => RunState::Finished,
            (LockState::Free, None) => RunState::Interrupted,
        };
        Some(Self { spec, record, curve, state })
    }

    /// The metrics of the record, or those of the curve's last epoch.
    pub(super) fn metrics(&self) -> Metrics {
        let last = || self.curve.last().map(|row| row.metrics.clone());
        let recorded = self.record.as_ref().map(|record| record.metrics.clone());
        recorded.or_else(last).unwrap_or_default()
    }

    /// Epochs done, and epochs planned.
    pub(super) fn epochs(&self) -> [Option<u32>; 2] {
        let recorded = self.record.as_ref();
        let spec = self.spec.as_ref();
        let in_curve = || match spec {
            Some(spec) if spec.study.is_some() => None,
            _ => Some(self.curve.last().map_or(0, |row| row.epoch)),
        };
        let done = recorded.map(|record| record.epochs).or_else(in_curve);
        let planned = spec.map(|spec| spec.training.epochs);
        [done, planned.or(recorded.map(|record| record.planned_epochs))]
    }

    /// The data: its name, or the last part of its path.
    pub(super) fn data(&self) -> String {
        if let Some(record) = &self.record {
            let DatasetRecord { name, location, .. } = &record.dataset;
            return match is_a_data_sets(name) {
                true => name.clone(),
                false => last_part(Path::new(location)).unwrap_or_else(|| name.clone()),
            };
        }
        let source = self.spec.as_ref().map(|spec| spec.data.source.clone()).unwrap_or_default();
        let Ok(parsed) = source.parse::<Source>();
        parsed.path().and_then(last_part).unwrap_or(source)
    }

    /// The network in a few words: as recorded, or as far as the spec alone says it.
    pub(super) fn network(&self) -> String {
        let recorded = self.record.as_ref().and_then(|record| record.network.clone());
        let written = || self.spec.as_ref().filter(|spec| spec.study.is_none()).map(of_spec);
        recorded.or_else(written).unwrap_or_default()
    }

    /// The names of the metrics that matter most.
    fn main_metrics(&self) -> Vec<String> {
        let metrics = self.metrics();
        let Some(spec) = &self.spec else {
            return metrics.into_keys().take(SHOWN).collect();
        };
        let expected = spec.expected.iter().map(|expected| expected.metric.clone());
        let wanted: Vec<String> = match spec.study {
            Some(_) => expected.chain(metrics.keys().cloned()).collect(),
            None => main_metrics_of_run(spec),
        };
        let mut shown: Vec<String> = Vec::new();
        for name in wanted {
            if metrics.contains_key(&name) && !shown.contains(&name) && shown.len() < SHOWN {
                shown.push(name);
            }
        }
        shown
    }
}

/// Whether a data set of this name has no path that says more.
fn is_a_data_sets(name: &str) -> bool {
    !["folder", "pictures", "images", "array", "table"].contains(&name)
}

fn last_part(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

/// The metric that decides, then how good the pictures are.
fn main_metrics_of_run(spec: &Spec) -> Vec<String> {
    let counted = crate::plan::counted(spec);
    let loss = ae_training::validation_metric(spec.training.loss, counted);
    let bound = "val_negative_elbo".to_owned();
    vec![bound, loss, "val_psnr".to_owned(), "val_mse".to_owned()]
}

/// What a spec says of a network without the data: its widths, or its name.
fn of_spec(spec: &Spec) -> String {
    match &spec.model.form {
        NetworkForm::Dense(dense) if !dense.encoder.is_empty() => {
            let widths = dense.encoder.iter().chain(dense.decoder.iter().skip(1));
            widths.map(usize::to_string).collect::<Vec<_>>().join("-")
        }
        _ => spec.model.name().to_string(),
    }
}

/// What was read; if it could not be, the first such file becomes the damage.
fn kept<T: Default>(
    read: Result<T, ExperimentError>,
    file: &'static str,
    damage: &mut Option<RunState>,
) -> T {
    read.unwrap_or_else(|error| {
        damage.get_or_insert(RunState::Damaged { file, reason: reason_of(&error) });
        T::default()
    })
}

/// What is wrong with a file, without its path.
fn reason_of(error: &ExperimentError) -> String {
    match error {
        ExperimentError::Damaged { reason, .. } => one_line(reason),
        ExperimentError::Spec { source, .. } | ExperimentError::Keys { source, .. } => {
            one_line(&source.to_string())
        }
        ExperimentError::NotText { .. } => "it is not UTF-8 text".to_owned(),
        error => one_line(&error.to_string()),
    }
}

/// The lines of an error of TOML that say something, without its drawing of the line.
fn one_line(text: &str) -> String {
    let is_drawing = |line: &&str| {
        let line = line.trim_start();
        line.contains(" | ") || line.starts_with('|') || line.is_empty()
    };
    text.lines().filter(|line| !is_drawing(line)).map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Reads the curve of a run; empty if there is none.
///
/// # Errors
/// If the file cannot be read or is no curve.
fn read_curve(path: &Path) -> Result<Vec<EpochRecord>, ExperimentError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let bytes = ae_files::read_bounded(path, LARGEST_CURVE)?;
    let fail = |reason| ExperimentError::Damaged { path: path.to_owned(), reason };
    let text = String::from_utf8(bytes).map_err(|_| fail("it is not UTF-8 text".to_owned()))?;
    parse_curve_csv(&text).map_err(fail)
}

impl RunSummary {
    /// Looks at a folder; none if it holds no run or study. Nothing is written.
    #[must_use]
    pub fn of(folder: &Path) -> Option<Self> {
        let files = RunFiles::read(folder)?;
        let is_study = files
            .spec
            .as_ref()
            .map_or_else(|| folder.join(MODELS).is_dir(), |spec| spec.study.is_some());
        let name = files.spec.as_ref().map(|spec| spec.name.clone());
        let recorded = || files.record.as_ref().map(|record| record.name.clone());
        let [epochs, planned_epochs] = files.epochs();
        Some(Self {
            folder: folder.to_owned(),
            kind: if is_study { RunKind::Study } else { RunKind::Run },
            name: name.or_else(recorded).unwrap_or_default(),
            data: files.data(),
            network: files.network(),
            epochs,
            planned_epochs,
            metrics: files.metrics(),
            main_metrics: files.main_metrics(),
            state: files.state,
            written: last_written(folder),
        })
    }
}

/// The newest time of the files that a run writes while it goes on.
fn last_written(folder: &Path) -> Option<SystemTime> {
    let names = [SPEC, CURVE, RECORD, MODEL, CHECKPOINTS, MODELS];
    let written =
        names.iter().map(|name| fs::metadata(folder.join(name)).and_then(|it| it.modified()));
    written.filter_map(Result::ok).max()
}

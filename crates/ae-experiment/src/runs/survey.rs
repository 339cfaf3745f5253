//! The runs and studies below a folder.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

use ae_files::FileError;

use super::{Better, RunSummary, better};
use crate::ExperimentError;

/// How deep runs are looked for: `runs/group/sub-group/part/run` is the deepest.
const DEEPEST: usize = 4;
/// Folders that are looked at.
const MOST_FOLDERS: usize = 10_000;

/// The runs and studies below a folder.
#[derive(Debug, Clone)]
pub struct RunSurvey {
    /// The runs and studies, by their paths.
    pub runs: Vec<RunSummary>,
    /// A sentence for everything that was not looked at.
    pub notes: Vec<String>,
}

/// Lists the runs and studies in a folder and in the folders below it, at most four levels deep. Links and hidden folders
/// are not followed; a folder that is no run is skipped, and one that is a run is not searched for further ones. If the
/// folder is a run itself, it is the only one. Nothing is written.
///
/// # Errors
/// If the folder cannot be listed.
pub fn survey_runs(folder: &Path) -> Result<RunSurvey, ExperimentError> {
    let mut survey = RunSurvey { runs: Vec::new(), notes: Vec::new() };
    let mut looked_at = 0;
    // The folder itself must be readable; those below it need not be.
    let first = folders_in(folder)?;
    if let Some(run) = RunSummary::of(folder) {
        survey.runs.push(run);
        return Ok(survey);
    }
    let mut waiting: Vec<(PathBuf, usize)> = first.into_iter().map(|path| (path, 1)).collect();
    while let Some((path, depth)) = waiting.pop() {
        looked_at += 1;
        if looked_at > MOST_FOLDERS {
            let shown = ae_files::shown(folder);
            survey.notes.push(format!(
                "there are more than {MOST_FOLDERS} folders below {shown}; the others are left out"
            ));
            break;
        }
        if let Some(run) = RunSummary::of(&path) {
            survey.runs.push(run);
        } else if depth < DEEPEST {
            match folders_in(&path) {
                Ok(inner) => waiting.extend(inner.into_iter().map(|path| (path, depth + 1))),
                Err(error) => survey.notes.push(error.to_string()),
            }
        }
    }
    survey.runs.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(survey)
}

/// The folders in a folder, without links and hidden ones.
fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let fail = |source| FileError::Read { path: folder.to_owned(), source };
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !is_hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            folders.push(entry.path());
        }
    }
    folders.sort_unstable_by(|a, b| b.cmp(a));
    Ok(folders)
}

impl RunSurvey {
    /// What runs can be sorted by beside their metrics.
    pub const KEYS: [&str; 7] = ["run", "name", "data", "network", "epochs", "state", "written"];

    /// Sorts the runs by one of [`KEYS`](Self::KEYS), or by a metric: the best first, those without it last. Runs that
    /// are equal in it keep the order of their paths. `written` puts the newest first.
    ///
    /// # Errors
    /// The keys that there are, if this is none of them.
    pub fn sort_by(&mut self, key: &str) -> Result<(), Vec<String>> {
        let order: fn(&RunSummary, &RunSummary) -> Ordering = match key {
            "run" => |a, b| a.folder.cmp(&b.folder),
            "name" => |a, b| a.name.cmp(&b.name),
            "data" => |a, b| a.data.cmp(&b.data),
            "network" => |a, b| a.network.cmp(&b.network),
            "epochs" => |a, b| b.epochs.cmp(&a.epochs),
            "state" => |a, b| a.state.name().cmp(b.state.name()),
            "written" => |a, b| b.written.cmp(&a.written),
            metric => return self.sort_by_metric(metric),
        };
        self.runs.sort_by(order);
        Ok(())
    }

    fn sort_by_metric(&mut self, metric: &str) -> Result<(), Vec<String>> {
        if !self.runs.iter().any(|run| run.metrics.contains_key(metric)) {
            let metrics = self.runs.iter().flat_map(|run| run.metrics.keys().cloned());
            let mut known: Vec<String> = metrics.collect();
            known.sort_unstable();
            known.dedup();
            return Err(Self::KEYS.map(str::to_owned).into_iter().chain(known).collect());
        }
        let direction = better(metric).unwrap_or(Better::Lower);
        self.runs.sort_by(|a, b| {
            let [a, b] = [a, b].map(|run| run.metrics.get(metric).copied());
            by_value(a, b, direction)
        });
        Ok(())
    }
}

/// The better value first; a value that is missing or not a number last.
pub(super) fn by_value(a: Option<f64>, b: Option<f64>, direction: Better) -> Ordering {
    let [a, b] = [a, b].map(|value| value.filter(|value| !value.is_nan()));
    match (a, b, direction) {
        (Some(a), Some(b), Better::Lower) => a.total_cmp(&b),
        (Some(a), Some(b), Better::Higher) => b.total_cmp(&a),
        (a, b, _) => b.is_some().cmp(&a.is_some()),
    }
}

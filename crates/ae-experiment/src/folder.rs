//! The folder of a run: its files, its lock, and what may be replaced.

use std::fs;
use std::path::{Path, PathBuf};

use ae_files::{FileError, FolderLock};

use crate::ExperimentError;
use crate::spec::Artefacts;

/// What happens if the folder for a run is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// The run is refused.
    Refuse,
    /// The files of the earlier run are removed. If there is a file that no run writes, the run is refused.
    Replace,
}

/// A folder that a new run may use. Nothing in it is changed before [`take`](Self::take).
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    existing: Existing,
    /// None if the folder does not exist yet.
    lock: Option<FolderLock>,
}

/// The folder of a run, locked for this process.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: FolderLock,
}

/// Locks the folder of a run against other processes until the lock is dropped. Everything that writes into a run's
/// folder takes this lock first. On a file system without locks, a warning is given.
///
/// # Errors
/// [`FileError::InUse`] if another process holds the lock, and if the folder cannot be written to.
pub fn lock_folder(folder: &Path) -> Result<FolderLock, ExperimentError> {
    let lock = FolderLock::acquire(folder)?;
    if !lock.is_held() {
        tracing::warn!(
            "the file system of {} does not support locks: start nothing else that writes into this folder",
            folder.display()
        );
    }
    Ok(lock)
}

/// Locks the folder of the run or study that a weights file belongs to, if there is one.
///
/// # Errors
/// As [`lock_folder`].
pub fn lock_run_of(weights: &Path) -> Result<Option<FolderLock>, ExperimentError> {
    let is_run = |folder: &&Path| folder.join(SPEC).is_file();
    let here = |folder: &'static str| Path::new(folder);
    let folders = weights.ancestors().skip(1).take(2);
    let run = folders.map(|path| if path == here("") { here(".") } else { path }).find(is_run);
    let Some(run) = run else { return Ok(None) };
    let lock = lock_folder(run)?;
    // A killed process may have left temporary files.
    ae_files::remove_temporaries(run)?;
    Ok(Some(lock))
}

/// The files of a run. Hidden files are ignored.
const FILES: [&str; 6] = [SPEC, CURVE, RECORD, REPORT, MODEL, "encoder.safetensors"];
/// The figures, each as PNG and as SVG.
const FIGURES: [&str; 4] = ["reconstructions", "worst", "loss", "filters"];
pub(crate) const SPEC: &str = "spec.toml";
pub(crate) const CURVE: &str = "curve.csv";
pub(crate) const RECORD: &str = "record.json";
/// The page of the run.
pub(crate) const REPORT: &str = "report.html";
pub(crate) const MODEL: &str = "model.safetensors";
pub(crate) const CHECKPOINTS: &str = "checkpoints";
pub(crate) const MODELS: &str = "models";
/// The folder of TensorBoard's event file.
const TENSORBOARD: &str = "tensorboard";
/// The event file; TensorBoard looks for `tfevents` in names.
const EVENTS: &str = "events.out.tfevents.0.ae";

impl Claim {
    /// Checks that a run may use the folder, and locks it if it exists. Nothing in it is changed.
    ///
    /// # Errors
    /// [`ExperimentError::RunExists`] or [`ExperimentError::NotARun`]; [`FileError::InUse`] if another process holds the
    /// lock.
    pub fn new(path: &Path, existing: Existing) -> Result<Self, ExperimentError> {
        let mut claim = Self { path: path.to_owned(), existing, lock: None };
        let checked = claim.check();
        if matches!(checked, Err(ExperimentError::RunExists { .. })) {
            // If another process is writing there, that error is more useful.
            lock_folder(path)?;
        }
        checked?;
        if path.is_dir() {
            claim.lock = Some(lock_folder(path)?);
        }
        Ok(claim)
    }

    fn check(&self) -> Result<(), ExperimentError> {
        let Self { path, existing, .. } = self;
        if !path.is_dir() || visible_entries(path)?.is_empty() {
            return Ok(());
        }
        match existing {
            Existing::Refuse => Err(ExperimentError::RunExists { path: path.clone() }),
            Existing::Replace => files_of_run(path).map(drop),
        }
    }

    /// Makes the folder, and removes the files of an earlier run.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if a file cannot be removed.
    pub fn take(mut self) -> Result<RunFolder, ExperimentError> {
        ae_files::make_folder(&self.path)?;
        let lock = match self.lock.take() {
            Some(lock) => lock,
            None => lock_folder(&self.path)?,
        };
        // Another process may have written into the folder since the first check.
        self.check()?;
        for path in files_of_run(&self.path)? {
            ae_files::remove_for_rewrite(&path)?;
        }
        let folder = RunFolder { path: self.path, _lock: lock };
        folder.remove_temporaries()?;
        Ok(folder)
    }
}

impl RunFolder {
    /// Opens and locks the folder of a run that was begun. Nothing in it is changed.
    ///
    /// # Errors
    /// [`ExperimentError::NoRun`] if it has no `spec.toml`; [`FileError::InUse`] if another process holds the lock.
    pub fn open(path: &Path) -> Result<Self, ExperimentError> {
        if !path.join(SPEC).is_file() {
            return Err(ExperimentError::NoRun { path: path.to_owned(), missing: SPEC });
        }
        Ok(Self { path: path.to_owned(), _lock: lock_folder(path)? })
    }

    /// Removes temporary files that a killed process left.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub fn remove_temporaries(&self) -> Result<(), ExperimentError> {
        let inner = FOLDERS.iter().map(|(name, _)| self.path.join(name));
        for folder in std::iter::once(self.path.clone()).chain(inner).filter(|path| path.is_dir()) {
            ae_files::remove_temporaries(&folder)?;
        }
        Ok(())
    }

    /// Removes record, page, figures and tables of a finished run that is going on. The record is removed first; the weights
    /// files stay until new ones replace them.
    ///
    /// # Errors
    /// If a file cannot be removed.
    pub fn remove_results(&self) -> Result<(), ExperimentError> {
        let mut results: Vec<String> = visible_entries(&self.path)?;
        results.retain(|name| {
            [RECORD, REPORT].contains(&name.as_str()) || is_figure(name) || is_table(name)
        });
        results.sort_by_key(|name| name != RECORD);
        for path in results.iter().map(|name| self.path.join(name)) {
            ae_files::remove_for_rewrite(&path)?;
        }
        Ok(())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the run by its name.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The spec.
    pub fn spec(&self) -> PathBuf {
        self.file(SPEC)
    }

    /// The learning curve.
    pub fn curve(&self) -> PathBuf {
        self.file(CURVE)
    }

    /// The record.
    pub fn record(&self) -> PathBuf {
        self.file(RECORD)
    }

    /// The weights of the whole model.
    pub fn model(&self) -> PathBuf {
        self.file(MODEL)
    }

    /// The weights of the encoder.
    pub fn encoder(&self) -> PathBuf {
        self.file("encoder.safetensors")
    }

    /// The folder of the checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.file(CHECKPOINTS)
    }

    /// The path of a study model's weights file in the folder; `name` comes from [`file_names`](ae_files::file_names).
    pub fn study_model(name: &str) -> String {
        format!("{MODELS}/{name}.safetensors")
    }

    /// The folder of a study's models.
    pub fn models(&self) -> PathBuf {
        self.file(MODELS)
    }

    /// The folder of TensorBoard's event file.
    pub fn tensorboard(&self) -> PathBuf {
        self.file(TENSORBOARD)
    }

    /// TensorBoard's event file.
    pub fn events(&self) -> PathBuf {
        self.tensorboard().join(EVENTS)
    }

    /// The model of the epoch with the lowest validation loss.
    pub fn best_model(&self) -> PathBuf {
        self.checkpoints().join("best.safetensors")
    }
}

/// Whether a path, which need not exist, is that of a file that the run in its folder writes.
pub fn is_file_of_run(path: &Path) -> bool {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
    let name = name.to_string_lossy();
    let is_inner = |(inner, is_file): &(&str, IsFile)| {
        folder.ends_with(inner) && is_file(&name) && folder.parent().is_some_and(is_run)
    };
    is_run(folder) && is_run_file(&name) || FOLDERS.iter().any(is_inner)
}

/// Whether a folder holds a run that was begun.
pub fn is_run(folder: &Path) -> bool {
    let begun = ["record.json", "model.safetensors", CHECKPOINTS, MODELS];
    folder.join("spec.toml").is_file() && begun.iter().any(|name| folder.join(name).exists())
}

/// The files of the run in a folder, in the order of their removal. Fails if there is a file that no run writes.
fn files_of_run(path: &Path) -> Result<Vec<PathBuf>, ExperimentError> {
    let entries = visible_entries(path)?;
    let foreign = |found: &str| ExperimentError::NotARun {
        path: path.to_owned(),
        found: format!("`{found}`"),
    };
    let mut files = Vec::new();
    for entry in &entries {
        let inner = FOLDERS.iter().find(|(name, _)| entry == name && path.join(entry).is_dir());
        let Some((name, is_file)) = inner else {
            if !is_run_file(entry) {
                return Err(foreign(entry));
            }
            files.push(path.join(entry));
            continue;
        };
        for saved in visible_entries(&path.join(name))? {
            if !is_file(&saved) {
                return Err(foreign(&format!("{name}/{saved}")));
            }
            files.push(path.join(name).join(saved));
        }
    }
    // The spec is removed first: a folder without it is no run, even if the removal is interrupted.
    files.sort_by_key(|file| !file.ends_with(SPEC));
    Ok(files)
}

/// The folders in a run's folder, and the files that they may hold.
const FOLDERS: [(&str, IsFile); 3] =
    [(CHECKPOINTS, is_checkpoint), (MODELS, is_weights_file), (TENSORBOARD, |name| name == EVENTS)];
/// Whether a run writes a file of this name.
type IsFile = fn(&str) -> bool;

fn is_run_file(name: &str) -> bool {
    FILES.contains(&name) || is_figure(name) || is_table(name)
}

fn is_figure(name: &str) -> bool {
    let figure = name.strip_suffix(".png").or_else(|| name.strip_suffix(".svg"));
    let of_studies = || Artefacts::ALL.iter().flat_map(|kind| kind.figures);
    figure.is_some_and(|figure| FIGURES.iter().chain(of_studies()).any(|known| *known == figure))
}

fn is_table(name: &str) -> bool {
    let mut of_studies = Artefacts::ALL.iter().flat_map(|kind| kind.tables);
    name.strip_suffix(".csv").is_some_and(|table| of_studies.any(|known| *known == table))
}

fn is_weights_file(name: &str) -> bool {
    name.ends_with(".safetensors")
}

fn is_checkpoint(name: &str) -> bool {
    let stem = name.strip_suffix(".safetensors");
    stem.is_some_and(|stem| stem == "best" || stem.starts_with("epoch-"))
}

fn visible_entries(path: &Path) -> Result<Vec<String>, ExperimentError> {
    let fail = |source| FileError::Read { path: path.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

//! The folder of a run: which files it has, and when it may be written to.

use std::fs;
use std::path::{Path, PathBuf};

use ae_files::FileError;

use crate::{ExperimentError, study};

/// What to do when the folder for a run is not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Refuse to train.
    Refuse,
    /// Remove the files of the earlier run, unless there is a foreign one among them.
    Replace,
}

/// The folder of a run.
#[derive(Debug, Clone)]
pub(crate) struct RunFolder(PathBuf);

/// Everything that a run may write into its folder. Hidden files are left alone.
const FILES: [&str; 5] =
    ["spec.toml", "curve.csv", "record.json", "model.safetensors", "encoder.safetensors"];
/// The figures, each as PNG and as SVG.
const FIGURES: [&str; 4] = ["reconstructions", "worst", "loss", "filters"];
const CHECKPOINTS: &str = "checkpoints";
const MODELS: &str = "models";

impl RunFolder {
    /// Whether [`create`](Self::create) would refuse; touches nothing.
    pub(crate) fn check(path: &Path, existing: Existing) -> Result<(), ExperimentError> {
        if !path.is_dir() || visible_entries(path)?.is_empty() {
            return Ok(());
        }
        match existing {
            Existing::Refuse => Err(ExperimentError::RunExists { path: path.to_owned() }),
            Existing::Replace => files_of_run(path).map(drop),
        }
    }

    /// Makes the folder for a new run.
    pub(crate) fn create(path: &Path, existing: Existing) -> Result<Self, ExperimentError> {
        Self::check(path, existing)?;
        ae_files::make_folder(path)?;
        for path in files_of_run(path)? {
            fs::remove_file(&path).map_err(|source| FileError::Write { path, source })?;
        }
        ae_files::remove_temporaries(path)?;
        Ok(Self(path.to_owned()))
    }

    /// Opens the folder of a run that was begun.
    pub(crate) fn open(path: &Path) -> Result<Self, ExperimentError> {
        let folder = Self(path.to_owned());
        if !folder.spec().is_file() {
            return Err(ExperimentError::NoRun { path: path.to_owned(), missing: "spec.toml" });
        }
        ae_files::remove_temporaries(path)?;
        if folder.checkpoints().is_dir() {
            ae_files::remove_temporaries(&folder.checkpoints())?;
        }
        Ok(folder)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn spec(&self) -> PathBuf {
        self.file("spec.toml")
    }

    pub(crate) fn curve(&self) -> PathBuf {
        self.file("curve.csv")
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.file("record.json")
    }

    pub(crate) fn model(&self) -> PathBuf {
        self.file("model.safetensors")
    }

    pub(crate) fn encoder(&self) -> PathBuf {
        self.file("encoder.safetensors")
    }

    pub(crate) fn checkpoints(&self) -> PathBuf {
        self.file(CHECKPOINTS)
    }

    /// The weights file of a study's model, relative to the folder.
    pub(crate) fn study_model(name: &str) -> String {
        format!("{MODELS}/{name}.safetensors")
    }

    pub(crate) fn models(&self) -> PathBuf {
        self.file(MODELS)
    }

    pub(crate) fn best_model(&self) -> PathBuf {
        self.checkpoints().join("best.safetensors")
    }
}

/// Whether a file, which may not be there yet, is one that the run in its folder writes.
pub fn is_file_of_run(path: &Path) -> bool {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return false };
    let name = name.to_string_lossy();
    let is_inner = |(inner, is_file): &(&str, IsFile)| {
        folder.ends_with(inner) && is_file(&name) && folder.parent().is_some_and(is_run)
    };
    is_run(folder) && is_run_file(&name) || FOLDERS.iter().any(is_inner)
}

/// Whether a folder holds a run that was begun.
fn is_run(folder: &Path) -> bool {
    let begun = ["record.json", "model.safetensors", CHECKPOINTS, MODELS];
    folder.join("spec.toml").is_file() && begun.iter().any(|name| folder.join(name).exists())
}

/// The files of the run in a folder, in the order in which they are to be removed: refuses before
/// anything is lost if there is a foreign one.
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
    // The spec goes first: what is left of an interrupted removal is no run.
    files.sort_by_key(|file| !file.ends_with("spec.toml"));
    Ok(files)
}

/// The folders within a run's, and which files they may hold.
const FOLDERS: [(&str, IsFile); 2] = [(CHECKPOINTS, is_checkpoint), (MODELS, is_weights_file)];
/// Whether a file of this name may be in a folder.
type IsFile = fn(&str) -> bool;

fn is_run_file(name: &str) -> bool {
    let figure = name.strip_suffix(".png").or_else(|| name.strip_suffix(".svg"));
    let is_figure = |figure| FIGURES.contains(&figure) || study::FIGURES.contains(&figure);
    let table = name.strip_suffix(".csv");
    FILES.contains(&name)
        || figure.is_some_and(is_figure)
        || table.is_some_and(|table| study::TABLES.contains(&table))
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

//! The folder of a run: which files it has, and when it may be written to.

use std::fs;
use std::path::{Path, PathBuf};

use ae_files::FileError;

use crate::ExperimentError;

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

    pub(crate) fn best_model(&self) -> PathBuf {
        self.checkpoints().join("best.safetensors")
    }
}

/// The files of the run in a folder, in the order in which they are to be removed: refuses before
/// anything is lost if there is a foreign one.
fn files_of_run(path: &Path) -> Result<Vec<PathBuf>, ExperimentError> {
    let entries = visible_entries(path)?;
    let foreign = |found: &str| ExperimentError::NotARun {
        path: path.to_owned(),
        found: format!("`{found}`"),
    };
    for entry in &entries {
        let is_checkpoints = entry == CHECKPOINTS && path.join(entry).is_dir();
        if !is_checkpoints && !is_run_file(entry) {
            return Err(foreign(entry));
        }
    }
    let checkpoints = path.join(CHECKPOINTS);
    let saved = if checkpoints.is_dir() { visible_entries(&checkpoints)? } else { Vec::new() };
    if let Some(entry) = saved.iter().find(|entry| !is_checkpoint(entry)) {
        return Err(foreign(&format!("{CHECKPOINTS}/{entry}")));
    }
    let files = entries.iter().filter(|entry| *entry != CHECKPOINTS).map(|entry| path.join(entry));
    // The spec goes first: what is left of an interrupted removal is no run.
    let mut files: Vec<PathBuf> = files.chain(saved.iter().map(|s| checkpoints.join(s))).collect();
    files.sort_by_key(|file| !file.ends_with("spec.toml"));
    Ok(files)
}

fn is_run_file(name: &str) -> bool {
    let figure = name.strip_suffix(".png").or_else(|| name.strip_suffix(".svg"));
    FILES.contains(&name) || figure.is_some_and(|figure| FIGURES.contains(&figure))
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

//! The experiments that exist, and those that were asked for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::arguments::Reproduce;

/// What is run when nothing else is asked for.
const TUTORIAL: [&str; 3] = ["regular", "denoising", "denoising-fresh"];

/// An experiment: a file that `ae train` or `ae study` takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Experiment {
    pub(crate) name: String,
    pub(crate) spec: PathBuf,
    pub(crate) kind: Kind,
}

/// Which command an experiment is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One model: `ae train`.
    Train,
    /// Several, compared: `ae study`.
    Study,
}

impl Kind {
    /// A study is a file with a `[study]` table.
    fn of(spec: &Path) -> Result<Self> {
        let text = fs::read_to_string(spec).with_context(|| spec.display().to_string())?;
        let is_study = text.lines().any(|line| line.trim() == "[study]");
        Ok(if is_study { Self::Study } else { Self::Train })
    }

    /// The command of `ae`.
    pub(crate) fn command(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Study => "study",
        }
    }
}

/// The chosen experiments among the `.toml` files of a folder, each once.
pub(crate) fn select(folder: &Path, options: &Reproduce) -> Result<Vec<Experiment>> {
    let known = known(folder)?;
    if let Some(unknown) = options.only.iter().find(|name| !known.contains(name)) {
        let known = known.join(", ");
        let message = format!("there is no experiment `{unknown}`; there are: {known}");
        return Err(clap::Error::raw(clap::error::ErrorKind::ValueValidation, message).into());
    }
    let names = match options.only.as_slice() {
        [] if options.all => known,
        [] => TUTORIAL.map(str::to_owned).to_vec(),
        names => names.to_vec(),
    };
    let mut experiments: Vec<Experiment> = Vec::new();
    for name in names {
        if experiments.iter().all(|chosen| chosen.name != name) {
            let spec = folder.join(format!("{name}.toml"));
            experiments.push(Experiment { kind: Kind::of(&spec)?, spec, name });
        }
    }
    Ok(experiments)
}

fn known(folder: &Path) -> Result<Vec<String>> {
    let list = || -> std::io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
    };
    let files = list().with_context(|| format!("cannot list {}", folder.display()))?;
    let specs = files.iter().filter(|file| file.extension().is_some_and(|end| end == "toml"));
    let names = specs.filter_map(|file| file.file_stem()?.to_str());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

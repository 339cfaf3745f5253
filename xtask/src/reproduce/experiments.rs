//! The experiments that exist, and those that were asked for.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::arguments::{Selection, UsageError};

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
pub(crate) fn select(folder: &Path, selection: &Selection) -> Result<Vec<Experiment>> {
    let known = known(folder)?;
    let names = match selection {
        Selection::All => known,
        Selection::Tutorial => TUTORIAL.map(str::to_owned).to_vec(),
        Selection::Only(names) => {
            if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
                let known = known.join(", ");
                let message = format!("there is no experiment `{unknown}`; there are: {known}");
                return Err(UsageError::reproduce(message).into());
            }
            names.clone()
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(selection: &Selection) -> Result<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        for file in
            ["regular.toml", "denoising.toml", "denoising-fresh.toml", "b.toml", "README.md"]
        {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let experiments = select(folder.path(), selection)?;
        assert!(experiments.iter().all(|experiment| experiment.spec.is_file()));
        Ok(experiments.into_iter().map(|experiment| experiment.name).collect())
    }

    #[test]
    fn the_tutorial_s_experiments_are_the_default() {
        assert_eq!(names(&Selection::Tutorial).unwrap(), TUTORIAL);
        let all = names(&Selection::All).unwrap();
        assert_eq!(all, ["b", "denoising", "denoising-fresh", "regular"]);
    }

    #[test]
    fn a_file_with_a_study_table_is_a_study() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("a", "[training]\n"), ("b", "[training]\n[study]\nkind = 1\n")] {
            fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
        }
        let experiments = select(folder.path(), &Selection::All).unwrap();
        let kinds: Vec<Kind> = experiments.iter().map(|experiment| experiment.kind).collect();
        assert_eq!(kinds, [Kind::Train, Kind::Study]);
    }

    #[test]
    fn every_experiment_is_named_as_its_file() {
        let folder = crate::workspace::root().join("xtask/experiments");
        for Experiment { name, spec, .. } in select(&folder, &Selection::All).unwrap() {
            let spec: toml::Table = toml::from_str(&fs::read_to_string(&spec).unwrap()).unwrap();
            assert_eq!(spec["name"].as_str(), Some(name.as_str()));
        }
    }

    #[test]
    fn chosen_names_keep_their_order_and_count_once() {
        let only = |names: &[&str]| Selection::Only(names.iter().map(|&n| n.to_owned()).collect());
        assert_eq!(names(&only(&["regular", "b", "regular"])).unwrap(), ["regular", "b"]);
        let error = names(&only(&["b", "dense"])).unwrap_err();
        assert!(error.is::<UsageError>());
        let message = error.to_string();
        assert!(message.starts_with("there is no experiment `dense`; there are: b, denoising,"));
    }
}

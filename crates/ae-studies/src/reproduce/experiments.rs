//! The experiments that come with this crate, each a TOML file with one question and the numbers to reach.

use std::path::Path;

use ae_experiment::{ExperimentError, Spec};

use crate::StudyError;

/// An experiment that comes with this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Experiment {
    /// Its name, and its file's.
    pub name: &'static str,
    /// Its spec as TOML.
    pub toml: &'static str,
}

/// Which experiments are run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Those of the Keras tutorial, regular and denoising.
    Tutorial,
    /// All of them; the studies take minutes to half an hour each.
    All,
    /// Those of these names.
    Only(Vec<String>),
}

macro_rules! experiments {
    ($($name:literal),+) => {
        [$(Experiment {
            name: $name,
            toml: include_str!(concat!("../../experiments/", $name, ".toml")),
        }),+]
    };
}

const ALL: [Experiment; 20] = experiments![
    "anomaly",
    "codes",
    "compression",
    "conv",
    "conv-denoising",
    "conv-vae",
    "deep",
    "denoising",
    "denoising-fresh",
    "dimensionality",
    "features",
    "hinton",
    "noises",
    "photographs",
    "regular",
    "sparse",
    "stacked",
    "stacked-bg-rand",
    "stacked-rot",
    "vae"
];
const TUTORIAL: [&str; 3] = ["regular", "denoising", "denoising-fresh"];

impl Experiment {
    /// All of them, sorted by name.
    pub const ALL: &'static [Self] = &ALL;

    /// The spec.
    ///
    /// # Errors
    /// If the TOML is no spec.
    pub fn spec(&self) -> Result<Spec, ExperimentError> {
        Spec::parse(self.toml, Path::new(self.name))
    }
}

impl Selection {
    /// The experiments, each once: the tutorial's in their order, all sorted by name, others as they were named.
    ///
    /// # Errors
    /// [`StudyError::NoExperiment`] for a name that no experiment has.
    pub fn experiments(&self) -> Result<Vec<Experiment>, StudyError> {
        let names: Vec<&str> = match self {
            Self::All => return Ok(ALL.to_vec()),
            Self::Tutorial => TUTORIAL.to_vec(),
            Self::Only(names) => names.iter().map(String::as_str).collect(),
        };
        let mut chosen: Vec<Experiment> = Vec::new();
        for name in names {
            let experiment = ALL.into_iter().find(|experiment| experiment.name == name);
            let experiment = experiment.ok_or_else(|| StudyError::NoExperiment {
                name: name.to_owned(),
                known: ALL.map(|experiment| experiment.name).join(", "),
            })?;
            if !chosen.contains(&experiment) {
                chosen.push(experiment);
            }
        }
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(selection: &Selection) -> Vec<&'static str> {
        selection.experiments().unwrap().iter().map(|experiment| experiment.name).collect()
    }

    #[test]
    fn every_file_of_the_folder_is_an_experiment_whose_spec_has_its_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments");
        let files = std::fs::read_dir(folder).unwrap();
        let mut files: Vec<_> =
            files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        let mut known = ALL.map(|experiment| format!("{}.toml", experiment.name));
        known.sort();
        assert_eq!(files, known);
        for experiment in ALL {
            let spec = experiment.spec().unwrap();
            assert_eq!(spec.name, experiment.name);
            let again = Spec::parse(&spec.to_toml().unwrap(), Path::new("again")).unwrap();
            assert_eq!(again, spec);
        }
    }

    #[test]
    fn experiments_are_chosen_by_name_and_each_is_run_once() {
        assert_eq!(names(&Selection::Tutorial), TUTORIAL);
        assert_eq!(names(&Selection::All).len(), ALL.len());
        let only = ["noises", "regular", "noises"].map(str::to_owned).to_vec();
        assert_eq!(names(&Selection::Only(only)), ["noises", "regular"]);
    }

    #[test]
    fn an_unknown_name_is_refused_with_all_that_there_are() {
        let error = Selection::Only(vec!["regluar".to_owned()]).experiments().unwrap_err();
        let error = error.to_string();
        assert!(
            error.starts_with("there is no experiment `regluar`; there are: anomaly, "),
            "{error}"
        );
    }
}

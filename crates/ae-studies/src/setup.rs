//! What a study is checked against, and the models that it will train.

use std::sync::Arc;

use ae_apply::ApplyError;
use ae_dataset::{Dataset, Images};
use ae_experiment::{EngineKind, FileRecord, Plan, RunFolder, Spec};
use ae_models::{Device, SavedModel};

use crate::error::{StudyError, setting};

/// The attachment with the digest of all that decides a study's model.
pub(crate) const TRAINED_BY: &str = "study";
/// The attachment with the digests of the pictures on which a study judges its models.
pub(crate) const JUDGED_ON: &str = "study-test-pictures";
/// Most repetitions, of networks or draws.
const MOST_REPETITIONS: u32 = 1000;

/// A study's spec and its data.
pub(crate) struct Setup<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) dataset: &'a Dataset,
    pub(crate) device: &'a Device,
    pub(crate) engine: EngineKind,
}

/// What is attached to a model when it has been trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attach {
    Nothing,
    /// The codec of compression, fitted to it.
    Codec,
}

/// How a model is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pretrain {
    /// As its plan says.
    Whole,
    /// Layer after layer, each as an autoencoder with one hidden layer.
    Layers,
    /// Not at all: it keeps its initial weights.
    Nothing,
}

/// A model that a study will train.
pub(crate) struct StudyModel {
    /// Its name, unique in the study.
    pub(crate) name: String,
    pub(crate) spec: Spec,
    /// What it learns from, if not from all of the study's data.
    pub(crate) data: Option<Arc<Dataset>>,
    pub(crate) attach: Attach,
    pub(crate) pretrain: Pretrain,
    /// The digest of all that decides it.
    pub(crate) digest: String,
    /// Its weights file in the study's folder.
    pub(crate) file: String,
    /// The model itself, if an earlier process has finished it.
    pub(crate) found: Option<SavedModel>,
}

impl<'a> Setup<'a> {
    /// For a spec that is checked against its data.
    pub(crate) fn new(
        spec: &'a Spec,
        dataset: &'a Dataset,
        device: &'a Device,
    ) -> Result<Self, StudyError> {
        let engine = Plan::new(spec.clone(), dataset.clone(), device)?.engine;
        Ok(Self { spec, dataset, device, engine })
    }

    /// The spec with these widths from the pixels to the code; the decoder mirrors them. A network without widths is
    /// refused.
    pub(crate) fn with_widths(&self, widths: &[usize]) -> Result<Spec, StudyError> {
        let mut spec = self.spec.clone();
        spec.model.set_widths(self.dataset.train.image_size(), widths)?;
        Ok(spec)
    }

    /// The spec with changes such as `model.kind=denoising`, each of a key that begins with one of `keys`.
    pub(crate) fn with_changes(
        &self,
        changes: &[String],
        keys: &[&str],
    ) -> Result<Spec, StudyError> {
        let place = "study.networks.set";
        let mut spec = self.spec.clone();
        for change in changes {
            let Some((key, value)) = change.split_once('=') else {
                return Err(setting(place, "KEY=VALUE each", &format!("`{change}`")));
            };
            let key = key.trim();
            if !keys.iter().any(|beginning| key.starts_with(beginning)) {
                let expected = format!("keys that begin with {}", keys.join(", "));
                return Err(setting(place, &expected, &format!("`{key}`")));
            }
            spec = spec.with(key, value.trim())?;
        }
        Ok(spec)
    }

    /// The spec with the seed of a repetition.
    pub(crate) fn repeated(&self, repetition: u32) -> Spec {
        let mut spec = self.spec.clone();
        spec.seed = spec.seed.wrapping_add(u64::from(repetition));
        spec
    }

    /// Checks a number of repetitions, whose seeds follow the spec's.
    pub(crate) fn check_repetitions(
        &self,
        place: &'static str,
        repetitions: u32,
    ) -> Result<(), StudyError> {
        if !(1..=MOST_REPETITIONS).contains(&repetitions) {
            let expected = format!("from 1 to {MOST_REPETITIONS}");
            return Err(setting(place, &expected, &repetitions.to_string()));
        }
        let last = self.spec.seed.checked_add(u64::from(repetitions) - 1);
        if last.is_none_or(|seed| i64::try_from(seed).is_err()) {
            let expected = format!("small enough for {repetitions} seeds that follow each other");
            return Err(setting("seed", &expected, &self.spec.seed.to_string()));
        }
        Ok(())
    }
}

/// Checks that PCA of these images can have so many components.
pub(crate) fn check_components(
    place: &'static str,
    components: &[usize],
    images: &Images,
) -> Result<(), StudyError> {
    if images.len() < 2 {
        let (what, found) = ("PCA", images.len());
        return Err(StudyError::from(ApplyError::TooFew { what, needed: 2, found }));
    }
    let most = images.len().min(images.image_size());
    let expected = format!(
        "from 1 to {most} components of {} images of {} pixels",
        images.len(),
        images.image_size()
    );
    if components.is_empty() {
        return Err(setting(place, "at least one", "none"));
    }
    match components.iter().find(|count| !(1..=most).contains(*count)) {
        Some(found) => Err(setting(place, &expected, &found.to_string())),
        None => Ok(()),
    }
}

/// Checks that the test sets of a study are those that it began with.
fn check_pictures(begun: &[FileRecord], found: &[FileRecord]) -> Result<(), StudyError> {
    let digest = |of: &[FileRecord], name: &str| {
        of.iter().find(|set| set.name == name).map(|set| set.sha256.clone())
    };
    let names = begun.iter().chain(found).map(|set| &set.name);
    for name in names {
        let [expected, found] = [begun, found].map(|of| digest(of, name));
        if expected != found {
            let [expected, found] =
                [expected, found].map(|digest| digest.unwrap_or_else(|| "none".to_owned()));
            return Err(StudyError::OtherPictures { set: name.clone(), expected, found });
        }
    }
    Ok(())
}

/// Checks that no two of several settings are equal.
pub(crate) fn check_distinct(
    place: &'static str,
    texts: impl IntoIterator<Item = String>,
) -> Result<(), StudyError> {
    let mut seen = std::collections::BTreeSet::new();
    for text in texts {
        if seen.contains(&text) {
            return Err(setting(place, "different from each other", &format!("`{text}` twice")));
        }
        seen.insert(text);
    }
    Ok(())
}

impl StudyModel {
    /// A model that learns from all of the study's data.
    pub(crate) fn new(name: impl Into<String>, spec: Spec) -> Self {
        Self {
            name: name.into(),
            spec,
            data: None,
            attach: Attach::Nothing,
            pretrain: Pretrain::Whole,
            digest: String::new(),
            file: String::new(),
            found: None,
        }
    }

    /// The plan of its training.
    pub(crate) fn plan(&self, setup: &Setup) -> Result<Plan, StudyError> {
        let dataset = self.data.as_deref().unwrap_or(setup.dataset);
        Ok(Plan::new(self.spec.clone(), dataset.clone(), setup.device)?)
    }

    /// The digest of all that decides the model whose plan this is.
    pub(crate) fn digest_of(&self, plan: &Plan) -> Result<String, StudyError> {
        let digest = plan.digest()?;
        Ok(match self.pretrain {
            // As it was before there were other ways.
            Pretrain::Whole => digest,
            Pretrain::Layers => format!("{digest} layers"),
            Pretrain::Nothing => format!("{digest} initial"),
        })
    }

    /// Looks for the model in the folder of a study that was begun.
    ///
    /// # Errors
    /// If there is one of other settings or other data, or one that was to be judged on other pictures.
    pub(crate) fn find(
        &mut self,
        folder: &RunFolder,
        tests: &[FileRecord],
    ) -> Result<(), StudyError> {
        let path = folder.file(&self.file);
        if !path.is_file() {
            return Ok(());
        }
        let saved = match SavedModel::load(&path) {
            Ok(saved) => saved,
            Err(error) => {
                tracing::warn!("{error}; this model is trained again");
                return Ok(());
            }
        };
        match saved.attachments.get::<String>(TRAINED_BY)? {
            Some(digest) if digest == self.digest => {
                if let Some(judged_on) = saved.attachments.get::<Vec<FileRecord>>(JUDGED_ON)? {
                    check_pictures(&judged_on, tests)?;
                }
                self.found = Some(saved);
            }
            Some(_) => return Err(StudyError::OtherModel { path }),
            None => {
                tracing::warn!(
                    "{} does not say how it was trained; this model is trained again",
                    path.display()
                );
            }
        }
        Ok(())
    }
}

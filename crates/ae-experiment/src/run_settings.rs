//! What a model's file keeps of its training, so that it is applied as it was trained.

use std::path::{Path, PathBuf};

use ae_corruption::{Draw, Noise};
use ae_dataset::{Dataset, InputFormat, Origin, ReadOptions, Source};
use ae_models::{Attachments, ModelSpec};
use ae_random::Seed;
use serde::{Deserialize, Serialize};

use crate::inputs::format_of;
use crate::{DataSpec, ExperimentError, Spec};

/// The attachment with the settings of the training.
pub(crate) const RUN: &str = "run";

/// How a model was trained: all that its evaluation and its application need. It travels in the weights
/// file and holds no path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSettings {
    /// How the data was read.
    #[serde(default)]
    pub reading: ReadOptions,
    /// The noise of a denoising model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// When the noise was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Draw>,
    /// The seed, of the noise and of what was held out for testing.
    pub seed: u64,
    /// The part that was held out for testing, if the data did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_fraction: Option<f64>,
    /// Which data it was; unknown if only the spec of a run says how the model was trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataDigests>,
}

/// What tells the data of a training from other data, wherever it lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataDigests {
    /// Training images.
    pub train_images: usize,
    /// Test images.
    pub test_images: usize,
    /// SHA-256 of the training images, as [`Origin`] has it.
    pub train: String,
    /// SHA-256 of the test images.
    pub test: String,
}

/// What a model takes, and how its training has read it.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInput {
    /// The shape of an image and the scaling of a table.
    pub format: InputFormat,
    /// How it was trained, if that is known.
    pub settings: Option<RunSettings>,
    /// The data of its run, if its file lies in the folder of one.
    pub data: Option<DataSpec>,
}

impl RunSettings {
    /// The settings of a training with this spec on this data.
    pub(crate) fn of_training(spec: &Spec, dataset: &Dataset) -> Self {
        let test_fraction = dataset.held_out;
        Self { test_fraction, data: DataDigests::of(dataset), ..Self::of_spec(spec) }
    }

    /// What the spec of a run says.
    fn of_spec(spec: &Spec) -> Self {
        let corruption = spec.corruption.as_ref();
        Self {
            reading: spec.data.read_options(),
            noise: corruption.map(|corruption| corruption.noise.clone()),
            drawn: corruption.map(|corruption| corruption.drawn),
            seed: spec.seed,
            test_fraction: spec.data.test_fraction,
            data: None,
        }
    }

    /// The seed, of the noise and of what was held out for testing.
    pub fn seed(&self) -> Seed {
        Seed::new(self.seed)
    }
}

impl DataDigests {
    fn of(dataset: &Dataset) -> Option<Self> {
        let [train, test] = images_digests(&dataset.origin)?;
        let (train_images, test_images) = (dataset.train.len(), dataset.test.len());
        Some(Self { train_images, test_images, train, test })
    }

    /// Whether a data set, read and split as the model's, is the one of the training.
    pub(crate) fn are_of(&self, dataset: &Dataset) -> bool {
        Self::of(dataset).is_some_and(|digests| digests == *self)
    }
}

/// The digests of the training and the test images of a data set.
pub(crate) fn images_digests(origin: &Origin) -> Option<[String; 2]> {
    let of = |half: &str| {
        let mut files = origin.files.iter();
        files.find(|file| file.name.starts_with(half)).map(|file| file.sha256.clone())
    };
    Some([of("train-images")?, of("t10k-images")?])
}

impl ModelInput {
    /// What the model of a weights file takes. Models of earlier versions have no settings in their file;
    /// the spec of the run in whose folder the file lies stands in for them.
    pub(crate) fn of(
        path: Option<&Path>,
        model: &ModelSpec,
        attachments: &Attachments,
    ) -> Result<Self, ExperimentError> {
        let format = format_of(model, attachments)?;
        let place = path.and_then(RunPlace::of);
        let spec = place.as_ref().map(|place| Spec::read(&place.spec)).transpose()?;
        let kept = attachments.get::<RunSettings>(RUN)?;
        let of_spec = || {
            let is_one_model = place.as_ref().is_some_and(|place| place.is_one_model);
            spec.as_ref().filter(|_| is_one_model).map(RunSettings::of_spec)
        };
        let settings = kept.or_else(of_spec);
        Ok(Self { format, settings, data: spec.map(|spec| spec.data) })
    }

    /// How the training has read its data.
    pub fn reading(&self) -> ReadOptions {
        self.settings.as_ref().map(|settings| settings.reading.clone()).unwrap_or_default()
    }

    /// Whether a source is the one of the model's run, by its path or its name.
    pub fn is_data_of_run(&self, source: &str) -> bool {
        self.data.as_ref().is_some_and(|data| is_same_source(&data.source, source))
    }

    /// Whether all that is read from a source contains what the model was trained on: the data of its run,
    /// of which a part was held out by the seed.
    pub fn contains_training_data(&self, source: &str) -> bool {
        let held_out = |data: &DataSpec| data.test_fraction.is_some();
        self.is_data_of_run(source) && self.data.as_ref().is_some_and(held_out)
    }

    /// How many of all the `items` of a source the model was trained on; 0 if the source is not known to
    /// contain what it was trained on.
    pub fn training_items(&self, source: &str, items: usize) -> usize {
        let part = self.settings.as_ref().and_then(|settings| settings.test_fraction);
        match part.filter(|_| self.contains_training_data(source)) {
            Some(part) => {
                let held_out = (items as f64 * part).round() as usize;
                items - held_out.clamp(1, items.max(1)).min(items)
            }
            None => 0,
        }
    }
}

/// Where the data of a model's run lies, if its file lies in the folder of one and the data is there.
pub fn data_of_run(model: &Path) -> Option<PathBuf> {
    let spec = Spec::read(&RunPlace::of(model)?.spec).ok()?;
    Some(PathBuf::from(spec.data.source)).filter(|path| path.exists())
}

/// Where a run keeps a weights file.
struct RunPlace {
    spec: PathBuf,
    /// Whether the spec is that of one model, not of a study.
    is_one_model: bool,
}

impl RunPlace {
    /// The place in a run of a folder or of a weights file, if it is one.
    fn of(path: &Path) -> Option<Self> {
        let spec = |folder: &Path| Some(folder.join("spec.toml")).filter(|spec| spec.is_file());
        if path.is_dir() {
            return Some(Self { spec: spec(path)?, is_one_model: true });
        }
        let file = path.canonicalize().ok()?;
        let folder = file.parent()?;
        let names = ["model.safetensors", "encoder.safetensors"].map(Path::new);
        if names.iter().any(|name| file.file_name() == Some(name.as_os_str())) {
            return Some(Self { spec: spec(folder)?, is_one_model: true });
        }
        let is_one_model = folder.ends_with("checkpoints");
        let is_inner = is_one_model || folder.ends_with("models");
        is_inner.then(|| Some(Self { spec: spec(folder.parent()?)?, is_one_model }))?
    }
}

fn is_same_source(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (one.parse::<Source>(), other.parse::<Source>());
    match (&one, &other) {
        (Source::Path(one), Source::Path(other)) => {
            matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
        }
        _ => one == other && one != Source::Auto,
    }
}

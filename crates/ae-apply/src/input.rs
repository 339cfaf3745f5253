//! What a model takes, and what its file keeps of its training.

use ae_corruption::{Draw, Noise};
use ae_dataset::{Dataset, ImageShape, InputFormat, Origin, ReadOptions, Scaling, Source};
use ae_models::{Attachments, ModelError, ModelSpec};
use ae_random::Seed;
use serde::{Deserialize, Serialize};

use crate::error::ApplyError;

/// The attachment with the settings of the training.
pub const RUN: &str = "run";
/// The attachment with the scaling of a table's columns.
pub const SCALING: &str = "scaling";

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
    /// The data of its run, if that is known.
    pub data: Option<DataOfRun>,
}

/// Which data a run was trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct DataOfRun {
    /// Its path or its name.
    pub source: String,
    /// The fraction that was held out for testing, if the data did not say.
    pub test_fraction: Option<f64>,
}

/// What the run of a model says and its weights file may not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunOrigin {
    /// How the model was trained.
    pub settings: Option<RunSettings>,
    /// The data of the run.
    pub data: Option<DataOfRun>,
}

impl RunSettings {
    /// The seed, of the noise and of what was held out for testing.
    pub fn seed(&self) -> Seed {
        Seed::new(self.seed)
    }
}

impl DataDigests {
    /// The digests of a data set; none if its files have none.
    pub fn of(dataset: &Dataset) -> Option<Self> {
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
    /// What the model of a weights file takes, by the file alone.
    pub(crate) fn of(model: &ModelSpec, attachments: &Attachments) -> Result<Self, ApplyError> {
        let settings = attachments.get::<RunSettings>(RUN)?;
        Ok(Self { format: format_of(model, attachments)?, settings, data: None })
    }

    /// Adds what the run of the model says. Files of earlier versions hold no settings: those of the run stand in.
    pub(crate) fn with_run(self, run: RunOrigin) -> Self {
        let RunOrigin { settings, data } = run;
        Self { settings: self.settings.or(settings), data: data.or(self.data), ..self }
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
        let held_out = |data: &DataOfRun| data.test_fraction.is_some();
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

/// What the model of a weights file takes.
pub(crate) fn format_of(
    spec: &ModelSpec,
    attachments: &Attachments,
) -> Result<InputFormat, ApplyError> {
    let [height, width] = spec.dense.image;
    let shape = ImageShape { channels: spec.dense.channels, height, width };
    let scaling: Option<Scaling> = attachments.get(SCALING)?;
    let fits =
        |scaling: &Scaling| scaling.is_sound() && shape == ImageShape::grey(1, scaling.columns());
    if scaling.as_ref().is_none_or(fits) {
        return Ok(InputFormat { shape, scaling });
    }
    let reason = format!("it is no scaling of the model's {width} columns");
    Err(ModelError::Attachment { name: SCALING.to_owned(), reason }.into())
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

//! The format of a model's input, and what its weights file holds of its training.

use std::path::{Path, PathBuf};

use ae_corruption::{Draw, Noise};
#[cfg(feature = "pictures")]
use ae_dataset::PictureReader;
use ae_dataset::{
    Dataset, ImageShape, InputFormat, Origin, PatchOptions, ReadOptions, Scaling, Source,
};
use ae_models::{Attachments, Loss, ModelError, ModelSpec, Shape};
use ae_random::Seed;
use serde::{Deserialize, Serialize};

use crate::error::ApplyError;

/// The attachment that holds the [`RunSettings`].
pub const RUN: &str = "run";
/// The attachment that holds the [`Scaling`] of a table's columns.
pub const SCALING: &str = "scaling";

/// The settings of a training that evaluation and application need. The weights file holds them; they contain no path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSettings {
    /// How pictures and tables were read.
    #[serde(default)]
    pub reading: ReadOptions,
    /// The noise that a denoising model was trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<Noise>,
    /// How often the noise was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Draw>,
    /// The seed of the noise and of the split into training and test set.
    pub seed: u64,
    /// The fraction that was held out as test set, if the data did not define one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_fraction: Option<f64>,
    /// The patches that pictures were cut into, with their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patches: Option<PatchOptions>,
    /// The loss that the training minimised; none in files of versions that did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Whether the model learned from pairs of pictures.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_paired: bool,
    /// The fraction of hidden pixels, if the model learned from noisy images alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blind_spot: Option<f64>,
    /// Digests of the data; none if the settings come from the spec of a run alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataDigests>,
}

/// Digests by which the data of a training is recognised at any path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataDigests {
    /// The number of training images.
    pub train_images: usize,
    /// The number of test images.
    pub test_images: usize,
    /// SHA-256 of the training images, computed as in [`Origin`].
    pub train: String,
    /// SHA-256 of the test images.
    pub test: String,
}

/// The input of a model: its format, and how the training read its data.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelInput {
    /// The shape of an image and the scaling of a table.
    pub format: InputFormat,
    /// The settings of the training, if they are known.
    pub settings: Option<RunSettings>,
    /// The data of the model's run, if it is known.
    pub data: Option<DataOfRun>,
}

/// The data that a run was trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct DataOfRun {
    /// Its path or its name.
    pub source: String,
    /// The folder of the partners of its pictures, if there are some.
    pub target: Option<PathBuf>,
    /// The fraction that was held out as test set, if the data did not define one.
    pub test_fraction: Option<f64>,
}

/// What the folder of a run adds to its weights file, which may be of an earlier version without settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunOrigin {
    /// The settings of the training.
    pub settings: Option<RunSettings>,
    /// The data of the run.
    pub data: Option<DataOfRun>,
}

impl RunSettings {
    /// The seed of the noise and of the split into training and test set.
    pub fn seed(&self) -> Seed {
        Seed::new(self.seed)
    }
}

impl DataDigests {
    /// The digests of a data set, if its origin has them.
    pub fn of(dataset: &Dataset) -> Option<Self> {
        let [train, test] = images_digests(&dataset.origin)?;
        let (train_images, test_images) = (dataset.train.len(), dataset.test.len());
        Some(Self { train_images, test_images, train, test })
    }

    /// Whether a data set that was read and split as in the training is the data of the training.
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
    /// The input of a model by its weights file alone.
    pub(crate) fn of(model: &ModelSpec, attachments: &Attachments) -> Result<Self, ApplyError> {
        let settings = attachments.get::<RunSettings>(RUN)?;
        Ok(Self { format: format_of(model, attachments)?, settings, data: None })
    }

    /// Adds what the run's folder says; its settings are used only if the weights file has none.
    pub(crate) fn with_run(self, run: RunOrigin) -> Self {
        let RunOrigin { settings, data } = run;
        Self { settings: self.settings.or(settings), data: data.or(self.data), ..self }
    }

    /// How the training read pictures and tables.
    pub fn reading(&self) -> ReadOptions {
        self.settings.as_ref().map(|settings| settings.reading.clone()).unwrap_or_default()
    }

    /// The patches that a source is cut into for this model: if it was trained on patches, those of the data of its run, and
    /// those of a folder that has pictures of other sizes than the model's.
    pub(crate) fn patches_of(&self, source: &str) -> Option<PatchOptions> {
        let patches = self.settings.as_ref()?.patches?;
        (self.is_data_of_run(source) || self.is_of_other_sizes(Path::new(source)))
            .then_some(patches)
    }

    #[cfg(feature = "pictures")]
    fn is_of_other_sizes(&self, path: &Path) -> bool {
        let read = self.reading();
        // What cannot be read is reported when it is opened.
        path.is_dir()
            && PictureReader::has_another_shape(path, self.format.shape, &read).unwrap_or(false)
    }

    #[cfg(not(feature = "pictures"))]
    fn is_of_other_sizes(&self, _: &Path) -> bool {
        false
    }

    /// Whether a source is the data of the model's run, by its path or name.
    pub fn is_data_of_run(&self, source: &str) -> bool {
        self.data.as_ref().is_some_and(|data| is_same_source(&data.source, source))
    }

    /// The partners of the pictures of a source, if it is the data of the model's run and these have some.
    pub(crate) fn target_of(&self, source: &str) -> Option<&Path> {
        self.data.as_ref().filter(|_| self.is_data_of_run(source))?.target.as_deref()
    }

    /// Whether a source, read whole, contains training items of the model: it is the data of its run, and the seed chose
    /// which part was held out.
    pub fn contains_training_data(&self, source: &str) -> bool {
        let held_out = |data: &DataOfRun| data.test_fraction.is_some();
        self.is_data_of_run(source) && self.data.as_ref().is_some_and(held_out)
    }

    /// How many of the `items` of a source the model was trained on; 0 if the source is not known to be the data of its
    /// run.
    pub fn training_items(&self, source: &str, items: usize) -> usize {
        let fraction = self.settings.as_ref().and_then(|settings| settings.test_fraction);
        match fraction.filter(|_| self.contains_training_data(source)) {
            Some(fraction) => {
                let held_out = (items as f64 * fraction).round() as usize;
                items - held_out.clamp(1, items.max(1)).min(items)
            }
            None => 0,
        }
    }
}

/// The format of the input of a model by its weights file.
fn format_of(spec: &ModelSpec, attachments: &Attachments) -> Result<InputFormat, ApplyError> {
    let Shape { channels, height, width } = spec.network.item();
    let shape = ImageShape { channels, height, width };
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
        (Source::Path(one), Source::Path(other)) => is_same_path(one, other),
        (
            Source::Variation { variation: one, of: one_data },
            Source::Variation { variation: other, of: other_data },
        ) => one == other && is_same_source(&one_data.to_string(), &other_data.to_string()),
        _ => one == other && one != Source::Auto,
    }
}

fn is_same_path(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

//! The record of a finished run: `record.json`.

use std::path::Path;

use ae_dataset::{Dataset, PatchOptions, PatchSource, Scaling};
use ae_training::Metrics;
use serde::{Deserialize, Serialize};

use crate::{Diagnosis, EngineKind, ErrorParts, ExperimentError, Judgement, Verdict};

/// The schema of `record.json`.
pub const SCHEMA: u32 = 1;
/// The largest record that is read, in bytes.
const LARGEST: u64 = 1 << 24;

/// The record of a finished run or study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this format: [`SCHEMA`].
    pub schema: u32,
    /// The version of the project that made it.
    pub version: String,
    /// The experiment's name.
    pub name: String,
    /// The data.
    pub dataset: DatasetRecord,
    /// The seed.
    pub seed: u64,
    /// Epochs done.
    pub epochs: u32,
    /// Epochs planned; more than done if the run stopped early.
    pub planned_epochs: u32,
    /// The number of threads of a process; it does not change the result.
    pub threads: usize,
    /// The number of processes that trained it together, which does not change the result either; 1 in records of
    /// earlier versions.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub processes: usize,
    /// Bytes that rank 0 of several processes has sent, with its share of the validations, divided by the steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_bytes_a_step: Option<u64>,
    /// The device.
    pub device: String,
    /// The processor, its cores and the system; none in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// The engine that computed gradients.
    pub engine: EngineKind,
    /// Wall time of the training loop with its validation, in seconds; loading left out.
    pub seconds: f64,
    /// Epochs of a run, or models of a study, that were done before a resume; `seconds` does not cover them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resumed_after: Option<u32>,
    /// The metrics by name.
    pub metrics: Metrics,
    /// SHA-256 of the parameters; of a study, of its models' digests in order.
    pub weights_sha256: String,
    /// The number of parameters; of a study, of all its models together.
    pub parameters: usize,
    /// The network in a few words, such as `784-32-784`; none in a study and in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The expectations for this data set, judged.
    pub expected: Vec<Judgement>,
    /// The figures.
    pub figures: Vec<FigureRecord>,
    /// A sentence for each figure that was changed so that it could be drawn, or that could not be drawn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figure_notes: Vec<String>,
    /// What a reader of the results has to know of network and data, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The models that a study has trained.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ModelRecord>,
    /// The tables of a study.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableRecord>,
    /// The digests of the test sets of whole pictures on which a study judged its models.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_sets: Vec<FileRecord>,
    /// The model compared with baselines; none in a study and in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
    /// The error divided by class and by place; none in a study, if the clean values are not known, and in records of
    /// earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<ErrorParts>,
    /// Validation images that are equal to training images.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub validation_duplicates: usize,
    /// Values of the data outside [0, 1], if the loss or the output activation needs values within.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub values_outside: usize,
}

/// A model that a study has trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// Its name in the study.
    pub name: String,
    /// Its weights file in the study's folder.
    pub file: String,
    /// SHA-256 of its parameters.
    pub weights_sha256: String,
    /// The number of its parameters.
    pub parameters: usize,
    /// Wall time of its training with validation, in seconds; 0 if it was finished before a resume.
    pub seconds: f64,
}

/// A table of a study, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRecord {
    /// The CSV file's name in the study's folder.
    pub file: String,
    /// Its title.
    pub title: String,
    /// Its caption: what was measured, on which images, in which unit.
    pub caption: String,
    /// The columns' headings.
    pub columns: Vec<String>,
    /// The rows, a text for each column.
    pub rows: Vec<Vec<String>>,
}

/// The data of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetRecord {
    /// `mnist`, `fashion-mnist`, `digits`, `folder`, `pictures`, `images`, `array` or `table`.
    pub name: String,
    /// The path or address that it was read from.
    pub location: String,
    /// Training images.
    pub train_images: usize,
    /// Test images.
    pub test_images: usize,
    /// The height of an image in pixels.
    pub height: usize,
    /// The width of an image in pixels.
    pub width: usize,
    /// Channels of an image: 1 for grey, 3 for RGB; 1 if the record has none.
    #[serde(default = "grey")]
    pub channels: usize,
    /// The number of pictures or rows that were left out because they could not be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: usize,
    /// The number of pictures with 16 bits a value.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub of_16_bits: usize,
    /// The fraction that was held out as test set, if the data did not define one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_out: Option<f64>,
    /// The patches that the images are, if they were cut from pictures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patches: Option<PatchRecord>,
    /// How the columns were scaled, if the data is a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// The digests of its files.
    pub files: Vec<FileRecord>,
    /// Of pairs, the path that the images were read from; those at `location` are their inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Why other data was used in its place, if so.
    pub substituted: Option<String>,
}

/// The patches of a run. Their size, and their numbers in an epoch and in the fixed validation set, are those of the
/// images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchRecord {
    /// Pictures that training patches are cut from.
    pub train_pictures: usize,
    /// Other pictures, which the validation patches were cut from.
    pub test_pictures: usize,
    /// Whether training patches are mirrored at random.
    pub flips: bool,
    /// Whether training patches are turned at random.
    pub rotations: bool,
}

/// The digest of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// The IDX file's usual name; of patches `train-images-pictures` and `t10k-images-pictures`; the name of a test
    /// set.
    pub name: String,
    /// SHA-256 of the uncompressed file; of pictures, of their names and files, and of their sizes if patches are cut
    /// from them.
    pub sha256: String,
}

/// A figure of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FigureRecord {
    /// The PNG's name in the run's folder.
    pub file: String,
    /// The SVG's name in the run's folder.
    pub svg: String,
    /// Its title.
    pub title: String,
    /// Its caption: data, epoch, metric.
    pub caption: String,
}

impl Record {
    /// Reads a `record.json`.
    ///
    /// # Errors
    /// If the file cannot be read, is larger than 16 MiB, or is no record.
    pub fn read(path: &Path) -> Result<Self, ExperimentError> {
        let bytes = ae_files::read_bounded(path, LARGEST)?;
        serde_json::from_slice(&bytes).map_err(|error| ExperimentError::Damaged {
            path: path.to_owned(),
            reason: error.to_string(),
        })
    }

    /// Writes the record, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ExperimentError> {
        let mut json = serde_json::to_vec_pretty(self).map_err(|error| {
            ExperimentError::Encode { what: "the record", reason: error.to_string() }
        })?;
        json.push(b'\n');
        Ok(ae_files::write_atomic(path, &json)?)
    }

    /// Whether an expectation was not reached.
    pub fn falls_short(&self) -> bool {
        self.expected.iter().any(|judgement| judgement.verdict == Verdict::Short)
    }
}

fn grey() -> usize {
    1
}

fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one(number: &usize) -> bool {
    *number == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl PatchRecord {
    fn of(source: &PatchSource) -> Self {
        let PatchOptions { flips, rotations, .. } = source.options();
        let (train_pictures, test_pictures) = (source.pictures(), source.validation_pictures());
        Self { train_pictures, test_pictures, flips, rotations }
    }
}

impl DatasetRecord {
    /// The record of a data set.
    pub fn of(dataset: &Dataset) -> Self {
        let Dataset { train, test, origin, skipped, of_16_bits, scaling, held_out, .. } = dataset;
        let files = origin.files.iter();
        Self {
            name: origin.name.clone(),
            location: origin.location.clone(),
            train_images: train.len(),
            test_images: test.len(),
            height: train.height(),
            width: train.width(),
            channels: train.channels(),
            skipped: *skipped,
            of_16_bits: *of_16_bits,
            held_out: *held_out,
            patches: dataset.patches.as_ref().map(PatchRecord::of),
            scaling: scaling.clone(),
            files: files
                .map(|file| FileRecord { name: file.name.clone(), sha256: file.sha256.clone() })
                .collect(),
            target: dataset.inputs.as_ref().map(|inputs| inputs.target.clone()),
            substituted: origin.substituted.clone(),
        }
    }
}

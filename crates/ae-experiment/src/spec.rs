//! An experiment as written: TOML with every field named.

mod change;
mod commented;
mod reference;
mod study;

use std::path::Path;

use ae_apply::RunSettings;
use ae_corruption::{Draw, Noise};
use ae_dataset::{BadItems, ColumnScaling, Delimiter, Header, LoadOptions, ReadOptions, Resize};
use ae_models::{Activation, DenseConfig, Loss, ModelKind, OutputActivation};
use ae_random::Seed;
use ae_training::{EarlyStopping, OptimizerConfig, Schedule};
use serde::{Deserialize, Serialize};

pub use reference::{Presence, SpecKey, spec_keys, spec_reference};
pub use study::{
    AnomalyDetection, Artefacts, Compression, DenoisingComparison, DimensionalityReduction,
    FeatureLearning, NamedScore, NoiseStrengths, StudySpec,
};

use crate::{EngineKind, Expectation, ExperimentError};

/// The largest spec that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// An experiment as written in a TOML file; `ae-studies` has examples.
///
/// There are no silent defaults: a field is optional only where its absence means "none".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The experiment's name.
    pub name: String,
    /// What it is to find out, in a sentence.
    pub question: String,
    /// Everything random follows from it; at most 2^63 - 1, TOML's largest number.
    pub seed: u64,
    /// Which images.
    pub data: DataSpec,
    /// Which network.
    pub model: NetworkSpec,
    /// Which noise, for a denoising model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corruption: Option<CorruptionSpec>,
    /// How it learns.
    pub training: TrainingSpec,
    /// What is kept on the way.
    pub checkpoints: CheckpointSpec,
    /// What is asked of models like this one, if the experiment is a study (crate `ae-studies`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study: Option<StudySpec>,
    /// The numbers it must reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<Expectation>,
}

/// Which images an experiment uses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    /// `auto`, `mnist`, `fashion-mnist`, `digits`, a folder of pictures or of IDX files, a `.npy` file or
    /// a table (`.csv`).
    pub source: String,
    /// Height and width of the images, if they are not to be the first one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[usize; 2]>,
    /// 1 for grey, 3 for RGB, if the images are not to be as the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// What is done with images of another size, if they are not refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resize: Option<Resize>,
    /// Whether pictures and rows that cannot be read are left out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub skip_bad: bool,
    /// Whether a table's first line names the columns: `yes`, `no`, or `auto` if the first lines decide.
    #[serde(default, skip_serializing_if = "is_default")]
    pub header: Header,
    /// What separates a table's columns: `comma`, `semicolon`, `tab`, `pipe`, or `auto` if the first
    /// lines decide.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delimiter: Delimiter,
    /// The column of a table that holds the classes, by its name or its number counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_column: Option<String>,
    /// Columns of a table that are left out, named as the label column is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop_columns: Vec<String>,
    /// How the columns of a table are scaled: `min-max` or `standard`.
    #[serde(default, skip_serializing_if = "is_min_max")]
    pub scaling: ColumnScaling,
    /// The part that is held out for testing where the data does not say which, if it is not a tenth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_fraction: Option<f64>,
    /// Why this data stands in for other data. Written into the spec of a run, so that a resumed
    /// run says it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substituted: Option<String>,
}

/// Which network an experiment trains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// Regular or denoising.
    pub kind: ModelKind,
    /// Widths from the image's pixels to the code: `[784, 32]`.
    pub encoder: Vec<usize>,
    /// Widths from the code to the image's pixels: `[32, 784]`.
    pub decoder: Vec<usize>,
    /// After every layer but the code's and the last.
    pub hidden_activation: Activation,
    /// After the encoder's last layer.
    pub code_activation: Activation,
    /// After the decoder's last layer: sigmoid or linear.
    pub output_activation: OutputActivation,
    /// Whether the decoder uses the encoder's weights, transposed.
    pub tied_weights: bool,
}

/// Which noise a denoising model learns to remove.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorruptionSpec {
    /// The noise: `"gaussian:0.5"`, `"masking:0.25+gaussian:0.1"`.
    pub noise: Noise,
    /// Drawn once, as in the tutorial, or afresh in every epoch.
    pub drawn: Draw,
}

/// How a model learns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// Passes over the training images; at least 1.
    pub epochs: u32,
    /// Images of a batch; at least 1.
    pub batch_size: usize,
    /// What is minimised.
    pub loss: Loss,
    /// Weight of the L1 penalty on the code; 0 is none.
    pub code_l1: f32,
    /// The largest Euclidean norm of a gradient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// How gradients are computed; without it, the fastest engine that knows the model. The spec in
    /// a run's folder says which that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineKind>,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// The learning rate's course.
    pub schedule: Schedule,
    /// When to stop before the last epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
}

/// What is kept of a run on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointSpec {
    /// How many of the newest checkpoints are kept; at least 1. The best model is kept as well.
    pub keep: usize,
    /// How many epochs lie between two checkpoints: 1 is one after every epoch. The last epoch has one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub every: u32,
}

impl DataSpec {
    /// How single items are read.
    pub(crate) fn read_options(&self) -> ReadOptions {
        ReadOptions {
            resize: self.resize.unwrap_or_default(),
            bad: if self.skip_bad { BadItems::Skip } else { BadItems::Refuse },
            header: self.header,
            delimiter: self.delimiter,
            label_column: self.label_column.clone(),
            drop_columns: self.drop_columns.clone(),
            part: None,
        }
    }

    /// How the data is read; the seed decides what is held out.
    pub(crate) fn load_options(&self, seed: Seed) -> LoadOptions {
        LoadOptions {
            read: self.read_options(),
            size: self.size,
            channels: self.channels,
            test_fraction: self.test_fraction.unwrap_or(LoadOptions::TEST_FRACTION),
            seed,
            scaling: None,
            columns: self.scaling,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_min_max(scaling: &ColumnScaling) -> bool {
    *scaling == ColumnScaling::MinMax
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one(every: &u32) -> bool {
    *every == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Spec {
    /// How a model of this spec is trained, as far as the spec says it: of models whose files do not.
    pub(crate) fn run_settings(&self) -> RunSettings {
        let corruption = self.corruption.as_ref();
        RunSettings {
            reading: self.data.read_options(),
            noise: corruption.map(|corruption| corruption.noise.clone()),
            drawn: corruption.map(|corruption| corruption.drawn),
            seed: self.seed,
            test_fraction: self.data.test_fraction,
            data: None,
        }
    }

    /// Reads a spec.
    ///
    /// # Errors
    /// [`ExperimentError::Spec`] if the file is not TOML, [`ExperimentError::Keys`] if it has an unknown, missing or
    /// mistyped key: both show the line. Also if it cannot be read.
    pub fn read(path: &Path) -> Result<Self, ExperimentError> {
        Self::parse(&Self::text(path)?, path)
    }

    /// Reads a spec from its text; `path` names it in the error.
    ///
    /// # Errors
    /// [`ExperimentError::Spec`] if it is not TOML, [`ExperimentError::Keys`] if it has an unknown, missing or
    /// mistyped key: both show the line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ExperimentError> {
        let of = |source| (path.to_owned(), Box::new(source));
        toml::from_str::<toml::Table>(text)
            .map_err(of)
            .map_err(|(path, source)| ExperimentError::Spec { path, source })?;
        toml::from_str(text)
            .map_err(of)
            .map_err(|(path, source)| ExperimentError::Keys { path, source })
    }

    /// The text of a spec.
    pub(crate) fn text(path: &Path) -> Result<String, ExperimentError> {
        let bytes = ae_files::read_bounded(path, LARGEST)?;
        String::from_utf8(bytes).map_err(|_| ExperimentError::NotText { path: path.to_owned() })
    }

    /// The tutorial's regular autoencoder: 784-32-784, ReLU, sigmoid, Adam, binary cross-entropy,
    /// batches of 256, 50 epochs. What `ae train` does on MNIST when nothing else is said; on other data, see
    /// [`Adaptation`](crate::Adaptation).
    pub fn tutorial() -> Self {
        let DenseConfig {
            encoder,
            decoder,
            hidden_activation,
            code_activation,
            output_activation,
            tied_weights,
            ..
        } = DenseConfig::default();
        Self {
            name: "autoencoder".to_owned(),
            question: "How well does this autoencoder reconstruct these images?".to_owned(),
            seed: 42,
            data: DataSpec { source: "auto".to_owned(), ..DataSpec::default() },
            model: NetworkSpec {
                kind: ModelKind::Regular,
                encoder,
                decoder,
                hidden_activation,
                code_activation,
                output_activation,
                tied_weights,
            },
            corruption: None,
            training: TrainingSpec {
                epochs: 50,
                batch_size: 256,
                loss: Loss::BinaryCrossEntropy,
                code_l1: 0.0,
                clip_norm: None,
                engine: None,
                optimizer: OptimizerConfig::keras_adam(),
                schedule: Schedule::Constant {},
                early_stopping: None,
            },
            checkpoints: CheckpointSpec { keep: 2, every: 1 },
            study: None,
            expected: Vec::new(),
        }
    }

    /// The spec as TOML.
    ///
    /// # Errors
    /// If a number does not fit TOML (a seed above 2^63 - 1).
    pub fn to_toml(&self) -> Result<String, ExperimentError> {
        toml::to_string(self).map_err(|error| ExperimentError::Encode {
            what: "the spec",
            reason: error.to_string(),
        })
    }
}

//! The spec of an experiment: TOML.

mod change;
mod commented;
mod model_table;
mod network;
mod network_name;
mod question;
mod reference;
mod study;
mod written;

use std::path::{Path, PathBuf};

use ae_apply::RunSettings;
use ae_corruption::{Draw, Gaussian, Noise};
use ae_dataset::{
    Background, BadItems, ColumnScaling, Delimiter, Header, LoadOptions, Mapping, PatchOptions,
    ReadOptions, Resize,
};
use ae_models::{Loss, ModelKind};
use ae_random::Seed;
use ae_training::{EarlyStopping, OptimizerConfig, Schedule};
use serde::{Deserialize, Serialize};

pub use network::{
    ConvForm, ConvVaeForm, DenseForm, LayersForm, NetworkForm, NetworkSpec, VaeForm,
};
pub use network_name::NetworkName;
pub use reference::{Presence, SpecKey, spec_keys, spec_reference};
pub use study::{
    AnomalyDetection, Artefacts, Classification, ClassifiedNetwork, Compression,
    DenoisingComparison, DimensionalityReduction, FeatureLearning, FineTuningSpec, NamedScore,
    NoiseStrengths, PhotographNetwork, Photographs, PretrainingKind, StudySpec,
};

use crate::{EngineKind, Expectation, ExperimentError};

/// The largest spec that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The spec of an experiment, read from and written to TOML; `ae-studies` has examples.
///
/// A field is optional only if its absence means "none" or "chosen from the data"; there are no other defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The experiment's name.
    pub name: String,
    /// The question that it answers, as a sentence.
    pub question: String,
    /// The seed of all random numbers; at most 2^63 - 1, TOML's largest integer.
    pub seed: u64,
    /// The data.
    pub data: DataSpec,
    /// The network.
    pub model: NetworkSpec,
    /// The corruption that a denoising model is trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corruption: Option<CorruptionSpec>,
    /// The training.
    pub training: TrainingSpec,
    /// The checkpoints.
    pub checkpoints: CheckpointSpec,
    /// The study, if several models are trained and compared (crate `ae-studies`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study: Option<StudySpec>,
    /// The numbers it must reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<Expectation>,
}

/// The data of an experiment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSpec {
    /// `auto`, `mnist`, `fashion-mnist`, `digits`, a folder of pictures or of IDX files, a `.npy` file or a table
    /// (`.csv`, `.tsv`).
    pub source: String,
    /// Height and width of the images; without it, those of the first image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<[usize; 2]>,
    /// 1 for grey, 3 for RGB; without it, as the first image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// How images of another size are resized; without it, they are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resize: Option<Resize>,
    /// Whether pictures and rows that cannot be read are left out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub skip_bad: bool,
    /// Whether a file of images or rows is mapped and not read into memory; one of more than 1 GiB always is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub mapped: bool,
    /// The colour that transparent pixels are put onto: `white`, `black` or `#rrggbb`; without it, such pictures are
    /// refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<Background>,
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
    /// The folder of the clean pictures. Each is the partner of the picture of the source with the same path, whatever
    /// the endings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The fraction that is held out as test set if the data does not define one; without it, a tenth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_fraction: Option<f64>,
    /// Why this data was used in place of other data. The spec of a run holds it, so that a resumed run says it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substituted: Option<String>,
    /// The patches that are cut from pictures of any size in place of whole pictures. The spec of a run names their
    /// number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patches: Option<PatchOptions>,
}

/// The corruption that a denoising model learns to remove.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorruptionSpec {
    /// The noise as text: `"gaussian:0.5"`, `"masking:0.25+gaussian:0.1"`.
    pub noise: Noise,
    /// Whether the noise is drawn once, as in the tutorial, or anew in every epoch.
    pub drawn: Draw,
}

/// The training of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSpec {
    /// Passes over the training images; at least 1.
    pub epochs: u32,
    /// Images in a batch; at least 1.
    pub batch_size: usize,
    /// The reconstruction loss.
    pub loss: Loss,
    /// The weight of the L1 penalty on the code; 0 is no penalty, as is its absence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_l1: Option<f32>,
    /// The weight of the divergence of a variational code from N(0, 1) (beta). Without it, 1 for a network with a
    /// `sample` layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_weight: Option<f32>,
    /// Epochs in which that weight rises linearly from 0; without it, it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_warm_up: Option<u32>,
    /// The weight of the divergence of the code units' mean activations from `sparsity_target`; without it, no such
    /// penalty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sparsity_weight: Option<f32>,
    /// The mean activation that sparse units are to have; without it, 0.05 if they are to have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sparsity_target: Option<f32>,
    /// The weight of the squared norm of the code's derivative by the input; without it, no such penalty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contractive_weight: Option<f32>,
    /// The fraction of the pixels that are hidden from the input and are to be found: the model learns to denoise from
    /// noisy images alone. Without it, nothing is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind_spot: Option<f64>,
    /// The largest Euclidean norm of a gradient; longer gradients are scaled to it. Without it, gradients are not
    /// clipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// The engine that computes gradients; without it, the fastest one that supports the model. The spec in a run's
    /// folder names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineKind>,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// The schedule of the learning rate.
    pub schedule: Schedule,
    /// When the training stops before the last epoch; without it, never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
}

/// The checkpoints of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointSpec {
    /// The number of newest checkpoints that are kept; at least 1. The best model is kept beside them.
    pub keep: usize,
    /// Epochs from one checkpoint to the next; at least 1. The last epoch always has a checkpoint.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub every: u32,
}

impl TrainingSpec {
    /// Whether a penalty needs codes in (0, 1).
    pub(crate) fn needs_sigmoid_code(&self) -> bool {
        self.sparsity_weight.is_some() || self.contractive_weight.is_some()
    }
}

impl DataSpec {
    /// The options to read pictures and rows.
    pub(crate) fn read_options(&self) -> ReadOptions {
        ReadOptions {
            resize: self.resize.unwrap_or_default(),
            bad: if self.skip_bad { BadItems::Skip } else { BadItems::Refuse },
            header: self.header,
            delimiter: self.delimiter,
            label_column: self.label_column.clone(),
            drop_columns: self.drop_columns.clone(),
            background: self.background,
            part: None,
        }
    }

    /// The options to load the data; the seed decides which items are held out, and rows of a mapped table are kept in
    /// the folder `scratch`.
    pub(crate) fn load_options(&self, seed: Seed, scratch: PathBuf) -> LoadOptions {
        LoadOptions {
            read: self.read_options(),
            size: self.size,
            channels: self.channels,
            test_fraction: self.test_fraction.unwrap_or(LoadOptions::TEST_FRACTION),
            seed,
            scaling: None,
            columns: self.scaling,
            patches: self.patches,
            target: self.target.as_ref().map(PathBuf::from),
            mapping: if self.mapped { Mapping::Always } else { Mapping::Large },
            scratch: Some(scratch),
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

/// The noise that a denoiser for photographs learns to remove: Gaussian, of 5 to 55 grey levels of 255. The blind
/// DnCNN-B learns from 0 to 55, FFDNet from 0 to 75.
const DENOISER_NOISE: &str = "gaussian:5/255..55/255:unclipped";

impl Spec {
    /// The settings of the training as far as the spec holds them, for weights files without settings.
    pub(crate) fn run_settings(&self) -> RunSettings {
        let corruption = self.corruption.as_ref();
        RunSettings {
            reading: self.data.read_options(),
            noise: corruption.map(|corruption| corruption.noise.clone()),
            drawn: corruption.map(|corruption| corruption.drawn),
            seed: self.seed,
            test_fraction: self.data.test_fraction,
            patches: self.data.patches,
            is_paired: self.data.target.is_some(),
            loss: Some(self.training.loss),
            blind_spot: self.training.blind_spot,
            data: None,
        }
    }

    /// Reads a spec.
    ///
    /// # Errors
    /// [`ExperimentError::Spec`] if the file is not TOML, [`ExperimentError::Keys`] if it has an unknown, missing or
    /// mistyped key: both show the line. Also if it cannot be read or is larger than 1 MiB.
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
        // The syntax alone: a number that no key can hold is a mistake in a key.
        toml::de::DeTable::parse(text)
            .map_err(of)
            .map_err(|(path, source)| ExperimentError::Spec { path, source })?;
        toml::from_str(text)
            .map_err(of)
            .map_err(|(path, source)| ExperimentError::Keys { path, source })
    }

    /// Reads the text of a spec.
    pub(crate) fn text(path: &Path) -> Result<String, ExperimentError> {
        let bytes = ae_files::read_bounded(path, LARGEST)?;
        String::from_utf8(bytes).map_err(|_| ExperimentError::NotText { path: path.to_owned() })
    }

    /// The regular autoencoder of the Keras tutorial: 784-32-784, ReLU, sigmoid, Adam, binary cross-entropy, batches of
    /// 256, 50 epochs. It is the default for MNIST; for other data see [`Adaptation`](crate::Adaptation).
    pub fn tutorial() -> Self {
        Self {
            name: "autoencoder".to_owned(),
            question: question::ABOUT_IMAGES.to_owned(),
            seed: 42,
            data: DataSpec { source: "auto".to_owned(), ..DataSpec::default() },
            model: NetworkSpec::tutorial(),
            corruption: None,
            training: TrainingSpec {
                epochs: 50,
                batch_size: 256,
                loss: Loss::BinaryCrossEntropy,
                code_l1: Some(0.0),
                kl_weight: None,
                kl_warm_up: None,
                sparsity_weight: None,
                sparsity_target: None,
                contractive_weight: None,
                blind_spot: None,
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

    /// The tutorial's spec with another network, and the settings that its source has for it.
    ///
    /// # Errors
    /// None that is known: the settings of each network are valid.
    pub fn of_network(network: NetworkName) -> Result<Self, ExperimentError> {
        let mut spec = Self::tutorial().with("model.network", &network.to_string())?;
        if network != NetworkName::Dense {
            // The blog's batches for both convolutional networks.
            spec.training.batch_size = 128;
        }
        match network {
            NetworkName::ConvDenoiser => {
                let noise = Noise::from(Gaussian::new(0.5)?);
                spec.corruption = Some(CorruptionSpec { noise, drawn: Draw::Once });
                spec.model.kind = ModelKind::Denoising;
                spec.training.epochs = 100;
            }
            NetworkName::Vae | NetworkName::ConvVae => spec.training.kl_weight = Some(1.0),
            NetworkName::Denoiser => {
                let noise = DENOISER_NOISE.parse::<Noise>()?;
                spec.corruption = Some(CorruptionSpec { noise, drawn: Draw::EveryEpoch });
                spec.model.kind = ModelKind::Denoising;
                spec.model.initialisation = network.initialisation();
                spec.training.loss = Loss::MeanSquaredError;
                spec.training.batch_size = 16;
                spec.training.schedule = Schedule::Cosine { warmup_epochs: 0, final_factor: 0.0 };
            }
            _ => {}
        }
        Ok(spec)
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

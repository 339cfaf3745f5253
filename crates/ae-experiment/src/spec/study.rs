//! The table `[study]` of a spec, and the files that each kind of study writes.

use ae_apply::{ErrorSpec, ProbeSpec};
use ae_corruption::Noise;
use serde::{Deserialize, Serialize};

/// The kind of a study and its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StudySpec {
    /// How well codes of several lengths keep an image, compared with PCA.
    DimensionalityReduction(DimensionalityReduction),
    /// How well denoising models remove each noise, compared with a median filter and PCA.
    DenoisingComparison(DenoisingComparison),
    /// How well models of one class detect the other classes, compared with PCA.
    AnomalyDetection(AnomalyDetection),
    /// Which noise leads to the most useful codes, compared with pixels and PCA.
    FeatureLearning(FeatureLearning),
    /// How many bytes images take, compared with JPEG, PNG, zstd and PCA.
    Compression(Compression),
    /// How many items are classified wrongly from the codes of several networks, and after fine-tuning them on labels.
    Classification(Classification),
    /// How well whole photographs are denoised at several levels, beside other methods and published figures.
    Photographs(Photographs),
}

/// Autoencoders and PCA at several code lengths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionalityReduction {
    /// Widths between the pixels and the code; the decoder mirrors them.
    pub hidden: Vec<usize>,
    /// Code lengths; each has an autoencoder and PCA.
    pub dimensions: Vec<usize>,
}

/// Every noise at several strengths, removed by each method.
///
/// The study trains a regular autoencoder, a denoising one for each noise with all of its strengths, and one for all
/// noises. All have the spec's network and training. Noise is drawn anew in every epoch; each image gets one of the
/// strengths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenoisingComparison {
    /// Numbers of components of PCA; for each noise, the best one on training images is used.
    pub pca_components: Vec<usize>,
    /// The noises.
    pub noises: Vec<NoiseStrengths>,
}

/// A noise at several strengths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseStrengths {
    /// Its name, also of its model's file.
    pub name: String,
    /// The noise from weak to strong; the figure shows the middle one.
    pub strengths: Vec<Noise>,
}

/// Each class in turn is normal, and all others are anomalies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnomalyDetection {
    /// The number of repetitions, with consecutive seeds from the spec's on.
    pub repetitions: u32,
    /// The number of components of PCA, whose squared error is the baseline.
    pub pca_components: usize,
    /// The name of the score that the expectations are about, the same for all classes.
    pub best: String,
    /// The scores that are compared.
    pub scores: Vec<NamedScore>,
}

/// A score and its name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedScore {
    /// Its name in table, figures and metrics.
    pub name: String,
    /// How it is computed.
    pub error: ErrorSpec,
}

/// Codes of one network trained with different noises, probed and compared with pixels and PCA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureLearning {
    /// The noises, drawn anew in every epoch. The same network without noise is always trained too.
    pub noises: Vec<Noise>,
    /// The number of networks for each noise, with consecutive seeds from the spec's on; at least 1.
    pub models: u32,
    /// The labels that the classifiers learn from. Each network is probed with draws of its own, pixels and PCA with
    /// the draws of all networks.
    pub probe: ProbeSpec,
}

/// Autoencoders as compressors of grey 8-bit images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compression {
    /// Widths from the pixels to the code, a model each; the decoder mirrors them.
    pub models: Vec<Vec<usize>>,
    /// The number of components of PCA, which compresses by the same codec.
    pub pca_components: usize,
}

/// Networks that learned in different ways without labels, and what a classifier makes of them.
///
/// Each network is trained without labels. Then a logistic regression classifies its frozen codes, and a softmax layer
/// on the code is trained together with the encoder (fine-tuning; Vincent et al. 2010, section 3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classification {
    /// The networks.
    pub networks: Vec<ClassifiedNetwork>,
    /// The training on labels.
    pub fine_tuning: FineTuningSpec,
}

/// A network of a [`Classification`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifiedNetwork {
    /// Its name in tables and metrics.
    pub name: String,
    /// What differs from the spec, as [`Spec::with`](crate::Spec::with) takes it: `model.kind=denoising`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// How it is trained without labels.
    #[serde(default, skip_serializing_if = "is_whole")]
    pub pretraining: PretrainingKind,
}

/// Whole photographs with Gaussian noise of several levels, denoised by each method.
///
/// The networks learn from patches (`data.patches`). Without `pictures`, training and test pictures are procedural, and
/// `data.source` is `leaves`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Photographs {
    /// A folder with photographs: `train400`, which networks learn from, and `bsd68` or `set12` or both, on which they
    /// are judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<String>,
    /// The standard deviations of the noise, in units of 1/255.
    pub levels: Vec<u32>,
    /// The most pictures of each test set that are denoised, the first ones.
    pub most: usize,
    /// The networks.
    pub networks: Vec<PhotographNetwork>,
}

/// A network of [`Photographs`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhotographNetwork {
    /// Its name in tables and metrics.
    pub name: String,
    /// What differs from the spec, as [`Spec::with`](crate::Spec::with) takes it: `data.patches.size=[16, 16]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// The levels at which it is judged; without them, all levels of the study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<u32>>,
}

impl Photographs {
    /// The subfolder of the pictures that networks learn from.
    pub const TRAINING: &'static str = "train400";
    /// The subfolders of the pictures that networks are judged on.
    pub const TESTS: [&'static str; 2] = ["bsd68", "set12"];
}

/// How a network is trained before it learns from labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PretrainingKind {
    /// As a whole.
    #[default]
    Whole,
    /// Layer after layer, each as an autoencoder with one hidden layer (Vincent et al. 2010, section 3).
    Layers,
    /// Not at all: the initial weights.
    None,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_whole(kind: &PretrainingKind) -> bool {
    *kind == PretrainingKind::Whole
}

/// The training of an encoder on labels, by Adam with Keras' constants. A sixth of the training items is held out to
/// choose the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FineTuningSpec {
    /// The most epochs.
    pub epochs: u32,
    /// Items of a batch.
    pub batch_size: usize,
    /// The step size.
    pub learning_rate: f64,
    /// Epochs without a lower error on the held-out items after which the training ends.
    pub patience: u32,
}

/// The figures and tables that a kind of study writes into its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Artefacts {
    /// Names of figures; each is a PNG and an SVG.
    pub figures: &'static [&'static str],
    /// Names of tables; each is a CSV file.
    pub tables: &'static [&'static str],
}

impl Artefacts {
    const DIMENSIONALITY: Self = Self {
        figures: &[
            "reconstructions",
            "map-autoencoder",
            "map-pca",
            "map-tsne",
            "decoded-plane",
            "interpolation",
        ],
        tables: &["dimensions"],
    };
    const DENOISING: Self = Self { figures: &["denoised"], tables: &["denoising"] };
    const ANOMALIES: Self = Self { figures: &["roc", "precision-recall"], tables: &["anomalies"] };
    const FEATURES: Self =
        Self { figures: &["probes-logistic", "probes-neighbours"], tables: &["probes"] };
    const COMPRESSION: Self = Self {
        figures: &["rate-distortion", "compressed"],
        tables: &["rate-distortion", "equal-quality", "lossless", "model-size"],
    };
    const CLASSIFICATION: Self = Self { figures: &["errors"], tables: &["classification"] };
    const PHOTOGRAPHS: Self = Self { figures: &["photographs"], tables: &["photographs"] };
    /// The files of all kinds.
    pub const ALL: [Self; 7] = [
        Self::DIMENSIONALITY,
        Self::DENOISING,
        Self::ANOMALIES,
        Self::FEATURES,
        Self::COMPRESSION,
        Self::CLASSIFICATION,
        Self::PHOTOGRAPHS,
    ];
}

impl StudySpec {
    /// The files that a study of this kind writes.
    pub fn artefacts(&self) -> Artefacts {
        match self {
            Self::DimensionalityReduction(_) => Artefacts::DIMENSIONALITY,
            Self::DenoisingComparison(_) => Artefacts::DENOISING,
            Self::AnomalyDetection(_) => Artefacts::ANOMALIES,
            Self::FeatureLearning(_) => Artefacts::FEATURES,
            Self::Compression(_) => Artefacts::COMPRESSION,
            Self::Classification(_) => Artefacts::CLASSIFICATION,
            Self::Photographs(_) => Artefacts::PHOTOGRAPHS,
        }
    }
}

//! What a study asks, as written in the table `[study]`, and the files that each kind leaves.

use ae_apply::{ErrorSpec, ProbeSpec};
use ae_corruption::Noise;
use serde::{Deserialize, Serialize};

/// What is asked of several models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StudySpec {
    /// How much of an image a few numbers keep, beside PCA.
    DimensionalityReduction(DimensionalityReduction),
    /// What is left of every noise, beside a median filter and PCA.
    DenoisingComparison(DenoisingComparison),
    /// How well models of one class tell the others from it, beside PCA.
    AnomalyDetection(AnomalyDetection),
    /// Which noise learns the most useful codes, beside PCA.
    FeatureLearning(FeatureLearning),
    /// How many bytes images take, beside JPEG, PNG, zstd and PCA.
    Compression(Compression),
}

/// Autoencoders and PCA side by side at several code lengths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionalityReduction {
    /// Widths between the pixels and the code; the decoder mirrors them.
    pub hidden: Vec<usize>,
    /// Numbers in a code, a pair of models each.
    pub dimensions: Vec<usize>,
}

/// Every noise at several strengths: what is left of it after each method.
///
/// There is a regular autoencoder, a denoising one for each noise that has learned with all of its
/// strengths, and one that has learned with all noises. All have the spec's network and training; noise
/// is drawn afresh in every epoch, one of the strengths (or of all noises' strengths) for each image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenoisingComparison {
    /// The numbers of components of PCA, of which the best on training images is taken for each noise.
    pub pca_components: Vec<usize>,
    /// The noises.
    pub noises: Vec<NoiseStrengths>,
}

/// A noise at several strengths.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseStrengths {
    /// Its name, which its model's file has too.
    pub name: String,
    /// From weak to strong; the figure shows the one in the middle.
    pub strengths: Vec<Noise>,
}

/// One class is normal, all others are anomalies; each class in turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnomalyDetection {
    /// How often everything is repeated, with the seeds from the spec's on.
    pub repetitions: u32,
    /// The components of PCA, whose squared error is the yardstick.
    pub pca_components: usize,
    /// The name of the score that is judged, for all classes the same.
    pub best: String,
    /// The scores that are compared.
    pub scores: Vec<NamedScore>,
}

/// A score and what it is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedScore {
    /// Its name in table, figures and metrics.
    pub name: String,
    /// What it is.
    pub error: ErrorSpec,
}

/// Codes of the same network that has learned with different noises, probed beside pixels and PCA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureLearning {
    /// The noises, drawn afresh in every epoch; the same network without noise is always among them.
    pub noises: Vec<Noise>,
    /// How many networks learn with each noise, with the seeds from the spec's on; at least 1.
    pub models: u32,
    /// Which labels the classifiers learn from. Every network is probed with parts of its own; pixels and
    /// PCA with the parts of all.
    pub probe: ProbeSpec,
}

/// Autoencoders as compressors of grey 8-bit images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compression {
    /// Widths from the pixels to the code, a model each; the decoder mirrors them.
    pub models: Vec<Vec<usize>>,
    /// Components of the PCA that is compressed with by the same codec.
    pub pca_components: usize,
}

/// The figures and tables that a kind of study leaves in its folder.
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
    /// Those of all kinds.
    pub const ALL: [Self; 5] =
        [Self::DIMENSIONALITY, Self::DENOISING, Self::ANOMALIES, Self::FEATURES, Self::COMPRESSION];
}

impl StudySpec {
    /// What a study of this kind leaves.
    pub fn artefacts(&self) -> Artefacts {
        match self {
            Self::DimensionalityReduction(_) => Artefacts::DIMENSIONALITY,
            Self::DenoisingComparison(_) => Artefacts::DENOISING,
            Self::AnomalyDetection(_) => Artefacts::ANOMALIES,
            Self::FeatureLearning(_) => Artefacts::FEATURES,
            Self::Compression(_) => Artefacts::COMPRESSION,
        }
    }
}

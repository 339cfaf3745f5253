//! Anomaly detection.

use ae_analysis::AnomalyScore;
use clap::{Subcommand, ValueEnum, ValueHint};

use super::parse::{
    file_or_folder, file_that_ends_with, fraction, noise_if_any, seed, smoothing, whole,
};
use super::{MaybeNoise, ModelAndData, OutputKind, OutputPath, Overwrite, Reading, ShardFlag};

#[derive(Debug, Subcommand)]
pub(crate) enum AnomalyCommand {
    /// Fit score, p-values and threshold to normal items; store them in the weights file
    ///
    /// DATA are normal items that the model was not trained on, 3 or more. Of pictures that are larger than the
    /// model's, the score is that of the strangest window of the model's size, and threshold and p-values come from
    /// whole pictures.
    #[command(after_help = "Examples:
  ae anomaly fit runs/parts normal/ --quantile 0.99
  ae anomaly fit runs/table sensors.csv --score likelihood --contamination 0.02
  ae anomaly fit runs/clean normal/ --noise masking:0.35 --smoothing 0.7")]
    Fit(AnomalyFit),
    /// Score items: index or file, score (larger is stranger), p-value and label of each
    ///
    /// `item` counts the items of the input from 0, those that are left out among them; pictures have their files'
    /// names.
    ///
    /// The score of a picture that is larger than the model's is that of its strangest window of the model's size. Its
    /// p-value is that of the window times the number of windows (Bonferroni), unless the detector was fitted to
    /// pictures with as many.
    #[command(after_help = "Examples:
  ae anomaly score runs/patches photos/ -o scores.csv --heat-map maps/
  ae anomaly score runs/parts new/ -o scores.csv --heat-map where.png
  ae anomaly score runs/parts new/ --json")]
    Score(AnomalyScoring),
}

#[derive(Debug, clap::Args)]
pub(crate) struct AnomalyFit {
    #[command(flatten)]
    pub(crate) applied: ModelAndData,
    /// What the score is made of; larger scores are stranger [default: likelihood for a model of a table, squared
    /// for others]
    #[arg(long, value_enum, value_name = "NAME")]
    pub(crate) score: Option<ScoreName>,
    /// The fraction of DATA that is anomalous and above the threshold: above 0, at most 0.5
    #[arg(long, value_name = "RATE", value_parser = contamination, conflicts_with = "quantile")]
    pub(crate) contamination: Option<f64>,
    /// The fraction of new normal items at or below the threshold [default: 0.99]
    ///
    /// An item is an anomaly if its p-value is below 1 - PART. That needs 1 / (1 - PART) items; with fewer, an item is
    /// an anomaly if its score is above all of theirs.
    #[arg(long, value_name = "PART", value_parser = fraction)]
    pub(crate) quantile: Option<f64>,
    /// Reconstruct noisy copies of an item, and take the mean
    #[arg(long, value_name = "NOISE", default_value = "none", value_parser = noise_if_any)]
    pub(crate) noise: MaybeNoise,
    /// How many noisy copies
    #[arg(long, hide_short_help = true, default_value = "8", value_name = "N", requires = "noise", value_parser = whole::<1, 1000>)]
    pub(crate) draws: usize,
    /// The noise's seed
    #[arg(long, hide_short_help = true, default_value_t = 42, value_name = "N", value_parser = seed)]
    pub(crate) seed: u64,
    /// Smooth images and reconstructions by a Gaussian of this width in pixels before they are compared
    #[arg(long, hide_short_help = true, default_value_t = 0.0, value_name = "SIGMA", value_parser = smoothing)]
    pub(crate) smoothing: f32,
    /// The weights file to write [default: the one of MODEL, in place]
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = weights_file)]
    pub(crate) out: Option<OutputPath>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, clap::Args)]
pub(crate) struct AnomalyScoring {
    #[command(flatten)]
    pub(crate) applied: ModelAndData,
    /// Where to write: .csv, .json or .parquet [default: CSV to stdout]
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = scores_file)]
    pub(crate) out: Option<OutputPath>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    #[command(flatten)]
    pub(crate) shard: ShardFlag,
    /// Draw the reconstruction errors of the items with the highest scores: .png or .svg; or a folder/ for the heat
    /// map of every picture at its full size
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath, value_parser = heat_map)]
    pub(crate) heat_map: Option<OutputPath>,
    /// Items in the figure: 1 to 1000
    #[arg(long, default_value = "10", value_name = "N", value_parser = whole::<1, 1000>)]
    pub(crate) count: usize,
    /// The normal class: reports how well the scores rank the other classes above it (needs labels)
    #[arg(long, value_name = "CLASS")]
    pub(crate) normal_class: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// The names of the scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScoreName {
    /// The squared error
    Squared,
    /// Each pixel's error in units of its spread among normals
    Standardised,
    /// The distance of the code from those of normals
    Latent,
    /// Both: as the likelihood of probabilistic PCA
    Likelihood,
}

impl From<ScoreName> for AnomalyScore {
    fn from(name: ScoreName) -> Self {
        match name {
            ScoreName::Squared => Self::Squared,
            ScoreName::Standardised => Self::Standardised,
            ScoreName::Latent => Self::Latent,
            ScoreName::Likelihood => Self::Likelihood,
        }
    }
}

fn contamination(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| *rate > 0.0 && *rate <= 0.5);
    rate.ok_or_else(|| "expected a number above 0 and at most 0.5".to_owned())
}

fn weights_file(text: &str) -> Result<OutputPath, String> {
    let path = file_that_ends_with(text, &["safetensors"]);
    path.map(|path| OutputPath::new(path.to_path_buf(), OutputKind::Model))
        .ok_or_else(|| "expected a file that ends with .safetensors".to_owned())
}

fn heat_map(text: &str) -> Result<OutputPath, String> {
    file_or_folder(text, &["png", "svg"]).ok_or_else(|| {
        "expected a file that ends with .png or .svg, or a folder, such as maps/".to_owned()
    })
}

fn scores_file(text: &str) -> Result<OutputPath, String> {
    file_that_ends_with(text, &["csv", "json", "parquet"])
        .ok_or_else(|| "expected a file that ends with .csv, .json or .parquet".to_owned())
}

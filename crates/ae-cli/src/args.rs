//! What a person can type.

mod anomaly;
mod compression;
mod data;
mod exchange;
mod files;
mod parse;
mod probe;
mod project;
mod reproduce;

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use ae_corruption::{Draw, Noise};
use ae_dataset::ColumnScaling;
use ae_experiment::EngineKind;
use ae_models::Loss;
use clap::{ArgAction, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use anomaly::{AnomalyCommand, AnomalyFit, AnomalyScoring};
pub(crate) use compression::{Compress, Decompress};
pub(crate) use data::{Becoming, Data, DataCommand, Reading, Split};
pub(crate) use exchange::{Export, ExportedPart, Import};
pub(crate) use files::{OutputKind, OutputPath};
use parse::{device, loss, noise, noise_if_any, not_negative, npy_file, positive, target, whole};
pub(crate) use probe::Probe;
pub(crate) use project::{Interpolate, Project};
pub(crate) use reproduce::Reproduce;

/// Trains, examines and applies autoencoders.
///
/// Results go to stdout, everything else to stderr. Exit status: 0 done, 1 failed (damaged or
/// missing input), 2 usage, 3 an expectation of the experiment fell short.
#[derive(Debug, Parser)]
#[command(name = "ae", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

/// Flags that every command knows.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Threads to use, 1 to 512; they never change the result [default: one per core]
    #[arg(long, global = true, value_name = "N", value_parser = whole::<1, 512>)]
    pub(crate) threads: Option<usize>,
    /// Where to compute: cpu, cuda, cuda:N or metal
    #[arg(long, global = true, default_value = "cpu", value_name = "DEVICE", value_parser = device)]
    pub(crate) device: String,
    /// Use only files on this machine; download nothing
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Print the result as one line of JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but the result and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// How to show progress
    #[arg(long, global = true, value_enum, default_value_t = ProgressStyle::Auto, value_name = "STYLE")]
    pub(crate) progress: ProgressStyle,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgressStyle {
    /// A bar on a terminal, lines elsewhere
    Auto,
    /// A bar
    Bar,
    /// One line per epoch, at most 100
    Plain,
    /// Nothing
    None,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at, fetch or export a data set
    #[command(subcommand)]
    Data(DataCommand),
    /// Train an autoencoder, from a spec or from flags
    Train(Box<Train>),
    /// Continue a run or a study that was interrupted, or train a run for more epochs
    Resume(Resume),
    /// Train the experiments that come with this program and compare with published numbers
    ///
    /// Prints a table, and leaves runs, summary.json for scripts and report.html with pictures.
    Reproduce(Reproduce),
    /// Run a study: an experiment that trains several models and compares them
    Study(Study),
    /// Evaluate a model on the test images of a data set
    Evaluate(Evaluate),
    /// Reconstruct images: encode and decode them
    Reconstruct(Apply),
    /// Remove noise from images
    ///
    /// Pictures of another size than the model's keep their size: they go through the model in overlapping
    /// tiles, each colour by itself if the model is a grey one, unless --resize is given.
    Denoise(Denoise),
    /// Encode images to codes (.npy)
    Encode(Encode),
    /// Decode codes (.npy) to images
    Decode(Decode),
    /// Draw a map of codes in the plane, and what the plane decodes to
    Project(Project),
    /// Draw the interpolation between two images through their codes
    Interpolate(Interpolate),
    /// Detect anomalies
    #[command(subcommand)]
    Anomaly(AnomalyCommand),
    /// Probe a model's codes: how well simple classifiers do on them, beside pixels and PCA
    Probe(Probe),
    /// Compress 8-bit images with a model (.aez)
    Compress(Compress),
    /// Decompress images (.aez)
    Decompress(Decompress),
    /// Export a model to ONNX
    Export(Export),
    /// Import weights of PyTorch or Keras as a model
    Import(Box<Import>),
    /// Show what a weights file or a run contains
    Inspect(Inspect),
    /// Print a completion script for a shell
    Completions(Completions),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae train crates/ae-studies/experiments/denoising.toml --out runs/denoising
  ae train --data digits --widths 128,32 --epochs 20 --out runs/deep
  ae train --data photos/ --resize crop --size 64x64 --widths 512,64
  ae train --data sensors.csv --label-column state --widths 8,3
  ae train --noise gaussian:0.5 --drawn every-epoch")]
#[command(mut_arg("part", |part| part.hide(true)))]
pub(crate) struct Train {
    /// The experiment, a TOML file; without one, the Keras tutorial's autoencoder for MNIST and the like, and
    /// for your own data what its size asks for, each with the flags below
    #[arg(value_name = "SPEC", value_hint = ValueHint::FilePath)]
    pub(crate) spec: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) folder: NewFolder,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Images per batch [default: 256, fewer for little data of your own]
    #[arg(long, value_name = "N")]
    pub(crate) batch_size: Option<NonZeroUsize>,
    /// Step size of the optimizer
    #[arg(long, value_name = "RATE", value_parser = positive)]
    pub(crate) learning_rate: Option<f64>,
    /// The loss to minimise: binary-cross-entropy or mean-squared-error
    #[arg(long, value_parser = loss, value_name = "LOSS")]
    pub(crate) loss: Option<Loss>,
    /// Widths from the image to the code; the decoder mirrors them
    #[arg(long, value_delimiter = ',', value_name = "N,N,..")]
    pub(crate) widths: Option<Vec<NonZeroUsize>>,
    /// The decoder uses the encoder's weights, transposed
    #[arg(long)]
    pub(crate) tied_weights: bool,
    /// Weight of an L1 penalty on the code
    #[arg(long, value_name = "WEIGHT", value_parser = not_negative)]
    pub(crate) code_l1: Option<f32>,
    /// Learn to remove this noise, such as gaussian:0.5 or masking:0.25+gaussian:0.1; or none [default:
    /// masking:0.2 for tables, none for images]
    #[arg(long, value_name = "NOISE", value_parser = noise)]
    pub(crate) noise: Option<NoiseChoice>,
    /// How often the noise is drawn: once (default for MNIST and the like) or every-epoch (for your own data)
    #[arg(long, value_name = "WHEN")]
    pub(crate) drawn: Option<Draw>,
    /// How the columns of a table are scaled: standard or min-max [default: standard, unless loss or noise
    /// need values from 0 to 1]
    #[arg(long, value_name = "HOW")]
    pub(crate) scaling: Option<ColumnScaling>,
    /// How gradients are computed: fused or autograd [default: the fastest that supports the model]
    #[arg(long, value_name = "ENGINE")]
    pub(crate) engine: Option<EngineKind>,
    /// Draw reconstructions in the terminal at the end
    #[arg(long)]
    pub(crate) show: bool,
    #[command(flatten)]
    pub(crate) becoming: Becoming,
}

/// Where an experiment goes.
#[derive(Debug, clap::Args)]
pub(crate) struct NewFolder {
    /// The folder of the run [default: runs/NAME]
    #[arg(long, value_name = "RUN", value_hint = ValueHint::DirPath, value_parser = files::folder)]
    pub(crate) out: Option<OutputPath>,
    /// Replace the run that is in the folder
    #[arg(long)]
    pub(crate) force: bool,
}

/// What every experiment can be given instead of what its spec says.
#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) data: Data,
    /// The seed of all random numbers
    #[arg(long, value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64), value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Passes over the training images [default: 50; for your own data, enough for 3000 steps of a table or 6000 of
    /// pictures]
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<NonZeroU32>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae resume runs/denoising
  ae resume runs/denoising --epochs 100
  ae resume runs/photos --data /new/place/photos")]
pub(crate) struct Resume {
    /// The folder of the run or study
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) run: PathBuf,
    /// Train the run to this many epochs in all, also if it has finished
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<NonZeroU32>,
    /// Where the data lies now, if it was moved; other data is refused
    #[arg(long, value_name = "SOURCE")]
    pub(crate) data: Option<String>,
    /// Draw reconstructions in the terminal at the end
    #[arg(long)]
    pub(crate) show: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: ae study crates/ae-studies/experiments/dimensionality.toml --data mnist"
)]
pub(crate) struct Study {
    /// The study, a TOML file with a `study` table
    #[arg(value_name = "SPEC", value_hint = ValueHint::FilePath)]
    pub(crate) spec: PathBuf,
    #[command(flatten)]
    pub(crate) folder: NewFolder,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ae evaluate runs/denoising --data mnist --noise gaussian:0.5")]
pub(crate) struct Evaluate {
    /// A weights file or the folder of a run
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Noise on the test images, or none [default: that of the run, if it is a denoising one]
    #[arg(long, value_name = "NOISE", value_parser = noise)]
    pub(crate) noise: Option<NoiseChoice>,
    /// The noise's seed [default: that of the run, or 42]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae reconstruct digit.png -m runs/regular -o again.png
  ae reconstruct mnist/ -m runs/regular -o figure.png --count 10")]
pub(crate) struct Apply {
    /// A folder of pictures or IDX files (its test images), PNG, JPEG, IDX (.gz too), .npy, .csv; or
    /// mnist, digits, ..
    #[arg(value_name = "IMAGES", value_hint = ValueHint::AnyPath)]
    pub(crate) images: PathBuf,
    /// A weights file or the folder of a run
    #[arg(long, short, value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Where images go.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// Where to write: .npy or, of a table, .csv (all), .png or .svg (one image itself, or a figure of
    /// the first ones), or a folder/ (each as PNG)
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = target, required_unless_present = "show")]
    pub(crate) output: Option<OutputPath>,
    /// Images in a figure: 1 to 1000
    #[arg(long, default_value = "10", value_name = "N", value_parser = whole::<1, 1000>)]
    pub(crate) count: usize,
    /// Draw the first images in the terminal
    #[arg(long)]
    pub(crate) show: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae denoise page.png -m runs/denoising -o clean.png
  ae denoise scans/ -m runs/denoising -o clean/
  ae denoise mnist/ -m runs/denoising --noise gaussian:0.5 -o figure.png")]
pub(crate) struct Denoise {
    #[command(flatten)]
    pub(crate) apply: Apply,
    /// Add this noise to the images first
    #[arg(long, value_name = "NOISE", default_value = "none", value_parser = noise_if_any)]
    pub(crate) noise: MaybeNoise,
    /// The noise's seed
    #[arg(long, default_value_t = 42, value_name = "N")]
    pub(crate) seed: u64,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "If items are left out, NAME.index.csv beside NAME.npy says which item each row is: items \
are counted from 0.

Example: ae encode mnist/ -m runs/regular -o codes.npy"
)]
pub(crate) struct Encode {
    /// A folder of pictures or IDX files (its test images), PNG, JPEG, IDX (.gz too), .npy, .csv; or
    /// mnist, digits, ..
    #[arg(value_name = "IMAGES", value_hint = ValueHint::AnyPath)]
    pub(crate) images: PathBuf,
    /// A weights file, also of an encoder alone, or the folder of a run
    #[arg(long, short, value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    /// Where to write the codes: .npy, f32, images x latent dimension
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = npy_file)]
    pub(crate) output: OutputPath,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ae decode codes.npy -m runs/regular -o images.npy")]
pub(crate) struct Decode {
    /// Codes: .npy, images x latent dimension
    #[arg(value_name = "CODES", value_hint = ValueHint::FilePath)]
    pub(crate) codes: PathBuf,
    /// A weights file or the folder of a run
    #[arg(long, short, value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) target: Target,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ae inspect runs/regular")]
pub(crate) struct Inspect {
    /// A weights file, also of an encoder alone, or the folder of a run
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: ae completions bash > ~/.local/share/bash-completion/completions/ae"
)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum, action = ArgAction::Set)]
    pub(crate) shell: clap_complete::Shell,
}

/// A noise or none, where none is the default. (Of an `Option` clap would take only what is in it.)
pub(crate) type MaybeNoise = Option<Noise>;

impl From<NoiseChoice> for MaybeNoise {
    fn from(choice: NoiseChoice) -> Self {
        match choice {
            NoiseChoice::Of(noise) => Some(noise),
            NoiseChoice::None => None,
        }
    }
}

/// A noise, or that there is to be none.
#[derive(Debug, Clone)]
pub(crate) enum NoiseChoice {
    None,
    Of(Noise),
}

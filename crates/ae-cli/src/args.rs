//! What a person can type.

mod anomaly;
mod apply;
mod codes;
mod compression;
mod data;
mod earlier;
mod exchange;
mod files;
#[cfg(feature = "serve")]
mod live;
mod network;
mod parse;
mod probe;
mod project;
mod report;
mod reproduce;
mod runs;
mod sample;
#[cfg(feature = "serve")]
mod serve;
mod shards;
mod spec;
mod train;

use std::path::PathBuf;

use ae_corruption::Noise;
use clap::{ArgAction, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use anomaly::{AnomalyCommand, AnomalyFit, AnomalyScoring};
pub(crate) use apply::{Apply, Denoise, Denoised, Target};
pub(crate) use codes::{Decode, Encode};
pub(crate) use compression::{Compress, Decompress};
pub(crate) use data::{Becoming, Data, DataCommand, Reading, Split};
pub(crate) use earlier::rewritten;
pub(crate) use exchange::{Export, ExportedPart, Import};
pub(crate) use files::{OutputKind, OutputPath};
#[cfg(feature = "serve")]
pub(crate) use live::Live;
pub(crate) use network::NetworkFlags;
use parse::{device, noise, seed, whole};
pub(crate) use probe::Probe;
pub(crate) use project::{Interpolate, Project};
pub(crate) use report::Report;
pub(crate) use reproduce::Reproduce;
pub(crate) use runs::{Compare, Runs};
pub(crate) use sample::Sample;
#[cfg(feature = "serve")]
pub(crate) use serve::{LogFormat, Serve};
pub(crate) use shards::{Join, ShardFlag};
pub(crate) use spec::{Change, WriteSpec};
pub(crate) use train::{NewFolder, Resume, Settings, Shown, Study, Train};

/// Trains, examines and applies autoencoders.
///
/// Results go to stdout, everything else to stderr. Exit status: 0 done, 1 failed (damaged or
/// missing input), 2 usage, 3 an expectation of the experiment fell short.
#[derive(Debug, Parser)]
#[command(name = "ae", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Example: ae train --data digits --epochs 5 && ae evaluate runs/autoencoder"
)]
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
    #[arg(long, hide_short_help = true, global = true, value_name = "N", value_parser = whole::<1, 512>)]
    pub(crate) threads: Option<usize>,
    /// Where to compute: cpu, cuda, cuda:N or metal
    #[arg(long, hide_short_help = true, global = true, default_value = "cpu", value_name = "DEVICE", value_parser = device)]
    pub(crate) device: String,
    /// Use only files on this machine; download nothing
    #[arg(long, hide_short_help = true, global = true)]
    pub(crate) offline: bool,
    /// Print the result as one line of JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print nothing but the result and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Print more about what is done; -vv prints even more (or set RUST_LOG)
    #[arg(long, hide_short_help = true, short, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub(crate) verbose: u8,
    /// How to show progress
    #[arg(long, hide_short_help = true, global = true, value_enum, default_value_t = ProgressStyle::Auto, value_name = "STYLE")]
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
    /// One JSON object per line on stderr, for programs
    Json,
    /// Nothing
    None,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at, fetch or export a data set
    #[command(subcommand)]
    Data(DataCommand),
    /// Write a spec with a comment on every key, to be changed and trained
    Spec(WriteSpec),
    /// Train an autoencoder, from a spec or from flags
    Train(Box<Train>),
    /// Continue a run or a study that was interrupted, or train a run for more epochs
    Resume(Resume),
    /// Train the built-in experiments and compare with published numbers
    ///
    /// Prints a table, and leaves runs, summary.json for scripts and report.html with pictures.
    Reproduce(Reproduce),
    /// Run a study: an experiment that trains several models and compares them
    Study(Study),
    /// List the runs and studies below a folder, with their states
    Runs(Runs),
    /// Compare runs: settings that differ, metrics, best epochs, learning curves
    Compare(Compare),
    /// Write the page of a run, a study or a reproduction: one HTML file
    Report(Report),
    /// Evaluate a model on the test images of a data set
    Evaluate(Evaluate),
    /// Reconstruct images: encode and decode them
    ///
    /// A network of convolutions alone takes pictures of any size, unless --resize is given.
    Reconstruct(Apply),
    /// Remove noise from images
    ///
    /// Pictures of another size than the model's keep their size, unless --resize is given. A network of
    /// convolutions alone takes them as one; any other takes overlapping tiles. A grey model takes each colour
    /// by itself.
    Denoise(Denoise),
    /// Encode images to codes (.npy)
    Encode(Encode),
    /// Decode codes (.npy) to images
    Decode(Decode),
    /// Draw a map of codes in the plane, and what the plane decodes to
    Project(Project),
    /// Draw the interpolation between two images through their codes
    ///
    /// DATA is the first image, or several of which --from chooses one.
    Interpolate(Interpolate),
    /// Draw new images from a variational autoencoder
    Sample(Sample),
    /// Detect anomalies
    #[command(subcommand)]
    Anomaly(AnomalyCommand),
    /// Probe a model's codes: how well simple classifiers do on them, beside pixels and PCA
    Probe(Probe),
    /// Compress 8-bit images with a model (.aez)
    Compress(Compress),
    /// Decompress images (.aez)
    Decompress(Decompress),
    /// Join the outputs of all shards of a command with --shard
    ///
    /// The result has the bytes of one run over all items.
    Join(Join),
    /// Serve a model on this machine: a page to try it in a browser, and an HTTP API
    ///
    /// Prints the address, and answers until Ctrl-C or SIGTERM, which finish what is in flight. The API is described
    /// at /openapi.json.
    #[cfg(feature = "serve")]
    Serve(Serve),
    /// Watch a run in a browser: curves, time left, reconstructions, and a button to stop it
    ///
    /// The run may be one that goes on in another terminal, has finished or was interrupted. A training that goes on says
    /// once a second how far it is while somebody watches; a stop leaves a checkpoint.
    #[cfg(feature = "serve")]
    Live(Live),
    /// Export a model to ONNX
    Export(Export),
    /// Import weights of PyTorch or Keras as a model
    Import(Box<Import>),
    /// Show what a weights file or a run contains
    Inspect(Inspect),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the manual page, or write those of all commands
    Man(Man),
}

impl Command {
    /// Whether several processes share the work.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::Train(_) | Self::Resume(_))
    }
}

/// Overwriting is refused everywhere, unless this is given.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Overwrite {
    /// Replace outputs that exist already
    #[arg(long)]
    pub(crate) force: bool,
}

/// What is applied to what: the same two arguments in every command that applies a model.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ModelAndData {
    /// The folder of a run, or a weights file
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    /// A folder of pictures or IDX files, a file (.png, .jpg, .npy, .csv, .parquet, IDX, .gz), or mnist, digits, ..
    ///
    /// Of data with parts, the test part is read, or else the validation part, unless --part is given.
    #[arg(value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub(crate) images: PathBuf,
}

/// The same, where the data of the model's run is read unless other data is named.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelAndOwnData {
    /// The folder of a run, or a weights file
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    /// As for `ae train --data` [default: the held-out part of the run's data]
    #[arg(value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub(crate) data: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae evaluate runs/denoising
  ae evaluate runs/denoising mnist --noise gaussian:0.5
  ae evaluate runs/scans others/dirty --target others/clean
  ae evaluate runs/vae --importance-samples 100")]
pub(crate) struct Evaluate {
    #[command(flatten)]
    pub(crate) applied: ModelAndOwnData,
    /// The folder of the clean partners of the images, as for `ae train --target` [default: that of the run]
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::AnyPath)]
    pub(crate) target: Option<PathBuf>,
    /// Noise on the images, or none [default: that of the run, if its model is a denoising one]
    #[arg(long, value_name = "NOISE", value_parser = noise)]
    pub(crate) noise: Option<NoiseChoice>,
    /// The seed of the noise and of drawn codes [default: that of the run, or 42]
    #[arg(long, value_name = "N", value_parser = seed)]
    pub(crate) seed: Option<u64>,
    /// Also bound the log-likelihood by K codes an image: val_nll, in nats (variational models)
    #[arg(long, value_name = "K", value_parser = whole::<1, 100_000>)]
    pub(crate) importance_samples: Option<usize>,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ae inspect runs/regular")]
pub(crate) struct Inspect {
    /// The folder of a run, or a weights file, also of an encoder alone
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

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae man | man -l -
  ae man --out ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// The folder to write the pages of all commands to [default: the page of ae, to stdout]
    #[arg(long, short, visible_alias = "output", value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = files::shared_folder)]
    pub(crate) out: Option<OutputPath>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_example_is_a_command_that_is_understood() {
        let mut commands = vec![Args::command()];
        let mut examples = 0;
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().cloned());
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let parts = help.split(['\n', '|', '>']).flat_map(|line| line.split("&&"));
            for part in parts.filter_map(|part| part.find("ae ").map(|start| &part[start..])) {
                let words = part.split_whitespace().map(Into::into).collect();
                let parsed = Args::try_parse_from(rewritten(words));
                assert!(parsed.is_ok(), "{part}: {}", parsed.unwrap_err());
                examples += 1;
            }
        }
        assert!(examples > 30, "{examples}");
    }
}

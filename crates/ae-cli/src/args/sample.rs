//! New images of a variational model.

use std::path::PathBuf;

use clap::ValueHint;

use super::parse::{seed, target, whole};
use super::{OutputPath, Overwrite};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae sample runs/vae -n 100 -o samples.png
  ae sample runs/vae -n 1000 --seed 7 -o samples/")]
pub(crate) struct Sample {
    /// The folder of a run, or a weights file, of a variational autoencoder
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    /// How many to draw
    #[arg(long = "number", short = 'n', default_value = "100", value_name = "N", value_parser = whole::<1, 1_000_000>)]
    pub(crate) number: usize,
    /// The seed of the codes
    #[arg(long, default_value_t = 42, value_name = "N", value_parser = seed)]
    pub(crate) seed: u64,
    /// Where to write: .png or .svg (one image itself, or a figure of all), .npy or, of a table, .csv (all), or a
    /// folder/ (each as PNG)
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = target, required_unless_present = "show")]
    pub(crate) out: Option<OutputPath>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    /// Draw the first images in the terminal
    #[arg(long)]
    pub(crate) show: bool,
}

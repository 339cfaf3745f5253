//! Compressed images.

use std::path::PathBuf;

use ae_compression::Quality;
use clap::ValueHint;

use super::parse::{file_that_ends_with, place};
use super::{ModelAndData, OutputPath, Overwrite, Reading, ShardFlag, Target};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae compress runs/regular mnist -o mnist.aez --quality 4
  ae compress runs/scans scans/ -o scans.aez --exact")]
pub(crate) struct Compress {
    #[command(flatten)]
    pub(crate) applied: ModelAndData,
    /// Where to write the compressed images: .aez
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = aez_file)]
    pub(crate) out: OutputPath,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    #[command(flatten)]
    pub(crate) shard: ShardFlag,
    /// How finely codes are rounded: 1 (smallest file) to 9 (best quality)
    #[arg(long, default_value_t, value_name = "N")]
    pub(crate) quality: Quality,
    /// Also store the reconstruction error, so that the images are restored bit for bit
    #[arg(long)]
    pub(crate) exact: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae decompress runs/regular mnist.aez -o images.npy
  ae decompress runs/regular mnist.aez -o digit.png --image 7")]
pub(crate) struct Decompress {
    /// The model that the images were compressed with: the folder of a run, or a weights file
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    /// Compressed images: .aez
    #[arg(value_name = "ARCHIVE", value_hint = ValueHint::FilePath)]
    pub(crate) archive: PathBuf,
    /// Decompress only this image, counted from 0
    #[arg(long, value_name = "N", value_parser = place)]
    pub(crate) image: Option<usize>,
    #[command(flatten)]
    pub(crate) target: Target,
}

fn aez_file(text: &str) -> Result<OutputPath, String> {
    file_that_ends_with(text, &["aez"])
        .ok_or_else(|| "expected a file that ends with .aez".to_owned())
}

//! Compressed images.

use std::path::PathBuf;

use ae_compression::Quality;
use clap::ValueHint;

use super::parse::file_that_ends_with;
use super::{OutputPath, Reading, Target};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae compress mnist -m runs/regular -o mnist.aez --quality 4
  ae compress scans/ -m runs/scans -o scans.aez --exact")]
pub(crate) struct Compress {
    /// 8-bit images: a folder of pictures or IDX files (its test images), PNG, JPEG, IDX (.gz too),
    /// .npy; or mnist, digits, ..
    #[arg(value_name = "IMAGES", value_hint = ValueHint::AnyPath)]
    pub(crate) images: PathBuf,
    /// A weights file or the folder of a run
    #[arg(long, short, value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    /// Where to write the compressed images: .aez
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = aez_file)]
    pub(crate) output: OutputPath,
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
  ae decompress mnist.aez -m runs/regular -o images.npy
  ae decompress mnist.aez -m runs/regular -o digit.png --image 7")]
pub(crate) struct Decompress {
    /// Compressed images: .aez
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) archive: PathBuf,
    /// The model that they were compressed with: a weights file or the folder of a run
    #[arg(long, short, value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    /// Decompress only this image, counted from 0
    #[arg(long, value_name = "N")]
    pub(crate) image: Option<usize>,
    #[command(flatten)]
    pub(crate) target: Target,
}

fn aez_file(text: &str) -> Result<OutputPath, String> {
    file_that_ends_with(text, &["aez"])
        .ok_or_else(|| "expected a file that ends with .aez".to_owned())
}

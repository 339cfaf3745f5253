//! Codes: images to codes, and back.

use std::path::PathBuf;

use clap::ValueHint;

use super::parse::codes;
use super::{ModelAndData, OutputPath, Overwrite, Reading, ShardFlag, Target};

#[derive(Debug, clap::Args)]
#[command(
    after_help = "If items are left out, NAME.index.csv beside NAME.npy says which item each row \
is: items are counted from 0.

A network of convolutions alone takes pictures of any size, unless --resize is given: the feature maps of one \
picture, channels x height x width, go into a .npy file, those of several into a folder/, each as a file \
PICTURE.npy.

Examples:
  ae encode runs/regular mnist -o codes.npy
  ae encode runs/denoiser photos -o codes/"
)]
pub(crate) struct Encode {
    #[command(flatten)]
    pub(crate) applied: ModelAndData,
    /// Where to write the codes: .npy or .parquet, f32, images x latent dimension; or a folder/ for pictures of any size
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = codes)]
    pub(crate) out: OutputPath,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    #[command(flatten)]
    pub(crate) shard: ShardFlag,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: ae decode runs/regular codes.npy -o images.npy")]
pub(crate) struct Decode {
    /// The folder of a run, or a weights file
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    /// Codes: .npy, images x latent dimension
    #[arg(value_name = "CODES", value_hint = ValueHint::FilePath)]
    pub(crate) codes: PathBuf,
    #[command(flatten)]
    pub(crate) target: Target,
}

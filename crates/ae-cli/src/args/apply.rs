//! What a model makes of images, and where that goes.

use std::path::PathBuf;

use ae_report::PictureFormat;
use clap::ValueHint;

use super::parse::{noise_if_any, noise_level, picture_format, place, seed, target, whole};
use super::{MaybeNoise, ModelAndData, OutputPath, Overwrite, Reading, ShardFlag};

#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ae reconstruct runs/regular digit.png -o again.png
  ae reconstruct runs/regular mnist -o figure.png --count 10")]
pub(crate) struct Apply<Applied: clap::Args = ModelAndData> {
    #[command(flatten)]
    pub(crate) applied: Applied,
    #[command(flatten)]
    pub(crate) target: Target,
    /// Go on with a folder that is unfinished: make what is missing
    ///
    /// The command that was interrupted had the same arguments.
    #[arg(long = "continue")]
    pub(crate) continues: bool,
    #[command(flatten)]
    pub(crate) shard: ShardFlag,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

/// Where images go.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Target {
    /// Where to write: .npy or, of a table, .csv or .parquet (all), .png or .svg (one image itself, or a figure of
    /// the first ones), another picture (.jpg, .tif, .webp, .bmp, .ppm), or a folder/ (each a file)
    ///
    /// A .tif takes several images as pages. In a folder, pictures keep their names and formats; what is no
    /// picture's file becomes PNG.
    #[arg(long, short, visible_alias = "output", value_name = "FILE", value_hint = ValueHint::FilePath, value_parser = target, required_unless_present = "show")]
    pub(crate) out: Option<OutputPath>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
    /// The format of the pictures in a folder [default: that of the input's, or PNG]
    #[arg(long, value_name = "FORMAT", value_parser = picture_format())]
    pub(crate) format: Option<PictureFormat>,
    /// The quality of JPEG files, 1 to 100
    #[arg(long, default_value_t = Target::QUALITY, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
    pub(crate) quality: u8,
    /// Images in a figure: 1 to 1000
    #[arg(long, default_value = "10", value_name = "N", value_parser = whole::<1, 1000>)]
    pub(crate) count: usize,
    /// Draw the first images in the terminal
    #[arg(long)]
    pub(crate) show: bool,
}

impl Target {
    /// The quality of JPEG files unless another is typed.
    pub(crate) const QUALITY: u8 = 95;

    /// What changes the files of pictures, in words.
    pub(crate) fn settings(&self) -> String {
        let format = self.format.map_or("own", PictureFormat::name);
        format!("format {format} quality {}", self.quality)
    }
}

/// What is denoised, and by which model.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Denoised {
    /// The folder of a run, or a weights file [default: the denoiser inside]
    ///
    /// The denoiser inside is for photographs with Gaussian noise. It was trained on procedural pictures (`--data
    /// leaves`).
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: Option<PathBuf>,
    /// A folder of pictures or IDX files, a file (.png, .jpg, .npy, .csv, .parquet, IDX, .gz), or mnist, digits, ..
    ///
    /// Of data with parts, the test part is read, or else the validation part, unless --part is given.
    #[arg(value_name = "DATA", value_hint = ValueHint::AnyPath)]
    pub(crate) images: PathBuf,
}

// DATA is always there, so that -o is never required: without it, the result stands beside the input.
#[derive(Debug, Clone, clap::Args)]
#[command(allow_missing_positional = true)]
#[command(mut_arg("out", |arg| arg.required_unless_present_any(["images"])))]
#[command(after_help = "Examples:
  ae denoise photo.jpg
  ae denoise runs/denoising scans/ -o clean/
  ae denoise runs/denoiser photo.jpg --sigma 25/255 -o clean.jpg
  ae denoise runs/denoising mnist --noise gaussian:0.5 -o figure.png")]
#[command(
    after_long_help = "Without -o, photo.jpg becomes photo-denoised.jpg beside it, and photos/ becomes photos-denoised/.

Examples:
  ae denoise photo.jpg
  ae denoise runs/denoising scans/ -o clean/
  ae denoise runs/denoiser photo.jpg --sigma 25/255 -o clean.jpg
  ae denoise runs/denoising mnist --noise gaussian:0.5 -o figure.png"
)]
pub(crate) struct Denoise {
    #[command(flatten)]
    pub(crate) apply: Apply<Denoised>,
    /// Add this noise to the images first
    #[arg(long, value_name = "NOISE", default_value = "none", value_parser = noise_if_any)]
    pub(crate) noise: MaybeNoise,
    /// The noise's seed
    #[arg(long, default_value_t = 42, value_name = "N", value_parser = seed)]
    pub(crate) seed: u64,
    /// Standard deviation of the noise, such as 25/255 [default: estimated]
    ///
    /// It is for a network that is told the level of the noise. Without it, the level is estimated from each image.
    #[arg(long, value_name = "S", value_parser = noise_level)]
    pub(crate) sigma: Option<f32>,
    /// Pixels by which tiles overlap [default: half a tile]
    ///
    /// It is for a network that takes its own size alone; one of convolutions takes pictures of any size as one.
    #[arg(long, hide_short_help = true, value_name = "PIXELS", value_parser = place)]
    pub(crate) overlap: Option<usize>,
}

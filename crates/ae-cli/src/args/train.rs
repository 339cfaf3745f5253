//! What an experiment is made of: a spec, flags, a folder.

use std::path::PathBuf;
use std::time::Duration;

use ae_corruption::Draw;
use ae_dataset::ColumnScaling;
use ae_experiment::EngineKind;
use ae_models::Loss;
use clap::ValueHint;

#[cfg(any(feature = "mpi", feature = "serve"))]
use super::parse::whole;
use super::parse::{blind_spot, count, epochs, loss, noise, one_of, positive, spec_seed};
use super::{Becoming, Change, Data, NetworkFlags, NoiseChoice, OutputPath, Overwrite, files};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae train --data digits --widths 128,32 --epochs 20 --out runs/deep
  ae train --data photos/ --resize crop --size 64x64 --network conv
  ae train mine.toml --set training.schedule.kind=cosine")]
#[command(after_long_help = "Examples:
  ae train --data digits --widths 128,32 --epochs 20 --out runs/deep
  ae train --data photos/ --resize crop --size 64x64 --network conv
  ae train mine.toml --set training.schedule.kind=cosine
  ae train --data mnist --network vae --widths 400,20 --kl-warm-up 5
  ae train --data photos/ --patches 40x40 --flips --rotations --network conv-denoiser --noise gaussian:0.1
  ae train --data scans/dirty --target scans/clean --patches 48x48 --network denoiser
  ae train --data microscope/ --patches 64x64 --network denoiser --blind-spot
  ae train --data sensors.csv --label-column state --widths 8,3
  ae train --noise gaussian:0.5 --drawn every-epoch")]
#[command(mut_arg("part", |part| part.hide(true)))]
pub(crate) struct Train {
    /// The experiment, a TOML file (`ae spec` writes one)
    ///
    /// Without one, it is the Keras tutorial's autoencoder for MNIST and the like; for your own data, its size decides.
    /// Flags replace what the spec or the rules say.
    #[arg(value_name = "SPEC", value_hint = ValueHint::FilePath)]
    pub(crate) spec: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) folder: NewFolder,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Images per batch [default: by network and data]
    ///
    /// They are 256, and 128 with --network; little data of your own gets fewer.
    #[arg(long, value_name = "N", value_parser = count)]
    pub(crate) batch_size: Option<usize>,
    /// Step size of the optimizer
    #[arg(long, value_name = "RATE", value_parser = positive)]
    pub(crate) learning_rate: Option<f64>,
    /// The loss: bce, mse or mae [default: by network and data]
    ///
    /// These stand for binary-cross-entropy, mean-squared-error and mean-absolute-error.
    #[arg(long, value_parser = loss(), value_name = "LOSS", hide_possible_values = true)]
    pub(crate) loss: Option<Loss>,
    #[command(flatten)]
    pub(crate) network: NetworkFlags,
    /// Noise to remove, as gaussian:0.5 [default for tables: masking:0.2]
    ///
    /// none trains a model without noise, also of a table.
    /// Noises can be chained (masking:0.25+gaussian:0.1), or one of several drawn for each image (blur:1|gaussian:0.2).
    #[arg(long, value_name = "NOISE", value_parser = noise)]
    pub(crate) noise: Option<NoiseChoice>,
    /// Learn from pairs: the folder of clean pictures that those of --data are to become
    ///
    /// Partners have the same path in both folders, whatever the ending, and the same size. With --patches, both are cut
    /// at the same places. A TIFF with several pages may stand for a folder. --noise is added to the pictures of --data.
    #[arg(long, hide_short_help = true, value_name = "FOLDER", value_hint = ValueHint::AnyPath)]
    pub(crate) target: Option<String>,
    /// Learn to denoise from noisy pictures alone: hide this fraction of pixels and find them [default if given: 1/20]
    ///
    /// A hidden pixel is replaced by a random one of its neighbours (Noise2Void). This removes noise that is independent
    /// from pixel to pixel, with a mean of 0. It cannot remove noise that neighbours share: blur, stripes, stains,
    /// artefacts of JPEG, the noise of scaled pictures. --noise makes noisy pictures of clean ones, for experiments
    /// without --patches.
    #[arg(long, hide_short_help = true, value_name = "FRACTION", num_args = 0..=1, require_equals = true, default_missing_value = "1/20", value_parser = blind_spot, conflicts_with = "target")]
    pub(crate) blind_spot: Option<f64>,
    /// How often the noise is drawn [default: once for MNIST and the like, every-epoch for your own data]
    #[arg(long, hide_short_help = true, value_name = "WHEN", value_parser = one_of::<Draw>(["once", "every-epoch"]))]
    pub(crate) drawn: Option<Draw>,
    /// How the columns of a table are scaled [default: standard, unless loss or noise need values from 0 to 1]
    #[arg(long, hide_short_help = true, value_name = "HOW", value_parser = one_of::<ColumnScaling>(["standard", "min-max"]))]
    pub(crate) scaling: Option<ColumnScaling>,
    /// How gradients are computed [default: the fastest engine that supports the model]
    #[arg(long, hide_short_help = true, value_name = "ENGINE", value_parser = one_of::<EngineKind>(["fused", "autograd"]))]
    pub(crate) engine: Option<EngineKind>,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) together: Together,
    #[command(flatten)]
    pub(crate) becoming: Becoming,
}

/// What several processes that `mpirun` has started are told.
#[derive(Debug, clap::Args)]
pub(crate) struct Together {
    /// Of several processes: how many seconds one waits for another before it ends all [default: 60]
    #[cfg(feature = "mpi")]
    #[arg(long, hide_short_help = true, value_name = "SECONDS", value_parser = whole::<1, 86_400>)]
    patience: Option<usize>,
}

impl Together {
    /// How long a process waits for another one.
    pub(crate) fn patience(&self) -> Duration {
        #[cfg(feature = "mpi")]
        if let Some(seconds) = self.patience {
            return Duration::from_secs(seconds as u64);
        }
        Duration::from_secs(60)
    }
}

/// How a training is shown beside its progress.
#[derive(Debug, clap::Args)]
pub(crate) struct Shown {
    /// Draw reconstructions in the terminal at the end
    #[arg(long, hide_short_help = true)]
    pub(crate) show: bool,
    /// Write TensorBoard's event file to RUN/tensorboard: metrics; at checkpoints also images and weights
    ///
    /// A run that has the file goes on with it without this flag, and ends with the bytes of a run that was not
    /// interrupted. The time of an event is its epoch, in seconds.
    #[arg(long, hide_short_help = true)]
    pub(crate) tensorboard: bool,
    /// Serve a page of the training on 127.0.0.1 while it goes on; --live=PORT chooses the port [default: a free one]
    ///
    /// It shows curves, images a second, time left and reconstructions, and has a button that stops the training with a
    /// checkpoint. Everybody who uses this machine can open it. `ae live RUN` shows a training that was begun without it.
    #[cfg(feature = "serve")]
    #[arg(long, hide_short_help = true, value_name = "PORT", num_args = 0..=1, require_equals = true,
        default_missing_value = "0", value_parser = whole::<0, 65_535>)]
    pub(crate) live: Option<usize>,
}

/// Where an experiment goes.
#[derive(Debug, clap::Args)]
pub(crate) struct NewFolder {
    /// The folder of the run [default: runs/NAME, or the first free one of runs/NAME-2, ..]
    #[arg(long, short, visible_alias = "output", value_name = "RUN", value_hint = ValueHint::DirPath, value_parser = files::run_folder)]
    pub(crate) out: Option<OutputPath>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

/// What every experiment can be given instead of what its spec says.
#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Why this data stands in for other data. It was reported before, so it is only recorded
    #[arg(long, value_name = "REASON", requires = "data", hide = true)]
    pub(crate) substituted: Option<String>,
    /// The seed of all random numbers
    #[arg(long, value_parser = spec_seed, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Passes over the training images [default: by network and data]
    ///
    /// They are 50, and 100 for conv-denoiser. Your own data gets enough for 3000 steps of a table or 6000 of pictures.
    #[arg(long, value_name = "N", value_parser = epochs)]
    pub(crate) epochs: Option<u32>,
    /// Set a key of the spec; may be repeated
    ///
    /// `ae spec` lists the keys. A value is written as in TOML; text needs no quotes.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<Change>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae resume runs/denoising
  ae resume runs/denoising --epochs 100
  ae resume runs/photos --data /new/place/photos")]
#[command(mut_arg("show", |arg| arg.hide_short_help(false)))]
#[command(mut_arg("tensorboard", |arg| arg.hide_short_help(false)))]
#[cfg_attr(feature = "serve", command(mut_arg("live", |arg| arg.hide_short_help(false))))]
pub(crate) struct Resume {
    /// The folder of the run or study
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) run: PathBuf,
    /// Train the run to this many epochs in all, also if it has finished
    #[arg(long, value_name = "N", value_parser = epochs)]
    pub(crate) epochs: Option<u32>,
    /// Where the data is now, if it was moved; other data is refused
    #[arg(long, value_name = "SOURCE")]
    pub(crate) data: Option<String>,
    /// Where the clean partners of the data are now, if they were moved
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::AnyPath)]
    pub(crate) target: Option<String>,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) together: Together,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: ae study crates/ae-studies/experiments/dimensionality.toml --data mnist"
)]
#[command(mut_arg("epochs", |arg| {
    let help = "Passes over the training images for each model [default: as the study says]";
    arg.help(help).long_help(help)
}))]
pub(crate) struct Study {
    /// The study, a TOML file with a `study` table
    #[arg(value_name = "SPEC", value_hint = ValueHint::FilePath)]
    pub(crate) spec: PathBuf,
    #[command(flatten)]
    pub(crate) folder: NewFolder,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

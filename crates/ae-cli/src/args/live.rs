//! The live page of a training.

use std::path::PathBuf;

use clap::ValueHint;

use super::parse::whole;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae live runs/denoising
  ae live runs/denoising --port 8090")]
pub(crate) struct Live {
    /// The folder of a run, whether it goes on, has finished or was interrupted
    #[arg(value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) run: PathBuf,
    /// The port of 127.0.0.1; 0 chooses a free one
    #[arg(long, default_value = "0", value_name = "PORT", value_parser = whole::<0, 65_535>)]
    pub(crate) port: usize,
}

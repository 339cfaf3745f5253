//! Runs that are there already.

use std::path::PathBuf;

use clap::ValueHint;

use super::{OutputPath, Overwrite, files};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae runs
  ae runs experiments --sort val_bce
  ae runs --sort written --json")]
pub(crate) struct Runs {
    /// The folder to search, at most four levels deep; links are not followed [default: runs]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) folder: Option<PathBuf>,
    /// Sort by run, name, data, network, epochs, state, written (newest first), or a metric (best first) [default: run]
    #[arg(long, value_name = "KEY")]
    pub(crate) sort: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae compare runs/autoencoder runs/autoencoder-2
  ae compare runs/narrow runs/wide runs/deep --sort val_bce -o comparison")]
pub(crate) struct Compare {
    /// The folders of 2 to 20 runs or studies
    #[arg(required = true, num_args = 1.., value_name = "RUN", value_hint = ValueHint::DirPath)]
    pub(crate) run: Vec<PathBuf>,
    /// Put the runs in the order of this metric, the best first [default: as they are named]
    #[arg(long, value_name = "METRIC")]
    pub(crate) sort: Option<String>,
    /// The folder for compare.html, the runs side by side, and for their learning curves, a chart for each metric as PNG
    /// and SVG
    #[arg(long, short, visible_alias = "output", value_name = "DIR", value_hint = ValueHint::DirPath, value_parser = files::shared_folder)]
    pub(crate) out: Option<OutputPath>,
    #[command(flatten)]
    pub(crate) overwrite: Overwrite,
}

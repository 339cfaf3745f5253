//! The arguments of `ae reproduce`.

use std::path::PathBuf;

use clap::ValueHint;

use super::{OutputPath, Settings, files};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit status: 0 every expectation held, 1 a run failed, 2 usage, 3 an expectation fell short.

Example: ae reproduce --data digits --only regular --epochs 2")]
#[command(mut_arg("epochs", |arg| {
    arg.help("Train for N epochs [default: as each experiment says]").long_help(
        "Train for N epochs [default: as each experiment says]\n\nWhat needs the full run is then not judged.",
    )
}))]
#[command(mut_arg("seed", |arg| arg.help("The seed of all random numbers, instead of the experiments' own")))]
pub(crate) struct Reproduce {
    /// The folder of the results; earlier runs of this command in it are replaced, nothing else
    #[arg(long, short, visible_alias = "output", value_name = "DIR", default_value = "runs", value_hint = ValueHint::DirPath, value_parser = files::shared_folder)]
    pub(crate) out: OutputPath,
    /// Train only this experiment; may be repeated [default: regular, denoising and denoising-fresh]
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    pub(crate) only: Vec<String>,
    /// Train every experiment, also the studies, which take minutes each
    #[arg(long)]
    pub(crate) all: bool,
    /// A folder of photographs with the folders train400, and bsd68 or set12, for the experiment `photographs`
    ///
    /// [default: the folder `photos` beside the folder $AE_DATA, if there is one; otherwise procedural pictures]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) photographs: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: Settings,
}

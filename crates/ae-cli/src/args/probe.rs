//! What codes are good for.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueHint;

use super::parse::whole;
use super::{Data, Reading};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae probe runs/regular --data mnist
  ae probe runs/own --data pictures/ --labels 50,200 --repetitions 10")]
pub(crate) struct Probe {
    /// A weights file or the folder of a run
    #[arg(value_name = "MODEL", value_hint = ValueHint::AnyPath)]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) data: Data,
    /// Labels to learn from; all of them are always tried too [default: 100,1000, as far as there are more]
    #[arg(long, value_delimiter = ',', value_name = "N,N,..")]
    pub(crate) labels: Option<Vec<NonZeroUsize>>,
    /// How often a part of the labels is drawn: 1 to 1000
    #[arg(long, default_value = "5", value_name = "N", value_parser = whole::<1, 1000>)]
    pub(crate) repetitions: usize,
    /// The seed of what is drawn
    #[arg(long, default_value_t = 42, value_name = "N")]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

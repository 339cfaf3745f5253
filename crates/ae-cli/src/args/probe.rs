//! What codes are good for.

use super::parse::{count, seed, whole};
use super::{ModelAndOwnData, Reading};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae probe runs/regular mnist
  ae probe runs/own pictures/ --labels 50,200 --repetitions 10")]
pub(crate) struct Probe {
    #[command(flatten)]
    pub(crate) applied: ModelAndOwnData,
    /// How many labels to learn from; all of them are always tried too [default: 100,1000, if there are more]
    #[arg(long, value_delimiter = ',', value_name = "N,N,..", value_parser = count)]
    pub(crate) labels: Option<Vec<usize>>,
    /// How often a part of the labels is drawn: 1 to 1000
    #[arg(long, default_value = "5", value_name = "N", value_parser = whole::<1, 1000>)]
    pub(crate) repetitions: usize,
    /// The seed of these draws
    #[arg(long, default_value_t = 42, value_name = "N", value_parser = seed)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

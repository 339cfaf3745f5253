//! What codes are good for.

use super::parse::{count, epochs, positive, seed, whole};
use super::{ModelAndOwnData, Reading};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  ae probe runs/regular mnist
  ae probe runs/own pictures/ --labels 50,200 --repetitions 10
  ae probe runs/regular mnist --fine-tune")]
#[command(mut_arg("data", |arg| arg.help("As for `ae train --data` [default: the run's data: classifiers learn from its training part and are tested on the rest]")))]
pub(crate) struct Probe {
    #[command(flatten)]
    pub(crate) applied: ModelAndOwnData,
    /// How many labels to learn from; all of them are always tried too [default: 100,1000, if there are more]
    #[arg(long, value_delimiter = ',', value_name = "N,N,..", value_parser = count)]
    pub(crate) labels: Option<Vec<usize>>,
    /// How often a part of the labels is drawn: 1 to 1000
    #[arg(long, default_value = "5", value_name = "N", value_parser = whole::<1, 1000>)]
    pub(crate) repetitions: usize,
    /// Also train the encoder with a softmax layer on all labels, and report its test error
    ///
    /// A sixth of the training images is held out. The training ends when the error on them no longer falls, and the
    /// epoch with the lowest one counts. The optimizer is Adam, in batches of 128, on the CPU. The model's file stays as
    /// it is.
    #[arg(long)]
    pub(crate) fine_tune: bool,
    /// The most epochs of the fine-tuning [default: 50]
    #[arg(long, hide_short_help = true, value_name = "N", requires = "fine_tune", value_parser = epochs)]
    pub(crate) epochs: Option<u32>,
    /// Step size of the fine-tuning [default: 0.001]
    #[arg(long, hide_short_help = true, value_name = "RATE", requires = "fine_tune", value_parser = positive)]
    pub(crate) learning_rate: Option<f64>,
    /// Epochs without a lower error after which the fine-tuning ends [default: 5]
    #[arg(long, hide_short_help = true, value_name = "N", requires = "fine_tune", value_parser = epochs)]
    pub(crate) patience: Option<u32>,
    /// The seed of these draws, and of the fine-tuning
    #[arg(long, default_value_t = 42, value_name = "N", value_parser = seed)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

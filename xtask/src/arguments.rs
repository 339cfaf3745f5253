//! The command line: what was typed, checked.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Parser;

use crate::bench::Bench;
use crate::check::Step;

/// The project's chores.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
#[command(after_help = "Example:\n  cargo xtask reproduce --data auto\n")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, PartialEq, clap::Subcommand)]
pub(crate) enum Command {
    /// Trains the autoencoders and compares them with the published numbers
    Reproduce(Reproduce),
    /// Measures training, inference and memory beside those of Keras, PyTorch, JAX and others
    Bench(Bench),
    /// Checks what has to hold before a change is merged
    Check(Check),
}

/// The options of `check`.
#[derive(Debug, PartialEq, clap::Args)]
#[command(after_help = "\
The steps run cheapest first, until one fails. The last line names those that were left out.

Example:
  cargo xtask check --only fmt --only clippy
")]
pub(crate) struct Check {
    /// This step; may be given several times [default: all]
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<Step>,
}

/// The options of `reproduce`.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
#[command(after_help = "\
Exit status: 0 every expectation held, 1 a run failed, 2 usage, 3 an expectation fell short.

Example:
  cargo xtask reproduce --data digits --only regular --epochs 2
")]
pub(crate) struct Reproduce {
    /// auto, mnist, digits or a folder with the four IDX files [default: auto]
    #[arg(long, value_name = "SOURCE")]
    pub(crate) data: Option<OsString>,
    /// Where the results go [default: runs/ of the workspace]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// This experiment; may be given several times
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    pub(crate) only: Vec<String>,
    /// Every experiment of xtask/experiments
    #[arg(long)]
    pub(crate) all: bool,
    /// Trains for N epochs; what needs the full run is then not judged
    #[arg(long, value_name = "N")]
    pub(crate) epochs: Option<NonZeroU32>,
    /// The seed, instead of the experiments' own
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Threads to train with; the weights do not depend on it
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroU32>,
    /// Uses no network
    #[arg(long)]
    pub(crate) offline: bool,
}

/// What a line means, for tests.
#[cfg(test)]
pub(crate) fn parsed(line: &str) -> Result<Command, clap::Error> {
    let words = std::iter::once("cargo xtask").chain(line.split(' '));
    Ok(Arguments::try_parse_from(words)?.command)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_step_is_read_by_its_name() {
        assert_eq!(parsed("check").unwrap(), Command::Check(Check { only: Vec::new() }));
        for &step in Step::value_variants() {
            let command = parsed(&format!("check --only {}", step.name())).unwrap();
            assert_eq!(command, Command::Check(Check { only: vec![step] }));
        }
    }
}

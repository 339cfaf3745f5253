//! The command line: what was typed, checked.

use std::ffi::OsString;

use clap::Parser;

use crate::bench::Bench;
use crate::check::Step;
use crate::playground::Playground;

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
    /// Builds `ae` and runs `ae reproduce`: trains the autoencoders and compares them with the published numbers
    Reproduce(Reproduce),
    /// Writes the page of `ae serve` as static files, with a model that runs in the browser
    Playground(Playground),
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
    /// All steps but this one; may be given several times
    #[arg(long, value_name = "STEP", conflicts_with = "only")]
    pub(crate) skip: Vec<Step>,
}

/// The arguments of `reproduce`.
#[derive(Debug, PartialEq, clap::Args)]
#[command(
    disable_help_flag = true,
    after_help = "\
Example:
  cargo xtask reproduce --data auto
  cargo xtask reproduce --data digits --only regular --epochs 2
"
)]
pub(crate) struct Reproduce {
    /// The flags of `ae reproduce`; `--help` builds `ae` and lists them
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    pub(crate) flags: Vec<OsString>,
}

/// What a line means, for tests.
#[cfg(test)]
pub(crate) fn parsed(line: &str) -> Result<Command, clap::Error> {
    let words = std::iter::once("cargo xtask").chain(line.split(' '));
    Ok(Arguments::try_parse_from(words)?.command)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;
    use crate::value_name::name;

    #[test]
    fn every_step_is_read_by_its_name() {
        let check = |only: &[Step], skip: &[Step]| {
            Command::Check(Check { only: only.to_vec(), skip: skip.to_vec() })
        };
        assert_eq!(parsed("check").unwrap(), check(&[], &[]));
        for &step in Step::value_variants() {
            assert_eq!(
                parsed(&format!("check --only {}", name(step))).unwrap(),
                check(&[step], &[])
            );
            assert_eq!(
                parsed(&format!("check --skip {}", name(step))).unwrap(),
                check(&[], &[step])
            );
        }
    }

    #[test]
    fn the_flags_of_reproduce_are_passed_on_as_they_are() {
        let flags = ["--data", "../mnist", "--only=regular", "--help"].map(OsString::from).to_vec();
        let command = parsed("reproduce --data ../mnist --only=regular --help").unwrap();
        assert_eq!(command, Command::Reproduce(Reproduce { flags }));
    }
}

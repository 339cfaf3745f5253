//! The command line: what was typed, checked.

mod bench;

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;

use lexopt::prelude::*;

pub(crate) use bench::Bench;

use crate::check::Step;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

Commands:
  reproduce   train the autoencoders and compare them with the published numbers
  bench       measure the speed beside that of Keras, PyTorch, JAX and others
  check       what has to hold before a change is merged

`cargo xtask COMMAND --help` says more.

Example:
  cargo xtask reproduce --data auto
";

const REPRODUCE_USAGE: &str = "\
Usage: cargo xtask reproduce [OPTIONS]

Trains the regular and the denoising autoencoder, compares what they reach with the published
numbers, and leaves a table, a report with pictures and a summary for scripts.

Options:
  --data SOURCE   auto, mnist, digits or a folder with the four IDX files [default: auto]
  --out DIR       where the results go [default: runs/ of the workspace]
  --only NAME     this experiment; may be given several times
  --all           every experiment of xtask/experiments
  --epochs N      train for N epochs; what needs the full run is then not judged
  --seed N        the seed, instead of the experiments' own
  --threads N     threads to train with; the weights do not depend on it
  --offline       use no network
  --help          print this

Exit status: 0 every expectation held, 1 a run failed, 2 usage, 3 an expectation fell short.

Example:
  cargo xtask reproduce --data digits --only regular --epochs 2
";

const CHECK_USAGE: &str = "\
Usage: cargo xtask check [--only STEP]...

Runs the steps, cheapest first, and stops at the first that fails. The last line names the steps
that were left out.

Steps:
  fmt               the source is formatted
  layers            crates use each other exactly as the table in xtask/src/layers.rs says
  tidy              the rules of docs/style.md that a program can check and no lint does
  spelling          typos, with .typos.toml; left out without the program
  deny              cargo-deny: bans, licences and sources of deny.toml; left out without the program
  clippy            lints, warnings denied
  features          the workspace compiles without default features
  package           every crate compiles from its package alone
  doc               documentation, warnings denied
  test              cargo test --workspace
  candle-datasets   the optional feature's tests; left out without OpenSSL's headers

Options:
  --only STEP   this step; may be given several times
  --help        print this

Example:
  cargo xtask check --only fmt --only clippy
";

/// What to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    /// Print this text.
    Help(&'static str),
    Reproduce(Reproduce),
    Bench(Bench),
    /// Run these steps.
    Check(Steps),
}

/// The options of `reproduce`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reproduce {
    pub(crate) data: Option<OsString>,
    pub(crate) out: Option<PathBuf>,
    pub(crate) selection: Selection,
    pub(crate) epochs: Option<NonZeroU32>,
    pub(crate) seed: Option<u64>,
    pub(crate) threads: Option<NonZeroU32>,
    pub(crate) network: Network,
}

/// Which experiments to run.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Selection {
    #[default]
    Tutorial,
    All,
    Only(Vec<String>),
}

/// Whether data may be fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Network {
    #[default]
    Allowed,
    Offline,
}

/// Which steps `check` runs.
#[derive(Debug, PartialEq)]
pub(crate) enum Steps {
    All,
    Only(Vec<Step>),
}

/// A command line that asks for something impossible.
#[derive(Debug)]
pub(crate) struct UsageError {
    message: String,
    usage: &'static str,
}

impl UsageError {
    /// A complaint about the options of `reproduce`.
    pub(crate) fn reproduce(message: String) -> Self {
        Self { message, usage: REPRODUCE_USAGE }
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n\n{}", self.message, self.usage.trim_end())
    }
}

impl std::error::Error for UsageError {}

/// Reads a command line, without the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, UsageError> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let command = parser.next().and_then(|first| match first {
        None => Err("a command is missing".into()),
        Some(Long("help") | Short('h')) => Ok("help".to_owned()),
        Some(Value(name)) => name.string(),
        Some(other) => Err(other.unexpected()),
    });
    let (usage, parsed) = match command.as_deref() {
        Ok("help") => return Ok(Command::Help(USAGE)),
        Ok("reproduce") => (REPRODUCE_USAGE, parse_reproduce(&mut parser)),
        Ok("bench") => (bench::USAGE, bench::parse(&mut parser)),
        Ok("check") => (CHECK_USAGE, parse_check(&mut parser)),
        Ok(other) => (USAGE, Err(format!("there is no command `{other}`").into())),
        Err(error) => (USAGE, Err(error.to_string().into())),
    };
    parsed.map_err(|error| UsageError { message: error.to_string(), usage })
}

fn parse_reproduce(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut options = Reproduce::default();
    let mut only = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("data") => options.data = Some(not_empty(parser, "--data")?),
            Long("out") => options.out = Some(not_empty(parser, "--out")?.into()),
            Long("only") => only.push(parser.value()?.string()?),
            Long("all") => options.selection = Selection::All,
            Long("epochs") => options.epochs = Some(positive(parser, "--epochs")?),
            Long("seed") => options.seed = Some(seed(parser)?),
            Long("threads") => options.threads = Some(positive(parser, "--threads")?),
            Long("offline") => options.network = Network::Offline,
            Long("help") | Short('h') => return Ok(Command::Help(REPRODUCE_USAGE)),
            other => return Err(other.unexpected()),
        }
    }
    if !only.is_empty() {
        if options.selection == Selection::All {
            return Err("--all and --only exclude each other".into());
        }
        options.selection = Selection::Only(only);
    }
    Ok(Command::Reproduce(options))
}

fn parse_check(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut only = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("only") => {
                let name = parser.value()?.string()?;
                let step = Step::named(&name)
                    .ok_or_else(|| format!("there is no step `{name}` to check"))?;
                only.push(step);
            }
            Long("help") | Short('h') => return Ok(Command::Help(CHECK_USAGE)),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Check(if only.is_empty() { Steps::All } else { Steps::Only(only) }))
}

fn not_empty(parser: &mut lexopt::Parser, option: &str) -> Result<OsString, lexopt::Error> {
    let value = parser.value()?;
    if value.is_empty() { Err(format!("the value of {option} is empty").into()) } else { Ok(value) }
}

fn positive(parser: &mut lexopt::Parser, option: &str) -> Result<NonZeroU32, lexopt::Error> {
    let text = parser.value()?.string()?;
    let wrong = format!("{option} takes a whole number from 1 to {}, found `{text}`", u32::MAX);
    text.parse().map_err(|_| wrong.into())
}

fn seed(parser: &mut lexopt::Parser) -> Result<u64, lexopt::Error> {
    let text = parser.value()?.string()?;
    let wrong = format!("--seed takes a whole number from 0 to {}, found `{text}`", u64::MAX);
    text.parse().map_err(|_| wrong.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split(' ').map(OsString::from)).map_err(|error| error.message)
    }

    #[test]
    fn every_option_of_reproduce_is_read() {
        let line = "reproduce --data ../mnist --out=o --only a --only b --epochs 3 --seed 0 \
                    --threads 2 --offline";
        let expected = Reproduce {
            data: Some("../mnist".into()),
            out: Some("o".into()),
            selection: Selection::Only(vec!["a".into(), "b".into()]),
            epochs: NonZeroU32::new(3),
            seed: Some(0),
            threads: NonZeroU32::new(2),
            network: Network::Offline,
        };
        assert_eq!(parsed(line), Ok(Command::Reproduce(expected)));
    }

    #[test]
    fn numbers_out_of_range_name_the_option_and_the_value() {
        for (line, parts) in [
            ("reproduce --epochs 0", ["--epochs", "`0`"]),
            ("reproduce --epochs 1.5", ["--epochs", "`1.5`"]),
            ("reproduce --threads -1", ["--threads", "`-1`"]),
            ("reproduce --epochs 4294967296", ["--epochs", "`4294967296`"]),
            ("reproduce --seed 18446744073709551616", ["--seed", "`18446744073709551616`"]),
        ] {
            let message = parsed(line).unwrap_err();
            assert!(parts.iter().all(|part| message.contains(part)), "{line}: {message}");
        }
    }

    #[test]
    fn what_is_missing_unknown_or_contradictory_is_refused() {
        for line in [
            "repro",
            "--verbose",
            "reproduce --data",
            "reproduce --data=",
            "reproduce --offline=yes",
            "reproduce --epoch 1",
            "reproduce extra",
            "reproduce --all --only regular",
            "check --only everything",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
        assert_eq!(parse([]).unwrap_err().message, "a command is missing");
    }

    #[test]
    fn steps_are_read_and_help_names_each_of_them() {
        assert_eq!(parsed("check"), Ok(Command::Check(Steps::All)));
        for step in Step::ALL {
            assert!(CHECK_USAGE.contains(&format!("\n  {} ", step.name())), "{}", step.name());
            let line = format!("check --only {}", step.name());
            assert_eq!(parsed(&line), Ok(Command::Check(Steps::Only(vec![step]))));
        }
    }
}

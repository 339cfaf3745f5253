//! The command line of `bench`.

use std::ffi::OsString;
use std::num::NonZeroU32;
use std::path::PathBuf;

use lexopt::prelude::*;

use super::{Command, not_empty, positive};
use crate::bench::{Peer, Work};

pub(super) const USAGE: &str = "\
Usage: cargo xtask bench [OPTIONS]

Runs our side and the peers' side of the same work, alternating, and compares the medians. The
peers are installed below target/peers on first use: several GB and some minutes.

Options:
  --data SOURCE   auto, mnist, digits or a folder with the four IDX files [default: auto]
  --peers NAME    all, none or one of the peers below; may be given several times [default: all]
  --repeats N     runs of every side, after one that is not counted [default: 3]
  --epochs N      epochs of every training, at least 2; what needs the usual number is not judged
  --only WORK     this work; may be given several times
  --build         measure clean release builds too; takes minutes
  --threads N     threads of every side [default: all cores]
  --out DIR       where the measurements go [default: docs/benchmarks/DATE-CPU, and docs/results.md
                  is brought up to date; target/bench if anything is left out]
  --help          print this

Peers:
  keras-jax, keras-tensorflow, pytorch, jax, candle, burn; onnxruntime for inference, numpy for
  noise and loading

Work:
  tutorial         an epoch of 784-32-784
  denoising-fresh  the same with Gaussian noise drawn in every epoch
  deep             an epoch of 784-128-64-32 and back
  wide             an epoch of 784-1000-500-250-30 and back
  process          50 epochs of 784-32-784, from files to a trained model
  inference        784-32-784: batches of 256 and 10 000, and a single image
  noise            Gaussian noise for every training image
  loading          the four files to images
  reproduce        cargo xtask reproduce, already built
  exact            the same weights for any number of threads, and after a kill

Exit status: 0 every must was held, 1 our side failed, 2 usage, 3 a must was missed. A peer that
cannot be installed or fails is reported as missing.

Example:
  cargo xtask bench --data mnist
  cargo xtask bench --peers none --repeats 1 --epochs 2
";

/// The options of `bench`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bench {
    pub(crate) data: Option<OsString>,
    pub(crate) peers: Vec<Peer>,
    pub(crate) repeats: NonZeroU32,
    pub(crate) epochs: Option<NonZeroU32>,
    /// In the order in which they are run.
    pub(crate) works: Vec<Work>,
    pub(crate) threads: Option<NonZeroU32>,
    pub(crate) out: Option<PathBuf>,
}

impl Bench {
    /// Whether nothing that the tables compare is left out; clean builds may be.
    pub(crate) fn is_complete(&self) -> bool {
        let works = Work::ALL.iter().filter(|&&work| work != Work::Build);
        let all = works.into_iter().all(|work| self.works.contains(work));
        let usual = Self::default();
        all && self.peers == usual.peers && self.epochs.is_none() && self.repeats >= usual.repeats
    }
}

impl Default for Bench {
    fn default() -> Self {
        Self {
            data: None,
            peers: Peer::ALL.to_vec(),
            repeats: NonZeroU32::MIN.saturating_add(2),
            epochs: None,
            works: Work::ALL.into_iter().filter(|&work| work != Work::Build).collect(),
            threads: None,
            out: None,
        }
    }
}

pub(super) fn parse(parser: &mut lexopt::Parser) -> Result<Command, lexopt::Error> {
    let mut options = Bench::default();
    let (mut peers, mut only, mut build) = (Vec::new(), Vec::new(), false);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("data") => options.data = Some(not_empty(parser, "--data")?),
            Long("peers") => peers.push(parser.value()?.string()?),
            Long("repeats") => options.repeats = positive(parser, "--repeats")?,
            Long("epochs") => options.epochs = Some(epochs(parser)?),
            Long("only") => only.push(work(&parser.value()?.string()?)?),
            Long("build") => build = true,
            Long("threads") => options.threads = Some(positive(parser, "--threads")?),
            Long("out") => options.out = Some(not_empty(parser, "--out")?.into()),
            Long("help") | Short('h') => return Ok(Command::Help(USAGE)),
            other => return Err(other.unexpected()),
        }
    }
    if !peers.is_empty() {
        options.peers = selected(&peers)?;
    }
    if !only.is_empty() {
        options.works.retain(|work| only.contains(work));
    }
    if build {
        options.works.push(Work::Build);
    }
    Ok(Command::Bench(options))
}

/// The peers of these names, each once.
fn selected(names: &[String]) -> Result<Vec<Peer>, lexopt::Error> {
    match names {
        [all] if all == "all" => return Ok(Peer::ALL.to_vec()),
        [none] if none == "none" => return Ok(Vec::new()),
        _ => {}
    }
    let peer = |name: &String| {
        Peer::named(name).ok_or_else(|| match name.as_str() {
            "all" | "none" => format!("--peers {name} excludes every other --peers"),
            _ => format!("there is no peer `{name}`"),
        })
    };
    let named = names.iter().map(peer).collect::<Result<Vec<_>, _>>()?;
    Ok(Peer::ALL.into_iter().filter(|peer| named.contains(peer)).collect())
}

fn work(name: &str) -> Result<Work, String> {
    match Work::named(name) {
        Some(Work::Build) => Err("clean builds are measured with --build".to_owned()),
        Some(work) => Ok(work),
        None => Err(format!("there is no work `{name}` to measure")),
    }
}

/// The first epoch is not counted.
fn epochs(parser: &mut lexopt::Parser) -> Result<NonZeroU32, lexopt::Error> {
    let epochs = positive(parser, "--epochs")?;
    if epochs.get() == 1 {
        return Err("--epochs takes at least 2: the first epoch is not counted".into());
    }
    Ok(epochs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Bench, String> {
        let words = line.split(' ').filter(|word| !word.is_empty()).map(OsString::from);
        match parse(&mut lexopt::Parser::from_args(words)) {
            Ok(Command::Bench(options)) => Ok(options),
            Ok(other) => Err(format!("{other:?}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn every_option_is_read() {
        let line = "--data d --peers jax --peers pytorch --repeats 1 --epochs 2 --only noise \
                    --only tutorial --build --threads 2 --out o";
        let expected = Bench {
            data: Some("d".into()),
            peers: vec![Peer::Pytorch, Peer::Jax],
            repeats: NonZeroU32::MIN,
            epochs: NonZeroU32::new(2),
            works: vec![Work::Tutorial, Work::Noise, Work::Build],
            threads: NonZeroU32::new(2),
            out: Some("o".into()),
        };
        assert_eq!(parsed(line), Ok(expected));
        assert_eq!(parsed("--peers none").unwrap().peers, []);
        assert_eq!(parsed("--peers all"), Ok(Bench::default()));
    }

    #[test]
    fn only_a_run_that_leaves_nothing_out_is_complete() {
        for (line, complete) in [
            ("", true),
            ("--build --repeats 5", true),
            ("--repeats 2", false),
            ("--epochs 6", false),
            ("--peers jax", false),
            ("--only tutorial", false),
        ] {
            assert_eq!(parsed(line).unwrap().is_complete(), complete, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_measured_is_refused() {
        for line in [
            "--epochs 1",
            "--repeats 0",
            "--peers chainer",
            "--peers none --peers jax",
            "--only everything",
            "--only build",
            "extra",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_help_names_every_peer_and_every_work() {
        for peer in Peer::ALL {
            assert!(USAGE.contains(peer.name()), "{}", peer.name());
        }
        for work in Work::ALL.into_iter().filter(|&work| work != Work::Build) {
            assert!(USAGE.contains(&format!("\n  {} ", work.name())), "{}", work.name());
        }
    }
}

//! `cargo xtask check`: what has to hold before a change is merged.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::arguments::Steps;
use crate::workspace::{self, cargo};
use crate::{Outcome, layers, print, tidy};

/// One thing to check.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    Format,
    Layers,
    Tidy,
    Clippy,
    Documentation,
    Test,
    CandleDatasets,
}

/// How a step ended.
enum Ending {
    Passed,
    Failed,
    Skipped(&'static str),
}

impl Step {
    /// All of them, cheapest first.
    pub(crate) const ALL: [Self; 7] = [
        Self::Format,
        Self::Layers,
        Self::Tidy,
        Self::Clippy,
        Self::Documentation,
        Self::Test,
        Self::CandleDatasets,
    ];

    /// The name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Format => "fmt",
            Self::Layers => "layers",
            Self::Tidy => "tidy",
            Self::Clippy => "clippy",
            Self::Documentation => "doc",
            Self::Test => "test",
            Self::CandleDatasets => "candle-datasets",
        }
    }

    /// The step of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    fn run(self, root: &Path) -> Result<Ending> {
        match self {
            Self::Format => run_cargo(root, "fmt --all --check"),
            Self::Layers => Ok(report(&layers::problems(&workspace::packages(root)?))),
            Self::Tidy => Ok(report(&tidy::problems(root, &workspace::packages(root)?)?)),
            Self::Clippy => {
                run_cargo(root, "clippy --locked --workspace --all-targets -- -D warnings")
            }
            Self::Documentation => document(root),
            Self::Test => run_cargo(root, "test --locked --workspace"),
            Self::CandleDatasets => test_candle_datasets(root),
        }
    }
}

/// Runs steps until one fails.
pub(crate) fn check(steps: &Steps) -> Result<Outcome> {
    let root = workspace::root();
    let steps = match steps {
        Steps::All => &Step::ALL,
        Steps::Only(chosen) => chosen.as_slice(),
    };
    for step in steps {
        eprintln!("== {}", step.name());
        let start = Instant::now();
        let ending = step.run(&root)?;
        let seconds = start.elapsed().as_secs_f64();
        let (failed, word) = match ending {
            Ending::Passed => (false, "passed".to_owned()),
            Ending::Failed => (true, "FAILED".to_owned()),
            Ending::Skipped(why) => (false, format!("skipped: {why}")),
        };
        print(&format!("{:<16} {seconds:>6.1} s  {word}\n", step.name()))?;
        if failed {
            return Ok(Outcome::Failed);
        }
    }
    Ok(Outcome::Held)
}

fn report(problems: &[String]) -> Ending {
    for problem in problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() { Ending::Passed } else { Ending::Failed }
}

fn run_cargo(root: &Path, arguments: &str) -> Result<Ending> {
    finish(cargo().current_dir(root).args(arguments.split(' ')))
}

fn finish(command: &mut Command) -> Result<Ending> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    Ok(if status.success() { Ending::Passed } else { Ending::Failed })
}

fn document(root: &Path) -> Result<Ending> {
    let flags = std::env::var("RUSTDOCFLAGS").unwrap_or_default();
    let arguments = ["doc", "--locked", "--workspace", "--no-deps"];
    let flags = format!("{flags} -D warnings");
    finish(cargo().current_dir(root).args(arguments).env("RUSTDOCFLAGS", flags))
}

/// Tests the loader against candle's own.
///
/// The feature doubles the number of crates, so they are built apart from the others, and unoptimised.
fn test_candle_datasets(root: &Path) -> Result<Ending> {
    if !has_openssl() {
        let why = "pkg-config finds no OpenSSL headers (Debian: libssl-dev and pkg-config)";
        return Ok(Ending::Skipped(why));
    }
    let mut command = cargo();
    command.current_dir(root).args(["test", "--locked", "--package", "ae-dataset"]);
    command.args(["--no-default-features", "--features", "candle-datasets"]);
    command.args(["--config", "profile.dev.package.\"*\".opt-level=0"]);
    command.args(["--target-dir", "target-candle-datasets"]);
    finish(&mut command)
}

fn has_openssl() -> bool {
    let mut command = Command::new("pkg-config");
    command.args(["--exists", "openssl"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

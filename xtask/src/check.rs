//! `cargo xtask check`: what has to hold before a change is merged.

mod package;

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::value_name::name;
use crate::workspace::{self, cargo};
use crate::{Outcome, layers, print, tidy};

/// One thing to check.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum Step {
    /// The source is formatted
    Fmt,
    /// Crates use each other exactly as the table in xtask/src/layers.rs says
    Layers,
    /// The rules of docs/style.md that a program can check and no lint does
    Tidy,
    /// typos, with .typos.toml; left out without the program
    Spelling,
    /// cargo-deny: bans, licences and sources of deny.toml; left out without the program
    Deny,
    /// Lints, warnings denied
    Clippy,
    /// The workspace compiles without default features, and then without candle
    Features,
    /// Every crate compiles from its package alone
    Package,
    /// Documentation, warnings denied
    Doc,
    /// cargo test --workspace
    Test,
    /// Training over MPI: lints and tests of the feature; left out without an MPI library
    Mpi,
    /// The optional feature's tests; left out without OpenSSL's headers
    CandleDatasets,
}

/// How a step ended.
enum Ending {
    Passed,
    Failed,
    /// It could not be run, for this reason.
    LeftOut(String),
}

impl Step {
    fn run(self, root: &Path) -> Result<Ending> {
        match self {
            Self::Fmt => run_cargo(root, "fmt --all --check"),
            Self::Layers => Ok(report(&layers::problems(&workspace::packages(root)?))),
            Self::Tidy => Ok(report(&tidy::problems(root, &workspace::packages(root)?)?)),
            Self::Spelling => {
                run_tool(Command::new("typos").current_dir(root), "pip install typos")
            }
            Self::Deny => {
                let mut deny = Command::new("cargo-deny");
                deny.current_dir(root).args(["--locked", "check", "bans", "licenses", "sources"]);
                run_tool(&mut deny, "cargo install --locked cargo-deny")
            }
            Self::Clippy => {
                run_cargo(root, "clippy --locked --workspace --all-targets -- -D warnings")
            }
            Self::Features => check_features(root),
            Self::Package => package::check(root),
            Self::Doc => document(root),
            Self::Test => run_cargo(root, "test --locked --workspace"),
            Self::Mpi => test_mpi(root),
            Self::CandleDatasets => test_candle_datasets(root),
        }
    }
}

/// Runs steps until one fails, and ends with the names of those that were left out.
pub(crate) fn check(only: &[Step], skip: &[Step]) -> Result<Outcome> {
    let root = workspace::root();
    let steps = if only.is_empty() { Step::value_variants() } else { only };
    let mut left_out = Vec::new();
    for step in steps {
        let name = name(*step);
        if skip.contains(step) {
            left_out.push(name);
            continue;
        }
        eprintln!("== {name}");
        let start = Instant::now();
        let ending = step.run(&root)?;
        let seconds = start.elapsed().as_secs_f64();
        let word = match &ending {
            Ending::Passed => "passed".to_owned(),
            Ending::Failed => "FAILED".to_owned(),
            Ending::LeftOut(why) => format!("LEFT OUT: {why}"),
        };
        print(&format!("{name:<16} {seconds:>6.1} s  {word}\n"))?;
        match ending {
            Ending::Passed => {}
            Ending::Failed => return Ok(Outcome::Failed),
            Ending::LeftOut(_) => left_out.push(name),
        }
    }
    if !left_out.is_empty() {
        print(&format!("not checked: {}\n", left_out.join(", ")))?;
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

fn check_features(root: &Path) -> Result<Ending> {
    let mut tree = cargo();
    tree.current_dir(root).args(["tree", "--workspace", "--no-default-features", "--prefix=none"]);
    let tree = tree.args(["--edges=normal", "--format={p}"]).output().context("cargo tree")?;
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    if let Some(candle) = tree.lines().find(|line| line.starts_with("candle-")) {
        return Ok(report(&[format!("without default features something still needs {candle}")]));
    }
    run_cargo(root, "check --locked --workspace --no-default-features")
}

fn finish(command: &mut Command) -> Result<Ending> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    Ok(if status.success() { Ending::Passed } else { Ending::Failed })
}

/// Runs a program that does not come with Rust; without it, the step is left out.
fn run_tool(command: &mut Command, installation: &str) -> Result<Ending> {
    match finish(command) {
        Err(error) if is_missing(&error) => {
            let name = command.get_program().display();
            Ok(Ending::LeftOut(format!("{name} is not installed (`{installation}`)")))
        }
        ending => ending,
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

fn document(root: &Path) -> Result<Ending> {
    let flags = std::env::var("RUSTDOCFLAGS").unwrap_or_default();
    let arguments = ["doc", "--locked", "--workspace", "--no-deps"];
    let flags = format!("{flags} -D warnings");
    finish(cargo().current_dir(root).args(arguments).env("RUSTDOCFLAGS", flags))
}

/// Lints and tests what the feature `mpi` adds. Of the workspace, only what knows the feature is built again.
fn test_mpi(root: &Path) -> Result<Ending> {
    if ["mpicc", "mpirun"].into_iter().any(|program| !runs(program, &["--version"])) {
        let why = "there is no mpicc or mpirun (Debian: libopenmpi-dev and openmpi-bin)";
        return Ok(Ending::LeftOut(why.to_owned()));
    }
    let workspace = "--locked --workspace --features ae-cli/mpi";
    for arguments in [
        format!("clippy {workspace} --all-targets -- -D warnings"),
        "test --locked --package ae-mpi --features mpi".to_owned(),
        format!("test {workspace} --test e2e -- mpi::"),
    ] {
        match run_cargo(root, &arguments)? {
            Ending::Passed => {}
            ending => return Ok(ending),
        }
    }
    Ok(Ending::Passed)
}

/// Tests the loader against candle's own.
///
/// The feature doubles the number of crates, so they are built apart from the others, and unoptimised.
fn test_candle_datasets(root: &Path) -> Result<Ending> {
    if !has_openssl() {
        let why = "pkg-config finds no OpenSSL headers (Debian: libssl-dev and pkg-config)";
        return Ok(Ending::LeftOut(why.to_owned()));
    }
    let mut command = cargo();
    command.current_dir(root).args(["test", "--locked", "--package", "ae-dataset"]);
    command.args(["--no-default-features", "--features", "candle-datasets"]);
    command.args(["--config", "profile.dev.package.\"*\".opt-level=0"]);
    command.args(["--target-dir", "target-candle-datasets"]);
    finish(&mut command)
}

fn has_openssl() -> bool {
    runs("pkg-config", &["--exists", "openssl"])
}

/// Whether a program is there and ends well.
fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_is_not_installed_is_left_out_with_the_way_to_get_it() {
        let missing = run_tool(&mut Command::new("no-such-tool"), "pip install it").unwrap();
        let Ending::LeftOut(why) = missing else { panic!("it ran") };
        assert_eq!(why, "no-such-tool is not installed (`pip install it`)");
    }
}

//! The project's chores: `cargo xtask reproduce`, `playground`, `bench` and `check`.
//!
//! Of the workspace's crates this one links `ae-files` alone, so that it builds in seconds. What it knows of a
//! training run it knows from the program `ae` and the files that `ae` leaves.
#![expect(clippy::print_stderr, reason = "a command-line tool says what it is doing")]

mod arguments;
mod bench;
mod check;
mod layers;
mod playground;
mod reproduce;
mod tidy;
mod value_name;
mod workspace;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

/// How a command ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// All is as it should be.
    Held,
    /// Something that was run failed.
    Failed,
    /// Everything ran, and an expectation was not met.
    Short,
}

fn main() -> ExitCode {
    let status = match Arguments::parse().command {
        Command::Reproduce(options) => reproduce::reproduce(&options.flags),
        Command::Playground(options) => playground::playground(&options).map(ExitCode::from),
        Command::Bench(options) => bench::bench(&options).map(ExitCode::from),
        Command::Check(options) => check::check(&options.only, &options.skip).map(ExitCode::from),
    };
    status.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Held => Self::SUCCESS,
            Outcome::Failed => Self::FAILURE,
            Outcome::Short => Self::from(3),
        }
    }
}

/// Writes a result to standard output; unlike `print!`, a closed pipe is an error and no panic.
fn print(text: &str) -> std::io::Result<()> {
    let mut output = std::io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

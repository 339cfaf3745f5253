//! `cargo xtask reproduce`: builds `ae` and runs `ae reproduce`.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::workspace::{cargo, root};

/// Runs `ae reproduce` with these arguments in the current folder; its exit status.
pub(crate) fn reproduce(arguments: &[OsString]) -> Result<ExitCode> {
    let mut command = cargo();
    command.args(["run", "--release", "--locked", "--quiet", "--package", "ae-cli"]);
    command.arg("--manifest-path").arg(root().join("Cargo.toml")).args(["--", "reproduce"]);
    let status = command.args(arguments).status().context("cannot start cargo run")?;
    let code = status.code().with_context(|| format!("ae reproduce was killed ({status})"))?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

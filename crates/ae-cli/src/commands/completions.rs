//! `ae completions`

use clap::CommandFactory as _;

use crate::args::{Args, Completions};
use crate::exit_status::Status;
use crate::output;

pub(crate) fn run(completions: &Completions) -> anyhow::Result<Status> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut Args::command(), "ae", &mut script);
    output::text(&String::from_utf8(script)?)?;
    Ok(Status::Done)
}

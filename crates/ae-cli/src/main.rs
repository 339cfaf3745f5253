//! The command `ae`: trains, examines and applies autoencoders.
//!
//! Arguments in, text and files out: what is done is done by `ae-experiment`.

mod args;
mod commands;
mod delivery;
mod guard;
mod interrupt;
mod item_index;
mod output;
mod progress;

use std::error::Error;
use std::process::ExitCode;

use ae_apply::ApplyError;
use ae_experiment::ExperimentError;
use anyhow::Context as _;
use args::{Args, Command};
use clap::{CommandFactory, FromArgMatches};
use commands::{Status, Usage};

fn main() -> ExitCode {
    let matches = Args::command().get_matches();
    let args = match Args::from_arg_matches(&matches) {
        Ok(args) => args,
        Err(error) => error.format(&mut Args::command()).exit(),
    };
    output::start_log(args.common.quiet);
    match guard::check_arguments(&matches).and_then(|()| run(&args)) {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::FellShort) => ExitCode::from(3),
        Err(error) => {
            output::error(&error);
            ExitCode::from(if is_usage(&args, &error) { 2 } else { 1 })
        }
    }
}

/// Whether what was typed is wrong, and not a file. Of settings, whether no file holds them.
fn is_usage(args: &Args, error: &anyhow::Error) -> bool {
    let is_typed = |cause: &(dyn Error + 'static)| match &args.command {
        Command::Resume(_) | Command::Study(_) => false,
        Command::Train(train) => train.spec.is_none() && is_about_a_setting(cause),
        _ => {
            matches!(cause.downcast_ref(), Some(ExperimentError::Setting { .. }))
                || of_application(cause)
        }
    };
    error.chain().any(|cause| cause.is::<Usage>() || is_typed(cause))
}

/// Whether an error of a training is that a setting is wrong.
fn is_about_a_setting(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref().is_some_and(ExperimentError::is_about_a_setting)
}

/// Whether an error of a trained model's use is that a setting is wrong.
fn of_application(cause: &(dyn Error + 'static)) -> bool {
    let error = match cause.downcast_ref() {
        Some(ExperimentError::Apply(error)) => Some(error.as_ref()),
        _ => cause.downcast_ref(),
    };
    error.is_some_and(ApplyError::is_about_a_setting)
}

fn run(args: &Args) -> anyhow::Result<Status> {
    if let Some(threads) = args.common.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global().context("cannot start the threads")?;
    }
    let common = &args.common;
    match &args.command {
        Command::Data(command) => commands::data::run(command, common),
        Command::Train(train) => commands::train::run(train, common),
        Command::Resume(resume) => commands::resume::run(resume, common),
        Command::Reproduce(reproduce) => commands::reproduce::run(reproduce, common),
        Command::Study(study) => commands::study::run(study, common),
        Command::Evaluate(evaluate) => commands::evaluate::run(evaluate, common),
        Command::Reconstruct(apply) => commands::reconstruct::run(apply, common),
        Command::Denoise(denoise) => commands::denoise::run(denoise, common),
        Command::Encode(encode) => commands::encode::run(encode, common),
        Command::Decode(decode) => commands::decode::run(decode, common),
        Command::Anomaly(command) => commands::anomaly::run(command, common),
        Command::Probe(probe) => commands::probe::run(probe, common),
        Command::Project(project) => commands::project::run(project, common),
        Command::Interpolate(interpolate) => commands::interpolate::run(interpolate, common),
        Command::Compress(compress) => commands::compress::run(compress, common),
        Command::Decompress(decompress) => commands::decompress::run(decompress, common),
        Command::Export(export) => commands::export::run(export, common),
        Command::Import(import) => commands::import::run(import, common),
        Command::Inspect(inspect) => commands::inspect::run(inspect, common),
        Command::Completions(completions) => commands::completions::run(completions),
    }
}

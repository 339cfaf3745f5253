//! The command `ae`: trains, examines and applies autoencoders.
//!
//! Arguments in, text and files out. The libraries do the work.

mod args;
mod commands;
mod csv;
mod delivery;
mod exit_status;
mod guard;
mod hints;
mod interrupt;
mod item_index;
mod output;
mod progress;

use std::process::ExitCode;

use anyhow::Context as _;
use args::{Args, Command};
use clap::{CommandFactory, FromArgMatches};
use commands::Status;

fn main() -> ExitCode {
    let matches = Args::command().get_matches_from(args::rewritten(std::env::args_os().collect()));
    let args = match Args::from_arg_matches(&matches) {
        Ok(args) => args,
        Err(error) => error.format(&mut Args::command()).exit(),
    };
    output::start_log(args.common.quiet, args.common.verbose);
    interrupt::listen();
    match guard::check_arguments(&matches).and_then(|()| run(&args)) {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::FellShort) => ExitCode::from(3),
        Err(error) => {
            output::error(&error);
            ExitCode::from(exit_status::of_error(&error))
        }
    }
}

fn run(args: &Args) -> anyhow::Result<Status> {
    if let Some(threads) = args.common.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global().context("cannot start the threads")?;
    }
    let common = &args.common;
    let threads = rayon::current_num_threads();
    tracing::info!(threads, device = common.device, offline = common.offline, "begins");
    match &args.command {
        Command::Data(command) => commands::data::run(command, common),
        Command::Spec(spec) => commands::spec::run(spec),
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
        Command::Man(man) => commands::man::run(man, common),
    }
}

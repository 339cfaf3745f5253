//! The command `ae`: trains, examines and applies autoencoders.
//!
//! Arguments in, text and files out: what is done is done by `ae-experiment`.

mod args;
mod commands;
mod delivery;
mod interrupt;
mod item_index;
mod output;
mod progress;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

use args::{Args, Command};
use commands::Status;

fn main() -> ExitCode {
    let args = Args::parse();
    output::start_log(args.common.quiet);
    match run(&args) {
        Ok(Status::Done) => ExitCode::SUCCESS,
        Ok(Status::FellShort) => ExitCode::from(3),
        Err(error) => {
            output::error(&error);
            ExitCode::from(1)
        }
    }
}

fn run(args: &Args) -> anyhow::Result<Status> {
    if let Some(threads) = args.common.threads {
        let threads = usize::from(threads.get());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build_global().context("cannot start the threads")?;
    }
    let common = &args.common;
    match &args.command {
        Command::Data(command) => commands::data::run(command, common),
        Command::Train(train) => commands::train::run(train, common),
        Command::Resume(resume) => commands::resume::run(resume, common),
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
        Command::Inspect(inspect) => commands::inspect::run(inspect, common),
        Command::Completions(completions) => commands::completions::run(completions),
    }
}

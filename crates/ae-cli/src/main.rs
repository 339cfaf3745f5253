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
mod noise_levels;
mod output;
mod processes;
mod progress;
mod shards;

use std::process::ExitCode;

use args::Args;
use clap::{CommandFactory, FromArgMatches};

fn main() -> ExitCode {
    let matches = Args::command().get_matches_from(args::rewritten(std::env::args_os().collect()));
    let mut args = match Args::from_arg_matches(&matches) {
        Ok(args) => args,
        Err(error) => error.format(&mut Args::command()).exit(),
    };
    if args.command.is_shared() {
        processes::silence(&mut args.common);
    }
    output::start_log(&args.common, commands::log_style(&args));
    interrupt::listen();
    match guard::check_arguments(&matches).and_then(|()| commands::run(&args)) {
        Ok(status) => ExitCode::from(exit_status::of_status(status)),
        Err(error) => {
            output::error(&error);
            ExitCode::from(exit_status::of_error(&error))
        }
    }
}

//! Files that cannot be written to their end: nothing is half-written, and the run can be resumed.
//!
//! A full disk cannot be had without an administrator. A limit on the size of files can: a write beyond it fails as one on
//! a full disk does, in the middle of a file.
#![cfg(unix)]

use std::process::{Command, Stdio};

use crate::support::{Finished, Sandbox};

const TRAIN: &str = "train --data data --widths 8 --epochs 6 --out";
/// Enough for the best model (14 KB) and not for a checkpoint (41 KB), whether the shell counts 512 or 1024 bytes.
const BLOCKS: u32 = 36;

/// Runs `ae` with this limit on the size of its files, beyond which a write fails instead of ending the process.
fn limited(sandbox: &Sandbox, blocks: u32, arguments: &str) -> Finished {
    let mut shell = Command::new("sh");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    shell.arg("-c").arg(script).arg(env!("CARGO_BIN_EXE_ae")).args(arguments.split_whitespace());
    shell.current_dir(sandbox.path("")).env("HOME", sandbox.path("home")).stdin(Stdio::null());
    Finished::new(arguments, shell.output().unwrap())
}

#[test]
fn a_training_that_runs_out_of_space_is_resumed_when_there_is_some() {
    let sandbox = Sandbox::with_data();
    sandbox.ae(&format!("{TRAIN} reference")).succeeds();

    let finished = limited(&sandbox, BLOCKS, &format!("{TRAIN} run"));
    finished.fails_with(&["cannot write run/checkpoints/epoch-0001.safetensors", "too large"]);
    sandbox.holds_no_temporary_files();
    sandbox.ae("inspect run/checkpoints/best.safetensors").succeeds();
    assert!(!sandbox.path("run/model.safetensors").exists());

    // There is still none.
    limited(&sandbox, BLOCKS, "resume run").fails_with(&["cannot write run/", "too large"]);
    sandbox.ae("resume run").succeeds();
    assert_eq!(sandbox.weights_of("run"), sandbox.weights_of("reference"));
    assert_eq!(sandbox.read("run/curve.csv"), sandbox.read("reference/curve.csv"));
    sandbox.holds_no_temporary_files();
}

#[test]
fn without_space_no_run_begins_and_no_file_is_lost() {
    let sandbox = Sandbox::with_run();
    sandbox.write("codes.npy", "old codes");
    limited(&sandbox, 0, &format!("{TRAIN} other")).fails_with(&["other/spec.toml", "too large"]);
    limited(&sandbox, 0, "encode run data -o codes.npy --force")
        .fails_with(&["cannot write codes.npy", "too large"]);
    assert_eq!(sandbox.read_text("codes.npy"), "old codes");
    limited(&sandbox, 0, "data export --data data --out copy").fails_with(&["copy", "too large"]);
    sandbox.holds_no_temporary_files();

    sandbox.ae(&format!("{TRAIN} other")).succeeds();
}

#[test]
fn rows_that_do_not_fit_on_the_disk_are_told_of_before_a_run_begins() {
    let sandbox = Sandbox::new();
    let row = |row: u32| format!("{},{},{}\n", row % 11, row % 7, row % 5);
    sandbox.write("t.csv", (0..2000).map(row).collect::<String>());
    let train = "train --data t.csv --widths 2 --epochs 1 --mapped --out run";
    let told = "t.csv: its rows cannot be kept in a temporary file in .";
    limited(&sandbox, BLOCKS, train).fails_with(&[told, "too large", "--out"]);
    assert!(!sandbox.path("run").exists());
    sandbox.ae(train).succeeds();
}

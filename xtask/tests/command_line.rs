//! The program's exit status, and where it writes.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::process::{Command, Output};

fn xtask(line: &str) -> Output {
    let arguments = line.split(' ').filter(|argument| !argument.is_empty());
    // Somewhere else: the workspace is found from any folder.
    let elsewhere = std::env::temp_dir();
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .current_dir(elsewhere)
        .output()
        .unwrap()
}

#[test]
fn wrong_usage_is_exit_status_2_with_the_way_to_help() {
    for line in [
        "",
        "publish",
        "bench --epochs 1",
        "bench --peers no-such-peer",
        "check --only no-such-step",
    ] {
        let output = xtask(line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert_eq!(output.stdout, b"", "{line}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains("Usage: cargo xtask") || message.contains("--help"), "{message}");
    }
}

#[test]
fn a_step_that_is_chosen_is_run_alone() {
    let output = xtask("check --only layers");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("layers "), "{text}");
}

#[test]
fn a_playground_of_no_model_is_refused_before_anything_is_compiled() {
    let output = xtask("playground no-such-run --out no-such-folder");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("no-such-run: expected a run's folder"), "{message}");
}

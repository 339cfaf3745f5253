//! Ctrl-C: one line that says how to go on, and exit status 130.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{SPEC, Sandbox};

fn send(signal: &str, child: &Child) {
    assert!(
        Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success()
    );
}

/// Starts `ae`, sends a signal when a line that begins so was told for the last of so many times, and returns what was
/// told after that.
fn interrupted(
    sandbox: &Sandbox,
    arguments: &str,
    signal: &str,
    beginning: &str,
    times: usize,
) -> Vec<String> {
    let mut child = sandbox.command(arguments).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let seen = lines.by_ref().filter(|line| line.starts_with(beginning)).take(times).count();
    assert_eq!(seen, times, "{arguments}");
    send(signal, &child);
    let told = lines.filter(|line| !line.starts_with("epoch ")).collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{arguments}: {told:?}");
    told
}

/// Epochs of a run's newest checkpoint.
fn newest_checkpoint(sandbox: &Sandbox, run: &str) -> u32 {
    let files = sandbox.contents_of(&format!("{run}/checkpoints")).into_iter();
    let names = files
        .filter_map(|(path, _)| path.file_stem()?.to_str()?.strip_prefix("epoch-")?.parse().ok());
    names.max().unwrap()
}

#[test]
fn a_training_says_how_to_go_on_and_can_be_continued() {
    let sandbox = Sandbox::with_data();
    // A spec has a checkpoint after every epoch unless it says otherwise.
    sandbox.write("spec.toml", SPEC);
    for (signal, run) in [("-INT", "run"), ("-TERM", "my-run")] {
        let train = "train spec.toml --epochs 100000 --progress plain --out";
        let told = interrupted(&sandbox, &format!("{train} {run}"), signal, "epoch ", 3);
        let line = format!("interrupted; `ae resume {run}` continues after the last checkpoint");
        assert_eq!(told, std::slice::from_ref(&line));
        // Quiet, it is told too; a resume is interrupted like a training.
        let resume = format!("resume {run} --progress plain");
        assert_eq!(interrupted(&sandbox, &resume, signal, "epoch ", 2), [line]);

        let done = newest_checkpoint(&sandbox, run);
        let epochs = done + 2;
        sandbox.ae(&format!("resume {run} --epochs {epochs}")).succeeds();
        let reference = format!("reference-{run}");
        sandbox.ae(&format!("train spec.toml --epochs {epochs} --out {reference}")).succeeds();
        assert_eq!(sandbox.weights_of(run), sandbox.weights_of(&reference));
        assert_eq!(
            sandbox.read(&format!("{run}/curve.csv")),
            sandbox.read(&format!("{reference}/curve.csv"))
        );
    }
}

#[test]
fn before_the_first_checkpoint_it_says_that_the_training_begins_again() {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", [30_000, 4], 14);
    let train = "train --data data --widths 8 --epochs 1 --batch-size 1 --quiet --out";
    let mut command = sandbox.command(train);
    let mut child = command.arg("a run").stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while !sandbox.path("a run/checkpoints").exists() && started.elapsed() < Duration::from_secs(60)
    {
        sleep(Duration::from_millis(5));
    }
    sleep(Duration::from_millis(100));
    send("-INT", &child);
    let stderr = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{stderr}");
    assert_eq!(
        stderr.trim_end(),
        "interrupted before the first checkpoint; `ae resume 'a run'` begins again"
    );
}

/// A shell gives commands in the background an ignored SIGINT, so that Ctrl-C ends the one in front alone.
#[test]
#[cfg(target_os = "linux")]
fn who_is_to_ignore_a_signal_ignores_it() {
    let sandbox = Sandbox::with_data();
    let mut shell = Command::new("sh");
    let script = "trap '' INT; exec \"$0\" train --data data --widths 8 --epochs 60 --progress plain --out run";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_ae")]).current_dir(sandbox.path(""));
    let mut child = shell.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("epoch ")));
    send("-INT", &child);
    assert!(lines.all(|line| !line.contains("interrupted")));
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_study_says_what_is_kept() {
    let sandbox = crate::studies::with_study(crate::studies::NOISES);
    let study = "study study.toml --epochs 300 --progress plain --out study";
    let told = interrupted(&sandbox, study, "-INT", "training regular", 1);
    assert_eq!(
        told,
        ["interrupted before the first model was finished; `ae resume study` begins again"]
    );
    let resume = "resume study --progress plain";
    let told = interrupted(&sandbox, resume, "-INT", "training denoising-all", 1);
    assert_eq!(told, ["interrupted; `ae resume study` continues after the last finished model"]);
}

#[test]
fn other_commands_end_with_one_line() {
    let sandbox = Sandbox::with_run();
    let before = sandbox.contents_of("");
    let probe = "probe run data --labels 50 --repetitions 1000 --progress none -v";
    for signal in ["-INT", "-TERM"] {
        let told = interrupted(&sandbox, probe, signal, " INFO", 1);
        assert_eq!(told, ["interrupted; outputs that were not complete are not written"]);
    }
    assert!(sandbox.contents_of("") == before);
}

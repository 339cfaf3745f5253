//! Ctrl-C: a training stops with a checkpoint, everything else at once; a line says how to go on, and the exit status is
//! 130.
#![cfg(unix)]

use std::fs;
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

/// Asserts what is told of a training that has stopped with a checkpoint.
fn says_how_to_go_on(told: &[String], run: &str) {
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "stopping after this batch, with a checkpoint; once more ends at once");
    let (place, command) = told[1].split_once("; ").unwrap();
    assert!(place.starts_with("interrupted ") && place.contains(" of 100000"), "{told:?}");
    assert_eq!(command, format!("`ae resume {run}` continues there"));
}

#[test]
fn a_training_says_how_to_go_on_and_can_be_continued() {
    let sandbox = Sandbox::with_data();
    // A spec has a checkpoint after every epoch unless it says otherwise.
    sandbox.write("spec.toml", SPEC);
    for (signal, run) in [("-INT", "run"), ("-TERM", "my-run")] {
        let train = "train spec.toml --epochs 100000 --progress plain --out";
        let told = interrupted(&sandbox, &format!("{train} {run}"), signal, "epoch ", 3);
        says_how_to_go_on(&told, run);
        // A resume is interrupted like a training.
        let resume = format!("resume {run} --progress plain");
        says_how_to_go_on(&interrupted(&sandbox, &resume, signal, "epoch ", 2), run);

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
fn within_the_first_epoch_it_keeps_what_was_learned() {
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
    // Quiet, it is told too.
    let line = stderr.lines().last().unwrap_or_default();
    assert!(line.starts_with("interrupted in epoch 1 of 1, after "), "{stderr}");
    assert!(line.ends_with(" of 30000 batches; `ae resume 'a run'` continues there"), "{stderr}");
}

/// Who does not want to wait for the checkpoint sends the signal again.
#[test]
fn a_second_signal_ends_a_training_at_once() {
    let sandbox = Sandbox::new();
    // A batch takes long enough for two signals.
    sandbox.write_data("data", [20_000, 4], 28);
    let train =
        "train --data data --widths 1024,512,256 --batch-size 20000 --epochs 9 --quiet --out run";
    let command = format!("{train} --progress json");
    let mut child = sandbox.command(&command).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.by_ref().any(|line| line.contains("\"started\"")));
    send("-INT", &child);
    assert!(lines.by_ref().any(|line| line.contains("stopping after this batch")));
    send("-INT", &child);
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let line = "interrupted before the first checkpoint; `ae resume run` begins again";
    assert!(rest.len() == 1 && rest[0].contains(line), "{rest:?}");
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

#[test]
fn an_output_that_is_interrupted_leaves_nothing() {
    let sandbox = Sandbox::new();
    let rows = |count: u32| -> String {
        let row = |row: u32| format!("{},{}\n", row % 7, row * 3 % 11);
        "a,b\n".to_owned() + &(0..count).map(row).collect::<String>()
    };
    sandbox.write("few.csv", rows(60));
    sandbox.write("many.csv", rows(400_000));
    sandbox.ae("train --data few.csv --widths 1 --epochs 1 --out run").succeeds();
    sandbox.ae("anomaly fit run few.csv").succeeds();
    fs::create_dir(sandbox.path("out")).unwrap();
    let files = || fs::read_dir(sandbox.path("out")).unwrap().count();
    for signal in ["-INT", "-TERM"] {
        let score = "anomaly score run many.csv -o out/scores.csv";
        let mut child = sandbox.command(score).stderr(Stdio::null()).spawn().unwrap();
        while files() == 0 {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it wrote");
            sleep(Duration::from_millis(5));
        }
        send(signal, &child);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_eq!(files(), 0, "{signal}");
    }
}

//! Runs that were killed: resumed, they end as if nothing had happened.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{SPEC, Sandbox, has_times};

/// A training of 8 epochs with noise that is drawn afresh in each.
const TRAIN: &str = "train --data data --widths 8 --epochs 8 --noise gaussian:0.5 \
                     --drawn every-epoch --progress plain --out";
const EPOCHS: usize = 8;

/// Files of a finished run that must not depend on how often it was killed.
const FILES: [&str; 5] = [
    "curve.csv",
    "model.safetensors",
    "encoder.safetensors",
    "checkpoints/best.safetensors",
    "loss.svg",
];

/// Asserts that a run ended as the one in `reference`, bit for bit.
fn equals_reference(sandbox: &Sandbox, run: &str, when: &str) {
    assert_eq!(sandbox.weights_of(run), sandbox.weights_of("reference"), "{run}, {when}");
    for file in FILES {
        let [found, expected] =
            [run, "reference"].map(|run| sandbox.read(&format!("{run}/{file}")));
        assert!(found == expected, "{run}/{file} differs, {when}");
    }
}

/// Starts `ae` and kills it after so many lines of epochs.
pub(crate) fn kill_after_lines(sandbox: &Sandbox, arguments: &str, lines: usize) {
    let mut child = sandbox.command(arguments).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let seen = stderr.lines().filter(|line| line.as_ref().unwrap().starts_with("epoch "));
    assert_eq!(seen.take(lines).count(), lines, "ended too early: {arguments}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Starts `ae` and kills it after a while, wherever it may be.
fn kill_after(sandbox: &Sandbox, arguments: &str, delay: Duration) {
    let mut child = sandbox.command(arguments).stderr(Stdio::null()).spawn().unwrap();
    sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Starts `ae` and kills it as soon as there is this file.
fn kill_when_there_is(sandbox: &Sandbox, arguments: &str, file: &str) {
    let mut child = sandbox.command(arguments).stderr(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while !sandbox.path(file).exists() && started.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Asserts that whatever stands under its name in a killed run is whole.
fn is_whole(sandbox: &Sandbox, run: &str) {
    let reference = sandbox.read_text("reference/curve.csv");
    if sandbox.path(&format!("{run}/curve.csv")).exists() {
        let curve = sandbox.read_text(&format!("{run}/curve.csv"));
        assert!(reference.starts_with(&curve) && curve.ends_with('\n'), "{curve}");
    }
    for file in ["checkpoints/best.safetensors", "model.safetensors", "encoder.safetensors"] {
        if sandbox.path(&format!("{run}/{file}")).exists() {
            sandbox.ae(&format!("inspect {run}/{file}")).succeeds();
        }
    }
}

#[test]
fn a_run_killed_after_any_epoch_ends_as_if_it_had_not_been() {
    let sandbox = Sandbox::with_data();
    sandbox.ae(&format!("{TRAIN} reference")).succeeds();
    for epochs in [1, 2, 5, EPOCHS] {
        let run = format!("run-{epochs}");
        kill_after_lines(&sandbox, &format!("{TRAIN} {run}"), epochs);
        is_whole(&sandbox, &run);
        sandbox.ae(&format!("resume {run}")).succeeds();
        equals_reference(&sandbox, &run, &format!("killed after {epochs} epochs"));
        sandbox.holds_no_temporary_files();
    }
}

#[test]
fn a_run_killed_again_and_again_ends_as_if_it_had_not_been() {
    let sandbox = Sandbox::with_data();
    sandbox.ae(&format!("{TRAIN} reference")).succeeds();
    kill_after_lines(&sandbox, &format!("{TRAIN} run"), 2);
    kill_after_lines(&sandbox, "resume run --threads 1", 3);
    kill_after_lines(&sandbox, "resume run --threads 3", 1);
    let finished = sandbox.ae("resume run").succeeds();
    assert!(finished.stderr.starts_with("going on after epoch "), "{}", finished.stderr);
    equals_reference(&sandbox, "run", "killed three times");
}

#[test]
fn a_model_of_several_noises_resumes_with_the_same_choices() {
    let sandbox = Sandbox::with_data();
    let train = TRAIN.replace("gaussian:0.5", "gaussian:0.5|masking:0.25");
    sandbox.ae(&format!("{train} reference")).succeeds();
    kill_after_lines(&sandbox, &format!("{train} run"), 3);
    sandbox.ae("resume run --threads 1").succeeds();
    equals_reference(&sandbox, "run", "killed after 3 epochs");
    // It is evaluated on the choice that it learned with, and on either noise.
    let noisy = |flags: &str| {
        let evaluated = sandbox.ae(&format!("evaluate run data {flags} --json")).succeeds();
        evaluated.json()["metrics"]["noisy_mse"].as_f64().unwrap()
    };
    let [both, gaussian, masking] = ["", "--noise gaussian:0.5", "--noise masking:0.25"].map(noisy);
    let (low, high) = (gaussian.min(masking), gaussian.max(masking));
    assert!(low < both && both < high, "{low}, {both}, {high}");
}

#[test]
fn a_run_killed_at_any_moment_ends_as_if_it_had_not_been() {
    let sandbox = Sandbox::with_data();
    let started = Instant::now();
    sandbox.ae(&format!("{TRAIN} reference")).succeeds();
    let whole = started.elapsed();
    // Moments that are spread over the run, in thousandths of its time.
    for (number, moment) in [20, 130, 310, 470, 640, 780, 900].into_iter().enumerate() {
        let run = format!("run-{number}");
        kill_after(&sandbox, &format!("{TRAIN} {run}"), whole * moment / 1000);
        is_whole(&sandbox, &run);
        if sandbox.path(&format!("{run}/spec.toml")).exists() {
            sandbox.ae(&format!("resume {run}")).succeeds();
        } else {
            // Killed before there was a run: training begins where it should have.
            sandbox.ae(&format!("{TRAIN} {run}")).succeeds();
        }
        equals_reference(&sandbox, &run, &format!("killed at {moment} of 1000"));
    }
}

#[test]
fn a_run_killed_before_its_first_checkpoint_begins_again() {
    let sandbox = Sandbox::new();
    // An epoch that takes its time.
    sandbox.write_data("data", [3000, 4], 14);
    let train = "train --data data --widths 8 --epochs 1 --batch-size 1 --out";
    // A busy machine may be late with the kill; then it is tried again.
    let killed = (0..5).map(|attempt| format!("run-{attempt}")).find(|run| {
        kill_when_there_is(&sandbox, &format!("{train} {run}"), &format!("{run}/spec.toml"));
        !sandbox.path(&format!("{run}/checkpoints/epoch-0001.safetensors")).exists()
    });
    let run = killed.unwrap();

    let finished = sandbox.ae(&format!("resume {run} --json")).succeeds();
    sandbox.ae(&format!("{train} reference")).succeeds();
    assert_eq!(finished.json()["weights_sha256"], sandbox.weights_of("reference"));
    assert_eq!(sandbox.read(&format!("{run}/curve.csv")), sandbox.read("reference/curve.csv"));
}

#[test]
fn leftovers_of_a_kill_in_the_middle_of_a_write_are_cleared_away() {
    let sandbox = Sandbox::with_data();
    kill_after_lines(&sandbox, &format!("{TRAIN} run"), 2);
    sandbox.write("run/.ae-tmp-abc", "half a mod");
    sandbox.write("run/checkpoints/.ae-tmp-def", "half a check");
    sandbox.ae("resume run").succeeds();
    sandbox.holds_no_temporary_files();
}

#[test]
fn to_resume_a_finished_run_changes_nothing() {
    let sandbox = Sandbox::with_run();
    let before = sandbox.contents_of("run");
    sandbox.ae("resume run").succeeds();
    let after = sandbox.contents_of("run");
    for ((path, before), (_, after)) in before.iter().zip(&after) {
        // The record says, besides, that it was resumed.
        assert!(before == after || has_times(path), "{}", path.display());
    }
    assert_eq!(before.len(), after.len());
    let record = sandbox.read_json("run/record.json");
    assert_eq!(record["resumed_after"], 2);
}

#[test]
fn what_is_no_run_is_not_resumed() {
    let sandbox = Sandbox::with_data();
    let before = sandbox.contents_of("");
    for folder in ["nowhere", "data", "data/t10k-labels-idx1-ubyte"] {
        sandbox.ae(&format!("resume {folder}")).fails_with(&[folder, "not a run", "spec.toml"]);
    }
    assert_eq!(sandbox.contents_of(""), before);
}

#[test]
fn a_damaged_checkpoint_costs_an_epoch_and_nothing_else() {
    let sandbox = Sandbox::with_data();
    sandbox.ae(&format!("{TRAIN} reference")).succeeds();
    sandbox.ae(&format!("{TRAIN} run")).succeeds();
    let newest = "run/checkpoints/epoch-0008.safetensors";
    let sound = sandbox.read(newest);
    let mut flipped = sound.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [&flipped, &sound[..sound.len() / 2], b""] {
        sandbox.write(newest, damaged);
        let finished = sandbox.ae("resume run").succeeds();
        assert!(finished.stderr.contains(newest), "{}", finished.stderr);
        assert!(finished.stderr.contains("going on from an older one"), "{}", finished.stderr);
        equals_reference(&sandbox, "run", "with a damaged checkpoint");
    }

    sandbox.write(newest, "");
    sandbox.write("run/checkpoints/epoch-0007.safetensors", "");
    let before = sandbox.contents_of("run");
    sandbox.ae("resume run").fails_with(&[newest, "not a usable checkpoint"]);
    assert_eq!(sandbox.contents_of("run"), before);
}

#[test]
fn a_run_is_not_continued_under_other_settings_or_on_other_data() {
    let sandbox = Sandbox::with_data();
    sandbox.write("spec.toml", SPEC);
    sandbox.ae("train spec.toml --out run").succeeds();
    let spec = sandbox.read_text("run/spec.toml");
    sandbox.write("run/spec.toml", spec.replace("seed = 7", "seed = 8"));
    sandbox.ae("resume run").fails_with(&["run cannot go on", "seed was 7, and is 8 now"]);
    sandbox.write("run/spec.toml", spec.replace("seed = 7", "seed = "));
    sandbox.ae("resume run").fails_with(&["run/spec.toml", "line 3"]);
    sandbox.write("run/spec.toml", &spec);

    sandbox.write_data("data", [401, 100], 14);
    sandbox
        .ae("resume run")
        .fails_with(&["run cannot go on", "it had 400 training images, now there are 401"]);
    fs::remove_dir_all(sandbox.path("data")).unwrap();
    let data = sandbox.path("data").display().to_string();
    sandbox.ae("resume run").fails_with(&["there is no ", &data]);
}

//! What a resume keeps, and what it can change: the number of epochs, and where the data lies.

use std::fs;

use crate::studies::{NOISES, with_study};
use crate::support::{SPEC, Sandbox, has_times};

const TRAIN: &str = "train --data data --widths 8 --noise gaussian:0.5 --drawn every-epoch";

/// Asserts that two runs have the same files but for the record, and the same in it but for times.
fn are_equal(sandbox: &Sandbox, run: &str, reference: &str) {
    let [found, expected] = [run, reference].map(|run| {
        let files = sandbox.contents_of(run).into_iter();
        let relative =
            |path: std::path::PathBuf| path.strip_prefix(sandbox.path(run)).unwrap().to_owned();
        let files = files.map(|(path, bytes)| (relative(path), bytes));
        files.filter(|(path, _)| !has_times(path)).collect::<Vec<_>>()
    });
    let names = |files: &[(std::path::PathBuf, Vec<u8>)]| {
        files.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&found), names(&expected));
    for ((path, found), (_, expected)) in found.iter().zip(&expected) {
        assert!(found == expected, "{run} and {reference}: {}", path.display());
    }
    let [found, expected] = [run, reference].map(|run| {
        let mut record = sandbox.read_json(&format!("{run}/record.json"));
        let fields = record.as_object_mut().unwrap();
        for name in ["seconds", "resumed_after"] {
            fields.remove(name);
        }
        record
    });
    assert_eq!(found, expected);
}

#[test]
fn what_was_fitted_to_a_finished_model_stays() {
    let sandbox = Sandbox::with_run();
    sandbox.ae("anomaly fit run data --score likelihood").succeeds();
    let before = sandbox.contents_of("run");
    let scores = sandbox.ae("anomaly score run data").succeeds().stdout;
    sandbox.ae("resume run").succeeds();
    for ((path, before), (_, after)) in before.iter().zip(&sandbox.contents_of("run")) {
        assert!(before == after || has_times(path), "{}", path.display());
    }
    assert_eq!(sandbox.ae("anomaly score run data").succeeds().stdout, scores);

    // It does not suit other weights.
    let told = sandbox.ae("resume run --epochs 3").succeeds().stderr;
    assert!(told.contains("(anomaly)") && told.contains("fit it again"), "{told}");
    sandbox.ae("anomaly score run data").fails_with(&["holds no anomaly detector"]);
}

#[cfg(unix)]
#[test]
fn files_that_are_written_anew_keep_their_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let sandbox = Sandbox::with_run();
    let mode = |name: &str| fs::metadata(sandbox.path(name)).unwrap().permissions().mode() & 0o777;
    let private = |name: &str| {
        fs::set_permissions(sandbox.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    let files = ["spec.toml", "record.json", "loss.png", "loss.svg", "model.safetensors"];
    let files = files.map(|name| format!("run/{name}"));
    files.iter().for_each(|name| private(name));
    let again = "train --data data --widths 8 --epochs 1 --out run --force";
    for command in ["resume run", "resume run --epochs 3", again] {
        sandbox.ae(command).succeeds();
        for name in &files {
            assert_eq!(mode(name), 0o600, "{command}: {name}");
        }
    }
}

#[test]
fn a_resume_says_that_a_run_or_a_study_had_finished() {
    let sandbox = with_study(NOISES);
    sandbox.ae("train --data data --widths 8 --epochs 2 --out run").succeeds();
    let told = sandbox.ae("resume run").succeeds();
    assert!(told.stdout.contains("had finished before; --epochs N trains for longer"));
    assert!(told.stderr.contains("the run had finished before"), "{}", told.stderr);
    assert!(!told.stderr.contains("going on after"), "{}", told.stderr);
    let told = sandbox.ae("resume run --epochs 3").succeeds();
    assert!(!told.stdout.contains("had finished") && !told.stderr.contains("had finished"));

    sandbox.ae("study study.toml --out study").succeeds();
    let told = sandbox.ae("resume study").succeeds();
    assert!(told.stdout.contains("had finished before"), "{}", told.stdout);
    assert!(told.stderr.contains("the study had finished before"), "{}", told.stderr);
    assert!(!told.stderr.contains("was trained before"), "{}", told.stderr);
}

#[test]
fn more_epochs_give_the_run_that_was_begun_with_as_many() {
    let sandbox = Sandbox::with_data();
    sandbox.ae(&format!("{TRAIN} --epochs 7 --out reference")).succeeds();
    sandbox.ae(&format!("{TRAIN} --epochs 4 --out run")).succeeds();
    let before = sandbox.contents_of("run");
    sandbox
        .ae("resume run --epochs 3")
        .refuses_with(&["training.epochs must be at least 4, the epochs that are done, found 3"]);
    assert_eq!(sandbox.contents_of("run"), before);

    let told = sandbox.ae("resume run --epochs 7").succeeds().stderr;
    assert!(told.contains("7 epochs instead of 4: the learning rate does not depend"), "{told}");
    are_equal(&sandbox, "run", "reference");
    // As many as there are changes nothing.
    sandbox.ae("resume run --epochs 7").succeeds();
    are_equal(&sandbox, "run", "reference");
}

#[test]
fn a_longer_run_has_no_record_and_no_figures_of_the_shorter_one() {
    let sandbox = Sandbox::with_data();
    sandbox.ae(&format!("{TRAIN} --epochs 2 --out run")).succeeds();
    // The figure's place is taken: the run fails after the training.
    fs::remove_file(sandbox.path("run/encoder.safetensors")).unwrap();
    fs::create_dir(sandbox.path("run/encoder.safetensors")).unwrap();
    sandbox.ae("resume run --epochs 4").fails_with(&["run/encoder.safetensors", "directory"]);
    assert!(!sandbox.path("run/record.json").exists());
    fs::remove_dir(sandbox.path("run/encoder.safetensors")).unwrap();
    sandbox.ae("resume run").succeeds();
    sandbox.ae(&format!("{TRAIN} --epochs 4 --out reference")).succeeds();
    are_equal(&sandbox, "run", "reference");
}

#[test]
fn a_longer_cosine_jumps_and_says_so() {
    let sandbox = Sandbox::with_data();
    let cosine = "kind = \"cosine\"\nwarmup_epochs = 0\nfinal_factor = 0.0";
    sandbox.write("cosine.toml", SPEC.replace("kind = \"constant\"", cosine));
    sandbox.ae("train cosine.toml --out run").succeeds();
    let told = sandbox.ae("resume run --epochs 6").succeeds().stderr;
    assert!(told.contains("jumps from 0.000e0 after epoch 3 to "), "{told}");
    assert!(told.contains("not that of a run that was begun with 6 epochs"), "{told}");
    assert_eq!(sandbox.read_json("run/record.json")["epochs"], 6);
}

#[test]
fn a_run_that_stopped_early_goes_on_without_its_early_stopping() {
    let sandbox = Sandbox::with_data();
    let stopping = "[training.early_stopping]\nmetric = \"val_bce\"\npatience = 1\nmin_delta = 9.0\n\n[checkpoints]";
    sandbox.write(
        "stopping.toml",
        SPEC.replace("epochs = 3", "epochs = 9").replace("[checkpoints]", stopping),
    );
    sandbox.write("plain.toml", SPEC.replace("epochs = 3", "epochs = 5"));
    sandbox.ae("train stopping.toml --out run").succeeds();
    assert_eq!(sandbox.read_json("run/record.json")["epochs"], 2);
    let told = sandbox.ae("resume run --epochs 5").succeeds().stderr;
    assert!(told.contains("early stopping had ended the run after epoch 2"), "{told}");
    sandbox.ae("train plain.toml --out reference").succeeds();
    are_equal(&sandbox, "run", "reference");
}

#[test]
fn early_stopping_that_has_not_stopped_the_run_stays_in_force() {
    let sandbox = Sandbox::with_data();
    let stopping = "[training.early_stopping]\nmetric = \"val_bce\"\npatience = 4\nmin_delta = 9.0\n\n[checkpoints]";
    sandbox.write("stopping.toml", SPEC.replace("[checkpoints]", stopping));
    sandbox.ae("train stopping.toml --out run").succeeds();
    let told = sandbox.ae("resume run --epochs 20").succeeds().stderr;
    assert!(told.contains("early stopping stays in force"), "{told}");
    assert_eq!(sandbox.read_json("run/record.json")["epochs"], 5);
}

#[test]
fn moved_data_is_found_where_it_is_said_to_be_and_other_data_is_refused() {
    let sandbox = Sandbox::with_data();
    sandbox.write("spec.toml", SPEC);
    sandbox.ae("train spec.toml --out reference").succeeds();
    sandbox.ae("train spec.toml --epochs 2 --out run").succeeds();
    fs::rename(sandbox.path("data"), sandbox.path("moved")).unwrap();
    sandbox.write_data("other", [401, 100], 14);
    let before = sandbox.contents_of("run");
    sandbox.ae("resume run").fails_with(&["there is no ", "/data", "--data"]);
    sandbox.ae("resume run --epochs 3 --data other").fails_with(&[
        "run cannot go on: the data has changed since the run: it had 400 training images, now there are 401;",
        "put it back as it was",
        "train anew",
        "`ae train`",
    ]);
    let before_edit = sandbox.read_text("run/spec.toml");
    sandbox.write("run/spec.toml", before_edit.replace("seed = 7", "seed = 8"));
    sandbox
        .ae("resume run --data moved")
        .fails_with(&["its spec.toml has changed since the run: seed was 7, and is 8 now;"]);
    sandbox.write("run/spec.toml", before_edit);
    sandbox.write_data("smaller", [400, 100], 9);
    sandbox.ae("resume run --epochs 3 --data smaller").fails_with(&[
        "smaller is not the data of run: its images have 81 numbers each, the run's have 196",
    ]);
    assert_eq!(sandbox.contents_of("run"), before);

    sandbox.ae("resume run --epochs 3 --data moved").succeeds();
    assert_eq!(sandbox.weights_of("run"), sandbox.weights_of("reference"));
    assert_eq!(sandbox.read("run/curve.csv"), sandbox.read("reference/curve.csv"));
    // From now on it is found there.
    sandbox.ae("resume run").succeeds();
    assert!(sandbox.read_text("run/spec.toml").contains("/moved\""));
}

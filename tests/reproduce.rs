//! `ae reproduce`: the experiments that come with the program, and what stands beside their runs.

use serde_json::{Value, json};

use crate::support::Sandbox;

/// A sandbox with a few images as large as MNIST's in the folder `data`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", [300, 50], 28);
    sandbox
}

#[test]
fn the_tutorial_is_trained_on_digits_and_says_once_that_they_stand_in() {
    let sandbox = Sandbox::new();
    let finished = sandbox
        .ae("reproduce --offline --epochs 1 --only regular --only denoising --out results")
        .succeeds();
    let stand_in = "rocedural digits stand in for MNIST: ";
    assert_eq!(finished.stderr.matches(stand_in).count(), 1, "{}", finished.stderr);
    assert!(finished.stderr.contains("== denoising (2 of 2)\n"), "{}", finished.stderr);

    let lines: Vec<&str> = finished.stdout.lines().collect();
    let headings: Vec<&str> = lines[0].split_whitespace().collect();
    let columns =
        ["experiment", "metric", "reached", "expected", "published", "verdict", "seconds"];
    assert_eq!(headings, columns);
    assert_eq!(finished.stdout.matches("not judged").count(), 4, "{}", finished.stdout);
    assert!(finished.stdout.contains("\nreport: results/report.html\n"), "{}", finished.stdout);

    let summary = sandbox.read_json("results/summary.json");
    assert_eq!((&summary["schema"], &summary["ok"]), (&json!(1), &json!(true)));
    for (at, name) in ["regular", "denoising"].into_iter().enumerate() {
        let experiment = &summary["experiments"][at];
        let record = sandbox.read_json(&format!("results/{name}/record.json"));
        for field in ["name", "epochs", "seconds", "metrics", "weights_sha256"] {
            assert_eq!(experiment[field], record[field], "{name} {field}");
        }
        assert_eq!((&experiment["name"], &experiment["dataset"]), (&json!(name), &json!("digits")));
        assert_eq!(experiment["expected"][1]["metric"], "val_mse");
        let sentence = record["dataset"]["substituted"].as_str().unwrap();
        assert!(sentence.contains(stand_in), "{sentence}");
        assert!(sandbox.path(&format!("results/{name}/.reproduce")).is_file());
    }
    let report = sandbox.read_text("results/report.html");
    assert!(report.contains("<section id=\"regular\">"), "{report}");
    let command = "<pre tabindex=\"0\">ae reproduce --out results --only denoising --epochs 1 --offline</pre>";
    assert!(report.contains(command), "{report}");
}

#[test]
fn an_experiment_is_the_same_as_the_training_of_its_spec() {
    let sandbox = sandbox();
    let summary = sandbox
        .ae("reproduce --data data --epochs 2 --seed 5 --threads 1 --only denoising-fresh --json")
        .succeeds()
        .json();
    let written = sandbox.read_text("runs/denoising-fresh/spec.toml");
    assert!(written.contains("seed = 5\n") && written.contains("epochs = 2\n"), "{written}");
    sandbox.ae("train runs/denoising-fresh/spec.toml --threads 2 --out again").succeeds();
    let weights = &summary["experiments"][0]["weights_sha256"];
    assert_eq!(weights, &Value::from(sandbox.weights_of("again")));
    // Nothing is expected of this data.
    assert_eq!(summary["experiments"][0]["expected"], json!([]));
}

#[test]
fn its_own_runs_are_replaced_and_nothing_else() {
    let sandbox = sandbox();
    let command = "reproduce --data data --epochs 1 --only regular --out results";
    sandbox.ae(command).succeeds();
    sandbox.write("results/notes.txt", "mine");
    sandbox.ae(command).succeeds();
    assert_eq!(sandbox.read_text("results/notes.txt"), "mine");

    sandbox.ae("train --data data --epochs 1 --out results/denoising").succeeds();
    let before = sandbox.contents_of("results");
    let both = format!("{command} --only denoising");
    let fragments = ["results/denoising was not made by `ae reproduce`", "left as it is"];
    sandbox.ae(&both).fails_with(&fragments);
    assert_eq!(sandbox.contents_of("results"), before);
}

#[test]
fn a_run_that_fails_is_told_beside_the_others() {
    let sandbox = sandbox();
    // Something in the place of a run's file is in the way of this run alone.
    sandbox.write("results/regular/.reproduce", "");
    sandbox.write("results/regular/model.safetensors/mine", "");
    let finished = sandbox
        .ae("reproduce --data data --epochs 1 --only regular --only denoising --out results")
        .ends_with(1);
    assert!(finished.stdout.contains("\nfailed: regular: "), "{}", finished.stdout);
    assert!(finished.stderr.contains("error: 1 of 2 experiments failed"), "{}", finished.stderr);
    let summary = sandbox.read_json("results/summary.json");
    let oks: Vec<&Value> =
        (0..2).map(|experiment| &summary["experiments"][experiment]["ok"]).collect();
    assert_eq!((&summary["ok"], oks), (&json!(false), vec![&json!(false), &json!(true)]));
    assert_eq!(summary["experiments"][0]["weights_sha256"], Value::Null);
}

#[test]
fn what_was_typed_wrongly_is_refused_before_anything_is_written() {
    let sandbox = Sandbox::new();
    for (flags, fragments) in [
        ("--only regluar", ["regluar", "anomaly, codes, compression, "]),
        ("--only regular --all", ["--only", "--all"]),
        ("--epochs 0", ["--epochs", "0"]),
        ("--out=", ["--out", "the name of a folder"]),
        ("regular", ["regular", "unexpected"]),
    ] {
        sandbox.ae(&format!("reproduce {flags}")).refuses_with(&fragments);
    }
    assert_eq!(sandbox.contents_of(""), []);
}

#[test]
fn experiments_keep_their_names() {
    let sandbox = Sandbox::new();
    let line = "reproduce --data digits --only regular --only denoising --set name=same --out out";
    sandbox.ae(line).refuses_with(&["--set name"]);
    assert!(!sandbox.path("out").exists());
}

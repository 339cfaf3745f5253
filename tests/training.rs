//! What a training leaves, and what it refuses.

use std::fs;

use crate::support::{SPEC, Sandbox};

const TRAIN: &str = "train --data data --widths 8 --epochs 2";

#[test]
fn a_run_leaves_its_files_and_nothing_else() {
    let sandbox = Sandbox::with_data();
    let finished = sandbox.ae(&format!("{TRAIN} --out deep/run")).succeeds();
    assert_eq!(finished.stderr.matches("epoch ").count(), 2, "{}", finished.stderr);
    assert!(finished.stdout.contains(&sandbox.weights_of("deep/run")), "{}", finished.stdout);
    let folder = sandbox.path("deep/run");
    let all = sandbox.contents_of("deep/run");
    let files: Vec<&str> =
        all.iter().map(|(path, _)| path.strip_prefix(&folder).unwrap().to_str().unwrap()).collect();
    let expected = [
        "checkpoints/best.safetensors",
        "checkpoints/epoch-0001.safetensors",
        "checkpoints/epoch-0002.safetensors",
        "curve.csv",
        "encoder.safetensors",
        "filters.png",
        "filters.svg",
        "loss.png",
        "loss.svg",
        "model.safetensors",
        "reconstructions.png",
        "reconstructions.svg",
        "record.json",
        "report.html",
        "spec.toml",
        "worst.png",
        "worst.svg",
    ];
    assert_eq!(files, expected);
    for (path, bytes) in all.iter().filter(|(path, _)| path.ends_with("png")) {
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{}", path.display());
    }
    let curve = sandbox.read_text("deep/run/curve.csv");
    let header = "epoch,learning_rate,train_bce,val_bce,val_mse\n";
    assert!(curve.starts_with(header) && curve.lines().count() == 3, "{curve}");
    // The loop evaluates with fused kernels in f32, the record with candle and sums in f64.
    let last = curve.lines().last().unwrap().split(',').nth(3).unwrap().parse::<f64>().unwrap();
    let record = sandbox.read_json("deep/run/record.json");
    let reached = record["metrics"]["val_bce"].as_f64().unwrap();
    assert!((reached - last).abs() < 1e-6 * last, "{reached} against {last}");
}

#[test]
fn an_engine_is_chosen_named_and_kept() {
    let sandbox = Sandbox::with_data();
    let mut losses = Vec::new();
    for (engine, flag) in
        [("fused", ""), ("fused", "--engine fused"), ("autograd", "--engine autograd")]
    {
        sandbox.ae(&format!("{TRAIN} --out run --force {flag}")).succeeds();
        let record = sandbox.read_json("run/record.json");
        assert_eq!(record["engine"], engine);
        let named = format!("engine = \"{engine}\"");
        assert!(sandbox.read_text("run/spec.toml").contains(&named), "{flag}");
        let weights = sandbox.weights_of("run");
        // Made again from its own spec: with the engine that the spec names.
        sandbox.ae("train run/spec.toml --out again --force").succeeds();
        assert_eq!(sandbox.weights_of("again"), weights, "{flag}");
        losses.push(record["metrics"]["val_bce"].as_f64().unwrap());
    }
    assert_eq!(losses[0], losses[1]);
    assert!((losses[0] - losses[2]).abs() < 1e-4 * losses[2], "{losses:?}");
}

#[test]
fn the_only_line_on_stdout_is_json_where_it_is_asked_for() {
    let sandbox = Sandbox::with_data();
    let finished = sandbox.ae(&format!("{TRAIN} --out run --json")).succeeds();
    assert_eq!(finished.json(), sandbox.read_json("run/record.json"));
    let finished = sandbox.ae(&format!("{TRAIN} --out quiet --json --quiet")).succeeds();
    assert_eq!(finished.json()["weights_sha256"], sandbox.weights_of("run"));
    assert_eq!(finished.stderr, "");
    // Quiet also leaves out warnings, but not errors.
    let finished = sandbox.ae("train --data data --batch-size 999 --epochs 1 --out q --quiet");
    assert_eq!(finished.succeeds().stderr, "");
    sandbox.ae(&format!("{TRAIN} --out run --quiet")).fails_with(&["run exists already"]);
}

#[test]
fn a_run_that_is_there_is_not_touched() {
    let sandbox = Sandbox::with_run();
    let before = sandbox.contents_of("run");
    sandbox.ae(&format!("{TRAIN} --out run")).fails_with(&[
        "run exists already",
        "ae resume",
        "--force",
    ]);
    assert_eq!(sandbox.contents_of("run"), before);
    // Replacing it begins only when all else is in order.
    sandbox.ae("train --data nowhere --out run --force").fails_with(&["nowhere"]);
    sandbox.write("bad.toml", SPEC.replace("= 64", "= 0"));
    sandbox.ae("train bad.toml --out run --force").refuses_with(&["batch_size"]);
    assert_eq!(sandbox.contents_of("run"), before);
}

#[test]
fn force_replaces_a_run_and_nothing_else() {
    let sandbox = Sandbox::with_run();
    let weights = sandbox.weights_of("run");
    sandbox.write("run/.keep", "hidden files are left alone");
    sandbox.ae("train --data data --widths 8 --epochs 1 --out run --force").succeeds();
    assert_ne!(sandbox.weights_of("run"), weights);
    assert!(!sandbox.path("run/checkpoints/epoch-0002.safetensors").exists());
    assert!(sandbox.path("run/.keep").is_file());

    for foreign in [
        "notes.txt",
        "holiday.png",
        "drawing.svg",
        "mine.safetensors",
        "checkpoints/mine.safetensors",
        "checkpoints/notes.txt",
        "more/record.json",
    ] {
        sandbox.write(&format!("run/{foreign}"), "mine");
        let before = sandbox.contents_of("run");
        let first = foreign.split_once("/record").map_or(foreign, |(folder, _)| folder);
        sandbox
            .ae(&format!("{TRAIN} --out run --force"))
            .fails_with(&["run is not replaced", &format!("`{first}`")]);
        assert_eq!(sandbox.contents_of("run"), before, "{foreign}");
        fs::remove_file(sandbox.path(&format!("run/{foreign}"))).unwrap();
    }
}

#[test]
fn the_weights_do_not_depend_on_the_number_of_threads() {
    let sandbox = Sandbox::new();
    // Enough for several tasks a batch and several batches of validation.
    sandbox.write_data("data", [700, 600], 28);
    for flags in ["", "--noise gaussian:0.5+masking:0.1 --drawn every-epoch"] {
        let results: Vec<_> = [1, 2, 3, 4, 8]
            .map(|threads| {
                let run = format!("run-{threads}");
                let train = format!("train --data data --widths 24,8 --epochs 2 --force {flags}");
                sandbox.ae(&format!("{train} --threads {threads} --out {run}")).succeeds();
                let record = sandbox.read_json(&format!("{run}/record.json"));
                assert_eq!(record["threads"], threads);
                let curve = sandbox.read_text(&format!("{run}/curve.csv"));
                (sandbox.weights_of(&run), record["metrics"].clone(), curve)
            })
            .into();
        assert!(results.iter().all(|result| *result == results[0]), "{flags}: {results:#?}");
    }
}

#[test]
fn the_seed_decides_the_weights() {
    let sandbox = Sandbox::with_data();
    let weights = |flags: &str| {
        sandbox.ae(&format!("{TRAIN} --out run --force {flags}")).succeeds();
        sandbox.weights_of("run")
    };
    let first = weights("--seed 1");
    assert_eq!(first, weights("--seed 1"));
    assert_ne!(first, weights("--seed 2"));
}

#[test]
fn the_spec_in_a_run_trains_the_same_model() {
    let sandbox = Sandbox::with_data();
    for flags in [
        "",
        "--noise gaussian:0.5 --drawn once",
        "--tied-weights --code-l1 0.001 --batch-size 50 --learning-rate 0.01",
        "--loss mean-squared-error --widths 16,8 --seed 3",
    ] {
        let flags = if flags.contains("--widths") {
            format!("train --data data --epochs 2 {flags}")
        } else {
            format!("{TRAIN} {flags}")
        };
        sandbox.ae(&format!("{flags} --out run --force")).succeeds();
        sandbox.ae("train run/spec.toml --out again --force").succeeds();
        assert_eq!(sandbox.weights_of("run"), sandbox.weights_of("again"), "{flags}");
        assert_eq!(sandbox.read("run/spec.toml"), sandbox.read("again/spec.toml"), "{flags}");
    }
}

#[test]
fn training_learns() {
    let sandbox = Sandbox::with_data();
    let loss = |epochs: u32| {
        let train = "train --data data --widths 16 --batch-size 20 --learning-rate 0.01 --force";
        sandbox.ae(&format!("{train} --out run --epochs {epochs}")).succeeds();
        sandbox.read_json("run/record.json")["metrics"]["val_bce"].as_f64().unwrap()
    };
    let (first, last) = (loss(1), loss(8));
    assert!(last < first / 2.0, "{first} {last}");
}

#[test]
fn a_divergence_stops_the_run_and_names_the_last_good_state() {
    let sandbox = Sandbox::with_data();
    let finished = sandbox.ae("train --data data --widths 8 --learning-rate 1e30 --out run");
    finished.fails_with(&["diverged in epoch 1, batch 2", "no checkpoint"]);
    assert!(sandbox.path("run/spec.toml").is_file());
    assert!(!sandbox.path("run/record.json").exists());

    // Plain descent with a step that is far too long: every epoch is worse, until one is beyond bounds.
    let (head, tail) = SPEC.split_once("kind = \"adam\"").unwrap();
    let (_, tail) = tail.split_once("epsilon = 1e-7").unwrap();
    let spec = format!("{head}kind = \"sgd\"\nlearning_rate = 1e6\nmomentum = 0.0{tail}")
        .replace("binary-cross-entropy", "mean-squared-error")
        .replace("\"sigmoid\"", "\"linear\"")
        .replace("batch_size = 64", "batch_size = 400")
        .replace("epochs = 3", "epochs = 50");
    sandbox.write("late.toml", spec.as_bytes());
    let finished = sandbox.ae("train late.toml --out late").ends_with(1);
    let checkpoint = finished.stderr.split("the last good checkpoint is ").nth(1).unwrap().trim();
    assert!(finished.stderr.contains("training diverged in epoch "), "{}", finished.stderr);
    assert!(checkpoint.starts_with("late/checkpoints/epoch-"), "{checkpoint}");
    assert!(sandbox.path(checkpoint).is_file(), "{checkpoint}");
}

#[test]
fn very_little_data_is_enough() {
    let sandbox = Sandbox::with_data();
    let finished = sandbox.ae("train --data data --widths 8 --epochs 1 --batch-size 500 --out run");
    let warning = "the batch size 500 is above the 400 training images: an epoch is one batch";
    assert_eq!(finished.succeeds().stderr.matches(warning).count(), 1);

    sandbox.write_data("one", [1, 1], 3);
    sandbox.ae("train --data one --widths 2 --epochs 2 --out single").succeeds();
    let record = sandbox.read_json("single/record.json");
    assert_eq!((&record["epochs"], &record["dataset"]["train_images"]), (&2.into(), &1.into()));
    sandbox.ae("train --data one --widths 1 --epochs 1 --batch-size 1 --out exact").succeeds();
}

#[test]
fn early_stopping_ends_a_run() {
    let sandbox = Sandbox::with_data();
    let stopping =
        "[training.early_stopping]\nmetric = \"val_bce\"\npatience = 1\nmin_delta = 0.5\n\n";
    let spec = SPEC.replace("[checkpoints]", &[stopping, "[checkpoints]"].concat());
    sandbox.write("spec.toml", &spec);
    let finished = sandbox.ae("train spec.toml --out run").succeeds();
    assert!(finished.stderr.contains("stopped after epoch 2: val_bce"), "{}", finished.stderr);
    let record = sandbox.read_json("run/record.json");
    assert_eq!((&record["epochs"], &record["planned_epochs"]), (&2.into(), &3.into()));

    sandbox.write("spec.toml", spec.replace("\"val_bce\"", "\"val_bec\""));
    let finished = sandbox.ae("train spec.toml --out wrong").ends_with(2);
    assert!(finished.stderr.contains("there is no metric `val_bec`"), "{}", finished.stderr);
}

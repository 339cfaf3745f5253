//! Training that learns nothing says so, and what nobody has set follows from the data.

use std::fmt::Write as _;

use crate::support::Sandbox;

/// Rows of two factors in six columns of different ranges, and some noise.
fn table(rows: u32) -> String {
    let mut text = "a,b,c,d,e,f\n".to_owned();
    for i in 0..rows {
        let (x, y) = (f64::from(i * 37 % 101) / 101.0, f64::from(i * 53 % 97) / 97.0);
        let noise = f64::from(i * 29 % 31) / 310.0;
        let (sum, difference) = (x + y + noise, 1000.0 * (x - y));
        writeln!(text, "{x},{y},{sum},{difference},{},{}", 5.0 - x, noise - 2.0 * y).unwrap();
    }
    text
}

fn with_table(rows: u32) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("table.csv", table(rows));
    sandbox
}

#[test]
fn little_data_of_ones_own_gets_steps_enough_and_beats_the_mean_and_pca() {
    let sandbox = with_table(135);
    let trained = sandbox.ae("train --data table.csv --out run").succeeds();
    for said in [
        "chosen for 121 rows of 6 columns: network 6-64-3, mean squared error, standardised columns",
        "noise masking:0.2 drawn every-epoch, batches of 32, 3000 steps in 750 epochs",
        "network 6-64-3-64-6: 1289 parameters; 3000 steps (750 x 4)",
    ] {
        assert!(trained.stderr.contains(said), "{}", trained.stderr);
    }
    assert!(trained.stderr.lines().count() < 120, "{}", trained.stderr);
    assert!(!trained.stderr.contains("WARN"), "{}", trained.stderr);
    let spec = sandbox.read_text("run/spec.toml");
    for line in ["every = 15", "batch_size = 32", "epochs = 750", "scaling = \"standard\""] {
        assert!(spec.contains(line), "{spec}");
    }
    let record = sandbox.read_json("run/record.json");
    let diagnosis = &record["diagnosis"];
    let error = |name: &str| diagnosis[name].as_f64().unwrap();
    assert_eq!(record["metrics"]["val_mse"], diagnosis["model_mse"]);
    assert!(error("model_mse") < 0.5 * error("mean_mse"), "{diagnosis}");
    assert!(error("model_mse") < 1.2 * error("pca_mse"), "{diagnosis}");
    assert_eq!((&diagnosis["steps"], &diagnosis["sample"]), (&3000.into(), &121.into()));
    assert_eq!((&diagnosis["components"], &diagnosis["dead_code_units"]), (&3.into(), &0.into()));
    assert!(trained.stdout.contains("dead units   0 of the 3 of the code"), "{}", trained.stdout);
    // The spec alone makes the same model again.
    sandbox.ae("train run/spec.toml --out again").succeeds();
    assert_eq!(sandbox.weights_of("run"), sandbox.weights_of("again"));
}

#[test]
fn too_few_steps_are_warned_about_with_the_flag_to_change() {
    let sandbox = with_table(135);
    let trained = sandbox.ae("train --data table.csv --out run --epochs 2 --batch-size 256");
    let told = trained.succeeds().stderr;
    assert!(told.contains("too few steps were taken: try more --epochs"), "{told}");
    let record = sandbox.read_json("run/record.json");
    assert_eq!(record["diagnosis"]["warnings"][0]["cause"], "few-steps");
}

#[test]
fn dead_units_are_counted_and_the_learning_rate_is_named() {
    let sandbox = Sandbox::with_data();
    let spec = crate::support::SPEC.replace("learning_rate = 0.001", "learning_rate = 5.0");
    sandbox.write("hot.toml", spec);
    let trained = sandbox.ae("train hot.toml --out run").succeeds();
    let record = sandbox.read_json("run/record.json");
    let diagnosis = &record["diagnosis"];
    let dead = diagnosis["dead_code_units"].as_u64().unwrap();
    assert!(dead >= 4, "{diagnosis}");
    let said = format!("dead units   {dead} of the 8 of the code");
    assert!(trained.stdout.contains(&said), "{}", trained.stdout);
    assert!(trained.stderr.contains("try a lower --learning-rate"), "{}", trained.stderr);
    assert_eq!(diagnosis["warnings"][0]["cause"], "learning-rate");
}

#[test]
fn copies_across_the_split_are_counted() {
    let sandbox = Sandbox::new();
    // Ten different rows, ten times each: whatever is held out is in the training rows as well.
    let rows: String = table(10).lines().skip(1).map(|line| format!("{line}\n")).collect();
    sandbox.write("copies.csv", "a,b,c,d,e,f\n".to_owned() + &rows.repeat(10));
    let trained = sandbox.ae("train --data copies.csv --out run --epochs 1").succeeds();
    let told = "10 of the 10 validation rows are equal to training rows";
    assert!(trained.stderr.contains(told), "{}", trained.stderr);
    assert_eq!(sandbox.read_json("run/record.json")["validation_duplicates"], 10);
}

#[test]
fn values_that_the_loss_does_not_know_are_counted() {
    let sandbox = Sandbox::new();
    // A validation row beyond the training rows: one row of a hundred is far away, and held out or not.
    let mut told = 0;
    for seed in 1..=6 {
        let mut rows: Vec<String> = table(20).lines().map(str::to_owned).collect();
        rows.push("9,9,9,9999,9,9".to_owned());
        sandbox.write("far.csv", rows.join("\n"));
        let train =
            "train --data far.csv --loss binary-cross-entropy --test-fraction 0.4 --epochs 1";
        let trained = sandbox.ae(&format!("{train} --out run --force --seed {seed}")).succeeds();
        let record = sandbox.read_json("run/record.json");
        let outside = record["values_outside"].as_u64().unwrap_or(0);
        let said = format!("{outside} of 126 values are outside [0, 1]");
        assert_eq!(trained.stderr.contains(&said), outside > 0, "{}", trained.stderr);
        told += u32::from(outside >= 6);
    }
    assert!(told > 0, "the far row was never held out");
}

#[test]
fn networks_that_cannot_learn_are_warned_about_before_training() {
    let sandbox = with_table(12);
    let trained = sandbox.ae("train --data table.csv --widths 6 --epochs 1 --out wide").succeeds();
    let told = "no layer of the encoder is narrower than the 6 values of an input";
    assert!(trained.stderr.contains(told), "{}", trained.stderr);
    let trained = sandbox.ae("train --data table.csv --widths 200,2 --epochs 1 --out many");
    let told = "the network has 3608 parameters, the 11 training rows have 66 numbers";
    assert!(trained.succeeds().stderr.contains(told));
}

#[test]
fn noise_for_pixels_is_not_put_on_standardised_columns() {
    let sandbox = with_table(30);
    sandbox
        .ae("train --data table.csv --noise gaussian:0.1 --scaling standard --out run")
        .refuses_with(&["noise must be masking for standardised columns", "gaussian:0.1"]);
    sandbox.ae("train --data table.csv --noise gaussian:0.1 --epochs 2 --out run").succeeds();
    assert!(!sandbox.read_text("run/spec.toml").contains("standard"));
    sandbox.ae("train --data table.csv --epochs 2 --out standard").succeeds();
    let told = ["noise must be masking for standardised columns"];
    for command in [
        "evaluate standard table.csv --noise gaussian:0.1",
        "denoise standard table.csv --noise gaussian:0.1 -o clean.csv",
        "anomaly fit standard table.csv --noise gaussian:0.1",
    ] {
        sandbox.ae(command).refuses_with(&told);
    }
    let unclipped = "train --data table.csv --noise gaussian:0.1:unclipped --scaling standard";
    sandbox.ae(&format!("{unclipped} --epochs 2 --out unclipped")).succeeds();
    let spec = sandbox.read_text("unclipped/spec.toml");
    assert!(spec.contains("gaussian:0.1:unclipped") && spec.contains("standard"), "{spec}");
    sandbox.ae("evaluate unclipped --data table.csv").succeeds();
    sandbox.ae("train --data table.csv --noise none --epochs 2 --out plain").succeeds();
    assert!(sandbox.read_text("plain/spec.toml").contains("kind = \"regular\""));
}

#[test]
fn one_row_is_refused_and_two_are_trained_on() {
    for rows in [2, 3, 9] {
        let sandbox = with_table(rows);
        let trained = sandbox.ae("train --data table.csv --epochs 3 --out run").succeeds();
        let held_out = format!("1 of {rows} rows are held out");
        assert!(trained.stderr.contains(&held_out), "{}", trained.stderr);
        let record = sandbox.read_json("run/record.json");
        assert_eq!(record["dataset"]["train_images"], rows - 1);
    }
    let sandbox = with_table(1);
    sandbox.ae("train --data table.csv --out run").fails_with(&["table.csv", "1"]);
    assert!(!sandbox.path("run").exists());
}

#[test]
fn a_run_with_rare_checkpoints_is_resumed_to_the_same_end() {
    let sandbox = with_table(40);
    let train = "train --data table.csv --epochs 120 --progress none";
    sandbox.ae(&format!("{train} --out whole")).succeeds();
    assert!(sandbox.read_text("whole/spec.toml").contains("every = 3"));
    sandbox.ae(&format!("{train} --out part")).succeeds();
    // As after a kill between two checkpoints: what is newer than the last one is gone.
    for file in
        ["checkpoints/epoch-0120.safetensors", "record.json", "model.safetensors", "curve.csv"]
    {
        std::fs::remove_file(sandbox.path(&format!("part/{file}"))).unwrap();
    }
    sandbox.ae("resume part").succeeds();
    assert_eq!(sandbox.weights_of("part"), sandbox.weights_of("whole"));
    for file in ["curve.csv", "model.safetensors", "checkpoints/best.safetensors"] {
        let [part, whole] = ["part", "whole"].map(|run| sandbox.read(&format!("{run}/{file}")));
        assert!(part == whole, "{file} differs");
    }
}

#[test]
fn the_score_of_a_table_counts_its_codes_and_that_of_images_their_errors() {
    let sandbox = with_table(60);
    sandbox.ae("train --data table.csv --epochs 2 --out table").succeeds();
    let fitted = sandbox.ae("anomaly fit table table.csv --json").succeeds();
    assert_eq!(fitted.json()["fit"]["score"], "likelihood");
    let sandbox = Sandbox::with_run();
    let fitted = sandbox.ae("anomaly fit run data --json").succeeds();
    assert_eq!(fitted.json()["fit"]["score"], "squared");
}

#[test]
fn large_images_are_warned_about_with_the_keys_that_make_them_smaller() {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", [2, 1], 260);
    let trained = sandbox.ae("train --data data --widths 2 --epochs 1 --out run").succeeds();
    let told = "images of 260 x 260 have 67600 values";
    assert!(trained.stderr.contains(told), "{}", trained.stderr);
    assert!(trained.stderr.contains("`data.size = [64, 64]`"), "{}", trained.stderr);
}

#[test]
fn data_without_differences_is_said_to_be_so() {
    let sandbox = Sandbox::new();
    sandbox.write("same.csv", format!("a,b\n{}", "1,2\n".repeat(30)));
    let told = sandbox.ae("train --data same.csv --epochs 2 --out run").succeeds().stderr;
    assert!(told.contains("all training rows are equal: there is nothing to learn"), "{told}");
    assert!(!told.contains("learning rate"), "{told}");
}

//! A model keeps how its data was read and what was held out; a file and the folder of its run mean the same.

use std::fs;

use crate::npy;
use crate::support::{SPEC, Sandbox};

/// Rows of two columns, three of them bad, with a column of classes and a number.
fn table(rows: usize) -> String {
    let mut text = "a,b,state\n".to_owned();
    for row in 0..rows {
        let (a, b) = (row % 7, row * 3 % 11);
        let state = if row % 2 == 0 { "on" } else { "off" };
        text.push_str(&format!("{a},{b},{state}\n"));
    }
    text + "1,?,on\n"
}

/// A model of a table that was read with bad rows and a column of classes.
fn of_table() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("t.csv", table(60));
    sandbox
        .ae("train --data t.csv --skip-bad --label-column state --widths 1 --epochs 1 --noise none --seed 5 --out run")
        .succeeds();
    sandbox
}

#[test]
fn commands_read_as_the_training_has_read() {
    let sandbox = of_table();
    fs::copy(sandbox.path("run/model.safetensors"), sandbox.path("m.safetensors")).unwrap();
    fs::copy(sandbox.path("run/encoder.safetensors"), sandbox.path("e.safetensors")).unwrap();
    sandbox.write("new.csv", table(9));
    for model in ["run", "run/model.safetensors", "m.safetensors"] {
        sandbox.ae(&format!("anomaly fit {model} new.csv -o fit.safetensors --force")).succeeds();
        let reconstructed = sandbox.ae(&format!("reconstruct {model} new.csv -o out.npy --force"));
        let told = reconstructed.succeeds().stderr;
        let said = "read as in the model's training: --skip-bad --label-column state";
        assert!(told.contains(said), "{model}: {told}");
        assert_eq!(npy::read(&sandbox.read("out.npy")).0, [9, 2], "{model}");
    }
    sandbox.ae("anomaly score fit.safetensors new.csv -o scores.csv --normal-class on").succeeds();
    for model in ["run", "run/encoder.safetensors", "e.safetensors"] {
        sandbox.ae(&format!("encode {model} new.csv -o codes.npy --force")).succeeds();
        assert_eq!(npy::read(&sandbox.read("codes.npy")).0, [9, 1], "{model}");
    }
    let same = sandbox.ae("evaluate m.safetensors new.csv --json").succeeds().json();
    assert_eq!((&same["images"], &same["skipped"]), (&9.into(), &1.into()));
}

#[test]
fn a_flag_overrides_what_the_model_keeps_and_that_is_said() {
    let sandbox = of_table();
    sandbox.write("new.csv", table(9));
    let told = sandbox.ae("reconstruct run new.csv --skip-bad=no -o out.npy --force");
    let told = told.fails_with(&["new.csv", "`?`"]).stderr;
    assert!(told.contains("no --skip-bad, in place of the model's own --skip-bad"), "{told}");
    // The same as the model's own: nothing to say of an override.
    let told =
        sandbox.ae("reconstruct run new.csv --label-column state -o out.npy --force").succeeds();
    assert!(!told.stderr.contains("in place of"), "{}", told.stderr);
    let told = sandbox.ae("reconstruct run new.csv --label-column none -o out.npy --force");
    told.fails_with(&["--label-column none, in place of the model's own --label-column state"]);
    sandbox
        .ae("reconstruct run new.csv --skip-bad=maybe -o out.npy --force")
        .refuses_with(&["yes or no"]);
}

#[test]
fn new_rows_need_no_classes() {
    let sandbox = of_table();
    sandbox.write("bare.csv", "a,b\n1,2\n3,4\n");
    let told = sandbox.ae("reconstruct run bare.csv -o out.csv --force").succeeds().stderr;
    assert!(told.contains("there is no label column; the rows are read without classes"), "{told}");
    sandbox.ae("evaluate run bare.csv").succeeds();
    sandbox
        .ae("reconstruct run bare.csv -o out.csv --label-column kind --force")
        .fails_with(&["`kind`"]);
}

#[test]
fn a_model_without_kept_settings_reads_as_the_spec_of_its_run_says() {
    let sandbox = Sandbox::with_data();
    sandbox.write("spec.toml", SPEC);
    sandbox.ae("train spec.toml --out run").succeeds();
    // As an earlier version has written it: the fixture keeps nothing.
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/model.safetensors");
    fs::copy(fixture, sandbox.path("run/model.safetensors")).unwrap();
    fs::copy(fixture, sandbox.path("copy.safetensors")).unwrap();
    let text = sandbox.ae("inspect run --json").succeeds().json();
    assert!(text["attachments"].get("run").is_none(), "{text}");
    // Its images are of another size than the run's; the noise and the seed are the run's.
    let told = sandbox.ae("evaluate run digits --json").succeeds().json();
    assert_eq!((&told["noise"], &told["seed"]), (&"gaussian:0.5".into(), &7.into()));
    let told = sandbox.ae("evaluate run/model.safetensors digits --json").succeeds().json();
    assert_eq!((&told["noise"], &told["seed"]), (&"gaussian:0.5".into(), &7.into()));
    let told = sandbox.ae("evaluate copy.safetensors digits --json").succeeds().json();
    assert_eq!((&told["noise"], &told["seed"]), (&serde_json::Value::Null, &42.into()));
}

#[test]
fn an_inspection_says_how_a_model_was_trained() {
    let sandbox = of_table();
    let told = sandbox.ae("inspect run/model.safetensors").succeeds().stdout;
    let how = "trained with seed 5, 0.1 of the data held out, data read with --skip-bad --label-column state";
    assert!(told.contains(how), "{told}");
    assert_eq!(told.matches("attached: ").count(), 1, "{told}");
}

#[test]
fn the_file_keeps_no_path() {
    let sandbox = of_table();
    let bytes = sandbox.read("run/model.safetensors");
    let folder = sandbox.path("").canonicalize().unwrap().display().to_string();
    for secret in [folder.trim_end_matches('/'), "t.csv"] {
        let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "{secret} is in the file");
    }
}

#[test]
fn folder_and_file_and_copy_are_evaluated_alike_on_what_was_held_out() {
    let sandbox = of_table();
    fs::copy(sandbox.path("run/model.safetensors"), sandbox.path("m.safetensors")).unwrap();
    fs::copy(sandbox.path("t.csv"), sandbox.path("moved.csv")).unwrap();
    let evaluate =
        |arguments: &str| sandbox.ae(&format!("evaluate {arguments} --json")).succeeds().json();
    let own = evaluate("run");
    assert_eq!((&own["images"], &own["part"]), (&6.into(), &"held-out".into()));
    let record = sandbox.read_json("run/record.json");
    assert_eq!(own["metrics"]["val_mse"], record["metrics"]["val_mse"]);
    for arguments in [
        "run/model.safetensors",
        "run/checkpoints/best.safetensors",
        "run --data t.csv",
        "m.safetensors --data ./t.csv",
        "m.safetensors --data moved.csv",
    ] {
        let same = evaluate(arguments);
        assert_eq!(
            (&same["images"], &same["part"]),
            (&6.into(), &"held-out".into()),
            "{arguments}"
        );
        assert_eq!(same["metrics"], own["metrics"], "{arguments}");
    }
    let text = sandbox.ae("evaluate run").succeeds().stdout;
    assert!(text.starts_with("6 held-out rows of table"), "{text}");
    // Where the data is not known, it is asked for; nothing stands in.
    for command in ["evaluate", "probe"] {
        sandbox
            .ae(&format!("{command} m.safetensors"))
            .refuses_with(&["m.safetensors", "MODEL DATA"]);
    }
    fs::rename(sandbox.path("t.csv"), sandbox.path("elsewhere.csv")).unwrap();
    sandbox.ae("evaluate run").fails_with(&["t.csv", "behind MODEL"]);
}

#[test]
fn other_data_is_judged_as_a_whole_and_training_rows_never_in_silence() {
    let sandbox = of_table();
    sandbox.write("new.csv", table(21));
    let told = sandbox.ae("evaluate run new.csv --json").succeeds().json();
    assert_eq!((&told["images"], &told["part"]), (&21.into(), &"all".into()));
    sandbox.write("one.csv", "a,b,state\n1,2,on\n");
    let told = sandbox.ae("evaluate run one.csv").succeeds();
    assert!(told.stdout.starts_with("all 1 row of one.csv"), "{}", told.stdout);
    // The data has grown: its parts can no longer be told.
    sandbox.write("t.csv", table(70));
    let told = sandbox.ae("evaluate run").succeeds().stderr;
    assert!(told.contains("t.csv has changed since the training"), "{told}");
}

#[test]
fn images_that_were_trained_on_are_known_by_their_content() {
    let sandbox = Sandbox::with_run();
    fs::copy(sandbox.path("data/train-images-idx3-ubyte"), sandbox.path("images")).unwrap();
    let told = sandbox.ae("evaluate run images --json").succeeds();
    assert_eq!(told.json()["part"], "training");
    assert!(told.stderr.contains("images is what the model was trained on"), "{}", told.stderr);
    fs::copy(sandbox.path("data/t10k-images-idx3-ubyte"), sandbox.path("images")).unwrap();
    let told = sandbox.ae("evaluate run images --json").succeeds();
    assert_eq!(told.json()["part"], "all");
}

#[test]
fn a_copied_denoiser_keeps_its_noise() {
    let sandbox = Sandbox::with_data();
    sandbox.write("spec.toml", SPEC);
    sandbox.ae("train spec.toml --out run").succeeds();
    fs::copy(sandbox.path("run/model.safetensors"), sandbox.path("m.safetensors")).unwrap();
    let own = sandbox.ae("evaluate run --json").succeeds().json();
    assert_eq!((&own["noise"], &own["seed"]), (&"gaussian:0.5".into(), &7.into()));
    assert_eq!(sandbox.ae("evaluate m.safetensors data --json").succeeds().json(), own);
}

#[test]
fn a_probe_takes_the_data_of_the_run() {
    let sandbox = Sandbox::with_run();
    let named = sandbox.ae("probe run data --repetitions 1 --json").succeeds().json();
    for model in ["run", "run/model.safetensors"] {
        let own = sandbox.ae(&format!("probe {model} --repetitions 1 --json")).succeeds().json();
        assert_eq!(own, named, "{model}");
    }
}

#[test]
fn applying_a_model_to_the_data_of_its_run_is_said() {
    let sandbox = of_table();
    for (command, said) in [
        ("anomaly fit run t.csv", "the model was trained on 54 of these 60 items"),
        ("reconstruct run t.csv -o out.csv --force", "t.csv is the data of the model's run"),
    ] {
        let told = sandbox.ae(command).succeeds().stderr;
        assert!(told.contains(said), "{command}: {told}");
    }
    sandbox.write("new.csv", table(9));
    let told = sandbox.ae("reconstruct run new.csv -o out.csv --force").succeeds().stderr;
    assert!(!told.contains("data of the model's run"), "{told}");
}

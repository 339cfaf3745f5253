//! Runs listed and compared.

use std::fs;

use serde_json::{Value, json};

use crate::support::Sandbox;

/// Two finished runs on one data set, `runs/narrow` and `runs/group/wide`, and one on a table, `runs/rows`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_data();
    let train = "train --data data --epochs 2 --out runs";
    sandbox.ae(&format!("{train}/narrow --widths 2")).succeeds();
    sandbox.ae(&format!("{train}/group/wide --widths 16 --learning-rate 0.01")).succeeds();
    sandbox.write("t.csv", "a,b\n0,1\n0.5,0.2\n1,0.8\n0.3,0.4\n0.9,0.1\n0.2,0.7\n");
    sandbox.ae("train --data t.csv --widths 1 --epochs 1 --out runs/rows").succeeds();
    sandbox
}

/// The run in a listing.
fn listed<'a>(listing: &'a Value, run: &str) -> &'a Value {
    let runs = listing["runs"].as_array().unwrap();
    runs.iter().find(|found| found["run"] == run).unwrap_or_else(|| panic!("{run}: {listing}"))
}

#[test]
fn runs_are_listed_with_data_network_epochs_and_metrics() {
    let sandbox = sandbox();
    // What is no run: data, a spec of somebody's, an empty folder.
    sandbox.write("runs/notes/spec.toml", crate::support::SPEC);
    fs::create_dir(sandbox.path("runs/empty")).unwrap();
    let before = sandbox.contents_of("");
    let listing = sandbox.ae("runs --json").succeeds().json();
    assert_eq!(sandbox.contents_of(""), before);
    let paths: Vec<&Value> =
        listing["runs"].as_array().unwrap().iter().map(|run| &run["run"]).collect();
    assert_eq!(paths, ["runs/group/wide", "runs/narrow", "runs/rows"]);
    let run = listed(&listing, "runs/narrow");
    let record = sandbox.read_json("runs/narrow/record.json");
    assert_eq!(run["metrics"], record["metrics"]);
    for (key, value) in [
        ("state", json!("finished")),
        ("kind", json!("run")),
        ("name", json!("autoencoder")),
        ("data", json!("data")),
        ("network", json!("196-2-196")),
        ("epochs", json!(2)),
        ("planned_epochs", json!(2)),
        ("main_metrics", json!(["val_bce", "val_psnr"])),
    ] {
        assert_eq!(run[key], value, "{key}");
    }
    assert_eq!(listed(&listing, "runs/rows")["data"], "t.csv");
    let text = sandbox.ae("runs").succeeds().stdout;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    for word in ["runs/narrow", "finished", "2/2", "196-2-196", "val_bce 0.", " ago"] {
        assert!(
            lines[2].contains(word) || word == " ago" && lines[2].contains("now"),
            "{word}: {text}"
        );
    }
    // A run itself is a listing of one.
    let one = sandbox.ae("runs runs/narrow --json").succeeds().json();
    assert_eq!(one["runs"].as_array().unwrap().len(), 1);
}

#[test]
fn the_best_comes_first_where_runs_are_sorted_by_a_metric() {
    let sandbox = sandbox();
    let order = |key: &str| {
        let listing = sandbox.ae(&format!("runs --sort {key} --json")).succeeds().json();
        let runs = listing["runs"].as_array().unwrap().clone();
        runs.iter().map(|run| run["run"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let value = |run: &str, metric: &str| {
        sandbox.read_json(&format!("{run}/record.json"))["metrics"][metric].as_f64()
    };
    for (metric, higher) in [("val_bce", false), ("val_psnr", true)] {
        let sorted = order(metric);
        let values: Vec<f64> = sorted.iter().filter_map(|run| value(run, metric)).collect();
        assert!(values.len() >= 2 && value(&sorted[0], metric).is_some(), "{metric}");
        assert!(
            values.windows(2).all(|pair| (pair[0] > pair[1]) == higher),
            "{metric}: {values:?}"
        );
    }
    assert_eq!(order("data"), ["runs/group/wide", "runs/narrow", "runs/rows"]);
    sandbox.ae("runs --sort vall_bce").refuses_with(&["`vall_bce`", "written", "val_bce"]);
}

#[test]
fn a_listing_of_nothing_says_what_to_do() {
    let sandbox = Sandbox::with_data();
    for folder in ["", "data"] {
        let told = sandbox.ae(&format!("runs {folder}")).succeeds().stdout;
        assert!(told.starts_with("no runs below") && told.contains("ae train"), "{told}");
    }
    assert_eq!(sandbox.ae("runs --json").succeeds().json()["runs"], json!([]));
    sandbox.ae("runs nowhere").fails_with(&["nowhere"]);
    sandbox.ae("runs data/train-images-idx3-ubyte").fails_with(&["train-images-idx3-ubyte"]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let sandbox = sandbox();
    std::os::unix::fs::symlink(sandbox.path("runs"), sandbox.path("runs/loop")).unwrap();
    let listing = sandbox.ae("runs --json").succeeds().json();
    assert_eq!(listing["runs"].as_array().unwrap().len(), 3);
    // A folder that is named may be a link.
    let listing = sandbox.ae("runs runs/loop --json").succeeds().json();
    assert_eq!(listing["runs"].as_array().unwrap().len(), 3);
}

/// A file of a run, what it holds now, and a part of what is said of it.
const DAMAGE: [(&str, &str, &str); 5] = [
    ("record.json", "{\"schema\": 1", "record.json"),
    ("spec.toml", "name = \"x\"\nnothing = 1\n", "spec.toml"),
    ("curve.csv", "epoch,learning_rate,val_bce\n1,0.001\n", "line 2: expected 3 columns, found 2"),
    ("curve.csv", "\u{0}\u{1}", "curve.csv"),
    ("model.safetensors", "", "model.safetensors"),
];

#[test]
fn damage_is_listed_and_refused_in_a_comparison() {
    let whole = sandbox();
    for (file, contents, told) in DAMAGE {
        let sandbox = whole.copy();
        let path = format!("runs/narrow/{file}");
        if file == "model.safetensors" {
            fs::remove_file(sandbox.path(&path)).unwrap();
        } else {
            sandbox.write(&path, contents);
        }
        let listing = sandbox.ae("runs --json").succeeds().json();
        let run = listed(&listing, "runs/narrow");
        assert_eq!((&run["state"], &run["damage"]["file"]), (&json!("damaged"), &json!(file)));
        assert!(!run["damage"]["reason"].as_str().unwrap().is_empty(), "{file}");
        let text = sandbox.ae("runs").succeeds().stdout;
        let line = text.lines().find(|line| line.starts_with("runs/narrow is damaged")).unwrap();
        assert!(line.contains(told), "{line}");
        sandbox.ae("compare runs/narrow runs/group/wide").fails_with(&[file, "damaged", told]);
    }
}

#[test]
fn an_interrupted_run_is_listed_with_the_command_that_goes_on() {
    let sandbox = sandbox();
    fs::remove_file(sandbox.path("runs/narrow/record.json")).unwrap();
    let listing = sandbox.ae("runs --json").succeeds().json();
    let run = listed(&listing, "runs/narrow");
    assert_eq!(run["state"], "interrupted");
    assert_eq!((&run["epochs"], &run["network"]), (&json!(2), &json!("196-2-196")));
    let command = run["command"].as_str().unwrap();
    assert!(sandbox.ae("runs").succeeds().stdout.contains(command));
    sandbox.ae(command.strip_prefix("ae ").unwrap()).succeeds();
    assert_eq!(listed(&sandbox.ae("runs --json").json(), "runs/narrow")["state"], "finished");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_goes_on_is_listed_as_running_and_goes_on() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let sandbox = Sandbox::with_data();
    let train = "train --data data --widths 4 --epochs 100000 --progress plain --out runs/long";
    let mut child = sandbox.command(train).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("epoch ")));
    for _ in 0..3 {
        let run = listed(&sandbox.ae("runs --json").succeeds().json(), "runs/long").clone();
        assert_eq!((&run["state"], &run["process"]), (&json!("running"), &json!(child.id())));
    }
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(listed(&sandbox.ae("runs --json").json(), "runs/long")["state"], "interrupted");
}

#[test]
fn a_comparison_shows_what_differs_and_the_best() {
    let sandbox = sandbox();
    let compare = "compare runs/narrow runs/group/wide";
    let compared = sandbox.ae(&format!("{compare} --json")).succeeds().json();
    let setting = |key: &str| {
        let rows = compared["settings"].as_array().unwrap();
        rows.iter().find(|row| row["key"] == key).map(|row| row["values"].clone())
    };
    assert_eq!(setting("model.encoder"), Some(json!(["[196, 2]", "[196, 16]"])));
    assert_eq!(setting("training.optimizer.learning_rate"), Some(json!(["0.001", "0.01"])));
    assert_eq!(setting("seed"), None);
    let bce =
        |run: &str| sandbox.read_json(&format!("{run}/record.json"))["metrics"]["val_bce"].clone();
    let values = [bce("runs/narrow"), bce("runs/group/wide")];
    let rows = compared["metrics"].as_array().unwrap();
    let row = rows.iter().find(|row| row["metric"] == "val_bce").unwrap();
    let best = usize::from(values[1].as_f64() < values[0].as_f64());
    assert_eq!((&row["values"], &row["best"]), (&json!(values), &json!(best)));
    assert_eq!(row["better"], "lower");
    let epoch = &compared["best_epochs"][0]["values"][0]["epoch"];
    assert!((1..=2).contains(&epoch.as_u64().unwrap()));
    assert_eq!(compared["warnings"], json!([]));

    let text = sandbox.ae(compare).succeeds();
    assert_eq!(text.stderr, "");
    for word in ["model.encoder", "[196, 16]", "val_psnr", " *", "best epoch", " in 2", "2/2"] {
        assert!(text.stdout.contains(word), "{word}: {}", text.stdout);
    }
    // The best first, whichever comes first on the command line.
    let sorted = sandbox.ae(&format!("{compare} --sort val_bce --json")).succeeds().json();
    let first = ["runs/narrow", "runs/group/wide"][best];
    assert_eq!(sorted["runs"][0]["folder"], first);
    let rows = sorted["metrics"].as_array().unwrap();
    let row = rows.iter().find(|row| row["metric"] == "val_bce").unwrap();
    assert_eq!((&row["values"][0], &row["best"]), (&values[best], &json!(0)));
}

#[test]
fn runs_on_different_data_are_compared_with_a_warning() {
    let sandbox = sandbox();
    let told = sandbox.ae("compare runs/narrow runs/rows").succeeds();
    assert!(told.stderr.contains("different data"), "{}", told.stderr);
    assert!(!told.stdout.contains(" *"), "nothing is the best of its row: {}", told.stdout);
    sandbox
        .ae("train --data data --widths 2 --epochs 2 --noise gaussian:0.5 --out noisy")
        .succeeds();
    let told = sandbox.ae("compare runs/narrow noisy").succeeds();
    assert!(
        told.stderr.contains("different noise") && !told.stderr.contains("data"),
        "{}",
        told.stderr
    );
}

#[test]
fn curves_are_drawn_over_each_other() {
    let sandbox = sandbox();
    let before = sandbox.contents_of("runs");
    let compare = "compare runs/narrow runs/group/wide -o curves --json";
    let told = sandbox.ae(compare).succeeds().json();
    for file in ["compare.html", "val_bce.png", "val_bce.svg", "train_bce.png", "val_mse.svg"] {
        let path = format!("curves/{file}");
        assert!(told["files"].as_array().unwrap().contains(&json!(path)), "{told}");
        assert!(!sandbox.read(&path).is_empty());
    }
    let svg = sandbox.read_text("curves/val_bce.svg");
    assert!(svg.contains("runs/narrow") && svg.contains("runs/group/wide"));
    assert_eq!(sandbox.contents_of("runs"), before);
    let page = sandbox.read_text("curves/compare.html");
    for told in ["<title>2 runs: runs/", "model.encoder", "in epoch 2", "runs/narrow: ", "beside"] {
        assert!(page.contains(told), "{told}");
    }
    let first = sandbox.read("curves/val_bce.png");
    sandbox.ae(compare).fails_with(&["exists already", "--force"]);
    sandbox.ae(&format!("{compare} --force")).succeeds();
    assert_eq!(sandbox.read("curves/val_bce.png"), first);
    sandbox.ae("compare runs/narrow runs/rows -o runs/narrow").fails_with(&["runs/narrow"]);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let sandbox = sandbox();
    sandbox.ae("compare").refuses_with(&["<RUN>"]);
    sandbox.ae("compare runs/narrow").refuses_with(&["expected 2 to 20 runs, found 1"]);
    let many = "runs/narrow ".repeat(21);
    sandbox.ae(&format!("compare {many}")).refuses_with(&["found 21"]);
    sandbox.ae("compare runs/narrow ./runs/group/../narrow/").refuses_with(&["the same run"]);
    sandbox.ae("compare runs/narrow data").fails_with(&["data is not a run"]);
    sandbox.ae("compare runs/narrow t.csv").fails_with(&["t.csv is not a run"]);
    sandbox.ae("compare runs/narrow nowhere").fails_with(&["nowhere"]);
    sandbox
        .ae("compare runs/narrow runs/rows --sort nothing")
        .refuses_with(&["`nothing`", "val_mse"]);
}

#[test]
fn a_run_without_epochs_is_compared_by_its_settings() {
    let sandbox = sandbox();
    for run in ["runs/narrow", "runs/group/wide"] {
        for file in ["record.json", "curve.csv", "model.safetensors"] {
            fs::remove_file(sandbox.path(&format!("{run}/{file}"))).unwrap();
        }
        let told = sandbox.ae("compare runs/narrow runs/group/wide").succeeds();
        assert!(told.stderr.contains(&format!("{run} has no finished epoch")), "{}", told.stderr);
        assert!(told.stdout.contains("model.encoder"), "{}", told.stdout);
    }
    sandbox.ae("compare runs/narrow runs/group/wide -o curves").succeeds();
    assert_eq!(sandbox.contents_of("curves").len(), 1, "there are no curves, so the page is alone");
    assert!(sandbox.read_text("curves/compare.html").contains("has no finished epoch yet"));
    assert_eq!(listed(&sandbox.ae("runs --json").json(), "runs/narrow")["epochs"], 0);
}

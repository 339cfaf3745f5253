//! What a program reads that follows a training: `--progress json`, and the lines of `--progress plain`.

use serde_json::Value;

use crate::support::Sandbox;

/// The lines of stderr, each of which must be JSON with an `event`.
fn events(stderr: &str) -> Vec<Value> {
    let parsed = stderr.lines().map(|line| {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    });
    let events: Vec<Value> = parsed.collect();
    assert!(events.iter().all(|event| event["event"].is_string()), "{stderr}");
    events
}

fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

#[test]
fn a_training_writes_an_event_an_epoch_and_nothing_but_json() {
    let sandbox = Sandbox::with_data();
    let train = "train --data data --widths 8 --epochs 3 --progress json -vv --out run";
    let told = sandbox.ae(train).succeeds();
    let events = events(&told.stderr);
    let started = of_kind(&events, "started");
    assert_eq!(started.len(), 1);
    assert_eq!((&started[0]["epochs"], &started[0]["items"]), (&3.into(), &400.into()));
    let epochs = of_kind(&events, "epoch");
    let curve = sandbox.read_text("run/curve.csv");
    let rows: Vec<&str> = curve.lines().skip(1).collect();
    assert_eq!(epochs.len(), rows.len());
    for (epoch, row) in epochs.iter().zip(rows) {
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(epoch["epoch"].to_string(), cells[0]);
        assert_eq!(epoch["metrics"]["train_bce"].as_f64(), cells[2].parse().ok());
        assert!(epoch["items_per_second"].as_f64().unwrap() > 0.0);
        assert!(epoch["seconds_left"].as_f64().unwrap() >= 0.0);
    }
    assert_eq!(epochs[2]["seconds_left"], 0.0);
    assert_eq!(of_kind(&events, "ended").len(), 1);
    assert!(of_kind(&events, "message").iter().any(|event| event["level"] == "debug"));

    let resumed = sandbox.ae("resume run --epochs 4 --progress json").succeeds();
    let events = self::events(&resumed.stderr);
    assert_eq!(of_kind(&events, "started")[0]["epoch"], 3);
    assert_eq!(of_kind(&events, "epoch").len(), 1);
}

#[test]
fn warnings_and_errors_are_events_too() {
    let sandbox = Sandbox::with_data();
    let told = sandbox
        .ae("train --data data --widths 4 --epochs 1 --batch-size 999 --progress json --out run")
        .succeeds();
    let events = events(&told.stderr);
    let is_warning = |event: &&Value| {
        event["level"] == "warning" && event["text"].as_str().unwrap().contains("batch size 999")
    };
    assert!(of_kind(&events, "message").iter().any(is_warning), "{}", told.stderr);
    let failed = sandbox.ae("train --data nowhere --progress json --out other").ends_with(1);
    let events = self::events(&failed.stderr);
    assert_eq!(events.last().unwrap()["level"], "error");
    assert!(events.last().unwrap()["text"].as_str().unwrap().contains("nowhere"));
}

#[test]
fn commands_that_apply_a_model_say_how_far_they_are() {
    let sandbox = Sandbox::with_run();
    let told = sandbox.ae("encode run data --progress json -o codes.npy").succeeds();
    let events = events(&told.stderr);
    let items = of_kind(&events, "items");
    assert!(!items.is_empty(), "{}", told.stderr);
    let last = items.last().unwrap();
    assert_eq!(last["done"], last["total"], "{}", told.stderr);
}

#[test]
fn the_plain_lines_say_how_many_items_a_second() {
    let sandbox = Sandbox::with_data();
    sandbox.write("t.csv", "a,b\n0,1\n0.5,0.2\n1,0.8\n0.3,0.4\n0.9,0.1\n0.2,0.7\n");
    for (data, noun) in [("data", " images/s"), ("t.csv", " rows/s")] {
        let train = format!("train --data {data} --widths 1 --epochs 2 --force --out run");
        let told = sandbox.ae(&train).succeeds().stderr;
        let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("epoch ")).collect();
        assert!(lines.len() == 2 && lines.iter().all(|line| line.ends_with(noun)), "{told}");
    }
}

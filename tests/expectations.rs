//! Numbers that a run must reach: held, short or not judged, and the exit status that follows.

use serde_json::{Value, json};

use crate::support::{SPEC, Sandbox};

/// An expectation of a metric after 3 epochs, which [`SPEC`] has.
fn expectation(dataset: &str, metric: &str, bound: &str) -> String {
    format!(
        "\n[[expected]]\ndataset = \"{dataset}\"\nepochs = 3\nmetric = \"{metric}\"\n{bound}\n\
         published = \"0.1\"\nsource = \"a paper\"\n"
    )
}

/// Trains on these expectations: the exit status, stdout, and what the record says of them.
fn judged(sandbox: &Sandbox, expectations: &str, flags: &str) -> (Option<i32>, String, Value) {
    sandbox.write("spec.toml", [SPEC, expectations].concat());
    let finished = sandbox.ae(&format!("train spec.toml --out run --force {flags}"));
    let expected = sandbox.read_json("run/record.json")["expected"].clone();
    (finished.status, finished.stdout, expected)
}

#[test]
fn an_expectation_that_is_out_of_reach_falls_short() {
    let sandbox = Sandbox::with_data();
    let expected = expectation("folder", "val_bce", "at_most = 0.0001");
    let (status, text, judgements) = judged(&sandbox, &expected, "");
    assert_eq!(status, Some(3), "{text}");
    assert!(text.contains("expected val_bce at most 0.0001: fell short"), "{text}");
    let reached = &sandbox.read_json("run/record.json")["metrics"]["val_bce"];
    let judgement = json!([{
        "metric": "val_bce", "at_most": 0.0001, "published": "0.1", "source": "a paper",
        "reached": reached, "verdict": "short",
    }]);
    assert_eq!(judgements, judgement);
    // The run is whole all the same, and a resume says the same of it.
    assert!(sandbox.path("run/model.safetensors").is_file());
    sandbox.ae("resume run").ends_with(3);
}

#[test]
fn fewer_epochs_are_not_judged() {
    let sandbox = Sandbox::with_data();
    let expected = expectation("folder", "val_bce", "at_most = 0.0001");
    let (status, text, judgements) = judged(&sandbox, &expected, "--epochs 2");
    assert_eq!(status, Some(0));
    assert!(text.contains("not judged: needs the full run"), "{text}");
    assert_eq!(judgements[0]["verdict"], "not-judged");
}

#[test]
fn both_bounds_can_be_held_and_one_that_is_not_decides() {
    let sandbox = Sandbox::with_data();
    let held = [
        expectation("folder", "val_mse", "at_most = 0.9"),
        expectation("folder", "val_psnr", "at_least = 1"),
        expectation("folder", "noisy_mse", "at_least = 0.01"),
    ]
    .concat();
    let (status, text, judgements) = judged(&sandbox, &held, "");
    assert_eq!((status, text.matches(": held").count()), (Some(0), 3), "{text}");
    assert_eq!(judgements[1]["at_least"], json!(1.0));

    let short = held + &expectation("folder", "val_ssim", "at_least = 0.9999");
    let (status, text, _) = judged(&sandbox, &short, "");
    assert_eq!((status, text.matches(": held").count()), (Some(3), 3), "{text}");
}

#[test]
fn a_metric_that_was_promised_and_not_computed_falls_short() {
    let sandbox = Sandbox::with_data();
    let expected = expectation("folder", "val_bec", "at_most = 0.9");
    let (status, _, judgements) = judged(&sandbox, &expected, "");
    assert_eq!(status, Some(3));
    assert_eq!(
        (&judgements[0]["verdict"], &judgements[0]["reached"]),
        (&json!("short"), &Value::Null)
    );
}

#[test]
fn what_is_expected_of_other_data_is_not_listed() {
    let sandbox = Sandbox::with_data();
    let expected = expectation("mnist", "val_bce", "at_most = 0.0001");
    let (status, text, judgements) = judged(&sandbox, &expected, "");
    assert_eq!((status, judgements), (Some(0), json!([])));
    assert!(!text.contains("expected"), "{text}");
    // It stays in the spec, for whoever runs it on that data.
    assert!(sandbox.read_text("run/spec.toml").contains("dataset = \"mnist\""));
}

#[test]
fn an_expectation_has_one_bound() {
    let sandbox = Sandbox::with_data();
    for bound in ["", "at_most = 1.0\nat_least = 0.5", "at_most = nan"] {
        let spec = [SPEC, &expectation("folder", "val_bce", bound)].concat();
        sandbox.write("bad.toml", spec);
        let fragments = ["bad.toml", "`at_most` or `at_least`, one of them, finite"];
        sandbox.ae("train bad.toml --out run").refuses_with(&fragments);
    }
}

//! Weights files of schema 1, without a checksum: they load, and give what they gave when they were written.
//! `fixtures/README.md` tells how they were made.

use crate::pinned::has_fma;
use crate::support::{Sandbox, images, skip};

/// A column of a table of scores.
fn column<'a>(csv: &'a str, name: &str) -> Vec<&'a str> {
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let place = lines.next().unwrap().iter().position(|title| *title == name).unwrap();
    lines.map(|fields| fields[place]).collect()
}

/// Asserts that scores are those of the version that wrote the file. Products of other machines differ in last bits.
fn are_the_same(found: &str, expected: &str) {
    assert_eq!(column(found, "label"), column(expected, "label"));
    let scores = |csv| column(csv, "score").into_iter().map(|score| score.parse::<f64>().unwrap());
    assert_eq!(scores(found).len(), scores(expected).len());
    for (found, expected) in scores(found).zip(scores(expected)) {
        assert!((found - expected).abs() <= 1e-4 * expected, "{found} for {expected}");
    }
}

#[test]
fn a_detector_and_a_codec_for_images_still_work() {
    let sandbox = Sandbox::new();
    sandbox.write("images.idx", images(20, 8));
    sandbox.write("old.safetensors", include_bytes!("fixtures/schema-1/images.safetensors"));
    let scored = sandbox.ae("anomaly score old.safetensors images.idx").succeeds();
    are_the_same(&scored.stdout, include_str!("fixtures/schema-1/images.csv"));
    let told = sandbox.ae("inspect old.safetensors").succeeds().stdout;
    assert!(told.contains("weights_sha256 0c9e5da40a500267"), "{told}");
    sandbox.ae("reconstruct old.safetensors images.idx -o out.npy").succeeds();
    sandbox.ae("compress old.safetensors images.idx -o images.aez --exact").succeeds();
    sandbox.ae("decompress old.safetensors images.aez -o images/").succeeds();
}

#[test]
fn a_scaling_and_a_detector_for_a_table_still_work() {
    let sandbox = Sandbox::new();
    let row = |i: u32| {
        let x = f64::from(i * 37 % 120) + 0.1 * f64::from(i % 7);
        let off = if i % 10 == 3 { 200.0 } else { 0.0 };
        format!("{x},{},{}\n", 3.0 * x + 0.1 * f64::from(i % 5) + off, -x)
    };
    sandbox.write("table.csv", "a,b,c\n".to_owned() + &(0..120).map(row).collect::<String>());
    sandbox.write("old.safetensors", include_bytes!("fixtures/schema-1/table.safetensors"));
    let scored = sandbox.ae("anomaly score old.safetensors table.csv").succeeds();
    are_the_same(&scored.stdout, include_str!("fixtures/schema-1/table.csv"));
    let told = sandbox.ae("inspect old.safetensors").succeeds().stdout;
    assert!(told.contains("weights_sha256 d39eeca958c9d4a7"), "{told}");
}

/// What the version that began the run reached after epoch 5, without an interruption.
const EARLIER_WEIGHTS: &str = "05ccb0cf6a3262672c85727739d1dd1596cbf53090c93c4008c47f4a58c875d2";

/// That version wrote no name of the network, no initialisation and no penalty but that on the code's magnitude.
#[test]
fn a_run_of_an_earlier_version_goes_on_and_ends_as_it_would_have() {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", [40, 10], 6);
    sandbox.write("run/spec.toml", include_str!("fixtures/earlier-run/spec.toml"));
    let curve = include_str!("fixtures/earlier-run/curve.csv");
    sandbox.write("run/curve.csv", curve);
    let checkpoint = include_bytes!("fixtures/earlier-run/checkpoints/epoch-0003.safetensors");
    sandbox.write("run/checkpoints/epoch-0003.safetensors", checkpoint);
    let told = sandbox.ae("resume run --epochs 5").succeeds().stderr;
    assert!(told.contains("going on after epoch 3"), "{told}");
    assert!(sandbox.read_text("run/curve.csv").starts_with(curve));
    match has_fma() {
        true => assert_eq!(sandbox.weights_of("run"), EARLIER_WEIGHTS),
        false => skip("this machine has no fused multiply-adds"),
    }
}

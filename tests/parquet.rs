//! Tables in Parquet files.

use std::fs;

#[cfg(target_os = "linux")]
use crate::mapped::with_memory;
use crate::support::Sandbox;

/// A sandbox with a table, a model of it, and the table as a Parquet file.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let row = |row: u32| format!("{}.25,{},{}\n", row % 11, row * row % 17, row % 5);
    let rows = "a,b,c\n".to_owned() + &(0..60).map(row).collect::<String>();
    sandbox.write("t.csv", rows);
    sandbox.ae("train --data t.csv --widths 2 --epochs 2 --out rows").succeeds();
    sandbox
}

/// Written by PyArrow; the script stands in the folder.
const FIXTURES: [(&str, &[u8]); 3] = [
    ("snappy.parquet", include_bytes!("fixtures/parquet/snappy.parquet")),
    ("zstd.parquet", include_bytes!("fixtures/parquet/zstd.parquet")),
    ("texts.parquet", include_bytes!("fixtures/parquet/texts.parquet")),
];

#[test]
fn rows_of_parquet_are_those_of_csv() {
    let sandbox = sandbox();
    for (name, bytes) in FIXTURES {
        sandbox.write(name, bytes);
    }
    sandbox.write("same.csv", include_bytes!("fixtures/parquet/same.csv"));
    for name in ["same.csv", "snappy.parquet", "zstd.parquet"] {
        sandbox
            .ae(&format!("train --data {name} --widths 2 --epochs 2 --out run-{name}"))
            .succeeds();
        assert_eq!(sandbox.weights_of("run-same.csv"), sandbox.weights_of(&format!("run-{name}")));
        sandbox.ae(&format!("encode run-same.csv {name} -o {name}.npy")).succeeds();
        assert!(sandbox.read("same.csv.npy") == sandbox.read(&format!("{name}.npy")), "{name}");
    }
    // Texts are classes, or left out; missing values are bad rows.
    let train = "train --data texts.parquet --widths 1 --epochs 1";
    sandbox.ae(train).fails_with(&["texts.parquet", "`kind`", "--label-column kind"]);
    let train = format!("{train} --label-column kind");
    sandbox.ae(&train).fails_with(&["1 in column 2 `b`"]);
    sandbox.ae(&format!("{train} --skip-bad --out texts")).succeeds();
    let record = sandbox.read_json("texts/record.json");
    assert_eq!(record["dataset"]["skipped"], 1, "{record}");
}

#[test]
fn lists_of_one_length_are_as_many_columns() {
    let sandbox = sandbox();
    let file = |name: &str, bytes: &[u8]| sandbox.write(name, bytes);
    file("lists.parquet", include_bytes!("fixtures/parquet/lists.parquet"));
    file("lists.csv", include_bytes!("fixtures/parquet/lists.csv"));
    file("gaps.parquet", include_bytes!("fixtures/parquet/gaps.parquet"));
    file("uneven.parquet", include_bytes!("fixtures/parquet/uneven.parquet"));
    file("nested.parquet", include_bytes!("fixtures/parquet/nested.parquet"));
    let train = "train --widths 2 --epochs 2 --data";
    for name in ["lists.csv", "lists.parquet", "lists.parquet --mapped"] {
        sandbox.ae(&format!("{train} {name} --out run --force")).succeeds();
        sandbox.ae("encode run lists.parquet -o codes.npy --force").succeeds();
        let (weights, codes) = (sandbox.weights_of("run"), sandbox.read("codes.npy"));
        sandbox.ae(&format!("{train} lists.csv --out csv --force")).succeeds();
        sandbox.ae("encode csv lists.csv -o codes.npy --force").succeeds();
        assert_eq!(weights, sandbox.weights_of("csv"), "{name}");
        assert!(codes == sandbox.read("codes.npy"), "{name}");
    }
    for dropped in ["v", "v[0],v[1],v[2]"] {
        let drop = format!("{train} lists.parquet --drop-columns {dropped} --out dropped --force");
        sandbox.ae(&drop).succeeds();
        sandbox.ae("encode dropped lists.parquet -o codes.npy --force").succeeds();
        let scaling = &sandbox.read_json("dropped/record.json")["dataset"]["scaling"]["names"];
        assert_eq!(*scaling, serde_json::json!(["w[0]", "w[1]", "x"]));
    }
    sandbox.ae(&format!("{train} lists.parquet --drop-columns v[1],x --out some")).succeeds();
    let scaling = &sandbox.read_json("some/record.json")["dataset"]["scaling"]["names"];
    assert_eq!(*scaling, serde_json::json!(["v[0]", "v[2]", "w[0]", "w[1]"]));
    // A missing list, and a missing number in one, are missing cells.
    let told = sandbox.ae(&format!("{train} gaps.parquet"));
    told.fails_with(&["gaps.parquet", "2 of 70 rows", "`v[1]`"]);
    sandbox.ae(&format!("{train} gaps.parquet --skip-bad --out gaps")).succeeds();
    assert_eq!(sandbox.read_json("gaps/record.json")["dataset"]["skipped"], 2);
    for mapped in ["", " --mapped"] {
        sandbox.ae(&format!("{train} uneven.parquet --skip-bad{mapped}")).fails_with(&[
            "uneven.parquet: row 41: the column `v` has a list of 2 numbers, expected 3",
        ]);
    }
    sandbox.ae(&format!("{train} nested.parquet")).fails_with(&["nested.parquet", "`v.list"]);
}

#[test]
fn decimals_that_are_stored_as_integers_keep_their_point() {
    let sandbox = sandbox();
    sandbox.write("d.parquet", include_bytes!("fixtures/parquet/decimals.parquet"));
    sandbox.write("d.csv", include_bytes!("fixtures/parquet/decimals.csv"));
    for name in ["csv", "parquet"] {
        sandbox.ae(&format!("train --widths 2 --epochs 2 --data d.{name} --out {name}")).succeeds();
    }
    assert_eq!(sandbox.weights_of("csv"), sandbox.weights_of("parquet"));
    sandbox.ae("encode csv d.parquet -o codes.npy").succeeds();
}

/// Kilobyte files with lists of a million numbers, and with a text of half a megabyte in each of 4000 rows.
#[test]
#[cfg(target_os = "linux")]
fn a_small_file_takes_little_memory() {
    let sandbox = sandbox();
    sandbox.write("long.parquet", include_bytes!("fixtures/parquet/long.parquet"));
    sandbox.write("one_long.parquet", include_bytes!("fixtures/parquet/one_long.parquet"));
    sandbox.write("text.parquet", include_bytes!("fixtures/parquet/text.parquet"));
    let train = "train --epochs 1 --widths 1 --data";
    let told = with_memory(&sandbox, 300_000, &format!("{train} long.parquet"));
    let told = (told.status.code(), String::from_utf8(told.stderr).unwrap());
    assert!(
        told.0 == Some(1) && told.1.contains("1000000 columns, more than the 8192"),
        "{told:?}"
    );
    let told = with_memory(&sandbox, 300_000, &format!("{train} text.parquet --drop-columns c"));
    assert!(told.status.success(), "{told:?}");
}

#[test]
fn what_is_written_as_parquet_is_read_again_and_joined() {
    let sandbox = sandbox();
    sandbox.ae("reconstruct rows t.csv -o again.csv").succeeds();
    sandbox.ae("reconstruct rows t.csv -o again.parquet").succeeds();
    for ending in ["csv", "parquet"] {
        sandbox.ae(&format!("encode rows again.{ending} -o {ending}.npy")).succeeds();
    }
    assert!(sandbox.read("csv.npy") == sandbox.read("parquet.npy"));
    sandbox.ae("anomaly fit rows t.csv").succeeds();
    for command in
        ["encode rows t.csv", "reconstruct rows t.csv", "anomaly score rows again.parquet"]
    {
        sandbox.ae(&format!("{command} -o whole.parquet --force")).succeeds();
        for shard in 1..=3 {
            sandbox
                .ae(&format!("{command} -o {shard}.parquet --shard {shard}/3 --force"))
                .succeeds();
        }
        sandbox.ae("join 1.parquet 2.parquet 3.parquet -o joined.parquet --force").succeeds();
        assert!(sandbox.read("whole.parquet") == sandbox.read("joined.parquet"), "{command}");
    }
}

#[test]
fn damaged_parquet_is_an_error() {
    let sandbox = sandbox();
    sandbox.ae("reconstruct rows t.csv -o good.parquet").succeeds();
    let good = sandbox.read("good.parquet");
    let step = good.len() / 12;
    for length in (0..good.len()).step_by(step) {
        sandbox.write("bad.parquet", &good[..length]);
        let told = sandbox.ae("encode rows bad.parquet -o c.npy");
        assert_eq!(told.status, Some(1), "{length}: {}", told.stderr);
        assert!(told.stderr.contains("bad.parquet"), "{length}: {}", told.stderr);
    }
    for place in (4..good.len()).step_by(step) {
        let mut bytes = good.clone();
        bytes[place] ^= 0xff;
        sandbox.write("bad.parquet", bytes);
        // Parquet pages have no checksums that must be there: another number is not noticed.
        let ended = sandbox.ae("encode rows bad.parquet -o c.npy --force").status;
        assert!([Some(0), Some(1)].contains(&ended), "{place}: {ended:?}");
    }
    sandbox.write("no.parquet", "no parquet");
    sandbox
        .ae("encode rows no.parquet -o c.npy --force")
        .fails_with(&["no.parquet", "not a Parquet file"]);
    let _ = fs::remove_file(sandbox.path("c.npy"));
    sandbox.ae("train --data no.parquet").fails_with(&["not a Parquet file"]);
}

//! Tables that were misread once: headers, delimiters, indices, missing cells, columns that were
//! constant in training. The tables are in `fixtures/tables`.

use serde_json::{Value, json};

use crate::npy;
use crate::support::{Finished, Sandbox};

const TABLES: [(&str, &str); 11] = [
    ("almost_constant_new.csv", include_str!("fixtures/tables/almost_constant_new.csv")),
    ("almost_constant_train.csv", include_str!("fixtures/tables/almost_constant_train.csv")),
    ("duplicate_columns.csv", include_str!("fixtures/tables/duplicate_columns.csv")),
    ("first_row_missing.csv", include_str!("fixtures/tables/first_row_missing.csv")),
    ("headerless_class.csv", include_str!("fixtures/tables/headerless_class.csv")),
    ("numeric_header.csv", include_str!("fixtures/tables/numeric_header.csv")),
    ("overflow.csv", include_str!("fixtures/tables/overflow.csv")),
    ("pandas_index.csv", include_str!("fixtures/tables/pandas_index.csv")),
    ("semicolons.csv", include_str!("fixtures/tables/semicolons.csv")),
    ("valve_new.csv", include_str!("fixtures/tables/valve_new.csv")),
    ("valve_train.csv", include_str!("fixtures/tables/valve_train.csv")),
];

const TRAIN: &str = "train --widths 2 --epochs 20 --batch-size 16 --progress none --out run --data";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    TABLES.iter().for_each(|(name, text)| sandbox.write(name, text));
    sandbox
}

/// A sandbox with a model of this table.
fn trained(table: &str) -> Sandbox {
    let sandbox = sandbox();
    sandbox.ae(&format!("{TRAIN} {table}")).succeeds();
    sandbox
}

fn info(sandbox: &Sandbox, arguments: &str) -> Finished {
    sandbox.ae(&format!("data info --data {arguments}"))
}

/// Training and test rows.
fn rows(finished: &Finished) -> u64 {
    let json = finished.json();
    json["train_images"].as_u64().unwrap() + json["test_images"].as_u64().unwrap()
}

fn says(finished: &Finished, sentence: &str) {
    assert!(finished.stderr.contains(sentence), "lacks {sentence:?}:\n{}", finished.stderr);
}

fn labels(scored: &Value) -> Vec<&str> {
    let scores = scored["scores"].as_array().unwrap();
    scores.iter().map(|score| score["label"].as_str().unwrap()).collect()
}

#[test]
fn a_column_that_was_constant_shows_a_deviation_by_every_score() {
    let sandbox = trained("valve_train.csv");
    for score in ["squared", "standardised", "latent", "likelihood"] {
        sandbox.ae(&format!("anomaly fit run valve_train.csv --score {score}")).succeeds();
        let scored = sandbox.ae("anomaly score run valve_new.csv --json").succeeds().json();
        assert_eq!(labels(&scored), ["normal", "anomaly", "anomaly"], "{score}: {scored}");
    }
    // The network is shown the constant, so that what it makes of the other columns is undisturbed, and
    // the constant comes back: the difference from the row is the deviation.
    sandbox.ae("reconstruct run valve_new.csv -o out.csv --force").succeeds();
    let out = sandbox.read_text("out.csv");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((lines.len(), lines[0]), (4, "temperature,pressure,valve"));
    assert!(lines[1] == lines[2] && lines[2] == lines[3], "{out}");
    let valve: f64 = lines[3].rsplit(',').next().unwrap().parse().unwrap();
    assert_eq!(valve, 0.0, "{out}");
}

#[test]
fn a_column_that_is_constant_up_to_rounding_is_constant() {
    let sandbox = sandbox();
    let told = sandbox.ae(&format!("{TRAIN} almost_constant_train.csv")).succeeds();
    says(&told, "constant in all training rows, and not scaled: b");
    for score in ["squared", "standardised", "latent", "likelihood"] {
        sandbox
            .ae(&format!("anomaly fit run almost_constant_train.csv --score {score}"))
            .succeeds();
        let scored = sandbox.ae("anomaly score run almost_constant_new.csv --json");
        assert_eq!(labels(&scored.succeeds().json()), ["normal", "normal"], "{score}");
    }
}

#[test]
fn a_value_that_is_not_finite_is_refused_by_every_command_with_its_row_and_column() {
    let sandbox = trained("valve_train.csv");
    sandbox.ae("anomaly fit run valve_train.csv").succeeds();
    let told = [
        "overflow.csv: 2 of 3 rows cannot be used: row 2, column 1 `temperature` (line 3): `1e300` is not \
         finite in single precision",
        "row 3, column 1 `temperature` (line 4): `1e39`",
        "--skip-bad leaves these rows out",
    ];
    for command in [
        "anomaly score run overflow.csv",
        "anomaly fit run overflow.csv",
        "encode run overflow.csv -o codes.npy --force",
        "reconstruct run overflow.csv -o out.csv --force",
        "evaluate run overflow.csv",
        "data info --data overflow.csv",
    ] {
        sandbox.ae(command).fails_with(&told);
    }
    // The same in an array of doubles.
    let rows = [20.1, 5.1, 0.0, 1e300, 5.1, 0.0, 20.2, f64::NAN, 0.0, 20.3, 5.2, 0.0_f64];
    let bytes: Vec<u8> = rows.iter().flat_map(|value| value.to_le_bytes()).collect();
    sandbox.write("overflow.npy", npy::write("<f8", "(4, 3)", &bytes));
    sandbox.ae("anomaly score run overflow.npy").fails_with(&[
        "overflow.npy: row 2, column 1 is 1e300, expected finite in single precision",
        "--skip-bad leaves it out",
    ]);
    info(&sandbox, "overflow.npy").fails_with(&["row 2, column 1 is 1e300"]);

    // Left out, and the others keep their numbers.
    let scored = sandbox.ae("anomaly score run overflow.npy --skip-bad --json").succeeds();
    says(&scored, "left out: overflow.npy: row 3, column 2 is NaN");
    let items = |scored: &Finished| {
        let json = scored.json();
        let scores = json["scores"].as_array().unwrap().clone();
        scores.iter().map(|score| score["item"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(items(&scored), [json!("0"), json!("3")]);
    sandbox.write("gaps.csv", "temperature,pressure,valve\n1e300,5,0\n20.1,5.1,0\n,5,0\n20,5,0\n");
    let scored = sandbox.ae("anomaly score run gaps.csv --skip-bad --json").succeeds();
    assert_eq!(items(&scored), [json!("1"), json!("3")]);
}

#[test]
fn a_finite_value_far_outside_the_range_has_a_finite_score() {
    let sandbox = trained("valve_train.csv");
    for score in ["squared", "standardised", "latent", "likelihood"] {
        sandbox.ae(&format!("anomaly fit run valve_train.csv --score {score}")).succeeds();
        sandbox.write("far.csv", "temperature,pressure,valve\n1e30,5.1,0\n20.1,-1e37,0\n");
        let scored = sandbox.ae("anomaly score run far.csv --json").succeeds().json();
        assert_eq!(labels(&scored), ["anomaly", "anomaly"], "{score}");
        assert!(scored["scores"][0]["score"].as_f64().unwrap() > 1e50, "{scored}");
    }
    // Finite by itself, but not in ranges of training.
    sandbox.write("tiny.csv", "x,y\n".to_owned() + &"0,1\n1e-9,2\n".repeat(20));
    sandbox.ae("train --widths 1 --epochs 1 --progress none --out tiny --data tiny.csv").succeeds();
    sandbox.write("large.csv", "x,y\n0,1\n1e30,1\n");
    sandbox.ae("encode tiny large.csv -o codes.npy --force").fails_with(&[
        "row 2, column 1 `x` (line 3): `1e30` is not finite in single precision once it is scaled",
    ]);
}

#[test]
fn the_first_line_is_a_header_or_a_row_and_a_guess_is_said() {
    let sandbox = sandbox();
    let auto = info(&sandbox, "numeric_header.csv --json").succeeds();
    says(&auto, "numeric_header.csv: line 1 (`0,1,2`): it counts up");
    says(&auto, "--header no");
    assert_eq!(rows(&auto), 20);
    let yes = info(&sandbox, "numeric_header.csv --header yes --json").succeeds();
    assert!(!yes.stderr.contains("it counts up"), "{}", yes.stderr);
    assert_eq!((rows(&yes), &yes.json()["scaling"]["names"]), (20, &json!(["0", "1", "2"])));
    assert_eq!(rows(&info(&sandbox, "numeric_header.csv --header no --json").succeeds()), 21);

    info(&sandbox, "first_row_missing.csv").fails_with(&[
        "first_row_missing.csv: 1 of 21 rows cannot be used: row 1, column 1 (line 1): the value is \
         missing (`?`)",
        "missing cells: 1 in column 1",
    ]);
    let skipped = info(&sandbox, "first_row_missing.csv --skip-bad --json").succeeds();
    assert_eq!((rows(&skipped), &skipped.json()["skipped"]), (20, &json!(1)));

    // The spec keeps the choice.
    sandbox.ae(&format!("{TRAIN} numeric_header.csv --header no")).succeeds();
    assert!(sandbox.read_text("run/spec.toml").contains("header = \"no\""));
    assert_eq!(sandbox.read_json("run/record.json")["dataset"]["train_images"], 19);
}

#[test]
fn classes_in_the_last_column_need_no_header() {
    let sandbox = sandbox();
    info(&sandbox, "headerless_class.csv").fails_with(&[
        "headerless_class.csv: column 5 holds text such as `alpha`, not numbers",
        "--drop-columns 5",
        "--label-column 5",
    ]);
    for header in ["--header no", ""] {
        let told = info(&sandbox, &format!("headerless_class.csv {header} --label-column 5"));
        let told = told.succeeds().stdout;
        assert!(told.contains("  5: the classes\n"), "{told}");
        let told =
            info(&sandbox, &format!("headerless_class.csv {header} --label-column 5 --json"));
        assert_eq!(rows(&told.succeeds()), 120);
    }
    sandbox.ae(&format!("{TRAIN} headerless_class.csv --header no --label-column 5")).succeeds();
    // Later rows with and without the classes.
    sandbox.ae("anomaly fit run headerless_class.csv --label-column 5").succeeds();
    sandbox.write("later.csv", "0.1,0.2,0.3,0.4\n0.2,0.1,0.4,0.3\n");
    let scored = sandbox.ae("anomaly score run later.csv --json").succeeds().json();
    assert_eq!(scored["items"], 2);
    sandbox.write("wide.csv", "0.1,0.2,0.3,0.4,a,b\n0.2,0.1,0.4,0.3,a,b\n");
    sandbox
        .ae("anomaly score run wide.csv")
        .fails_with(&["wide.csv: 5 columns of numbers, but the model takes 4"]);
}

#[test]
fn semicolons_tabulators_and_decimal_commas_are_read_and_said() {
    let sandbox = sandbox();
    let told = info(&sandbox, "semicolons.csv --label-column state --json").succeeds();
    says(&told, "semicolons.csv: columns are separated by semicolons");
    says(&told, "semicolons.csv: numbers have decimal commas");
    assert_eq!(rows(&told), 30);
    let scaling = &told.json()["scaling"];
    assert!(scaling["minimum"][0].as_f64().unwrap() > -10.0, "{scaling}");
    info(&sandbox, "semicolons.csv").fails_with(&["column 3 `state` holds text such as `ok`"]);

    // Excel's line, a mark of the byte order, CRLF, quotes.
    let body = "x;y\r\n\"1,5\";2\r\n3,5;4\r\n0,5;1\r\n";
    for (name, text, delimiter) in [
        ("excel.csv", format!("sep=;\r\n{body}"), ""),
        ("marked.csv", format!("\u{feff}{body}"), ""),
        ("tabs.tsv", body.replace(';', "\t"), ""),
        ("pipes.csv", body.replace(';', "|"), "--delimiter pipe"),
    ] {
        sandbox.write(name, text);
        let told = info(&sandbox, &format!("{name} {delimiter} --json")).succeeds();
        assert_eq!(rows(&told), 3, "{name}");
        assert_eq!(told.json()["scaling"]["names"], json!(["x", "y"]), "{name}");
    }
    sandbox.write("excel.csv", "sep=;\r\nx;y\r\n1,5;2\r\n3.5;4\r\n0,5;1\r\n");
    info(&sandbox, "excel.csv").fails_with(&[
        "row 2, column 1 `x` (line 4): `3.5` has another decimal mark than the table's other numbers",
    ]);
    sandbox.write("thousands.csv", "x;y\n1.234,5;2\n3;4\n0;1\n");
    info(&sandbox, "thousands.csv").fails_with(&["`1.234,5` is ambiguous (a thousands separator"]);
    sandbox.write("forced.csv", "x;y\n1;2\n3;4\n");
    info(&sandbox, "forced.csv --delimiter comma")
        .fails_with(&["column 1 `x;y` holds text such as `1;2`"]);
    sandbox.write("latin.csv", b"x,gr\xf6\xdfe\n1,2\n3,4\n");
    info(&sandbox, "latin.csv")
        .fails_with(&["latin.csv: line 1 is not UTF-8; save the table as UTF-8"]);
}

#[test]
fn an_index_is_named_and_later_rows_are_read_without_it() {
    let sandbox = sandbox();
    let told = sandbox.ae(&format!("{TRAIN} pandas_index.csv")).succeeds();
    says(
        &told,
        "pandas_index.csv: column 1 (without a name) counts from 0 to 199, as an index does",
    );
    says(&told, "--drop-columns 1 leaves it out");
    let dropped =
        sandbox.ae(&format!("{TRAIN} pandas_index.csv --force --drop-columns 1")).succeeds();
    assert!(!dropped.stderr.contains("counts from"), "{}", dropped.stderr);
    assert!(sandbox.read_text("run/spec.toml").contains("drop_columns = [\"1\"]"));
    // Later rows: with an index that goes on, in another order, and without it.
    sandbox.write("on.csv", ",x,y\n200,0.1,0.2\n201,0.3,0.4\n");
    sandbox.write("swapped.csv", "y,x\n0.2,0.1\n0.4,0.3\n");
    sandbox.write("bare.csv", "x,y\n0.1,0.2\n0.3,0.4\n");
    let codes = |table: &str| {
        let told = sandbox.ae(&format!("encode run {table} -o codes.npy --force")).succeeds();
        (npy::read(&sandbox.read("codes.npy")), told)
    };
    let bare = codes("bare.csv").0;
    assert_eq!(codes("on.csv").0, bare);
    let (swapped, told) = codes("swapped.csv");
    assert_eq!(swapped, bare);
    says(&told, "swapped.csv: the columns are put into the model's order, by name");

    sandbox.write("named.csv", "Unnamed: 0,x\n7,1\n9,2\n3,5\n");
    says(
        &info(&sandbox, "named.csv").succeeds(),
        "column 1 `Unnamed: 0` may be an index, as pandas writes it: --drop-columns 1",
    );
    let shuffled: String = (0..50).map(|i| format!("{},{}.5\n", i * 7 % 50 + 1, i)).collect();
    sandbox.write("shuffled.csv", "id,x\n".to_owned() + &shuffled);
    says(&info(&sandbox, "shuffled.csv").succeeds(), "column 1 `id` counts from 1 to 50");
}

#[test]
fn columns_that_make_no_sense_are_refused() {
    let sandbox = sandbox();
    info(&sandbox, "duplicate_columns.csv")
        .fails_with(&["duplicate_columns.csv: columns 1 and 2 are both named `x`"]);
    let told = info(&sandbox, "duplicate_columns.csv --drop-columns 2 --json").succeeds();
    assert_eq!(told.json()["scaling"]["names"], json!(["x", "y"]));
    info(&sandbox, "valve_train.csv --drop-columns temperature,pressure,valve")
        .fails_with(&["no columns of numbers are left"]);
    info(&sandbox, "valve_train.csv --drop-columns speed")
        .fails_with(&["no column is named `speed`; there are temperature, pressure, valve"]);
    sandbox
        .write("series.csv", "timestamp,value\n2014-04-10 00:04:00,1.5\n2014-04-10 00:09:00,2\n");
    let told = [
        "series.csv: column 1 `timestamp` holds text such as `2014-04-10 00:04:00`, not numbers",
        "--drop-columns timestamp",
    ];
    info(&sandbox, "series.csv").fails_with(&told);
    info(&sandbox, "series.csv --skip-bad").fails_with(&told);
    let told = info(&sandbox, "series.csv --drop-columns timestamp").succeeds().stdout;
    assert!(told.contains("  columns left out: timestamp\n"), "{told}");

    sandbox.write("trailing.csv", "x,y,\n1,2,\n3,4,\n5,6,\n");
    info(&sandbox, "trailing.csv").fails_with(&[
        "3 of 3 rows cannot be used",
        "missing cells: 3 in column 3 (without a name)",
        "--drop-columns 3 leaves such columns out",
    ]);
    sandbox.write("holes.csv", "x,y\n1,NA\n,4\n5,6\n?,8\n9,1\n");
    info(&sandbox, "holes.csv").fails_with(&[
        "holes.csv: 3 of 5 rows cannot be used: row 1, column 2 `y` (line 2): the value is missing (`NA`)",
        "missing cells: 2 in column 1 `x`, 1 in column 2 `y`; --skip-bad leaves these rows out",
    ]);
    let told = info(&sandbox, "holes.csv --skip-bad").succeeds().stdout;
    assert!(told.contains("missing cells: 2 in column 1 `x`, 1 in column 2 `y`\n"), "{told}");
}

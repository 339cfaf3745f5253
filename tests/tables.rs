//! Tables of numbers: scaled for the model, and given back in their own units.

use serde_json::json;

use crate::npy;
use crate::support::Sandbox;

/// 60 rows: a line through three columns of very different ranges, a constant, and a class.
fn table() -> String {
    let row = |i: u32| {
        let (x, class) = (f64::from(i * 37 % 60), if i.is_multiple_of(3) { "odd" } else { "even" });
        format!("{x},{},{},7,{class}\n", 1e6 + 1000.0 * x, -0.001 * x)
    };
    "small,large,negative,constant,class\n".to_owned() + &(0..60).map(row).collect::<String>()
}

fn with_model() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("table.csv", table());
    let trained = sandbox
        .ae("train --data table.csv --label-column class --widths 8,1 --epochs 400 --out run \
             --batch-size 8 --learning-rate 0.01 --loss mean-squared-error --progress none")
        .succeeds();
    for said in [
        "table.csv: 4 columns of numbers, with a header",
        "table.csv: 6 of 60 rows are held out for testing",
        "constant in all training rows, and not scaled: constant",
    ] {
        assert!(trained.stderr.contains(said), "{}", trained.stderr);
    }
    sandbox
}

#[test]
fn a_table_comes_back_in_its_own_units() {
    let sandbox = with_model();
    let told = sandbox.ae("inspect run/encoder.safetensors").succeeds().stdout;
    assert!(told.contains("    constant           7 to 7\n"), "{told}");
    let scaling =
        sandbox.ae("inspect run --json").succeeds().json()["attachments"]["scaling"].clone();
    assert_eq!(scaling["names"], json!(["small", "large", "negative", "constant"]));

    sandbox.ae("reconstruct run table.csv -o out.csv --force --label-column class").succeeds();
    let out = sandbox.read_text("out.csv");
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some("small,large,negative,constant"));
    for (i, line) in (0..60_u32).zip(lines) {
        let row: Vec<f64> = line.split(',').map(|field| field.parse().unwrap()).collect();
        let x = f64::from(i * 37 % 60);
        // A line has one dimension, which the code has too: a tenth of the range is far more than it errs.
        assert!((row[0] - x).abs() < 6.0, "{line} for {x}");
        assert!((row[1] - 1e6 - 1000.0 * x).abs() < 6000.0, "{line} for {x}");
        assert!((row[2] + 0.001 * x).abs() < 0.006, "{line} for {x}");
        assert_eq!(row[3], 7.0);
    }
    assert_eq!(out.lines().count(), 61);

    sandbox.ae("reconstruct run table.csv -o out.npy --label-column class").succeeds();
    assert_eq!(npy::read(&sandbox.read("out.npy")).0, [60, 4]);
    sandbox
        .ae("encode run/encoder.safetensors table.csv -o codes.npy --force --label-column class");
    assert_eq!(npy::read(&sandbox.read("codes.npy")).0, [60, 1]);
    let evaluated = sandbox.ae("evaluate run table.csv --label-column class --json");
    let record = sandbox.read_json("run/record.json");
    assert_eq!(evaluated.succeeds().json()["metrics"]["val_mse"], record["metrics"]["val_mse"]);
    sandbox.holds_no_temporary_files();
}

#[test]
fn bad_rows_are_named_by_their_line_and_left_out_only_if_asked() {
    let sandbox = Sandbox::new();
    for (row, told) in [
        ("1", "row 3 (line 3): expected 2 fields, found 1 field"),
        ("1,2,3", "row 3 (line 3): expected 2 fields, found 3 fields"),
        ("1,x", "row 3, column 2 (line 3): `x` is not a number"),
        ("1,", "row 3, column 2 (line 3): the cell is empty"),
        ("nan,1", "row 3, column 1 (line 3): the value is missing (`nan`)"),
        ("1,-inf", "row 3, column 2 (line 3): `-inf` is not finite in single precision"),
        ("1,1e999", "row 3, column 2 (line 3): `1e999` is not finite in single precision"),
        ("1e39,1", "row 3, column 1 (line 3): `1e39` is not finite in single precision"),
        ("\"1,5\",1", "row 3, column 1 (line 3): `1,5` is ambiguous"),
    ] {
        sandbox.write("t.csv", format!("0,1\n1,0\n{row}\n5,5\n"));
        let info = sandbox.ae("data info --data t.csv");
        info.fails_with(&[
            &format!("t.csv: 1 of 4 rows cannot be used: {told}"),
            "--skip-bad leaves these rows out",
            "t.csv: 2 columns of numbers, no header",
        ]);
        let info = sandbox.ae("data info --data t.csv --skip-bad --json").succeeds();
        assert!(info.stderr.contains(&format!("left out: t.csv: {told}")), "{}", info.stderr);
        assert_eq!((&info.json()["skipped"], &info.json()["train_images"]), (&1.into(), &2.into()));
    }
    for (text, told) in [
        ("", "t.csv: holds no rows of numbers"),
        ("a,b\n", "t.csv: holds no rows of numbers"),
        ("a,b\n1,2\n", "t.csv: 1 item, but two or more are needed"),
        ("a,b\n\"1,2\n", "row 1 (line 2): expected 2 fields, found 1 field"),
    ] {
        sandbox.write("t.csv", text);
        sandbox.ae("data info --data t.csv").fails_with(&[told]);
    }
}

#[test]
fn a_table_of_other_columns_is_refused() {
    let sandbox = with_model();
    sandbox.write("other.csv", "large,tiny,negative,constant\n1,2,3,4\n");
    sandbox.ae("encode run other.csv -o codes.npy --force").fails_with(&[
        "other.csv: the model's columns `small` are missing; the first line names large, tiny",
    ]);
    sandbox.write("more.csv", "small,large,negative,constant,tiny\n1,2,3,4,5\n");
    sandbox.ae("encode run more.csv -o codes.npy --force").fails_with(&[
        "more.csv: the model was not trained on the columns `tiny`; leave them out with --drop-columns",
    ]);
    sandbox.write("few.csv", "1,2,3\n");
    sandbox
        .ae("encode run few.csv -o codes.npy --force")
        .fails_with(&["few.csv: 3 columns of numbers, but the model takes 4"]);
    // Without names, the number of columns is all that can be checked.
    sandbox.write("nameless.csv", "1,2,3,4\n");
    let encoded = sandbox.ae("encode run nameless.csv -o codes.npy --force").succeeds();
    let told = "nameless.csv: no header; the columns are taken in the model's order";
    assert!(encoded.stderr.contains(told), "{}", encoded.stderr);
    sandbox.ae("encode run table.csv -o codes.npy --force --label-column kind").fails_with(&[
        "no column is named `kind`; there are small, large, negative, constant, class",
    ]);
    sandbox
        .ae("encode run nameless.csv -o codes.npy --force --label-column kind")
        .fails_with(&["there is no column `kind`: the table has no header"]);
    sandbox
        .ae("encode run digits -o codes.npy --force")
        .fails_with(&["no table, but the model takes rows of 4 numbers"]);
    sandbox
        .ae("reconstruct run nameless.csv -o folder/")
        .fails_with(&["a table goes into a .csv or .npy file"]);
}

#[test]
fn a_table_is_no_image() {
    let sandbox = Sandbox::with_run();
    sandbox.write("t.csv", "1,2\n3,4\n");
    sandbox
        .ae("encode run t.csv -o codes.npy --force")
        .fails_with(&["t.csv: a table, but the model takes images of 14 x 14"]);
    sandbox.ae("reconstruct run data -o out.csv --force").fails_with(&[
        "out.csv: a .csv or .parquet file holds a table, and the model makes images",
    ]);
    assert!(!sandbox.path("out.csv").exists());
}

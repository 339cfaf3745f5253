//! Tables that are mapped: rows are in a temporary file, and not in memory.

use std::fmt::Write as _;

use crate::mapped::has_the_same_weights;
#[cfg(target_os = "linux")]
use crate::mapped::with_memory;
use crate::npy;
#[cfg(target_os = "linux")]
use crate::support::Finished;
use crate::support::Sandbox;

/// Rows of so many numbers and a class, with a header.
fn csv(rows: u32, columns: u32) -> String {
    let names: Vec<String> = (0..columns).map(|column| format!("c{column}")).collect();
    let mut text = names.join(",") + ",kind\n";
    for row in 0..rows {
        for column in 0..columns {
            let number = (row * columns + column).wrapping_mul(2_654_435_761) >> 24;
            write!(text, "{}.5,", number % 100).unwrap();
        }
        writeln!(text, "{}", ["good", "bad", "7"][row as usize % 3]).unwrap();
    }
    text
}

#[test]
fn mapped_tables_give_the_weights_of_tables_in_memory() {
    let sandbox = Sandbox::new();
    let text = csv(300, 5);
    sandbox.write("t.csv", &text);
    has_the_same_weights(&sandbox, "t.csv --label-column kind");
    has_the_same_weights(&sandbox, "t.csv --drop-columns kind --scaling standard");
    // Some rows cannot be used.
    let bad = text.replace("\n3.5,", "\n,").replace("\n5.5,", "\nx,");
    assert_ne!(bad, text);
    sandbox.write("bad.csv", bad);
    has_the_same_weights(&sandbox, "bad.csv --label-column kind --skip-bad");
    let numbers: Vec<f32> = (0..900).map(|place| (place * place % 91) as f32 / 8.0).collect();
    sandbox.write("t.npy", npy::write("<f4", "(150, 6)", &npy::f4(&numbers)));
    has_the_same_weights(&sandbox, "t.npy --label-column 2");
    let doubles: Vec<u8> = numbers.iter().flat_map(|&it| f64::from(it).to_le_bytes()).collect();
    sandbox.write("d.npy", npy::write("<f8", "(300, 3)", &doubles));
    has_the_same_weights(&sandbox, "d.npy");
    #[cfg(feature = "parquet")]
    {
        sandbox
            .ae("train --data t.csv --label-column kind --widths 2 --epochs 1 --out run")
            .succeeds();
        sandbox.ae("reconstruct run t.csv -o t.parquet").succeeds();
        has_the_same_weights(&sandbox, "t.parquet");
    }
}

#[test]
fn a_mapped_table_is_said_to_be_and_its_run_is_resumed() {
    let sandbox = Sandbox::new();
    sandbox.write("t.csv", csv(300, 5));
    let train = "train --data t.csv --label-column kind --widths 3 --batch-size 32";
    sandbox.ae(&format!("{train} --epochs 4 --out memory")).succeeds();
    let told = sandbox.ae(&format!("{train} --epochs 2 --mapped --out mapped")).succeeds();
    // 300 rows of 5 numbers of 4 bytes.
    assert!(
        told.stderr.contains("a temporary file of 6000 bytes in the working folder"),
        "{}",
        told.stderr
    );
    let told = sandbox.ae("resume mapped --epochs 4").succeeds();
    assert!(told.stderr.contains("a temporary file of 6000 bytes in mapped"), "{}", told.stderr);
    assert_eq!(sandbox.weights_of("memory"), sandbox.weights_of("mapped"));
    sandbox.holds_no_temporary_files();
}

#[test]
#[cfg(target_os = "linux")]
fn a_training_on_a_mapped_table_takes_less_memory_than_the_table() {
    let sandbox = Sandbox::new();
    // 72 MB of numbers of 8 bytes, and 60 MB of memory.
    sandbox.write("t.csv", csv(90_000, 100));
    let train = "train --data t.csv --drop-columns kind --widths 2 --epochs 1 --batch-size 4096";
    let refused = with_memory(&sandbox, 60_000, &format!("{train} --out memory"));
    assert!(!refused.status.success(), "it was to need more memory");
    let arguments = format!("{train} --mapped --out mapped");
    Finished::new(&arguments, with_memory(&sandbox, 60_000, &arguments)).succeeds();
}

//! Files of images that are mapped, and not read into memory.

use std::fs;
use std::process::{Command, Output};

use crate::npy;
use crate::support::{Finished, Sandbox};

/// An IDX file of images in which every value is another.
pub(crate) fn idx(images: u32, side: u32) -> Vec<u8> {
    let header = [0x0803, images, side, side].map(u32::to_be_bytes).concat();
    let values =
        (0..images * side * side).map(|value| (value.wrapping_mul(2_654_435_761) >> 24) as u8);
    header.into_iter().chain(values).collect()
}

/// Asserts that a training on mapped data has the weights of one in memory, and all else that it leaves too.
pub(crate) fn has_the_same_weights(sandbox: &Sandbox, data: &str) {
    let train = format!("train --data {data} --widths 6 --epochs 2 --batch-size 32");
    sandbox.ae(&format!("{train} --out memory")).succeeds();
    let told = sandbox.ae(&format!("{train} --mapped --out mapped")).succeeds();
    assert_eq!(sandbox.weights_of("memory"), sandbox.weights_of("mapped"), "{data}");
    let metrics = |run: &str| sandbox.read_json(&format!("{run}/record.json"))["metrics"].clone();
    assert_eq!(metrics("memory"), metrics("mapped"), "{data}");
    // The codec and all else that is kept was fitted to the same images.
    let same = sandbox.read("memory/model.safetensors") == sandbox.read("mapped/model.safetensors");
    assert!(same, "{data}: the files of the models differ");
    assert!(sandbox.read_text("mapped/spec.toml").contains("mapped = true"));
    assert!(told.stderr.contains(": mapped: "), "{}", told.stderr);
    for run in ["memory", "mapped"] {
        fs::remove_dir_all(sandbox.path(run)).unwrap();
    }
}

#[test]
fn mapped_data_gives_the_weights_of_data_in_memory() {
    let sandbox = Sandbox::with_data();
    has_the_same_weights(&sandbox, "data");
    sandbox.write("images.idx", idx(300, 8));
    has_the_same_weights(&sandbox, "images.idx");
    let bytes: Vec<u8> = idx(100, 12)[16..].to_vec();
    sandbox.write("grey.npy", npy::write("|u1", "(100, 12, 12)", &bytes));
    has_the_same_weights(&sandbox, "grey.npy");
    sandbox.write("colour.npy", npy::write("|u1", "(75, 3, 8, 8)", &bytes));
    has_the_same_weights(&sandbox, "colour.npy");
    let mut floats: Vec<f32> = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    sandbox.write("floats.npy", npy::write("<f4", "(100, 12, 12)", &npy::f4(&floats)));
    has_the_same_weights(&sandbox, "floats.npy");
    floats[144 * 7 + 5] = 1.5;
    sandbox.write("bad.npy", npy::write("<f4", "(100, 12, 12)", &npy::f4(&floats)));
    let train = "train --data bad.npy --mapped --widths 4 --epochs 1";
    sandbox.ae(train).fails_with(&["bad.npy: image 8, row 1, column 6 is 1.5", "--skip-bad"]);
    sandbox.ae(&format!("{train} --skip-bad --out mapped")).succeeds();
    sandbox.ae(&format!("{train} --skip-bad --out memory").replace(" --mapped", "")).succeeds();
    assert_eq!(sandbox.weights_of("memory"), sandbox.weights_of("mapped"));
}

#[test]
fn what_cannot_be_mapped_is_refused() {
    let sandbox = Sandbox::with_data();
    let bytes = idx(100, 12);
    sandbox.write("cut.idx", &bytes[..bytes.len() - 1]);
    sandbox.write("long.idx", [&bytes[..], &[0]].concat());
    sandbox.write("doubles.npy", npy::write("<f8", "(2, 2, 2)", &[0; 64]));
    sandbox.write("last.npy", npy::write("|u1", "(2, 2, 2, 3)", &[0; 24]));
    sandbox.write("short.npy", npy::write("|u1", "(9, 2, 2)", &[0; 35]));
    sandbox.write("t.txt", "a\n1\n2\n");
    let images = sandbox.path("data/train-images-idx3-ubyte");
    fs::rename(&images, images.with_extension("gz")).unwrap();
    for (file, told) in [
        ("cut.idx", "cut short"),
        ("long.idx", "bytes after the end"),
        ("t.txt", "cannot be mapped"),
        ("data", "cannot be mapped"),
        ("digits", "cannot be mapped"),
        ("doubles.npy", "cannot be mapped"),
        ("last.npy", "cannot be mapped"),
        ("short.npy", "cut short"),
    ] {
        let train = format!("train --data {file} --mapped --widths 4 --epochs 1");
        sandbox.ae(&train).fails_with(&[file, told]);
    }
}

/// Runs `ae` with at most so much memory of its own, in kilobytes; what is mapped does not count.
#[cfg(target_os = "linux")]
pub(crate) fn with_memory(sandbox: &Sandbox, kilobytes: u32, arguments: &str) -> Output {
    let ae = sandbox.command(arguments);
    Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -d {kilobytes} && exec \"$0\" \"$@\""))
        .arg(ae.get_program())
        .args(ae.get_args())
        .current_dir(sandbox.path(""))
        .env_clear()
        .env("HOME", sandbox.path("home"))
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn a_training_on_mapped_data_takes_less_memory_than_the_data() {
    let sandbox = Sandbox::new();
    // 157 MB, and 150 MB of memory.
    sandbox.write("images.idx", idx(200_000, 28));
    let train = "train --data images.idx --widths 2 --epochs 1 --batch-size 1024";
    let refused = with_memory(&sandbox, 150_000, &format!("{train} --out memory"));
    assert!(!refused.status.success(), "it was to need more memory");
    let arguments = format!("{train} --mapped --out mapped");
    Finished::new(&arguments, with_memory(&sandbox, 150_000, &arguments)).succeeds();
    // What is applied is read chunk by chunk in any case.
    sandbox.ae("encode mapped images.idx -o codes.npy --shard 1/100").succeeds();
}

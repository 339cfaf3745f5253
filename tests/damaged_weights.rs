//! Damaged weights, and inputs that do not fit a model: named, and nothing is written.

use serde_json::{Value, json};

use crate::npy;
use crate::support::{Sandbox, images};

const MODEL: &str = "run/model.safetensors";

/// A safetensors file: the header's JSON and the tensors' bytes.
fn split(bytes: &[u8]) -> (Value, Vec<u8>) {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let (header, data) = bytes[8..].split_at(length);
    (serde_json::from_slice(header).unwrap(), data.to_vec())
}

fn join(header: &Value, data: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// The model's file with a change in its header or its data.
fn changed(bytes: &[u8], change: impl FnOnce(&mut Value, &mut Vec<u8>)) -> Vec<u8> {
    let (mut header, mut data) = split(bytes);
    change(&mut header, &mut data);
    join(&header, &data)
}

/// A change of the architecture in the metadata.
fn with_model(bytes: &[u8], change: impl FnOnce(&mut Value)) -> Vec<u8> {
    changed(bytes, |header, _| {
        let text = header["__metadata__"]["ae.model"].as_str().unwrap();
        let mut model: Value = serde_json::from_str(text).unwrap();
        change(&mut model);
        header["__metadata__"]["ae.model"] = json!(model.to_string());
    })
}

/// Asserts that no command takes the file, and that nothing is written.
fn is_refused(sandbox: &Sandbox, bytes: &[u8], fragments: &[&str]) {
    sandbox.write("bad.safetensors", bytes);
    let before = sandbox.contents_of("");
    let fragments = [&["bad.safetensors"], fragments].concat();
    for command in [
        "inspect bad.safetensors",
        "evaluate bad.safetensors data",
        "encode bad.safetensors data -o codes.npy --force",
    ] {
        sandbox.ae(command).fails_with(&fragments);
    }
    assert_eq!(sandbox.contents_of(""), before);
}

#[test]
fn a_file_that_holds_no_weights_is_refused() {
    let sandbox = Sandbox::with_run();
    let sound = sandbox.read(MODEL);
    let length = sound.len().to_string();
    is_refused(&sandbox, b"", &["not a safetensors file", "0 bytes"]);
    is_refused(&sandbox, b"PK\x03\x04 and more of an archive", &["not a safetensors file"]);
    is_refused(&sandbox, &sandbox.read("run/record.json"), &["not a safetensors file"]);
    is_refused(&sandbox, &[255; 64], &["not a safetensors file"]);
    is_refused(&sandbox, &sound[..sound.len() - 4], &["must have", &length, "bytes"]);
    is_refused(&sandbox, &sound[..60], &["must have", "60"]);
    is_refused(&sandbox, &[&sound[..], b"more"].concat(), &["must have", &length, "bytes"]);
    sandbox.ae("inspect nowhere.safetensors").fails_with(&["cannot read nowhere.safetensors"]);
    sandbox.ae("inspect data").fails_with(&["data is not a run", "model.safetensors"]);
}

#[test]
fn tensors_that_are_not_the_architectures_are_named() {
    let sandbox = Sandbox::with_run();
    let sound = sandbox.read(MODEL);
    let renamed = changed(&sound, |header, _| {
        header["encoder.0.wait"] = header["encoder.0.weight"].take();
        header.as_object_mut().unwrap().remove("encoder.0.weight");
    });
    is_refused(&sandbox, &renamed, &["lacks the tensor encoder.0.weight", "[8, 196]"]);

    let extra = changed(&sound, |header, data| {
        let offsets = json!([data.len(), data.len() + 8]);
        header["encoder.1.bias"] = json!({ "dtype": "F32", "shape": [2], "data_offsets": offsets });
        data.extend([0; 8]);
    });
    is_refused(&sandbox, &extra, &["encoder.1.bias", "architecture does not have"]);

    let turned = changed(&sound, |header, _| {
        header["encoder.0.weight"]["shape"] = json!([196, 8]);
    });
    is_refused(&sandbox, &turned, &["encoder.0.weight", "[8, 196]", "has [196, 8]"]);

    let typed = changed(&sound, |header, _| {
        header["decoder.0.bias"]["dtype"] = json!("I32");
    });
    is_refused(&sandbox, &typed, &["decoder.0.bias", "F32", "I32"]);

    let (_, data) = split(&sound);
    let last = data.len() - 4;
    let infinite = changed(&sound, |_, data| {
        data[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    });
    is_refused(&sandbox, &infinite, &["must be finite", "NaN"]);
}

#[test]
fn changed_bits_and_missing_checksums_are_told() {
    let sandbox = Sandbox::with_run();
    let sound = sandbox.read(MODEL);
    let flipped = changed(&sound, |_, data| data[100] ^= 1);
    let told = ["does not match its checksum", "damaged, or another program changed it"];
    is_refused(&sandbox, &flipped, &told);
    let attached =
        with_model(&sound, |model| model["attachments"]["codec"]["pixels"][0][0] = json!(9));
    is_refused(&sandbox, &attached, &told);
    let stripped = changed(&sound, |header, _| {
        header["__metadata__"].as_object_mut().unwrap().remove("ae.sha256");
    });
    is_refused(&sandbox, &stripped, &["has no checksum", "ae.sha256"]);

    sandbox.ae("inspect run").succeeds();
    let encoder = sandbox.read("run/encoder.safetensors");
    sandbox.write("run/encoder.safetensors", changed(&encoder, |_, data| data[7] ^= 64));
    sandbox.ae("encode run/encoder.safetensors data -o x.npy --force").fails_with(&told);
    assert!(!sandbox.path("x.npy").exists());
}

#[test]
fn a_description_that_cannot_be_used_is_refused() {
    let sandbox = Sandbox::with_run();
    let sound = sandbox.read(MODEL);
    let foreign = changed(&sound, |header, _| {
        header.as_object_mut().unwrap().remove("__metadata__");
    });
    is_refused(&sandbox, &foreign, &["no metadata entry `ae.model`"]);
    let wider = with_model(&sound, |model| model["encoder"][0]["outputs"] = json!(9));
    is_refused(&sandbox, &wider, &["encoder.0.weight", "[9, 196]"]);
    let unknown = with_model(&sound, |model| model["kind"] = json!("variational"));
    is_refused(&sandbox, &unknown, &["kind `variational`", "denoising, regular"]);
    let later = with_model(&sound, |model| model["schema"] = json!(4));
    is_refused(&sandbox, &later, &["schema 4", "schemas 1 to 3", "later version"]);
    let huge = with_model(&sound, |model| {
        model["image"] = json!([4_000_000_000_u64, 4_000_000_000_u64]);
    });
    is_refused(&sandbox, &huge, &["ae.model"]);
}

#[test]
fn an_encoder_alone_is_not_a_model() {
    let sandbox = Sandbox::with_run();
    let encoder = "run/encoder.safetensors";
    let fragments = [encoder, "a whole model", "an encoder alone"];
    sandbox.write("codes.npy", npy::write("<f4", "(1, 8)", &[0; 32]));
    for command in [
        "reconstruct data -o x.npy --force -m",
        "decode codes.npy -o x.npy --force -m",
        "evaluate --data data",
    ] {
        sandbox.ae(&format!("{command} {encoder}")).fails_with(&fragments);
    }
    assert!(!sandbox.path("x.npy").exists());
}

#[test]
fn images_of_another_size_than_the_models_are_refused() {
    let sandbox = Sandbox::with_run();
    sandbox.write_data("large", [3, 3], 28);
    let sizes = |origin| [origin, "28 x 28", "14 x 14"];
    sandbox.ae("evaluate run large").fails_with(&sizes("large"));
    sandbox.ae("reconstruct run large -o x.npy --force").fails_with(&sizes("large"));
    sandbox.ae("encode run digits -o x.npy --force").fails_with(&sizes("digits"));
    sandbox.write("large.idx", images(2, 28));
    sandbox.ae("encode run large.idx -o x.npy --force").fails_with(&sizes("large.idx"));

    sandbox.ae("train --data large --widths 4 --epochs 1 --out other").succeeds();
    sandbox.write("one.npy", npy::write("|u1", "(28, 28)", &[9; 784]));
    sandbox.ae("reconstruct other one.npy -o one.png").succeeds();
    sandbox.ae("reconstruct run one.png -o x.png").fails_with(&sizes("one.png"));
    assert!(!sandbox.path("x.npy").exists() && !sandbox.path("x.png").exists());
}

#[test]
fn an_array_that_makes_no_images_is_refused() {
    let sandbox = Sandbox::with_run();
    let mut pixels = vec![0.5_f32; 2 * 196];
    let array = |pixels: &[f32]| npy::write("<f4", "(2, 14, 14)", &npy::f4(pixels));
    let sound = array(&pixels);
    let mut cases = vec![
        (sound[..sound.len() - 1].to_vec(), vec!["cut short"]),
        (sound[..70].to_vec(), vec!["cut short"]),
        ([&sound[..], b"x"].concat(), vec!["bytes after the end"]),
        (npy::write("<f4", "(2, 13, 14)", &[0; 4 * 2 * 13 * 14]), vec!["13 x 14", "14 x 14"]),
        (npy::write("<f4", "(392,)", &[0; 4 * 392]), vec!["[392]", "(n, 14, 14)"]),
        (npy::write("<f4", "(0, 14, 14)", &[]), vec!["no images"]),
        (npy::write("<c8", "(1, 14, 14)", &[0; 8 * 196]), vec!["<c8", "<f4"]),
        (npy::write("<f4", "(4294967295, 4294967295)", &[0; 64]), vec!["claims", "1073741824"]),
    ];
    for (value, text) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (1.5, "1.5"), (-0.25, "-0.25")]
    {
        pixels[300] = value;
        cases.push((array(&pixels), vec!["image 2, row 8, column 7", "in [0, 1]", text]));
    }
    for (bytes, fragments) in cases {
        sandbox.write("bad.npy", bytes);
        let fragments = [&["bad.npy"], &fragments[..]].concat();
        for command in ["reconstruct", "encode", "denoise"] {
            sandbox.ae(&format!("{command} bad.npy -m run -o x.npy")).fails_with(&fragments);
        }
    }
    assert!(!sandbox.path("x.npy").exists());
}

#[test]
fn codes_and_pictures_that_do_not_fit_are_refused() {
    let sandbox = Sandbox::with_run();
    sandbox.write("long.npy", npy::write("<f4", "(2, 9)", &[0; 72]));
    sandbox
        .ae("decode run long.npy -o x.npy --force")
        .fails_with(&["long.npy", "length 9", "length 8"]);
    let nan = npy::f4(&[f32::NAN; 8]);
    sandbox.write("nan.npy", npy::write("<f4", "(1, 8)", &nan));
    sandbox.ae("decode run nan.npy -o x.npy --force").fails_with(&[
        "nan.npy",
        "row 1, column 1",
        "finite",
    ]);
    sandbox.write("flat.npy", npy::write("<f4", "(8,)", &[0; 32]));
    sandbox.ae("decode run flat.npy -o x.npy --force").fails_with(&["flat.npy", "(rows, columns)"]);
    sandbox.write("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    sandbox
        .ae("encode run cut.png -o x.npy --force")
        .fails_with(&["cut.png", "damaged PNG: the file ends before"]);
    sandbox.write("words.txt", "no image at all");
    sandbox.ae("encode run words.txt -o x.npy --force").fails_with(&["words.txt", "neither IDX"]);
    sandbox.ae("encode run nowhere.png -o x.npy --force").fails_with(&["cannot read nowhere.png"]);
    sandbox
        .ae("encode run run/checkpoints -o x.npy --force")
        .fails_with(&["run/checkpoints holds no"]);
    assert!(!sandbox.path("x.npy").exists());
}

//! Models to other programs and from them. What other programs make of the files, `docs/interop/check.sh` checks.

use std::fs;
use std::path::Path;

use crate::support::Sandbox;

#[test]
fn every_part_of_a_model_is_exported_and_nothing_is_replaced_without_force() {
    let sandbox = Sandbox::with_run();
    for (part, told) in [
        ("model", "images (batch, 196) to reconstructions (batch, 196); pixels are from 0 to 1"),
        ("encoder", "images (batch, 196) to codes (batch, 8); pixels are from 0 to 1"),
        ("decoder", "codes (batch, 8) to reconstructions (batch, 196); pixels are from 0 to 1"),
    ] {
        let export = format!("export run --onnx --part {part} -o {part}.onnx");
        let finished = sandbox.ae(&export).succeeds();
        assert_eq!(finished.stdout, format!("exported to {part}.onnx: {told}\n"));
        let written = sandbox.read(&format!("{part}.onnx"));
        sandbox.ae(&export).fails_with(&[
            &format!("{part}.onnx exists already"),
            "choose another name, or replace it with --force",
        ]);
        sandbox.ae(&format!("{export} --force")).succeeds();
        assert!(sandbox.read(&format!("{part}.onnx")) == written);
    }
    // The encoder alone is the same as that of the model.
    sandbox.ae("export run/encoder.safetensors --onnx --part encoder -o alone.onnx").succeeds();
    assert!(sandbox.read("alone.onnx") == sandbox.read("encoder.onnx"));
    sandbox
        .ae("export run/encoder.safetensors --onnx -o whole.onnx")
        .refuses_with(&["run/encoder.safetensors", "--part encoder"]);
    sandbox.ae("export run -o model2.onnx").refuses_with(&["--onnx"]);
    sandbox.ae("export run --onnx -o model.bin").refuses_with(&["ends with .onnx"]);
    sandbox.holds_no_temporary_files();
}

#[test]
fn a_table_is_exported_with_its_scaling() {
    let sandbox = Sandbox::new();
    sandbox.write("t.csv", "a,b\n0,1\n0.5,0.2\n1,0.8\n0.3,0.4\n0.9,0.1\n0.2,0.7\n");
    sandbox.ae("train --data t.csv --widths 1 --epochs 1 --out rows").succeeds();
    let finished = sandbox.ae("export rows --onnx -o t.onnx --json").succeeds();
    let told = finished.json();
    assert_eq!(told["values"], "the table's own units");
    assert_eq!(told["input"]["name"], "rows");
    // The names of the columns are in the file.
    let written = sandbox.read("t.onnx");
    let columns = br#""columns":["a","b"]"#;
    assert!(written.windows(columns.len()).any(|part| part == columns));
}

#[test]
fn imported_weights_do_what_the_model_does_that_they_are_of() {
    let sandbox = Sandbox::with_run();
    let finished = sandbox.ae("import run/model.safetensors -o again.safetensors").succeeds();
    assert_eq!(
        finished.stdout,
        "run/model.safetensors imported to again.safetensors: encoder 196-8, decoder 8-196\n"
    );
    assert!(finished.stderr.contains("is from the file's entry `ae.model`"), "{}", finished.stderr);
    assert!(!finished.stderr.contains("assumed"), "{}", finished.stderr);
    let sha256 = |model: &str| {
        sandbox.ae(&format!("inspect {model} --json")).succeeds().json()["weights_sha256"].clone()
    };
    assert_eq!(sha256("again.safetensors"), sha256("run"));
    sandbox.ae("reconstruct data -m run -o one.npy").succeeds();
    sandbox.ae("reconstruct data -m again.safetensors -o two.npy").succeeds();
    assert!(sandbox.read("one.npy") == sandbox.read("two.npy"));
    sandbox.ae("evaluate again.safetensors --data data").succeeds();

    let linear = "import run/model.safetensors -o linear.safetensors --code-activation linear --denoising --shape 7x28";
    sandbox.ae(linear).succeeds();
    let model = &sandbox.ae("inspect linear.safetensors --json").succeeds().json()["model"];
    assert_eq!(model["encoder"][0]["activation"], "linear");
    assert_eq!(model["kind"], "denoising");
    assert_eq!(model["image"], serde_json::json!([7, 28]));
    sandbox.ae(linear).fails_with(&["linear.safetensors exists already", "--force"]);
}

#[test]
fn weights_that_cannot_be_imported_are_named_and_leave_no_file() {
    let sandbox = Sandbox::new();
    let fixtures =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../ae-models/tests/fixtures/exchange");
    for name in ["torch_halves_f64.safetensors", "keras_colour.npz"] {
        fs::copy(fixtures.join(name), sandbox.path(name)).unwrap();
    }
    let doubles = "import torch_halves_f64.safetensors -o m.safetensors";
    sandbox.ae(doubles).fails_with(&[
        "torch_halves_f64.safetensors: module.encoder.0.weight must be F32, but is F64",
        "--convert rounds it to F32",
    ]);
    let finished = sandbox.ae(&format!("{doubles} --convert")).succeeds();
    let assumed = "assumed, because weights do not say it: hidden activation relu; code activation relu; output \
                   activation sigmoid; images of 1 x 6; a bias of zeros in module.decoder.0, which has none; a regular \
                   autoencoder; `ae import --help` names the flags";
    assert!(finished.stderr.contains(assumed), "{}", finished.stderr);
    assert!(finished.stderr.contains("arrays rounded to F32: 5 of F64"), "{}", finished.stderr);

    let keras = "import keras_colour.npz -o k.safetensors";
    sandbox.ae(&format!("{keras} --code 4")).fails_with(&[
        "keras_colour.npz: expected a layer with 4 outputs before the last one, found outputs [3]",
    ]);
    sandbox.write("cut.npz", &sandbox.read("keras_colour.npz")[..500]);
    sandbox.ae("import cut.npz -o k.safetensors").fails_with(&["cut.npz is damaged"]);
    sandbox.write("text.safetensors", "hello, these are no weights");
    sandbox
        .ae("import text.safetensors -o k.safetensors")
        .fails_with(&["text.safetensors: expected safetensors or .npz, found another file"]);
    sandbox.ae("import missing.npz -o k.safetensors").fails_with(&["cannot read missing.npz"]);
    sandbox.ae(&format!("{keras} --shape 0x2")).refuses_with(&["HEIGHTxWIDTH", "1 to 8192"]);
    sandbox
        .ae(&format!("{keras} --code-activation swish"))
        .refuses_with(&["[possible values: linear, relu, leaky-relu"]);
    assert!(!sandbox.path("k.safetensors").exists());
    sandbox.ae(keras).succeeds();
    sandbox.holds_no_temporary_files();
}

/// The listings of the page are the files that are run.
#[test]
fn the_listings_of_the_interop_page_are_its_scripts() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let page = fs::read_to_string(docs.join("interop.md")).unwrap();
    let mut listed: Vec<&str> =
        page.split("```python\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    for name in
        ["read_numpy", "read_torch", "write_numpy", "write_torch", "write_keras", "run_onnx"]
    {
        let script = fs::read_to_string(docs.join(format!("interop/{name}.py"))).unwrap();
        let place = listed.iter().position(|listing| *listing == script);
        listed.remove(place.unwrap_or_else(|| panic!("the page does not show {name}.py as it is")));
        assert!(page.contains(&format!("(interop/{name}.py)")), "the page does not link {name}.py");
    }
    assert_eq!(listed, Vec::<&str>::new(), "listings without a script");
}

//! A trained model at work on images.

use serde_json::json;

use crate::npy;
use crate::support::{SIDE, SPEC, Sandbox, TEST_IMAGES};

/// The header of an IDX file of images.
const IDX_HEADER: usize = 16;
const TEST_FILE: &str = "data/t10k-images-idx3-ubyte";

/// Runs a command that writes a `.npy` file: its shape and numbers.
fn written(sandbox: &Sandbox, command: &str) -> (Vec<usize>, Vec<f32>) {
    sandbox.ae(&format!("{command} -o out.npy --force")).succeeds();
    npy::read(&sandbox.read("out.npy"))
}

/// Width and height of a PNG file.
fn png_size(bytes: &[u8]) -> [u32; 2] {
    assert_eq!(&bytes[..16], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    [16, 20].map(|at| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()))
}

#[test]
fn an_evaluation_agrees_with_the_record_of_the_run() {
    let sandbox = Sandbox::with_run();
    sandbox.write("once.toml", SPEC.replace("every-epoch", "once"));
    sandbox.write("fresh.toml", SPEC);
    for (run, noise, seed) in
        [("run", None, 42), ("once", Some("gaussian:0.5"), 7), ("fresh", Some("gaussian:0.5"), 7)]
    {
        if run != "run" {
            sandbox.ae(&format!("train {run}.toml --out {run}")).succeeds();
        }
        let mut expected = sandbox.read_json(&format!("{run}/record.json"))["metrics"].clone();
        assert_eq!(expected["noisy_mse"].is_number(), noise.is_some(), "{expected}");
        expected.as_object_mut().unwrap().remove("train_bce");
        let found = sandbox.ae(&format!("evaluate {run} data --json")).succeeds().json();
        let expected = json!({
            "dataset": "folder", "images": TEST_IMAGES, "part": "test", "skipped": 0, "noise": noise,
            "seed": seed, "metrics": expected,
        });
        assert_eq!(found, expected, "{run}");
    }
    let text = sandbox.ae("evaluate fresh data").succeeds().stdout;
    assert!(text.starts_with("100 test images of folder with noise gaussian:0.5\n"), "{text}");
}

#[test]
fn an_evaluation_takes_the_noise_and_the_seed_that_are_asked_for() {
    let sandbox = Sandbox::with_run();
    let mse = |flags: &str| {
        let found = sandbox.ae(&format!("evaluate run/model.safetensors data {flags} --json"));
        let found = found.succeeds().json();
        (found["metrics"]["noisy_mse"].as_f64(), found["metrics"]["val_mse"].as_f64().unwrap())
    };
    let clean = mse("");
    assert_eq!(clean.0, None);
    let noisy = mse("--noise gaussian:0.5");
    assert_eq!(noisy, mse("--noise gaussian:0.5 --seed 42"));
    assert_ne!(noisy.0, mse("--noise gaussian:0.5 --seed 43").0);
    // Gaussian noise of 0.5, clipped, on images of 0 and 1: half of the draws are cut off.
    assert!((noisy.0.unwrap() - 0.1).abs() < 0.05, "{noisy:?}");
}

#[test]
fn what_is_encoded_and_decoded_is_the_reconstruction() {
    let sandbox = Sandbox::with_run();
    let (shape, images) = written(&sandbox, "reconstruct run data");
    assert_eq!(shape, [TEST_IMAGES, SIDE, SIDE]);
    assert!(images.iter().all(|pixel| (0.0..=1.0).contains(pixel)));

    let (shape, codes) = written(&sandbox, "encode run data");
    assert_eq!(shape, [TEST_IMAGES, 8]);
    sandbox.write("codes.npy", npy::write("<f4", "(100, 8)", &npy::f4(&codes)));
    let (shape, decoded) = written(&sandbox, "decode run codes.npy");
    assert_eq!(shape, [TEST_IMAGES, SIDE, SIDE]);
    assert!(npy::f4(&decoded) == npy::f4(&images), "decoded images differ from reconstructed ones");

    for model in ["run/encoder.safetensors", "run/model.safetensors"] {
        let (_, others) = written(&sandbox, &format!("encode {model} data --threads 1"));
        assert!(npy::f4(&others) == npy::f4(&codes), "{model}");
    }
}

#[test]
fn images_are_the_same_in_whatever_form_they_come() {
    let sandbox = Sandbox::with_run();
    let expected = written(&sandbox, "reconstruct run data");
    let pixels = sandbox.read(TEST_FILE)[IDX_HEADER..].to_vec();
    let floats: Vec<f32> = pixels.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
    sandbox.write("bytes.npy", npy::write("|u1", "(100, 14, 14)", &pixels));
    sandbox.write("floats.npy", npy::write("<f4", "(100, 14, 14)", &npy::f4(&floats)));
    sandbox.write("flat.npy", npy::write("<f4", "(100, 196)", &npy::f4(&floats)));
    for images in [TEST_FILE, "bytes.npy", "floats.npy", "flat.npy"] {
        let found = written(&sandbox, &format!("reconstruct run/model.safetensors {images}"));
        assert!(found == expected, "{images}");
    }
}

#[test]
fn one_image_comes_back_as_one_image() {
    let sandbox = Sandbox::with_run();
    let first = &sandbox.read(TEST_FILE)[IDX_HEADER..][..SIDE * SIDE];
    sandbox.write("one.npy", npy::write("|u1", "(14, 14)", first));
    sandbox.ae("reconstruct run one.npy -o one.png").succeeds();
    assert_eq!(png_size(&sandbox.read("one.png")), [14, 14]);
    // What was written can be read.
    sandbox.ae("reconstruct run one.png -o again.png").succeeds();
    assert_eq!(png_size(&sandbox.read("again.png")), [14, 14]);
    let (shape, codes) = written(&sandbox, "encode run one.png");
    assert_eq!((shape, codes.len()), (vec![1, 8], 8));
    let (shape, _) = written(&sandbox, "denoise run one.png");
    assert_eq!(shape, [1, SIDE, SIDE]);
}

#[test]
fn many_images_become_a_figure() {
    let sandbox = Sandbox::with_run();
    sandbox.ae("reconstruct run data -o few.png --count 3").succeeds();
    sandbox.ae("reconstruct run data -o many.png").succeeds();
    let [few, many] = ["few.png", "many.png"].map(|file| png_size(&sandbox.read(file)));
    assert!(few[0] < many[0], "{few:?} {many:?}");
    sandbox.ae("reconstruct run data -o figure.svg").succeeds();
    let svg = sandbox.read_text("figure.svg");
    for words in ["<svg", "folder: the first 10 of 100 images", "original", "reconstructed"] {
        assert!(svg.contains(words), "{words}");
    }
    sandbox.write("two.npy", npy::write("|u1", "(2, 14, 14)", &[7; 2 * SIDE * SIDE]));
    sandbox.ae("reconstruct run two.npy -o two.svg").succeeds();
    assert!(sandbox.read_text("two.svg").contains("two.npy: 2 images"));
    sandbox.ae("denoise run data --noise masking:0.3 -o denoised.svg").succeeds();
    let svg = sandbox.read_text("denoised.svg");
    for row in ["noisy", "denoised", "original"] {
        assert!(svg.contains(row), "{row}");
    }
    let shown = sandbox.ae("reconstruct run data --show --count 2").succeeds().stdout;
    assert!(shown.contains("original") && shown.lines().count() > SIDE / 2, "{shown}");
}

#[test]
fn noise_follows_from_its_seed() {
    let sandbox = Sandbox::with_data();
    sandbox.write("spec.toml", SPEC);
    sandbox.ae("train spec.toml --out run").succeeds();
    let denoised =
        |flags: &str| written(&sandbox, &format!("denoise run data {flags} --threads 2")).1;
    let noisy = denoised("--noise gaussian:0.5");
    assert!(noisy == denoised("--noise gaussian:0.5 --seed 42"));
    assert!(noisy != denoised("--noise gaussian:0.5 --seed 43"));
    // Without noise, the images are taken as they are.
    assert!(denoised("") == written(&sandbox, "reconstruct run data").1);
}

#[test]
fn a_regular_autoencoder_is_said_not_to_denoise() {
    let sandbox = Sandbox::with_run();
    let finished = sandbox.ae("denoise run data -o out.npy --force").succeeds();
    assert!(finished.stderr.contains("run is a regular autoencoder"), "{}", finished.stderr);
}

#[test]
fn what_was_written_is_told_in_the_form_that_is_asked_for() {
    let sandbox = Sandbox::with_run();
    let command = "encode run data -o codes.npy --force";
    let text = "100 images encoded to 8 numbers each to codes.npy\n";
    assert_eq!(sandbox.ae(command).succeeds().stdout, text);
    let told = sandbox.ae(&format!("{command} --json")).succeeds().json();
    assert_eq!(told, json!({ "images": 100, "skipped": 0, "output": "codes.npy" }));
    let quiet = sandbox.ae(&format!("{command} --quiet")).succeeds();
    assert_eq!((quiet.stdout, quiet.stderr), (String::new(), String::new()));
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let sandbox = Sandbox::with_run();
    let before = sandbox.contents_of("");
    for (command, fragments) in [
        ("encode run data -o no/codes.npy", ["cannot write no/codes.npy", "no folder no"]),
        ("reconstruct run data -o data/x/y.png", ["cannot write data/x/y.png", "no folder data/x"]),
    ] {
        sandbox.ae(command).fails_with(&fragments);
    }
    for (command, fragments) in [
        ("reconstruct run data -o out.gif", ["out.gif", ".npy, .csv, .parquet, .png or .svg"]),
        ("reconstruct run data -o out", ["--out", "or a folder, such as out/"]),
        ("encode run data -o codes.csv", ["codes.csv", ".npy"]),
    ] {
        sandbox.ae(command).refuses_with(&fragments);
    }
    assert_eq!(sandbox.contents_of(""), before);
}

#[test]
fn an_inspection_tells_what_a_file_holds() {
    let sandbox = Sandbox::with_run();
    let found = sandbox.ae("inspect run --json").succeeds().json();
    assert_eq!((&found["part"], &found["parameters"]), (&json!("model"), &json!(3340)));
    assert_eq!(found["weights_sha256"], sandbox.weights_of("run"));
    assert_eq!(found["model"]["kind"], "regular");
    assert_eq!(
        found["tensors"],
        json!([
            { "name": "encoder.0.weight", "shape": [8, 196] },
            { "name": "encoder.0.bias", "shape": [8] },
            { "name": "decoder.0.weight", "shape": [196, 8] },
            { "name": "decoder.0.bias", "shape": [196] },
        ])
    );
    let encoder = sandbox.ae("inspect run/encoder.safetensors --json").succeeds().json();
    assert_eq!((&encoder["part"], &encoder["parameters"]), (&json!("encoder"), &json!(1576)));
    let text = sandbox.ae("inspect run/encoder.safetensors").succeeds().stdout;
    assert!(text.contains("an encoder alone of a regular autoencoder for images of 14 x 14"));
}

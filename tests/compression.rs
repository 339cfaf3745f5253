//! Images compressed with a trained model and brought back.

use std::fs;

use image::{GrayImage, Luma, Rgb, RgbImage};
use sha2::{Digest, Sha256};

use crate::npy;
use crate::support::{SIDE, SPEC, Sandbox, TEST_IMAGES};

/// The header of an IDX file of images.
const IDX_HEADER: usize = 16;

/// The images of `x.aez` as bytes.
fn decompressed(sandbox: &Sandbox, flags: &str) -> Vec<u8> {
    sandbox.ae(&format!("decompress run x.aez -o out.npy --force {flags}")).succeeds();
    let (_, pixels) = npy::read(&sandbox.read("out.npy"));
    pixels.iter().map(|pixel| (pixel * 255.0).round() as u8).collect()
}

#[test]
fn the_exact_mode_gives_the_images_back_in_fewer_bytes() {
    let sandbox = Sandbox::with_run();
    let original = sandbox.read("data/t10k-images-idx3-ubyte")[IDX_HEADER..].to_vec();
    let told = sandbox.ae("compress run data -o x.aez --force --exact --json").succeeds().json();
    assert_eq!(told["images"], TEST_IMAGES);
    assert_eq!(told["bytes"], sandbox.read("x.aez").len());
    assert!(sandbox.read("x.aez").len() < original.len() / 10, "{told}");
    assert!(decompressed(&sandbox, "") == original);
    assert!(decompressed(&sandbox, "--image 37") == original[37 * SIDE * SIDE..][..SIDE * SIDE]);
    // Each as a picture; those have names, which the file keeps.
    let bytes = sandbox.read("x.aez");
    sandbox.ae("decompress run x.aez -o out/").succeeds();
    sandbox.ae("compress run out -o named.aez --exact").succeeds();
    assert_ne!(sandbox.read("named.aez"), bytes);
    sandbox.ae("decompress run named.aez -o named.npy").succeeds();
    sandbox.ae("decompress run x.aez -o all.npy").succeeds();
    assert!(sandbox.read("named.npy") == sandbox.read("all.npy"));
}

#[test]
fn names_and_class_folders_come_back() {
    let sandbox = Sandbox::with_run();
    sandbox.ae("reconstruct run data -o made/").succeeds();
    let names = ["cats/a.png", "cats/b.png", "dogs/a.png", "größe.png"];
    for (place, name) in names.iter().enumerate() {
        sandbox.write(&format!("pets/{name}"), sandbox.read(&format!("made/{place:06}.png")));
    }
    fs::create_dir(sandbox.path("pets/more")).unwrap();
    fs::rename(sandbox.path("pets/größe.png"), sandbox.path("pets/more/größe.png")).unwrap();
    for command in ["compress run pets -o x.aez --exact", "decompress run x.aez -o again/"] {
        sandbox.ae(command).succeeds();
    }
    for name in ["cats/a.png", "cats/b.png", "dogs/a.png", "more/größe.png"] {
        let [before, after] = ["pets", "again"].map(|folder| {
            image::open(sandbox.path(&format!("{folder}/{name}"))).unwrap().to_luma8()
        });
        assert!(before == after, "{name}");
    }
    // A program that knows version 1 alone says that the file is of a later one.
    assert_eq!(sandbox.read("x.aez")[4], 2);
    sandbox.ae("decompress run x.aez -o one.png --image 2").succeeds();
    assert_eq!(sandbox.read("one.png"), sandbox.read("again/dogs/a.png"));
}

/// Pictures of other sizes than the model's, in tiles of it: grey and coloured, in a subfolder, one smaller than a
/// tile.
#[test]
fn pictures_of_other_sizes_come_back_in_their_own() {
    let sandbox = Sandbox::with_run();
    let place = |x: u32, y: u32| (x * 5 + y * 3) as u8;
    let grey = GrayImage::from_fn(37, 20, |x, y| Luma([place(x, y)]));
    let colour = RgbImage::from_fn(15, 30, |x, y| Rgb([place(x, y), 7, place(y, x)]));
    let small = GrayImage::from_fn(5, 3, |x, y| Luma([place(x, y)]));
    fs::create_dir_all(sandbox.path("photos/more")).unwrap();
    grey.save(sandbox.path("photos/a.png")).unwrap();
    colour.save(sandbox.path("photos/more/b.png")).unwrap();
    small.save(sandbox.path("photos/more/c.png")).unwrap();
    let told = sandbox.ae("compress run photos -o x.aez --exact --json").succeeds().json();
    // Tiles of 14 x 14: 3 x 2, 2 x 3 of three colours, and one.
    assert_eq!((&told["images"], &told["tiles"]), (&3.into(), &25.into()));
    assert_eq!(sandbox.read("x.aez")[4], 3);
    sandbox.ae("decompress run x.aez -o again/").succeeds();
    assert!(image::open(sandbox.path("again/a.png")).unwrap().to_luma8() == grey);
    assert!(image::open(sandbox.path("again/more/b.png")).unwrap().to_rgb8() == colour);
    assert!(image::open(sandbox.path("again/more/c.png")).unwrap().to_luma8() == small);
    sandbox.ae("decompress run x.aez -o one.png --image 1").succeeds();
    assert_eq!(sandbox.read("one.png"), sandbox.read("again/more/b.png"));
    for (flags, told) in [
        ("-o all.npy", "pictures of other sizes than the model's go into a folder"),
        ("-o all.png", "pictures of other sizes than the model's go into a folder"),
        ("-o one.png --force --image 3", "expected --image below 3, found 3"),
    ] {
        sandbox.ae(&format!("decompress run x.aez {flags}")).fails_with(&[told]);
    }
    // Lossy, and one picture alone.
    sandbox.ae("compress run photos/a.png -o lossy.aez").succeeds();
    sandbox.ae("decompress run lossy.aez -o lossy.png").succeeds();
    assert_eq!(image::open(sandbox.path("lossy.png")).unwrap().to_luma8().dimensions(), (37, 20));
    // With --resize the pictures have the model's size.
    sandbox.ae("compress run photos -o resized.aez --resize crop").succeeds();
    assert_eq!(sandbox.read("resized.aez")[4], 2);
}

#[test]
fn a_better_quality_takes_more_bytes_and_is_nearer() {
    let sandbox = Sandbox::with_data();
    // Long enough that its images differ by more than the coarsest steps.
    let learning = "--widths 8 --epochs 30 --batch-size 16 --learning-rate 0.01";
    sandbox.ae(&format!("train --data data {learning} --out run")).succeeds();
    let (_, whole) = {
        sandbox.ae("reconstruct run data -o out.npy --force").succeeds();
        npy::read(&sandbox.read("out.npy"))
    };
    let mut before = (0, f64::INFINITY);
    for quality in [1, 5, 9] {
        sandbox.ae(&format!("compress run data -o x.aez --force --quality {quality}")).succeeds();
        let pixels = decompressed(&sandbox, "");
        let squares =
            pixels.iter().zip(&whole).map(|(&a, &b)| f64::from(f32::from(a) / 255.0 - b).powi(2));
        let found = (sandbox.read("x.aez").len(), squares.sum::<f64>());
        assert!(found.0 > before.0 && found.1 < before.1, "{quality}: {found:?} {before:?}");
        before = found;
    }
}

#[test]
fn what_is_damaged_or_does_not_fit_is_refused() {
    let sandbox = Sandbox::with_run();
    sandbox.ae("compress run data -o x.aez --force").succeeds();
    let bytes = sandbox.read("x.aez");
    let refused = |bytes: &[u8], words: &[&str]| {
        sandbox.write("y.aez", bytes);
        sandbox
            .ae("decompress run y.aez -o out.npy --force")
            .fails_with(&[&["y.aez"], words].concat());
    };
    refused(&bytes[..bytes.len() / 2], &["damaged or cut"]);
    refused(&[&bytes[..40], &[bytes[40] ^ 1], &bytes[41..]].concat(), &["damaged"]);
    refused(b"", &["something else"]);
    sandbox.ae("train --data data --widths 8 --epochs 1 --out other").succeeds();
    let found = sandbox.ae("decompress other x.aez -o out.npy --force");
    found.fails_with(&["x.aez", "another model"]);
    sandbox
        .ae("decompress run x.aez -o out.npy --force --image 100")
        .fails_with(&["--image below 100"]);
    sandbox
        .ae("compress run/checkpoints/best.safetensors data -o y.aez --force")
        .fails_with(&["ae resume RUN"]);
    let pixels = npy::f4(&[0.3; SIDE * SIDE]);
    sandbox.write("floats.npy", npy::write("<f4", "(1, 14, 14)", &pixels));
    sandbox.ae("compress run floats.npy -o y.aez --force").fails_with(&["8-bit", "0.3", "image 0"]);
    sandbox.ae("compress run data -o y.aez --force --quality 10").refuses_with(&["1 to 9"]);
    sandbox.ae("compress run data -o y.zip").refuses_with(&[".aez"]);
    assert!(!sandbox.path("out.npy").exists());
}

#[test]
fn a_model_of_a_table_compresses_nothing() {
    let sandbox = Sandbox::new();
    let row = |i: usize| format!("{},{},{}\n", i % 7, i * i % 11, i % 3);
    sandbox.write("t.csv", format!("a,b,c\n{}", (0..60).map(row).collect::<String>()));
    sandbox.ae("train --data t.csv --widths 2 --epochs 1 --out run").succeeds();
    sandbox.ae("compress run t.csv -o x.aez --force").fails_with(&["run", "table", "8-bit images"]);
}

#[test]
fn a_study_compares_real_files() {
    let sandbox = Sandbox::with_data();
    let noise = "[corruption]\nnoise = \"gaussian:0.5\"\ndrawn = \"every-epoch\"\n";
    let spec = SPEC.replace("\"denoising\"", "\"regular\"").replace(noise, "");
    let study = "[study]\nkind = \"compression\"\nmodels = [[8], [16, 4]]\npca_components = 8\n";
    sandbox.write("study.toml", format!("{spec}\n{study}"));
    sandbox.ae("study study.toml --out study").succeeds();
    let metrics = sandbox.read_json("study/record.json")["metrics"].clone();
    let metric = |name: &str| metrics[name].as_f64().unwrap_or_else(|| panic!("{name}: {metrics}"));
    assert!(metric("exact_bytes") < metric("png_bytes"), "{metrics}");
    assert!(metric("png_mosaic_bytes") < metric("png_bytes"), "{metrics}");
    assert!(metric("zstd_whole_bytes") < metric("zstd_bytes"), "{metrics}");
    for file in ["rate-distortion.png", "compressed.svg", "equal-quality.csv", "model-size.csv"] {
        assert!(!sandbox.read(&format!("study/{file}")).is_empty());
    }
    let table = sandbox.read_text("study/rate-distortion.csv");
    // Nine qualities of two models and of PCA, fourteen of JPEG, each and together.
    assert_eq!(table.lines().count(), 1 + 3 * 9 + 2 * 14, "{table}");
    let model = "study/models/196-8.safetensors";
    let command = format!("compress {model} data -o x.aez --force --quality 9 --json");
    let bytes = sandbox.ae(&command).succeeds().json()["bytes"].as_f64().unwrap();
    let row = format!("196-8,9,{:.3},", bytes / TEST_IMAGES as f64);
    assert!(table.contains(&row), "{row}\n{table}");

    let without = study.replace("[8], [16, 4]", "");
    sandbox.write("none.toml", format!("{spec}\n{without}"));
    sandbox.ae("study none.toml --out other").refuses_with(&["study.models", "at least one"]);
}

/// Forty procedural digits that an earlier version has compressed, and their model; see
/// `fixtures/README.md`.
const GOLDEN_MODEL: &[u8] = include_bytes!("fixtures/golden/model.safetensors");
const GOLDEN_LOSSY: &[u8] = include_bytes!("fixtures/golden/lossy.aez");
const GOLDEN_EXACT: &[u8] = include_bytes!("fixtures/golden/exact.aez");
/// SHA-256 of the digits' bytes in the IDX file that was compressed.
const GOLDEN_IMAGES: &str = "22df632f219dc02089987753bac0b4aaa9e6685f8620922072aa4f5c69c878fe";
/// The same of what the earlier version has decompressed from the lossy file.
const GOLDEN_DECODED: &str = "677b599140361dab77e1ce0aa527805049c546baa44e9ab556e341a81f4f58f6";

#[test]
fn files_of_an_earlier_version_give_the_same_pixels() {
    let sandbox = Sandbox::new();
    sandbox.write("run", GOLDEN_MODEL);
    let digest = |file: &[u8]| {
        sandbox.write("x.aez", file);
        let pixels = decompressed(&sandbox, "");
        assert_eq!(pixels.len(), 40 * 28 * 28);
        Sha256::digest(pixels).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    assert_eq!(digest(GOLDEN_EXACT), GOLDEN_IMAGES);
    assert_eq!(digest(GOLDEN_LOSSY), GOLDEN_DECODED);

    // A machine with fused multiply-adds finds the same codes, and so the same file; others may round
    // a code the other way.
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("fma") {
        sandbox.write("x.aez", GOLDEN_EXACT);
        sandbox.ae("decompress run x.aez -o digits.npy").succeeds();
        sandbox.ae("compress run digits.npy -o y.aez --force --exact --quality 7").succeeds();
        assert!(sandbox.read("y.aez") == GOLDEN_EXACT);
        sandbox.ae("compress run digits.npy -o y.aez --force --quality 9").succeeds();
        assert!(sandbox.read("y.aez") == GOLDEN_LOSSY);
    }
}

#[test]
fn a_right_checksum_does_not_make_a_file_right() {
    let sandbox = Sandbox::new();
    sandbox.write("run", GOLDEN_MODEL);
    let body = &GOLDEN_EXACT[..GOLDEN_EXACT.len() - 8];
    let refused = |body: &[u8], words: &[&str]| {
        sandbox.write("y.aez", [body, &Sha256::digest(body)[..8]].concat());
        sandbox
            .ae("decompress run y.aez -o out.npy --force")
            .fails_with(&[&["y.aez"], words].concat());
    };
    refused(&body[..body.len() - 1], &["a block of"]);
    refused(&body[..16], &["too few bytes"]);
    // 2^34 images in place of 40.
    let many = [0x80, 0x80, 0x80, 0x80, 0x40];
    refused(&[&body[..15], &many, &body[16..]].concat(), &["17179869184"]);
    assert!(!sandbox.path("out.npy").exists());
}

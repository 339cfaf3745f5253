//! The denoiser inside the program: `ae denoise photo.jpg` without a model.

use std::fs;
use std::path::Path;

use image::{DynamicImage, ImageReader};

use crate::support::Sandbox;

fn opened(path: &Path) -> DynamicImage {
    ImageReader::open(path).unwrap().decode().unwrap()
}

/// The mean squared difference of two pictures, in grey levels.
fn difference(a: &Path, b: &Path) -> f64 {
    let [a, b] = [a, b].map(|path| opened(path).to_rgb8());
    assert_eq!(a.dimensions(), b.dimensions());
    let pairs = a.as_raw().iter().zip(b.as_raw());
    pairs.map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>() / a.len() as f64
}

/// Procedural pictures in `leaves/test`, and their noisy copies in `noisy`.
fn with_noisy_pictures(sandbox: &Sandbox, channels: u32) {
    sandbox
        .ae(&format!("data export leaves --size 75x96 --channels {channels} --out leaves"))
        .succeeds();
    fs::create_dir(sandbox.path("noisy")).unwrap();
    for number in ["00001", "00002"] {
        let clean = sandbox.path(&format!("leaves/test/{number}.png"));
        let mut picture = opened(&clean).to_rgb8();
        // Sums of four digits of a generator of Lehmer's: nearly Gaussian, of 20 grey levels.
        let mut state = 7_u64;
        let mut next = || {
            state = state * 48_271 % 2_147_483_647;
            state as f64 / 2_147_483_647.0 - 0.5
        };
        for value in picture.iter_mut() {
            let noise = (next() + next() + next() + next()) * 20.0 * 3.0_f64.sqrt();
            *value = (f64::from(*value) + noise).round().clamp(0.0, 255.0) as u8;
        }
        let noisy = match channels {
            1 => DynamicImage::ImageLuma8(DynamicImage::ImageRgb8(picture).to_luma8()),
            _ => DynamicImage::ImageRgb8(picture),
        };
        noisy.save(sandbox.path(&format!("noisy/{number}.png"))).unwrap();
    }
}

#[test]
fn a_picture_is_denoised_without_a_model_beside_itself() {
    let sandbox = Sandbox::new();
    with_noisy_pictures(&sandbox, 3);
    let told = sandbox.ae("denoise noisy/00001.png").succeeds().stderr;
    for part in ["no model is named: the denoiser inside is used", "noise level 0.0", "estimated"] {
        assert!(told.contains(part), "{told}");
    }
    let [clean, noisy, denoised] =
        ["leaves/test/00001.png", "noisy/00001.png", "noisy/00001-denoised.png"]
            .map(|path| sandbox.path(path));
    let [before, after] = [noisy, denoised].map(|path| difference(&clean, &path));
    assert!(after < before / 3.0, "{before} {after}");
    // It replaces nothing unless it is told to.
    sandbox.ae("denoise noisy/00001.png").fails_with(&["00001-denoised.png", "exists already"]);
    sandbox.ae("denoise noisy/00001.png --force --sigma 20/255").succeeds();
}

#[test]
fn a_folder_is_denoised_into_another_one_beside_it() {
    let sandbox = Sandbox::new();
    with_noisy_pictures(&sandbox, 1);
    sandbox.ae("denoise noisy").succeeds();
    for number in ["00001", "00002"] {
        let [clean, noisy, denoised] = ["leaves/test", "noisy", "noisy-denoised"]
            .map(|folder| sandbox.path(&format!("{folder}/{number}.png")));
        let [before, after] = [noisy, denoised].map(|path| difference(&clean, &path));
        assert!(after < before / 2.0, "{number}: {before} {after}");
    }
    sandbox.ae("denoise noisy").fails_with(&["noisy-denoised"]);
    sandbox.ae("denoise noisy/00001.png -o one.jpg --threads 1").succeeds();
    sandbox.ae("denoise noisy/00001.png -o two.jpg --threads 3").succeeds();
    assert_eq!(sandbox.read("one.jpg"), sandbox.read("two.jpg"));
}

/// The recipe trains the network that is inside, and names the weights that it gave.
#[test]
fn the_denoiser_inside_has_a_recipe() {
    let sandbox = Sandbox::new();
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ae-apply/assets");
    for name in ["denoiser.toml", "denoiser.safetensors"] {
        fs::copy(assets.join(name), sandbox.path(name)).unwrap();
    }
    let recipe = sandbox.read_text("denoiser.toml");
    let inside = sandbox.ae("inspect denoiser.safetensors --json").succeeds().json();
    let digest = inside["weights_sha256"].as_str().unwrap();
    assert!(recipe.contains(&format!("# weights_sha256: {digest}\n")), "{inside}");
    let short = "train denoiser.toml --epochs 1 --set data.patches.count=32 --out run";
    sandbox.ae(short).succeeds();
    let trained = sandbox.ae("inspect run/model.safetensors --json").succeeds().json();
    assert_eq!(trained["layers"], inside["layers"]);
    let size = fs::metadata(assets.join("denoiser.safetensors")).unwrap().len();
    assert!(size < 1_000_000, "{size}");
}

/// `photos/a/..` is another name of `photos`.
#[test]
fn a_folder_by_another_name_has_its_result_beside_it() {
    let sandbox = Sandbox::new();
    with_noisy_pictures(&sandbox, 1);
    fs::create_dir(sandbox.path("leaves/test/empty")).unwrap();
    sandbox.ae("denoise leaves/test/empty/..").succeeds();
    assert!(sandbox.path("leaves/test-denoised/00001.png").is_file());
}

#[test]
fn what_cannot_be_denoised_so_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("t.csv", "1,2\n3,4\n");
    sandbox.ae("denoise t.csv").refuses_with(&["give -o"]);
    sandbox.ae("denoise mnist").refuses_with(&["give -o"]);
    sandbox.ae("denoise nothing.png").fails_with(&["nothing.png"]);
    sandbox.write_data("data", [20, 4], 6);
    sandbox.ae("train --data data --widths 3 --epochs 1 --out run").succeeds();
    sandbox.ae("denoise run").refuses_with(&["run is a model", "ae denoise run PICTURES"]);
    sandbox.ae("denoise run/model.safetensors -o x.png").refuses_with(&["is a model"]);
    assert!(!sandbox.path("run-denoised").exists());
}

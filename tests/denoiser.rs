//! The denoiser for photographs: trained from flags, told the level of the noise or blind.

use std::fs;

use image::{GrayImage, Luma};

use crate::killed::kill_after_lines;
use crate::support::Sandbox;

/// A small denoiser, trained on few patches.
const TRAIN: &str = "train --data photos --patches 12x12:60 --network denoiser --features 8 --depth 3 --epochs 40 \
                     --batch-size 20 --learning-rate 0.005 --progress plain --out";

/// Smooth pictures of different sizes.
fn with_photos() -> Sandbox {
    let sandbox = Sandbox::new();
    for folder in ["photos", "clean"] {
        fs::create_dir(sandbox.path(folder)).unwrap();
    }
    for number in 0..8 {
        let wave = |x: u32, y: u32| ((x + number * y) as f32 / 5.0).sin() * 60.0 + 128.0;
        let picture =
            GrayImage::from_fn(24 + 3 * number, 30 - number, |x, y| Luma([wave(x, y) as u8]));
        for folder in ["photos", "clean"] {
            picture.save(sandbox.path(&format!("{folder}/{number}.png"))).unwrap();
        }
    }
    sandbox
}

#[test]
fn it_is_trained_from_flags_and_resumed_exactly() {
    let sandbox = with_photos();
    let told = sandbox.ae(&format!("{TRAIN} whole --threads 2")).succeeds().stderr;
    assert!(told.contains("network denoiser 8, code 8 x 6 x 6"), "{told}");
    let spec = sandbox.read_text("whole/spec.toml");
    for line in [
        "network = \"denoiser\"",
        "initialisation = \"residual\"",
        "features = 8",
        "depth = 3",
        "noise_level = true",
        "kind = \"denoising\"",
        "noise = \"gaussian:5/255..55/255:unclipped\"",
        "drawn = \"every-epoch\"",
        "loss = \"mean-squared-error\"",
        "kind = \"cosine\"",
    ] {
        assert!(spec.lines().any(|found| found == line), "{line}\n{spec}");
    }
    let record = sandbox.read_json("whole/record.json");
    let [denoised, noisy] =
        ["val_mse", "noisy_mse"].map(|it| record["metrics"][it].as_f64().unwrap());
    assert!(denoised < noisy, "{record}");
    // Squares of pixels that became channels are not pictures.
    let notes = record["figure_notes"].as_array().unwrap();
    assert!(notes.len() == 1 && notes[0].as_str().unwrap().starts_with("filters: "), "{record}");

    kill_after_lines(&sandbox, &format!("{TRAIN} killed --threads 1"), 2);
    sandbox.ae("resume killed").succeeds();
    assert_eq!(sandbox.weights_of("killed"), sandbox.weights_of("whole"));
    // The run's spec trains the same model again.
    sandbox.ae("train whole/spec.toml --out again").succeeds();
    assert_eq!(sandbox.weights_of("again"), sandbox.weights_of("whole"));
    let evaluated = sandbox.ae("evaluate whole --json").succeeds().json();
    assert_eq!(evaluated["metrics"]["val_mse"], record["metrics"]["val_mse"]);
}

#[test]
fn it_is_told_the_level_where_levels_differ_and_where_it_is_not_blind() {
    let sandbox = with_photos();
    for (number, (flags, is_told)) in [
        ("--noise gaussian:0.05..0.2", true),
        ("--noise gaussian:25/255", false),
        ("--noise stripes:0.1", false),
        ("--blind", false),
        ("--target clean --noise gaussian:0.05..0.2", false),
        ("--target clean", false),
    ]
    .into_iter()
    .enumerate()
    {
        sandbox.ae(&format!("{TRAIN} run-{number} {flags}")).succeeds();
        let spec = sandbox.read_text(&format!("run-{number}/spec.toml"));
        assert!(spec.contains(&format!("noise_level = {is_told}\n")), "{flags}: {spec}");
    }
}

#[test]
fn photographs_are_cut_where_nothing_else_is_said() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("photos")).unwrap();
    for number in 0..4 {
        let picture = GrayImage::from_fn(44, 41 + number, |x, y| Luma([(x * y + number) as u8]));
        picture.save(sandbox.path(&format!("photos/{number}.png"))).unwrap();
    }
    let train =
        "train --data photos --network denoiser --features 2 --depth 2 --epochs 1 --out run";
    let told = sandbox.ae(train).succeeds().stderr;
    let said = "cuts 1000 patches of 40 x 40 anew from 3 pictures, to cover these once (from 1000 to 16000), mirrored and \
                turned at random";
    assert!(told.contains(said), "{told}");
    // Pictures of one size may be taken whole.
    sandbox.ae(&format!("{train}-2 --size 12x12 --resize crop")).succeeds();
    assert!(!sandbox.read_text("run-2/spec.toml").contains("[data.patches]"));
}

#[test]
fn what_does_not_fit_is_refused() {
    let sandbox = with_photos();
    for (flags, fragments) in [
        ("--patches 11x12:60", &["images of 11 x 12 do not fit the network `denoiser`"][..]),
        ("--depth 1", &["model.depth must be 2 to 256", "found 1"]),
        ("--depth 100000000000", &["model.depth must be 2 to 256", "found 100000000000"]),
        ("--set model.features=0", &["model.features must be 1 or more", "found 0"]),
        ("--features 20000", &["so narrow that they have at most", "parameters"]),
        (
            "--noise stripes:0.1 --set model.noise_level=true",
            &["model.noise_level must be false", "found true with stripes:0.1"],
        ),
        ("--noise none", &["model.kind must be denoising", "nothing to learn"]),
        (
            "--blind-spot --set model.noise_level=true",
            &["model.noise_level must be false with training.blind_spot"],
        ),
        (
            "--target clean --set model.noise_level=true",
            &[
                "model.noise_level must be false with data.target",
                "the noise of the inputs is not known",
            ],
        ),
        ("--network conv-denoiser", &["--features is for the network denoiser", "conv-denoiser"]),
    ] {
        let train = TRAIN.replace(
            "--patches 12x12:60",
            if flags.contains("--patches") { "" } else { "--patches 12x12:60" },
        );
        let train = if flags.contains("--network") {
            train.replace("--network denoiser", "")
        } else {
            train
        };
        let train = if flags.contains("--depth") { train.replace("--depth 3", "") } else { train };
        let train =
            if flags.starts_with("--features") { train.replace("--features 8", "") } else { train };
        sandbox.ae(&format!("{train} run {flags}")).refuses_with(fragments);
        assert!(!sandbox.path("run").exists(), "{flags}");
    }
}

//! Denoising that is learned from pairs of pictures, and from noisy pictures alone.

use std::fs;

use image::{GrayImage, Luma};

use crate::killed::kill_after_lines;
use crate::support::Sandbox;

/// A training on pairs of patches, and what else decides its weights.
const PAIRS: &str = "train --data dirty --target clean --patches 12x12:60 --flips --rotations --widths 6 --epochs 6 \
                     --batch-size 20 --progress plain --out";

/// Ten pairs of different sizes. A dirty picture has a stain, and is darker.
fn with_pairs() -> Sandbox {
    let sandbox = Sandbox::new();
    for folder in ["dirty", "clean"] {
        fs::create_dir(sandbox.path(folder)).unwrap();
    }
    for number in 0..10 {
        pair(&sandbox, number, 20 + 3 * number, 30 - number);
    }
    sandbox
}

fn pair(sandbox: &Sandbox, number: u32, width: u32, height: u32) {
    let clean = |x: u32, y: u32| 100 + ((x * (number + 3) + y * 7) % 90) as u8;
    let dirty =
        |x: u32, y: u32| if (x / 5 + y / 5).is_multiple_of(3) { 60 } else { clean(x, y) - 30 };
    let save = |name: String, pixel: &dyn Fn(u32, u32) -> u8| {
        let picture = GrayImage::from_fn(width, height, |x, y| Luma([pixel(x, y)]));
        picture.save(sandbox.path(&name)).unwrap();
    };
    save(format!("clean/{number}.bmp"), &clean);
    save(format!("dirty/{number}.png"), &dirty);
}

#[test]
fn a_killed_run_goes_on_with_the_same_pairs() {
    let sandbox = with_pairs();
    let trained = sandbox.ae(&format!("{PAIRS} whole")).succeeds();
    for said in [
        "dirty: 10 pictures, each with its partner in clean, which it is to become",
        "every epoch cuts 60 patches of 12 x 12 anew from 9 pairs, mirrored and turned at random; 6 patches of 1 other pair stay",
    ] {
        assert!(trained.stderr.contains(said), "{}", trained.stderr);
    }
    let record = sandbox.read_json("whole/record.json");
    let target = sandbox.path("clean").canonicalize().unwrap().display().to_string();
    assert_eq!(record["dataset"]["target"], target.as_str());
    let metric = |name: &str| record["metrics"][name].as_f64().unwrap();
    // Every pixel is off by 30 of 255 at least.
    assert!(metric("noisy_mse") > (30.0_f64 / 255.0).powi(2), "{}", metric("noisy_mse"));
    let of_baselines = record["diagnosis"]["noisy_mse"].as_f64().unwrap();
    assert!((of_baselines / metric("noisy_mse") - 1.0).abs() < 1e-6, "{record}");
    let caption = record["figures"][0]["caption"].as_str().unwrap();
    assert!(caption.contains("learned from pairs with clean"), "{caption}");
    assert!(record["figures"][0]["title"] == "Denoised");

    kill_after_lines(&sandbox, &format!("{PAIRS} killed"), 3);
    // The same sizes, other contents of a clean picture.
    let whole = sandbox.read("clean/3.bmp");
    let mut other = image::open(sandbox.path("clean/3.bmp")).unwrap().to_luma8();
    other.put_pixel(0, 0, Luma([77]));
    other.save(sandbox.path("clean/3.bmp")).unwrap();
    sandbox.ae("resume killed").fails_with(&["the data has changed since the run"]);
    sandbox.write("clean/3.bmp", whole);
    fs::rename(sandbox.path("clean"), sandbox.path("moved")).unwrap();
    sandbox.ae("resume killed").fails_with(&["clean", "its partners: --target"]);
    sandbox.ae("resume killed --target moved").succeeds();
    assert_eq!(sandbox.weights_of("killed"), sandbox.weights_of("whole"));
    assert_eq!(sandbox.read("killed/curve.csv"), sandbox.read("whole/curve.csv"));
    // Dirty pictures alone teach something else.
    sandbox.ae(&format!("{} alone", PAIRS.replace("--target clean", ""))).succeeds();
    assert_ne!(sandbox.weights_of("alone"), sandbox.weights_of("whole"));
}

#[test]
fn a_denoiser_learns_from_pairs_with_the_absolute_error_and_leaky_units() {
    let sandbox = with_pairs();
    let train = "train --data dirty --target clean --network denoiser --features 4 --depth 3 --patches 12x12:48 \
                 --epochs 2 --batch-size 16 --progress plain";
    let trained = sandbox.ae(&format!("{train} --out run")).succeeds();
    assert!(trained.stderr.contains("train_mae"), "{}", trained.stderr);
    let spec = sandbox.read_text("run/spec.toml");
    for line in ["loss = \"mean-absolute-error\"", "hidden_activation = \"leaky-relu\""] {
        assert!(spec.contains(line), "{spec}");
    }
    let metrics = &sandbox.read_json("run/record.json")["metrics"];
    let [mae, mse] = ["val_mae", "val_mse"].map(|name| metrics[name].as_f64().unwrap());
    // The mean of squares is not below the square of the mean.
    assert!(mae > 0.0 && mae * mae <= mse, "{metrics}");
    let judged = sandbox.ae("evaluate run --json").succeeds().json();
    assert_eq!(judged["metrics"]["val_mae"], metrics["val_mae"]);
    let curve = sandbox.read_text("run/curve.csv");
    assert!(curve.starts_with("epoch,learning_rate,train_mae,val_mae,val_mse\n"), "{curve}");

    // Where the loss is chosen, it stays; noisy pictures alone are learned with squared errors.
    sandbox.ae(&format!("{train} --loss mse --out squared")).succeeds();
    assert!(sandbox.read_json("squared/record.json")["metrics"].get("val_mae").is_none());
    let alone = train.replace("--target clean", "--blind-spot=0.05");
    sandbox.ae(&format!("{alone} --out alone")).succeeds();
    let spec = sandbox.read_text("alone/spec.toml");
    for line in [
        "loss = \"mean-squared-error\"",
        "hidden_activation = \"leaky-relu\"",
        "residual = false",
        "initialisation = \"he\"",
    ] {
        assert!(spec.contains(line), "{spec}");
    }
}

#[test]
fn a_model_of_pairs_is_judged_on_pairs() {
    let sandbox = with_pairs();
    sandbox.ae(&format!("{PAIRS} run")).succeeds();
    let metrics = &sandbox.read_json("run/record.json")["metrics"];
    let judged = |arguments: &str, images: usize| {
        let found = sandbox.ae(&format!("evaluate {arguments} --json")).succeeds().json();
        assert_eq!(found["images"], images, "{found}");
        found["metrics"].clone()
    };
    for name in ["val_mse", "noisy_mse", "noisy_psnr"] {
        assert_eq!(judged("run", 6)[name], metrics[name], "{name}");
    }
    // The model alone does not know where its data is.
    fs::copy(sandbox.path("run/model.safetensors"), sandbox.path("m.safetensors")).unwrap();
    assert_eq!(judged("m.safetensors dirty --target clean", 6)["val_mse"], metrics["val_mse"]);
    let refused = sandbox.ae("evaluate m.safetensors dirty");
    refused.fails_with(&["learned from pairs", "--target names the folder of the clean pictures"]);
    // Clean pictures with a noise are as good. Those of the training are known by their contents.
    assert!(judged("m.safetensors clean --noise gaussian:0.1", 6)["noisy_mse"].is_f64());
    // The text says so too.
    let told = sandbox.ae("evaluate run").succeeds().stdout;
    assert!(told.contains("6 held-out images of pictures and their inputs"), "{told}");
}

#[test]
fn whole_pictures_are_pairs_too_with_noise_on_the_dirty_ones() {
    let sandbox = with_pairs();
    for number in 0..10 {
        pair(&sandbox, number, 12, 9);
    }
    let train = "train --data dirty --target clean --widths 6 --epochs 3 --out";
    sandbox.ae(&format!("{train} run")).succeeds();
    sandbox.ae(&format!("{train} noisy --noise gaussian:0.2")).succeeds();
    let noisy = |run: &str| {
        sandbox.read_json(&format!("{run}/record.json"))["metrics"]["noisy_mse"].as_f64().unwrap()
    };
    assert!(noisy("noisy") > noisy("run"), "{} {}", noisy("noisy"), noisy("run"));
    let spec = sandbox.read_text("run/spec.toml");
    assert!(spec.contains("kind = \"denoising\"") && !spec.contains("[corruption]"), "{spec}");
    // The spec that a run keeps trains the same again.
    sandbox.ae("train run/spec.toml --out again").succeeds();
    assert_eq!(sandbox.weights_of("again"), sandbox.weights_of("run"));
    let regular = spec.replace("kind = \"denoising\"", "kind = \"regular\"");
    sandbox.write("regular.toml", regular);
    sandbox.ae("train regular.toml --out no").refuses_with(&["data.target", "for a regular model"]);
}

#[test]
fn what_is_no_pair_is_refused_or_left_out() {
    let sandbox = with_pairs();
    let train = |flags: &str| sandbox.ae(&format!("train --epochs 1 --out run {flags}"));
    fs::remove_file(sandbox.path("clean/4.bmp")).unwrap();
    pair(&sandbox, 11, 24, 24);
    fs::remove_file(sandbox.path("dirty/11.png")).unwrap();
    let pairs = "--data dirty --target clean --patches 12x12:30";
    train(pairs).fails_with(&["1 of 10 pictures in dirty", "dirty/4.png", "--skip-bad"]);
    fs::remove_file(sandbox.path("dirty/4.png")).unwrap();
    train(pairs).fails_with(&["1 of 10 pictures in clean", "clean/11.bmp", "--skip-bad"]);
    GrayImage::new(20, 20).save(sandbox.path("clean/0.bmp")).unwrap();
    train("--data digits --target clean").fails_with(&["pairs are two folders of pictures"]);
    train("--data dirty --target nowhere").fails_with(&["nowhere"]);
    train("--data dirty --target clean --blind-spot").refuses_with(&["cannot be used with"]);
    assert!(!sandbox.path("run").exists());
    let trained = train(&format!("{pairs} --skip-bad")).succeeds();
    assert!(
        trained.stderr.contains("0.png (30 x 20) and clean/0.bmp (20 x 20)"),
        "{}",
        trained.stderr
    );
    assert_eq!(sandbox.read_json("run/record.json")["dataset"]["skipped"], 2);
}

#[test]
fn noisy_pictures_alone_teach_denoising() {
    let sandbox = with_pairs();
    let train = "train --data dirty --patches 12x12:60 --widths 6 --epochs 3 --blind-spot --out";
    sandbox.ae(&format!("{train} run")).succeeds();
    let record = sandbox.read_json("run/record.json");
    let names: Vec<&String> = record["metrics"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["train_blind_spot_mse", "val_blind_spot_mse"]);
    let curve = sandbox.read_text("run/curve.csv");
    assert!(curve.lines().next().unwrap().contains("val_blind_spot_mse"), "{curve}");
    assert_eq!(record["diagnosis"]["no_pca"], "blind-spots");
    assert_eq!(record["diagnosis"]["noisy_mse"], serde_json::Value::Null);
    let figures = record["figures"].as_array().unwrap();
    assert!(figures.iter().all(|figure| figure["file"] != "worst.png"), "{figures:?}");
    let spec = sandbox.read_text("run/spec.toml");
    assert!(spec.contains("blind_spot = 0.05"), "{spec}");

    let judged = |arguments: &str| {
        sandbox.ae(&format!("evaluate {arguments} --json")).succeeds().json()["metrics"].clone()
    };
    let own = judged("run");
    assert_eq!(own["val_blind_spot_mse"], record["metrics"]["val_blind_spot_mse"]);
    assert_eq!(own.as_object().unwrap().len(), 1);
    // Where clean pictures are known, it is judged on these.
    assert!(judged("run dirty --target clean")["val_psnr"].is_f64());
    assert!(judged("run clean --noise gaussian:0.1")["noisy_psnr"].is_f64());
    sandbox.ae("denoise run dirty/3.png -o out.png").succeeds();

    // Resumed, and of another fraction.
    kill_after_lines(&sandbox, &format!("{train} killed --progress plain"), 1);
    sandbox.ae("resume killed").succeeds();
    assert_eq!(sandbox.weights_of("killed"), sandbox.weights_of("run"));
    sandbox.ae(&format!("{} other", train.replace("--blind-spot", "--blind-spot=0.1"))).succeeds();
    assert_ne!(sandbox.weights_of("other"), sandbox.weights_of("run"));
}

#[test]
fn blind_spots_that_make_no_sense_are_refused() {
    let sandbox = with_pairs();
    let train = |flags: &str| {
        sandbox.ae(&format!("train --data dirty --patches 12x12:30 --epochs 1 --out run {flags}"))
    };
    for fraction in ["0", "-1", "x", "nan"] {
        train(&format!("--blind-spot={fraction}")).refuses_with(&["--blind-spot"]);
    }
    train("--blind-spot=0.3")
        .refuses_with(&["--blind-spot", "above 0 and at most 0.25, such as 1/64"]);
    train("--blind-spot --set training.blind_spot=0.3")
        .refuses_with(&["training.blind_spot", "above 0 and at most 0.25"]);
    train("--blind-spot --loss bce").refuses_with(&["training.loss", "mean-squared-error"]);
    train("--blind-spot --network denoiser --set model.residual=true")
        .refuses_with(&["model.residual must be false", "would keep its noise"]);
    train("--blind-spot --network vae").refuses_with(&["training.blind_spot", "codes are samples"]);
    train("--blind-spot --noise gaussian:0.1").refuses_with(&["must be noisy themselves"]);
    sandbox.write("t.csv", "1,2\n3,4\n5,6\n");
    sandbox
        .ae("train --data t.csv --blind-spot --noise none --epochs 1 --out run")
        .refuses_with(&["training.blind_spot", "left out where items are no images"]);
    assert!(!sandbox.path("run").exists());
    // Noise that is drawn once makes noisy pictures of clean ones.
    for number in 0..10 {
        pair(&sandbox, number, 12, 9);
    }
    let train = "train --data clean --widths 6 --epochs 2 --blind-spot --out";
    let noisy = sandbox.ae(&format!("{train} noisy --noise correlated:0.1")).succeeds();
    assert!(noisy.stderr.contains("is alike in neighbouring pixels"), "{}", noisy.stderr);
    sandbox
        .ae(&format!("{train} no --noise gaussian:0.1 --drawn every-epoch"))
        .refuses_with(&["drawn once with training.blind_spot"]);
}

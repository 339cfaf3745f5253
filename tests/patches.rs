//! Training on patches of pictures of any size.

use std::fs;

use image::{GrayImage, Luma};

use crate::killed::kill_after_lines;
use crate::support::Sandbox;

/// A training on 60 patches an epoch, and what else decides its weights.
const TRAIN: &str = "train --data photos --patches 12x12:60 --flips --rotations --widths 6 --epochs 6 --batch-size 20 \
                     --noise gaussian:0.2 --progress plain --out";

/// Pictures of different sizes, each with another pattern.
fn with_photos() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("photos")).unwrap();
    for number in 0..10 {
        photo(&sandbox, &format!("photos/{number}.png"), number);
    }
    sandbox
}

fn photo(sandbox: &Sandbox, name: &str, number: u32) {
    let pattern = |x: u32, y: u32| Luma([(x * x * (number + 3) + y * 7 * (number + 1)) as u8]);
    let picture = GrayImage::from_fn(20 + 3 * number, 30 - number, pattern);
    picture.save(sandbox.path(name)).unwrap();
}

#[test]
fn a_killed_run_goes_on_with_the_same_patches() {
    let sandbox = with_photos();
    let trained = sandbox.ae(&format!("{TRAIN} whole")).succeeds();
    let said = "photos: every epoch cuts 60 patches of 12 x 12 anew from 9 pictures, mirrored and turned at random; 6 patches of 1 \
                other picture stay the same for validation";
    assert!(trained.stderr.contains(said), "{}", trained.stderr);
    let record = &sandbox.read_json("whole/record.json")["dataset"];
    assert_eq!((&record["train_images"], &record["test_images"]), (&60.into(), &6.into()));
    let patches = serde_json::json!({
        "train_pictures": 9, "test_pictures": 1, "flips": true, "rotations": true,
    });
    assert_eq!(record["patches"], patches);

    kill_after_lines(&sandbox, &format!("{TRAIN} killed"), 3);
    let contents = || {
        let mut contents = sandbox.contents_of("killed");
        contents.retain(|(path, _)| !path.ends_with(".lock"));
        contents
    };
    let before = contents();
    // The same sizes, other contents.
    fs::copy(sandbox.path("photos/3.png"), sandbox.path("3.png")).unwrap();
    let mut other = image::open(sandbox.path("3.png")).unwrap().to_luma8();
    other.put_pixel(0, 0, Luma([77]));
    other.save(sandbox.path("photos/3.png")).unwrap();
    sandbox.ae("resume killed").fails_with(&["the data has changed since the run"]);
    fs::copy(sandbox.path("3.png"), sandbox.path("photos/3.png")).unwrap();
    let spec = sandbox.read_text("killed/spec.toml");
    sandbox.write("killed/spec.toml", spec.replace("flips = true", "flips = false"));
    sandbox
        .ae("resume killed")
        .fails_with(&["data.patches.flips was true, and is false now; put it back"]);
    sandbox.write("killed/spec.toml", spec);
    assert!(contents() == before);

    sandbox.ae("resume killed").succeeds();
    assert_eq!(sandbox.weights_of("killed"), sandbox.weights_of("whole"));
    assert_eq!(sandbox.read("killed/curve.csv"), sandbox.read("whole/curve.csv"));
    let upright = TRAIN.replace("--flips --rotations", "");
    sandbox.ae(&format!("{upright} upright")).succeeds();
    assert_ne!(sandbox.weights_of("upright"), sandbox.weights_of("whole"));
}

#[test]
fn a_model_of_patches_is_judged_on_patches_of_held_out_pictures() {
    let sandbox = with_photos();
    sandbox.ae(&format!("{TRAIN} run")).succeeds();
    let metrics = &sandbox.read_json("run/record.json")["metrics"];
    let judged = |arguments: &str, images: usize, part: &str| {
        let found = sandbox.ae(&format!("evaluate {arguments} --json")).succeeds().json();
        assert_eq!((&found["images"], &found["part"]), (&images.into(), &part.into()), "{found}");
        found["metrics"]["val_mse"].clone()
    };
    assert_eq!(judged("run", 6, "held-out"), metrics["val_mse"]);
    // The same pictures at another place, and the model alone.
    fs::rename(sandbox.path("photos"), sandbox.path("moved")).unwrap();
    assert_eq!(judged("run/model.safetensors moved", 6, "held-out"), metrics["val_mse"]);
    // Other pictures, all of them; and pictures that are as large as a patch, as they are.
    fs::create_dir_all(sandbox.path("others")).unwrap();
    fs::create_dir_all(sandbox.path("small")).unwrap();
    for number in 0..3 {
        photo(&sandbox, &format!("others/{number}.png"), 11 + number);
        let picture = GrayImage::from_pixel(12, 12, Luma([number as u8]));
        picture.save(sandbox.path(&format!("small/{number}.png"))).unwrap();
    }
    judged("run others", 66, "all");
    judged("run small", 3, "all");
}

#[test]
fn data_info_shows_what_is_cut() {
    let sandbox = with_photos();
    let told = sandbox.ae("data info photos --patches 12x16:50 --flips").succeeds().stdout;
    for line in [
        "  50 training and 5 test images of 12 x 16\n",
        "  the training images are patches, others in every epoch, of 9 pictures: 50 an epoch\n",
        "  the test images are 5 fixed patches of 1 other picture\n",
        "  training patches are mirrored at random\n",
        "  train-images-pictures\n",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
    let told = sandbox.ae("data info photos --patches 12x12").succeeds();
    assert!(told.stdout.contains("  1000 training and 100 test images"), "{}", told.stdout);
    assert!(told.stderr.contains("to cover these once (from 1000 to 16000)"), "{}", told.stderr);
}

#[test]
fn patches_that_cannot_be_cut_are_refused() {
    let sandbox = with_photos();
    let train = |flags: &str| sandbox.ae(&format!("train --epochs 1 --out run {flags}"));
    for patches in ["12x12:0", "0x12", "12x9000", "12", "12x12:", "12x12:-3", "12x12:1e3"] {
        train(&format!("--data photos --patches {patches}"))
            .refuses_with(&["--patches", "such as 48x48 or 48x48:16000"]);
    }
    for flags in ["--resize fit", "--size 12x12"] {
        train(&format!("--data photos --patches 12x12 {flags}"))
            .refuses_with(&["cannot be used with"]);
    }
    train("--data photos --flips").refuses_with(&["--flips is for patches: give --patches too"]);
    train("--data photos --patches 12x12:99999999999")
        .fails_with(&["the number of patches is 99999999999, expected 1 to 14913080"]);
    train("--data photos --patches 12x14 --rotations")
        .fails_with(&["the size of patches is 12 x 14, expected equal sides"]);
    train("--data photos --patches 12x25:9").fails_with(&[
        "photos/0.png (30 x 20)",
        "smaller than a patch of 12 x 25",
        "--skip-bad",
    ]);
    train("--data photos --patches 12x12 --noise gaussian:0.1 --drawn once")
        .refuses_with(&["corruption.drawn", "every-epoch for patches"]);
    train("--data photos --patches 12x12 --set data.resize=fit")
        .refuses_with(&["data.resize", "left out with data.patches"]);
    sandbox.write("t.csv", "1,2\n3,4\n5,6\n");
    train("--data t.csv --patches 12x12")
        .fails_with(&["cut from a folder of pictures, a TIFF", "a table"]);
    train("--data digits --patches 12x12").fails_with(&["digits is a data set of whole images"]);
    fs::create_dir(sandbox.path("one")).unwrap();
    photo(&sandbox, "one/1.png", 1);
    train("--data one --patches 12x12").fails_with(&["1 item, but two or more are needed"]);
    assert!(!sandbox.path("run").exists());

    let trained = train("--data photos --patches 12x25:30 --skip-bad --progress plain").succeeds();
    assert!(trained.stderr.contains("left out: "), "{}", trained.stderr);
    assert_eq!(sandbox.read_json("run/record.json")["dataset"]["skipped"], 2);
}

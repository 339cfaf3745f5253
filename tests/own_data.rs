//! A person's own pictures: folders of files, in colour, of many sizes, damaged.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use image::{DynamicImage, ImageFormat, Luma, Rgb, RgbImage, RgbaImage};

use crate::npy;
use crate::support::Sandbox;

/// A picture with a square whose place and colour follow from its number.
fn picture(number: u32, height: u32, width: u32, base: [u8; 3]) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let inside = (x + number) % width < width / 2 && (y + 2 * number) % height < height / 2;
        Rgb(if inside {
            base.map(|value| value.saturating_sub((number * 3) as u8))
        } else {
            [9; 3]
        })
    })
}

fn save(sandbox: &Sandbox, name: &str, picture: impl Into<DynamicImage>) {
    let path = sandbox.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let format = if name.ends_with("jpg") { ImageFormat::Jpeg } else { ImageFormat::Png };
    picture.into().save_with_format(path, format).unwrap();
}

/// Pictures of 8 x 6 in the classes `cat` and `dog`, `count` each.
fn classes(sandbox: &Sandbox, folder: &str, count: u32) {
    for (class, base) in [("cat", [250, 60, 30]), ("dog", [20, 90, 240])] {
        for number in 0..count {
            save(sandbox, &format!("{folder}/{class}/{number}.png"), picture(number, 8, 6, base));
        }
    }
}

const TRAIN: &str = "train --widths 8 --epochs 2 --batch-size 8 --progress none --data";

#[test]
fn coloured_pictures_in_classes_are_learned_and_reconstructed() {
    let sandbox = Sandbox::new();
    classes(&sandbox, "pets", 20);
    let trained = sandbox.ae(&format!("{TRAIN} pets --out run")).succeeds();
    assert!(trained.stderr.contains("pets: 4 of 40 pictures are held out for testing"));
    assert!(trained.stderr.contains("40 of 40 pictures are in colour; all are read in colour"));
    let dataset = &sandbox.read_json("run/record.json")["dataset"];
    assert_eq!(dataset["channels"], 3);
    assert_eq!((&dataset["train_images"], &dataset["test_images"]), (&36.into(), &4.into()));
    let spec = sandbox.read_text("run/spec.toml");
    assert!(spec.contains("channels = 3") && spec.contains("test_fraction = 0.1"), "{spec}");

    let inspected = sandbox.ae("inspect run").succeeds().stdout;
    assert!(inspected.contains("for images of 8 x 6 in colour"), "{inspected}");
    assert!(inspected.contains("encoder 144-8"), "{inspected}");

    // The same images are held out again: the numbers are those of the training.
    let evaluated = sandbox.ae("evaluate run pets --json").succeeds().json();
    let record = sandbox.read_json("run/record.json");
    assert_eq!(evaluated["metrics"]["val_mse"], record["metrics"]["val_mse"]);

    sandbox.ae("reconstruct run pets -o all.npy").succeeds();
    let (shape, _) = npy::read(&sandbox.read("all.npy"));
    assert_eq!(shape, [40, 3, 8, 6]);
    sandbox.ae("reconstruct run pets -o again/").succeeds();
    let again = image::open(sandbox.path("again/dog/7.png")).unwrap();
    assert_eq!((again.height(), again.width(), again.color().has_color()), (8, 6, true));
    sandbox.ae("reconstruct run pets -o again").fails_with(&["again exists already"]);
}

#[test]
fn what_is_for_testing_may_be_said_by_folders() {
    let sandbox = Sandbox::new();
    classes(&sandbox, "pets/train", 5);
    classes(&sandbox, "pets/test", 3);
    let info = sandbox.ae("data info --data pets").succeeds();
    assert!(info.stdout.contains("10 training and 6 test images of 8 x 6 in colour"));
    assert!(info.stdout.contains("training labels: cat: 5, dog: 5"), "{}", info.stdout);
    assert!(info.stderr.contains("train is for training, test is held out"), "{}", info.stderr);
    sandbox
        .ae("data export --data pets --out idx")
        .fails_with(&["the train images are in colour; IDX files hold grey images of 8 bits"]);
    sandbox.ae("data export --data pets --channels 1 --out idx --quiet").succeeds();
    let exported = sandbox.ae("data info --data idx").succeeds().stdout;
    assert!(exported.contains("10 training and 6 test images of 8 x 6\n"), "{exported}");
}

#[test]
fn other_sizes_are_refused_or_become_what_was_said() {
    let sandbox = Sandbox::new();
    for number in 0..6 {
        let (height, width) = if number == 2 { (4, 12) } else { (8, 8) };
        let picture = DynamicImage::from(picture(number, height, width, [200; 3])).to_luma8();
        save(&sandbox, &format!("mixed/{number}.png"), picture);
    }
    let told = sandbox.ae("data info mixed").succeeds().stdout;
    for line in [
        "mixed: 6 files, 6 pictures that can be read",
        "  sizes: 5 of 8 x 8, 1 of 4 x 12",
        "  then: ae train --data mixed --resize fit --size 8x8",
    ] {
        assert!(told.lines().any(|found| found == line), "{line}\n{told}");
    }
    let told = sandbox.ae("data info mixed --json").succeeds().json();
    assert_eq!(told["flags"], "--resize fit --size 8x8");
    sandbox.ae("train --data mixed --out run").fails_with(&[
        "1 of 6 pictures in mixed are of another size than 8 x 8: mixed/2.png (4 x 12); ",
        "--resize fit or --resize crop brings them to one size",
    ]);
    let [fit, crop] = ["fit", "crop"].map(|how| {
        let info = sandbox.ae(&format!("data info --data mixed --json --resize {how}")).succeeds();
        assert!(info.stderr.contains("all pictures become 8 x 8, the first one's size"));
        info.json()["files"].to_string()
    });
    assert_ne!(fit, crop);
    let small = "data info --data mixed --resize crop --size 5x4 --json";
    let small = sandbox.ae(small).succeeds().json();
    assert_eq!((&small["height"], &small["width"]), (&5.into(), &4.into()));

    for how in ["fit", "crop"] {
        sandbox.ae(&format!("{TRAIN} mixed --resize {how} --out {how}")).succeeds();
        let spec = sandbox.read_text(&format!("{how}/spec.toml"));
        assert!(spec.contains(&format!("resize = \"{how}\"")), "{spec}");
    }
    sandbox.ae("encode fit mixed -o codes.npy --force --resize none").fails_with(&[
        "1 of 6 pictures in mixed",
        "mixed/2.png (4 x 12); --resize fit or --resize crop",
    ]);
    sandbox.ae("encode fit mixed -o codes.npy --force").succeeds();
    assert_eq!(npy::read(&sandbox.read("codes.npy")).0, [6, 8]);
    sandbox.holds_no_temporary_files();
}

#[test]
fn damaged_pictures_are_named_and_left_out_only_if_asked() {
    let sandbox = Sandbox::new();
    classes(&sandbox, "pets", 6);
    let whole = sandbox.read("pets/cat/1.png");
    sandbox.write("pets/cat/1.png", &whole[..whole.len() - 30]);
    sandbox.write("pets/dog/2.png", "no picture");
    sandbox.write("pets/dog/3.png", "");
    save(&sandbox, "pets/dog/4.png", RgbaImage::from_pixel(6, 8, image::Rgba([9, 9, 9, 1])));
    sandbox.write("pets/notes.txt", "not looked at");
    sandbox.write("pets/.hidden.png", "not looked at either");

    let told = sandbox.ae("data info pets").succeeds().stdout;
    for part in ["  classes: cat: ", "dog/2.png", "hidden", "notes.txt", "--skip-bad"] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let refused = sandbox.ae("train --data pets --out run").fails_with(&[
        "2 of ",
        "--skip-bad leaves them out",
        "pets/dog/2.png: neither PNG nor JPEG, TIFF",
        "pets/dog/3.png: ",
    ]);
    assert!(refused.stderr.contains("pets: not read: 1 hidden, 1 not called like a picture"));
    let info = sandbox.ae("data info --data pets --skip-bad --json").succeeds();
    for bad in ["cat/1.png: damaged PNG", "dog/2.png: neither", "dog/4.png: partly transp"] {
        assert!(info.stderr.contains(&format!("left out: pets/{bad}")), "{}", info.stderr);
    }
    assert_eq!(info.json()["skipped"], 4);

    sandbox.ae(&format!("{TRAIN} pets --skip-bad --out run")).succeeds();
    assert_eq!(sandbox.read_json("run/record.json")["dataset"]["skipped"], 4);
    sandbox
        .ae("encode run pets -o codes.npy --force --skip-bad=no")
        .fails_with(&["4 of 12 pictures in pets"]);
    let encoded = sandbox.ae("encode run pets -o codes.npy --force --json").succeeds();
    assert_eq!((&encoded.json()["images"], &encoded.json()["skipped"]), (&8.into(), &4.into()));
}

#[test]
fn folders_that_hold_no_data_set_are_told_apart() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.ae("data info --data empty").fails_with(&["empty holds no pictures: neither .png"]);
    sandbox.ae("data info --data nowhere").fails_with(&["there is no nowhere; data are auto, "]);

    save(&sandbox, "one/only.png", picture(0, 8, 6, [200; 3]));
    sandbox.ae("data info --data one").fails_with(&["1 item, but two or more are needed"]);

    for name in ["a.png", "b.jpg"] {
        sandbox.write(&format!("junk/{name}"), "no picture");
    }
    sandbox.ae("data info --data junk").fails_with(&["pictures in junk cannot be used"]);
    sandbox.ae("data info --data junk --skip-bad").fails_with(&["junk: nothing could be read"]);

    classes(&sandbox, "both", 2);
    save(&sandbox, "both/loose.png", picture(0, 8, 6, [200; 3]));
    let told = sandbox.ae("data info both").succeeds().stdout;
    assert!(told.contains("in no subfolder: 1") && told.contains("to train on it: move"), "{told}");
    assert!(!told.contains("then: "), "{told}");
    sandbox
        .ae("train --data both --out run")
        .fails_with(&["both holds pictures beside subfolders of pictures (cat, dog)"]);
}

#[cfg(unix)]
#[test]
fn links_to_folders_are_not_followed() {
    let sandbox = Sandbox::new();
    classes(&sandbox, "pets", 3);
    std::os::unix::fs::symlink(sandbox.path("pets"), sandbox.path("pets/loop")).unwrap();
    std::os::unix::fs::symlink("self.png", sandbox.path("pets/cat/self.png")).unwrap();
    let refused = sandbox.ae("train --data pets --test-fraction 0.5 --out run");
    refused.fails_with(&["1 of 3 pictures in pets", "cannot read pets/cat/self.png: "]);
    let told = sandbox.ae("data info pets --test-fraction 0.5").succeeds().stdout;
    for part in
        ["broken link): cat/self.png", "link to a folder): loop", "refused: 1 of 3 pictures"]
    {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let info = sandbox.ae("data info --data pets --skip-bad --json").succeeds().json();
    assert_eq!(info["train_images"].as_u64().unwrap() + info["test_images"].as_u64().unwrap(), 6);
}

#[test]
fn kinds_of_pictures_are_mixed_as_was_said() {
    let sandbox = Sandbox::new();
    let grey = DynamicImage::from(picture(0, 8, 6, [200; 3])).to_luma8();
    save(&sandbox, "all/0.png", grey);
    save(&sandbox, "all/1.jpg", picture(1, 8, 6, [200; 3]));
    let deep = image::ImageBuffer::from_fn(6, 8, |x, y| Luma([(x * y * 1000) as u16]));
    save(&sandbox, "all/2.png", DynamicImage::ImageLuma16(deep));
    save(&sandbox, "all/3.png", RgbaImage::from_pixel(6, 8, image::Rgba([9, 9, 9, 255])));
    let info = sandbox.ae("data info --data all --json").succeeds();
    assert!(info.stderr.contains("2 of 4 pictures are in colour; all are read grey, as the first"));
    assert_eq!(info.json()["channels"], 1);
    let info = sandbox.ae("data info --data all --channels 3 --json").succeeds();
    assert_eq!(info.json()["channels"], 3);
}

#[test]
fn a_killed_training_on_pictures_goes_on_to_the_same_bits() {
    let sandbox = Sandbox::new();
    classes(&sandbox, "pets", 40);
    let train = "train --widths 8 --epochs 6 --batch-size 8 --data pets --noise occlusion:0.3 \
                 --drawn every-epoch --resize fit --size 7x7 --progress plain --out";
    sandbox.ae(&format!("{train} reference")).succeeds();
    let mut child =
        sandbox.command(&format!("{train} killed")).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let epochs = stderr.lines().filter(|line| line.as_ref().unwrap().starts_with("epoch "));
    assert_eq!(epochs.take(2).count(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    sandbox.ae("resume killed --threads 1").succeeds();
    assert_eq!(sandbox.weights_of("killed"), sandbox.weights_of("reference"));
    assert_eq!(sandbox.read("killed/curve.csv"), sandbox.read("reference/curve.csv"));
}

#[test]
fn flags_about_own_data_are_checked_as_they_are_typed() {
    let sandbox = Sandbox::new();
    for (flags, told) in [
        ("--size 0x4", "from 1 to 8192, such as 28x28"),
        ("--size 28", "from 1 to 8192, such as 28x28"),
        ("--channels 2", "1 (grey) or 3"),
        ("--resize stretch", "fit, crop, none"),
        ("--test-fraction 1", "above 0 and below 1"),
    ] {
        sandbox.ae(&format!("data info --data x {flags}")).refuses_with(&[told]);
    }
}

//! Pictures with pitfalls: damaged, on their side, of 16 bits, with a grey palette; and names that are no
//! harmless text.

use std::fs;
use std::path::Path;

use image::{ColorType, GenericImageView, GrayImage, Luma};

use crate::npy;
use crate::support::Sandbox;

fn case(name: &str) -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/pictures").join(name);
    fs::read(path).unwrap()
}

/// A folder with copies of a case.
fn copies(sandbox: &Sandbox, folder: &str, case_name: &str, count: usize) {
    for number in 0..count {
        sandbox.write(&format!("{folder}/{number}_{case_name}"), case(case_name));
    }
}

fn grey(sandbox: &Sandbox, name: &str, value: u8) {
    let path = sandbox.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    GrayImage::from_pixel(4, 4, Luma([value])).save(path).unwrap();
}

const TRAIN: &str = "train --widths 4 --epochs 1 --batch-size 2 --progress none --data";

#[test]
fn damaged_jpegs_are_refused_or_left_out_and_counted() {
    let sandbox = Sandbox::new();
    copies(&sandbox, "photos", "orientation6.jpg", 3);
    sandbox.ae(&format!("{TRAIN} photos --out run")).succeeds();
    for name in ["half.jpg", "zeroed.jpg"] {
        sandbox.write(&format!("one/{name}"), case(name));
        sandbox
            .ae(&format!("reconstruct run one/{name} -o x.png"))
            .fails_with(&[name, "damaged JPEG: the data of a scan end before the picture does"]);
        sandbox.write(&format!("photos/0{name}"), case(name));
    }
    let refusal = ["2 of ", "0half.jpg", "0zeroed.jpg"];
    sandbox.ae(&format!("{TRAIN} photos --out again")).fails_with(&refusal);
    let told = sandbox.ae("data info photos").succeeds().stdout;
    let refused = told.lines().find(|line| line.starts_with("  refused: ")).unwrap();
    assert!(refusal.iter().all(|part| refused.contains(part)), "{told}");
    let info = sandbox.ae("data info --data photos --skip-bad --json").succeeds();
    assert_eq!(info.json()["skipped"], 2);

    // Rows keep the numbers and the names of their items.
    let encoded = sandbox.ae("encode run photos -o codes.npy --force --skip-bad").succeeds().stdout;
    assert!(
        encoded.contains("2 left out; codes.index.csv says which item each row is"),
        "{encoded}"
    );
    let rows = "0,0,0_orientation6.jpg\n1,3,1_orientation6.jpg\n2,4,2_orientation6.jpg\n";
    let places = sandbox.read_text("codes.index.csv");
    assert_eq!(places, format!("row,item,name\n{rows}"));
    sandbox.ae("reconstruct run photos -o again.npy --skip-bad").succeeds();
    assert_eq!(sandbox.read_text("again.index.csv"), places);
    sandbox.ae("compress run photos -o all.aez --skip-bad").succeeds();
    assert_eq!(sandbox.read_text("all.index.csv"), places);
    assert_eq!(npy::read(&sandbox.read("codes.npy")).0, [3, 4]);
    sandbox.ae("encode run one/half.jpg -o codes.npy --force").fails_with(&["half.jpg"]);
    // An index of former rows does not stay.
    fs::remove_file(sandbox.path("photos/0half.jpg")).unwrap();
    fs::remove_file(sandbox.path("photos/0zeroed.jpg")).unwrap();
    sandbox.ae("encode run photos -o codes.npy --force").succeeds();
    assert!(sandbox.read_text("codes.index.csv").contains("\n1,1,1_orientation6.jpg\n"));
}

#[test]
fn a_picture_on_its_side_is_upright_everywhere() {
    let sandbox = Sandbox::new();
    copies(&sandbox, "photos", "orientation6.jpg", 3);
    let info = sandbox.ae("data info --data photos").succeeds().stdout;
    assert!(info.contains("images of 48 x 64 in colour"), "{info}");
    sandbox.ae(&format!("{TRAIN} photos --out run")).succeeds();
    sandbox.ae("reconstruct run photos/0_orientation6.jpg -o again.png --force").succeeds();
    assert_eq!(image::open(sandbox.path("again.png")).unwrap().dimensions(), (64, 48));
    sandbox.write("upright.png", case("orientation6_upright.png"));
    sandbox.ae("reconstruct run upright.png -o other.png").succeeds();
    // Tiles, by a model of another size.
    copies(&sandbox, "small", "orientation6.jpg", 3);
    sandbox.ae(&format!("{TRAIN} small --resize fit --size 16x16 --out tiles")).succeeds();
    sandbox.ae("denoise tiles photos/0_orientation6.jpg -o clean.png").succeeds();
    assert_eq!(image::open(sandbox.path("clean.png")).unwrap().dimensions(), (64, 48));
}

#[test]
fn sixteen_bits_stay_from_reading_to_writing() {
    let sandbox = Sandbox::new();
    copies(&sandbox, "scans", "sixteen_bits.png", 3);
    let info = sandbox.ae("data info --data scans").succeeds();
    assert!(info.stdout.contains("images of 48 x 64 of 16 bits\n"), "{}", info.stdout);
    sandbox.ae(&format!("{TRAIN} scans --out run")).succeeds();
    let record = sandbox.read_json("run/record.json");
    assert_eq!(record["dataset"]["of_16_bits"], 3);
    let one = "scans/0_sixteen_bits.png";
    let depth = |name: &str| image::open(sandbox.path(name)).unwrap().color();
    sandbox.ae(&format!("reconstruct run {one} -o again.png --force")).succeeds();
    assert_eq!(depth("again.png"), ColorType::L16);
    sandbox.ae("reconstruct run scans -o again/").succeeds();
    assert_eq!(depth("again/1_sixteen_bits.png"), ColorType::L16);

    // One with 8 bits beside them is written with 8.
    GrayImage::from_pixel(64, 48, Luma([7])).save(sandbox.path("scans/z.png")).unwrap();
    let info = sandbox.ae("data info --data scans").succeeds();
    assert!(info.stderr.contains("3 of 4 pictures have 16 bits"), "{}", info.stderr);
    assert!(info.stdout.contains("3 of the 4 have 16 bits, the others 8"), "{}", info.stdout);
    sandbox.ae("denoise run scans -o clean/").succeeds();
    assert_eq!(depth("clean/2_sixteen_bits.png"), ColorType::L16);
    assert_eq!(depth("clean/z.png"), ColorType::L8);

    // Tiles, and compression by a model of 8 bits.
    copies(&sandbox, "bytes", "grey_palette.png", 3);
    sandbox.ae(&format!("{TRAIN} bytes --resize fit --size 16x16 --out tiles")).succeeds();
    sandbox.ae(&format!("denoise tiles {one} -o tiled.png")).succeeds();
    assert_eq!(depth("tiled.png"), ColorType::L16);
    sandbox.ae(&format!("{TRAIN} bytes --out eight")).succeeds();
    sandbox
        .ae(&format!("compress eight {one} -o x.aez --force --exact"))
        .fails_with(&["has 16 bits a value", "it cannot be kept exactly"]);
    assert!(!sandbox.path("x.aez").exists());
    let rounded = sandbox.ae(&format!("compress eight {one} -o x.aez --force")).succeeds();
    assert!(rounded.stderr.contains("1 picture of 16 bits rounded to the 8"), "{}", rounded.stderr);
}

/// Pillow 13, `Image.open("inks.tif").convert("RGB").getpixel((15, 0))`: (124, 235, 180).
#[test]
fn inks_become_colours_and_it_is_said() {
    let sandbox = Sandbox::new();
    for part in ["train", "test"] {
        sandbox.write(&format!("inks/{part}/a.jpg"), case("inks.jpg"));
        sandbox.write(&format!("inks/{part}/b.tif"), case("inks.tif"));
    }
    let told = sandbox.ae("data export inks --out out").succeeds().stderr;
    assert!(told.contains("2 pictures are of inks (CMYK), such as inks/train/a.jpg"), "{told}");
    assert!(told.contains("read as RGB, without their colour profiles"), "{told}");
    let near = |name: &str, tolerance: u8| {
        let found = image::open(sandbox.path(name)).unwrap().into_rgb8().get_pixel(15, 0).0;
        let differs = |(a, b): (&u8, &u8)| a.abs_diff(*b) > tolerance;
        assert!(!found.iter().zip(&[124, 235, 180]).any(differs), "{name}: {found:?}");
    };
    // A JPEG of this quality is off by some steps.
    near("out/train/00001.png", 8);
    near("out/train/00002.png", 1);
}

#[test]
fn what_is_not_read_of_a_tiff_is_said_in_words() {
    let sandbox = Sandbox::with_run();
    for (name, words) in [
        (
            "palette.tif",
            "a TIFF with colours in a palette, which is not read; save it pixel by pixel as grey or RGB",
        ),
        ("signed.tif", "a TIFF with signed or complex numbers, which is not read"),
    ] {
        sandbox.write(name, case(name));
        sandbox.ae(&format!("encode run {name} -o x.npy")).fails_with(&[name, words]);
        // A folder goes on without it, and says why.
        sandbox.write(&format!("in/{name}"), case(name));
    }
    grey(&sandbox, "in/whole.png", 7);
    let told = sandbox.ae("encode run in -o x.npy --resize fit --skip-bad").succeeds().stderr;
    assert!(told.contains("left out: in/palette.tif: a TIFF with colours in a palette"), "{told}");
    assert!(told.contains("left out: in/signed.tif: a TIFF with signed"), "{told}");
}

#[test]
fn a_grey_palette_is_grey() {
    let sandbox = Sandbox::new();
    copies(&sandbox, "scans", "grey_palette.png", 2);
    let info = sandbox.ae("data info --data scans --json").succeeds().json();
    assert_eq!(info["channels"], 1);
}

#[test]
fn parts_are_named_and_what_is_read_is_said() {
    let sandbox = Sandbox::new();
    for (name, value) in
        [("train/a/1.png", 10), ("train/a/2.png", 20), ("val/a/3.png", 30), ("test/a/b/4.png", 40)]
    {
        grey(&sandbox, &format!("pets/{name}"), value);
    }
    let trained = sandbox.ae(&format!("{TRAIN} pets --out run")).succeeds();
    let said = "pets: train is for training, val is held out; not read: test";
    assert!(trained.stderr.contains(said), "{}", trained.stderr);
    let scored = |part: &str| {
        let written = sandbox
            .ae(&format!("reconstruct run pets -o out.npy --force --json {part}"))
            .succeeds();
        (written.json()["images"].as_u64().unwrap(), written.stderr)
    };
    let (images, said) = scored("");
    assert_eq!(images, 1);
    assert!(said.contains("the pictures of test are read (--part names another"), "{said}");
    assert_eq!(scored("--part train").0, 2);
    assert_eq!(scored("--part all").0, 4);
    let info = sandbox.ae("data info --data pets --part all").succeeds().stdout;
    assert!(info.contains("4 images of 4 x 4 in all parts"), "{info}");
    let info = sandbox.ae("data info --data pets --part test").succeeds().stdout;
    assert!(info.contains("1 images of 4 x 4 in the part test"), "{info}");
    let named =
        sandbox.ae("reconstruct run digits -o out.npy --force --part test --resize fit --json");
    assert_eq!(named.succeeds().json()["images"], 10_000);
    sandbox
        .ae("train --data pets --part test --out x")
        .refuses_with(&["--part is for commands that"]);
    sandbox
        .ae("reconstruct run pets/test/a/b/4.png -o out.npy --force --part train")
        .fails_with(&["there is no part `train`; a file has no parts"]);
}

#[cfg(unix)]
#[test]
fn names_do_not_command_the_terminal() {
    let sandbox = Sandbox::new();
    let name = "\u{1b}]0;gone\u{7}\u{9b}31m\nred.png";
    for file in ["a.png", "b.png", name] {
        grey(&sandbox, &format!("pets/\u{1b}[2J/{file}"), 9);
    }
    sandbox.ae(&format!("{TRAIN} pets --out run")).succeeds();
    sandbox.write(&format!("pets/\u{1b}[2J/{name}"), "no picture");
    let commands = [
        "data info --data pets",
        "data info --data pets --skip-bad",
        "data info --data pets --skip-bad --json",
        "reconstruct run pets -o out.npy --force",
        "reconstruct run pets -o out.npy --force --skip-bad --progress plain",
        "anomaly fit run pets --skip-bad",
        "anomaly score run pets --skip-bad",
        "anomaly score run pets --skip-bad --json",
    ];
    for command in commands {
        let finished = sandbox.ae(command);
        let said = format!("{}{}", finished.stdout, finished.stderr);
        let raw = said.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(raw, None, "{command}: {said:?}");
        assert!(!said.contains("\nred.png"), "{command}: {said:?}");
    }
    let refused = sandbox.ae("reconstruct run pets -o out.npy --force").stderr;
    assert!(refused.contains("\\u{1b}]0;gone\\u{7}\\u{9b}31m\\nred.png"), "{refused}");
}

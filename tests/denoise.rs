//! Pictures of any size, cleaned in tiles of the model's size.

use std::fs;

use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};

use crate::support::{SIDE, SPEC, Sandbox};

/// A picture without a pattern, in the channel's own tone.
fn value(x: u32, y: u32, channel: u32) -> u8 {
    ((x * 31 + y * 17 + x * y * 7 + channel * 101) % 256) as u8
}

fn grey(height: u32, width: u32, channel: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([value(x, y, channel)]))
}

fn coloured(height: u32, width: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([0, 1, 2].map(|channel| value(x, y, channel))))
}

fn save(sandbox: &Sandbox, name: &str, picture: impl Into<DynamicImage>) {
    let path = sandbox.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.into().save(path).unwrap();
}

fn open(sandbox: &Sandbox, name: &str) -> DynamicImage {
    image::open(sandbox.path(name)).unwrap()
}

/// A denoising model for grey images of 14 x 14 in the run `run`.
fn with_model() -> Sandbox {
    let sandbox = Sandbox::with_data();
    sandbox.write("spec.toml", SPEC);
    sandbox.ae("train spec.toml --out run").succeeds();
    sandbox
}

#[test]
fn a_picture_of_any_size_keeps_its_size() {
    let sandbox = with_model();
    for (height, width) in [(53, 37), (5, 90), (3, 4), (14, 15), (1, 1)] {
        save(&sandbox, "page.png", grey(height, width, 0));
        sandbox.ae("denoise run page.png -o clean.png --force").succeeds();
        let clean = open(&sandbox, "clean.png");
        assert_eq!([clean.height(), clean.width()], [height, width]);
        assert!(!clean.color().has_color());
        assert!(clean != DynamicImage::from(grey(height, width, 0)));
    }
    let told = sandbox.ae("denoise run page.png -o again.png --threads 1").succeeds().stdout;
    assert_eq!(told, "1 picture written to again.png\n");
    assert!(sandbox.read("again.png") == sandbox.read("clean.png"));
}

#[test]
fn a_grey_model_cleans_each_colour_by_itself() {
    let sandbox = with_model();
    save(&sandbox, "photo.png", coloured(20, 31));
    sandbox.ae("denoise run photo.png -o clean.png --force").succeeds();
    let clean = open(&sandbox, "clean.png");
    assert!(clean.color().has_color());
    let clean = clean.into_rgb8();
    for channel in 0..3 {
        save(&sandbox, "channel.png", grey(20, 31, channel));
        sandbox.ae("denoise run channel.png -o alone.png --force").succeeds();
        let alone = open(&sandbox, "alone.png").into_luma8();
        let same = |(pixel, grey): (&Rgb<u8>, &Luma<u8>)| pixel.0[channel as usize] == grey.0[0];
        assert!(clean.pixels().zip(alone.pixels()).all(same), "channel {channel}");
    }
}

#[test]
fn a_folder_is_cleaned_into_a_folder() {
    let sandbox = with_model();
    save(&sandbox, "scans/a.png", grey(30, 20, 0));
    save(&sandbox, "scans/b.png", coloured(SIDE as u32, SIDE as u32));
    save(&sandbox, "scans/c.png", grey(SIDE as u32, SIDE as u32, 1));
    sandbox.ae("denoise run scans -o clean/ --force").succeeds();
    let shape = |name: &str| {
        let picture = open(&sandbox, name);
        (picture.height(), picture.width(), picture.color().has_color())
    };
    assert_eq!(shape("clean/a.png"), (30, 20, false));
    assert_eq!(shape("clean/b.png"), (14, 14, true));
    // One of the model's own size is what the model makes of it, tiles or not.
    sandbox.ae("denoise run scans/c.png -o alone.png --force").succeeds();
    assert!(open(&sandbox, "clean/c.png") == open(&sandbox, "alone.png"));

    sandbox.write("scans/d.png", "no picture");
    sandbox
        .ae("denoise run scans -o other/ --force")
        .fails_with(&["scans/d.png: neither PNG nor JPEG"]);
    let told = sandbox.ae("denoise run scans -o other/ --force --skip-bad --json").succeeds();
    assert_eq!(told.json()["skipped"], 1);
    assert!(told.stderr.contains("left out: scans/d.png"), "{}", told.stderr);
}

#[test]
fn a_picture_damaged_within_stops_a_folder_or_is_left_out() {
    let sandbox = with_model();
    save(&sandbox, "scans/a.png", grey(30, 20, 0));
    save(&sandbox, "scans/b.png", grey(30, 20, 1));
    // Its header is whole, so that it is found out only when it is decoded.
    let whole = sandbox.read("scans/b.png");
    sandbox.write("scans/b.png", &whole[..whole.len() / 2]);
    let fragments = ["stopped after 1 picture, written to clean/", "scans/b.png", "damaged PNG"];
    sandbox.ae("denoise run scans -o clean/ --force").fails_with(&fragments);
    assert!(sandbox.path("clean/a.png").is_file());
    let told = sandbox.ae("denoise run scans -o other/ --force --skip-bad").succeeds();
    assert_eq!(told.stdout, "1 picture written to other/, 1 left out\n");
    assert!(told.stderr.contains("left out: scans/b.png"), "{}", told.stderr);
    assert!(sandbox.read("other/a.png") == sandbox.read("clean/a.png"));
}

#[test]
fn nothing_is_computed_for_a_file_that_cannot_be_written() {
    let sandbox = with_model();
    save(&sandbox, "page.png", grey(40, 33, 0));
    let before = sandbox.contents_of("");
    let missing = ["cannot write none/clean.png", "no folder none"];
    sandbox.ae("denoise run page.png -o none/clean.png").fails_with(&missing);
    for command in ["denoise run page.png", "reconstruct run page.png --resize fit"] {
        let own = ["page.png would be replaced by what is made of it"];
        sandbox.ae(&format!("{command} -o ./page.png")).fails_with(&own);
    }
    assert_eq!(sandbox.contents_of(""), before);
    // What an earlier command has made may be replaced.
    sandbox.ae("denoise run page.png -o clean.png --force").succeeds();
    sandbox.ae("denoise run page.png --noise gaussian:0.5 -o clean.png --force").succeeds();
}

#[test]
fn noise_may_be_put_on_a_page_first() {
    let sandbox = with_model();
    save(&sandbox, "page.png", grey(40, 33, 0));
    let denoised = |flags: &str| {
        let choice = "gaussian:0.5|masking:0.5+blur:1";
        sandbox
            .ae(&format!("denoise run page.png --noise {choice} {flags} -o clean.png --force"))
            .succeeds();
        sandbox.read("clean.png")
    };
    assert!(denoised("") == denoised("--seed 42"));
    assert!(denoised("") != denoised("--seed 43"));
}

#[test]
fn pictures_are_resized_or_refused_if_that_is_asked_for() {
    let sandbox = with_model();
    save(&sandbox, "page.png", grey(40, 33, 0));
    sandbox.ae("denoise run page.png --resize fit -o small.png --force").succeeds();
    assert_eq!(open(&sandbox, "small.png").height(), 14);
    sandbox
        .ae("denoise run page.png --resize none -o small.png --force")
        .fails_with(&["page.png", "40 x 33", "14 x 14"]);
}

#[test]
fn what_tiles_cannot_do_is_refused() {
    let sandbox = with_model();
    save(&sandbox, "page.png", grey(40, 33, 0));
    save(&sandbox, "pages/page.png", grey(40, 33, 0));
    save(&sandbox, "pages/other.png", grey(14, 14, 0));
    let before = sandbox.contents_of("");
    for (command, fragments) in [
        ("denoise run page.png -o out.npy", ["out.npy", "one alone into a .png file"]),
        ("denoise run page.png -o out.svg", ["out.svg", "one alone into a .png file"]),
        ("denoise run pages -o out.png --force", ["out.png", "go into a folder"]),
        ("denoise run page.png --show", ["--show draws images of the model's size", "--resize"]),
    ] {
        sandbox.ae(command).fails_with(&fragments);
    }
    assert_eq!(sandbox.contents_of(""), before);

    let rows: String = (0..40).map(|i| format!("{},{},{}\n", i, i * i, 40 - i)).collect();
    sandbox.write("table.csv", rows);
    sandbox.ae("train --data table.csv --widths 2 --epochs 1 --out table").succeeds();
    sandbox
        .ae("denoise table page.png -o out.png --force")
        .fails_with(&["page.png: no table", "rows of 3 numbers"]);
}

//! Folders of pictures that are continued, and flags of pictures.

use std::fs;

use ae_report::PictureDepth;
use image::{GrayImage, RgbImage};

use crate::formats::{grey, save, stack, with_damage, with_model};
use crate::support::SPEC;

#[test]
fn a_folder_goes_on_with_the_same_weights_alone_and_makes_changed_pictures_anew() {
    let sandbox = with_model();
    let whole = with_damage(&sandbox);
    let command = "denoise run in -o out/";
    sandbox.ae(command).fails_with(&["stopped after 1 picture"]);
    sandbox.write("in/b/b.png", whole);
    let first = sandbox.read("out/a/a.png");
    save(&sandbox, "in/a/a.png", GrayImage::new(20, 20));
    let copied = fs::copy(sandbox.path("run/model.safetensors"), sandbox.path("kept")).is_ok();
    assert!(copied, "{:?}", sandbox.contents_of("run").iter().map(|(p, _)| p).collect::<Vec<_>>());
    // The same settings from another seed: a model of the same shape.
    sandbox.write("spec.toml", SPEC.replace("seed = 7", "seed = 8"));
    sandbox.ae("train spec.toml --out run --force").succeeds();
    let goes_on = format!("{command} --continue");
    sandbox.ae(&goes_on).fails_with(&["out/ cannot be continued", "the weights have changed"]);
    sandbox.write("run/model.safetensors", sandbox.read("kept"));
    let told = sandbox.ae(&goes_on).succeeds().stdout;
    assert_eq!(told, "3 pictures written to out/\n");
    assert!(sandbox.read("out/a/a.png") != first);
}

/// A crash of the machine may leave the name of a file without its contents.
#[test]
fn an_empty_picture_is_made_anew() {
    let sandbox = with_model();
    let whole = with_damage(&sandbox);
    sandbox.ae("denoise run in -o out/").fails_with(&["stopped after 1 picture"]);
    sandbox.write("in/b/b.png", whole);
    let first = sandbox.read("out/a/a.png");
    sandbox.write("out/a/a.png", b"");
    let told = sandbox.ae("denoise run in -o out/ --continue").succeeds().stdout;
    assert_eq!(told, "3 pictures written to out/\n");
    assert_eq!(sandbox.read("out/a/a.png"), first);
}

/// Opening a pipe waits for somebody who writes, and a device may have no end.
#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_read() {
    let sandbox = with_model();
    std::os::unix::fs::symlink("/dev/zero", sandbox.path("zero.png")).unwrap();
    for command in ["denoise zero.png", "denoise run zero.png -o out.png"] {
        sandbox.ae(command).fails_with(&["zero.png", "expected a regular file"]);
    }
}

#[test]
fn flags_of_pictures_that_the_name_of_a_file_contradicts_are_refused() {
    let sandbox = with_model();
    save(&sandbox, "page.png", grey(20, 20));
    let refuses = |rest: &str, expected: &str| {
        sandbox.ae(&format!("denoise run page.png -o {rest}")).refuses_with(&[expected]);
    };
    refuses("x.png --format tiff", "--format tiff is for a folder");
    refuses("x.tif --quality 50", "--quality is for JPEG files");
    sandbox.ae("denoise run page.png -o x.tif --format tiff").succeeds();
    sandbox.ae("denoise run page.png -o x.jpg --quality 50").succeeds();
}

/// The pages of a TIFF have no name until the last of them is written; then there is a folder of this name.
#[test]
fn pages_are_written_when_their_file_is() {
    let sandbox = with_model();
    save(&sandbox, "in/a.png", grey(20, 16));
    stack(&sandbox, "in/s.tif", &[(20, 16), (17, 30)], PictureDepth::Bits8);
    sandbox.write("out/s.tif/other", "");
    let command = "denoise run in -o out/";
    sandbox.ae(&format!("{command} --force")).fails_with(&[
        "stopped after 1 picture, written to out/",
        "the same command with --continue makes the others",
        "s.tif",
    ]);
    fs::remove_dir_all(sandbox.path("out/s.tif")).unwrap();
    let told = sandbox.ae(&format!("{command} --continue")).succeeds().stdout;
    assert_eq!(told, "2 pictures written (1 there already) to out/\n");
    sandbox.holds_no_temporary_files();
}

#[test]
fn pgm_is_grey_and_ppm_has_colours() {
    let sandbox = with_model();
    save(&sandbox, "in/grey.pgm", grey(20, 16));
    save(&sandbox, "in/colours.ppm", RgbImage::from_pixel(20, 16, image::Rgb([9, 99, 199])));
    for (input, output, kind) in [
        ("grey.pgm", "x.pgm", b"P5"),
        ("grey.pgm", "x.pnm", b"P5"),
        ("grey.pgm", "x.ppm", b"P6"),
        ("colours.ppm", "y.pnm", b"P6"),
        ("colours.ppm", "y.ppm", b"P6"),
    ] {
        sandbox.ae(&format!("denoise run in/{input} -o {output}")).succeeds();
        assert!(sandbox.read(output).starts_with(kind), "{output}");
    }
    let [grey, colours] = ["x.pgm", "x.ppm"].map(|name| image::open(sandbox.path(name)).unwrap());
    assert!(grey.into_rgb8() == colours.into_rgb8());
    let refused = ["grey pictures alone", "write this coloured one as .ppm, .pnm or .png"];
    sandbox.ae("denoise run in/colours.ppm -o y.pgm").fails_with(&refused);
    sandbox.ae("denoise run in -o out/ --format pgm").fails_with(&refused);
    assert!(!sandbox.path("out/grey.pgm").exists());
    sandbox.ae("denoise run in -o out/").succeeds();
    assert!(sandbox.read("out/grey.pgm").starts_with(b"P5"));
    assert!(sandbox.read("out/colours.ppm").starts_with(b"P6"));
}

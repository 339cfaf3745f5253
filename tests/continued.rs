//! Folders of pictures that are continued, and flags of pictures.

use std::fs;

use image::GrayImage;

use crate::formats::{grey, save, with_damage, with_model};
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

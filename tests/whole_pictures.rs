//! Pictures of any size through networks that work alike at every place.

use std::fs;

use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};

use crate::support::{SPEC, Sandbox};

fn value(x: u32, y: u32, channel: u32) -> u8 {
    ((x * 31 + y * 17 + x * y * 7 + channel * 101) % 256) as u8
}

fn grey(height: u32, width: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([value(x, y, 0)]))
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

/// A denoiser for grey images of 14 x 14 in the run `run`, which is told the level of noise unless it is blind.
fn with_denoiser(flags: &str) -> Sandbox {
    let sandbox = Sandbox::with_data();
    let noise = "gaussian:0.02..0.3:unclipped";
    sandbox
        .ae(&format!(
            "train --data data --network denoiser --features 4 --depth 3 --noise {noise} --epochs 1 --out run {flags}"
        ))
        .succeeds();
    sandbox
}

/// The shape in the header of a .npy file.
fn shape_of(npy: &[u8]) -> String {
    let text = String::from_utf8_lossy(&npy[..128]).into_owned();
    let (_, shape) = text.split_once("'shape': (").unwrap();
    shape.split_once(')').unwrap().0.to_owned()
}

#[test]
fn the_level_of_noise_is_estimated_or_told() {
    let sandbox = with_denoiser("");
    save(&sandbox, "page.png", grey(41, 30));
    let told = sandbox.ae("denoise run page.png -o clean.png --json").succeeds();
    assert!(told.stderr.contains("page.png: noise level 0."), "{}", told.stderr);
    let level = told.json()["noise_levels"][0].clone();
    assert_eq!(level["item"], "page.png");
    let level = level["noise_level"].as_f64().unwrap();
    assert!(level > 0.0 && level < 1.0, "{level}");
    let clean = sandbox.read("clean.png");
    let picture = open(&sandbox, "clean.png");
    assert_eq!([picture.height(), picture.width()], [41, 30]);
    let denoised = |flags: &str| {
        let told =
            sandbox.ae(&format!("denoise run page.png -o again.png --force {flags}")).succeeds();
        (sandbox.read("again.png"), told.stderr)
    };
    assert!(denoised("--threads 1").0 == clean);
    let (same, said) = denoised(&format!("--sigma {level}"));
    assert!(same == clean && !said.contains("noise level"), "{said}");
    let (other, _) = denoised("--sigma 1/255");
    assert!(other != clean);
    assert!(other == denoised("--sigma 0.003921568627").0);

    for (sigma, said) in [
        ("25", "type 25/255"),
        ("-0.1", "from 0 to 1"),
        ("nan", "from 0 to 1"),
        ("1/0", "1/0"),
        ("much", "much"),
    ] {
        let command = format!("denoise run page.png --sigma={sigma} -o other.png");
        sandbox.ae(&command).refuses_with(&["--sigma", said]);
    }
    sandbox
        .ae("denoise run page.png --overlap 4 -o other.png")
        .refuses_with(&["--overlap", "as one"]);
    // Of so few pixels no noise can be estimated.
    save(&sandbox, "line.png", grey(2, 30));
    sandbox.ae("denoise run line.png -o other.png").fails_with(&[
        "line.png",
        "at least 3 x 3",
        "--sigma 25/255",
    ]);
    sandbox.ae("denoise run line.png --sigma 0.1 -o line-clean.png").succeeds();
    assert_eq!(open(&sandbox, "line-clean.png").height(), 2);
}

/// Images of the model's own size are told their levels too.
#[test]
fn images_of_the_models_size_are_estimated_one_by_one() {
    let sandbox = with_denoiser("");
    let told = sandbox.ae("denoise run data --noise gaussian:0.1 -o clean.npy --json").succeeds();
    let result = told.json();
    let levels = result["noise_levels"].as_array().unwrap();
    assert_eq!(levels.len(), 100);
    assert!(told.stderr.contains("noise levels from 0."), "{}", told.stderr);
    sandbox.ae("denoise run data --noise gaussian:0.1 --sigma 0.3 -o other.npy").succeeds();
    assert!(sandbox.read("clean.npy") != sandbox.read("other.npy"));
    sandbox.ae("evaluate run --noise gaussian:0.1").succeeds();
}

#[test]
fn a_network_that_is_not_told_the_level_takes_no_sigma() {
    let sandbox = with_denoiser("--blind");
    save(&sandbox, "page.png", grey(20, 31));
    let refused = ["--sigma", "is not told the level of noise"];
    sandbox.ae("denoise run page.png --sigma 0.1 -o clean.png").refuses_with(&refused);
    let told = sandbox.ae("denoise run page.png -o clean.png --json").succeeds();
    assert!(told.json().get("noise_levels").is_none());
    assert!(!told.stderr.contains("noise level"), "{}", told.stderr);
}

#[test]
fn pictures_of_any_size_are_reconstructed() {
    let sandbox = with_denoiser("--blind");
    save(&sandbox, "pages/a.png", grey(41, 30));
    save(&sandbox, "pages/b.png", coloured(9, 64));
    save(&sandbox, "pages/c.png", grey(14, 14));
    save(&sandbox, "pages/d.png", grey(1, 5));
    let told = sandbox.ae("reconstruct run pages -o again/").succeeds();
    assert!(
        told.stderr.contains(
            "it takes the brightness of a colour picture, then two differences of colours"
        ),
        "{}",
        told.stderr
    );
    for (name, height, width, has_color) in
        [("a", 41, 30, false), ("b", 9, 64, true), ("c", 14, 14, false), ("d", 1, 5, false)]
    {
        let picture = open(&sandbox, &format!("again/{name}.png"));
        assert_eq!([picture.height(), picture.width()], [height, width], "{name}");
        assert_eq!(picture.color().has_color(), has_color, "{name}");
    }
    // A picture of the model's size is what it is alone.
    sandbox.ae("reconstruct run pages/c.png -o alone.png").succeeds();
    assert!(open(&sandbox, "alone.png") == open(&sandbox, "again/c.png"));
    sandbox.ae("reconstruct run pages -o small.npy --resize fit").succeeds();
    assert_eq!(shape_of(&sandbox.read("small.npy")), "4, 14, 14");
    // Compression needs another decoder, which is said.
    sandbox.ae("compress run pages/a.png -o a.aez").fails_with(&["residual"]);
}

#[test]
fn feature_maps_of_pictures_of_any_size() {
    let sandbox = with_denoiser("");
    save(&sandbox, "pages/a.png", grey(41, 30));
    save(&sandbox, "pages/sub/b.png", coloured(9, 64));
    // Half the size, of a picture that is padded to an even one.
    let told = sandbox.ae("encode run pages/a.png -o a.npy").succeeds();
    assert!(told.stdout.contains("feature maps of 4 x 21 x 15"), "{}", told.stdout);
    assert_eq!(shape_of(&sandbox.read("a.npy")), "4, 21, 15");
    sandbox.ae("encode run pages -o codes/").succeeds();
    assert!(sandbox.read("codes/a.png.npy") == sandbox.read("a.npy"));
    assert_eq!(shape_of(&sandbox.read("codes/sub/b.png.npy")), "4, 5, 32");
    sandbox.ae("encode run pages -o all.npy").fails_with(&["all.npy", "a folder, such as codes/"]);
    sandbox.ae("encode run data -o more/").fails_with(&["more/", "one .npy file"]);
    // Of the model's size: codes as rows, as ever.
    sandbox.ae("encode run data -o rows.npy").succeeds();
    assert_eq!(shape_of(&sandbox.read("rows.npy")), "100, 196");
    // The encoder alone does the same.
    sandbox.ae("encode run/encoder.safetensors pages/a.png -o alone.npy").succeeds();
    assert!(sandbox.read("alone.npy") == sandbox.read("a.npy"));
}

#[test]
fn the_overlap_of_a_dense_models_tiles_may_be_chosen() {
    let sandbox = Sandbox::with_data();
    sandbox.write("spec.toml", SPEC);
    sandbox.ae("train spec.toml --out run").succeeds();
    save(&sandbox, "page.png", grey(40, 33));
    let denoised = |flags: &str| {
        sandbox.ae(&format!("denoise run page.png {flags} -o clean.png --force")).succeeds();
        sandbox.read("clean.png")
    };
    // Half a tile is the default.
    assert!(denoised("") == denoised("--overlap 7"));
    assert!(denoised("") != denoised("--overlap 0"));
    denoised("--overlap 13");
    sandbox
        .ae("denoise run page.png --overlap 14 -o x.png")
        .refuses_with(&["--overlap", "below 14"]);
    // A dense network takes its own size alone.
    sandbox.ae("encode run page.png -o codes.npy").fails_with(&["14"]);
    sandbox.ae("encode run page.png -o codes/").fails_with(&["codes/", "convolutions alone"]);
}

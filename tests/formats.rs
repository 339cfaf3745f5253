//! Pictures of all formats in and out: names, pages, depth, profile and resolution, and folders that are interrupted.

use std::fs;
use std::path::Path;

use ae_dataset::{ColourProfile, Depth, PictureId, PictureMetadata};
use ae_report::{PictureDepth, PictureFile, PictureFormat, TiffStack};
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, GrayImage, ImageFormat, Luma, Rgba, RgbaImage};

use crate::support::{SPEC, Sandbox};

/// A denoising model for grey images of 14 x 14 in the run `run`.
pub(crate) fn with_model() -> Sandbox {
    let sandbox = Sandbox::with_data();
    sandbox.write("spec.toml", SPEC);
    sandbox.ae("train spec.toml --out run").succeeds();
    sandbox
}

pub(crate) fn grey(height: u32, width: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([(x * 31 + y * 17 + x * y * 7) as u8]))
}

pub(crate) fn save(sandbox: &Sandbox, name: &str, picture: impl Into<DynamicImage>) {
    let path = sandbox.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.into().save(path).unwrap();
}

fn open(sandbox: &Sandbox, name: &str) -> DynamicImage {
    image::open(sandbox.path(name)).unwrap()
}

fn metadata(sandbox: &Sandbox, name: &str) -> PictureMetadata {
    PictureMetadata::read(&PictureId::file(&sandbox.path(name))).unwrap()
}

/// A profile as far as anybody but a colour management looks at it.
fn profile(space: &[u8; 4]) -> Vec<u8> {
    let mut profile = vec![0; 200];
    profile[16..20].copy_from_slice(space);
    profile
}

/// A picture of steps of 1 / 65535 with everything that is carried over.
fn rich(sandbox: &Sandbox, name: &str, channels: usize, depth: PictureDepth) {
    let values: Vec<f32> = (0..channels * 20 * 16).map(|step| step as f32 / 65535.0).collect();
    let profile = profile(if channels == 1 { b"GRAY" } else { b"RGB " });
    let picture = PictureFile {
        channels,
        height: 20,
        width: 16,
        values: &values,
        depth,
        profile: Some(&profile),
        dots_per_inch: Some([300.0, 150.0]),
    };
    let format = PictureFormat::of_name(Path::new(name)).unwrap();
    sandbox.write(name, picture.encoded(format, 90).unwrap());
}

pub(crate) fn stack(sandbox: &Sandbox, name: &str, sides: &[(usize, usize)], depth: PictureDepth) {
    let mut stack = TiffStack::new(std::io::Cursor::new(Vec::new()), 0).unwrap();
    for &(height, width) in sides {
        let values: Vec<f32> = (0..height * width).map(|step| step as f32 / 65535.0).collect();
        let (channels, profile, dots_per_inch) = (1, None, None);
        let values = values.as_slice();
        let page = PictureFile { channels, height, width, values, depth, profile, dots_per_inch };
        stack.add(&page).unwrap();
    }
    sandbox.write(name, stack.finish().unwrap().into_inner());
}

/// The sides of the pages of a TIFF.
fn sides(sandbox: &Sandbox, name: &str) -> Vec<(u32, u32)> {
    let file = fs::File::open(sandbox.path(name)).unwrap();
    let mut pages = tiff::decoder::Decoder::new(std::io::BufReader::new(file)).unwrap();
    let mut all = Vec::new();
    loop {
        let (width, height) = pages.dimensions().unwrap();
        all.push((height, width));
        if !pages.more_images() {
            return all;
        }
        pages.next_image().unwrap();
    }
}

#[test]
fn the_name_of_the_output_says_its_format() {
    let sandbox = with_model();
    save(&sandbox, "page.png", grey(40, 33));
    sandbox.ae("denoise run page.png -o clean.png").succeeds();
    let expected = open(&sandbox, "clean.png").into_luma8();
    for name in ["clean.bmp", "clean.webp", "clean.pgm", "clean.tif"] {
        sandbox.ae(&format!("denoise run page.png -o {name}")).succeeds();
        if name.ends_with("tif") {
            assert_eq!(sides(&sandbox, name), [(40, 33)]);
        } else {
            assert!(open(&sandbox, name).into_luma8() == expected, "{name}");
        }
    }
    // The TIFF's pixels, through a second reading.
    sandbox.ae("reconstruct run clean.tif --resize fit -o a.png").succeeds();
    sandbox.ae("reconstruct run clean.png --resize fit -o b.png").succeeds();
    assert!(sandbox.read("a.png") == sandbox.read("b.png"));

    let mean = |name: &str| {
        let found = open(&sandbox, name).into_luma8();
        let pairs = found.pixels().zip(expected.pixels());
        let sum: u32 = pairs.map(|(a, b)| u32::from(a.0[0].abs_diff(b.0[0]))).sum();
        f64::from(sum) / f64::from(40 * 33)
    };
    for (quality, most) in [("", 2.0), ("--quality 20", 20.0)] {
        sandbox.ae(&format!("denoise run page.png -o clean.jpg --force {quality}")).succeeds();
        assert!(mean("clean.jpg") < most, "{quality}: {}", mean("clean.jpg"));
    }
    let small = sandbox.read("clean.jpg").len();
    sandbox.ae("denoise run page.png -o clean.jpg --force --quality 98").succeeds();
    assert!(sandbox.read("clean.jpg").len() > small);
    sandbox
        .ae("denoise run page.png -o clean.jpg --force --quality 0")
        .refuses_with(&["--quality", "1..=100"]);
    sandbox.ae("denoise run page.png -o clean.gif").refuses_with(&["clean.gif", ".jpg, .tif"]);
    // Pictures of the model's own size go another way.
    save(&sandbox, "small.png", grey(14, 14));
    for name in ["small.jpg", "small.webp"] {
        sandbox.ae(&format!("reconstruct run small.png -o {name}")).succeeds();
        assert_eq!(open(&sandbox, name).width(), 14);
    }
    sandbox
        .ae("reconstruct run data -o all.jpg")
        .fails_with(&["all.jpg: several images go into a folder"]);
    sandbox.ae("reconstruct run data -o all.tif").succeeds();
    assert_eq!(sides(&sandbox, "all.tif").len(), 100);
}

#[test]
fn depth_profile_and_resolution_are_carried_over_or_it_is_said() {
    let sandbox = with_model();
    for (channels, space) in [(1, b"GRAY"), (3, b"RGB ")] {
        for input in ["in.png", "in.tif", "in.jpg"] {
            rich(&sandbox, input, channels, PictureDepth::Bits16);
            for output in ["out.png", "out.tif", "out.jpg"] {
                let told =
                    sandbox.ae(&format!("denoise run {input} -o {output} --force")).succeeds();
                let found = metadata(&sandbox, output);
                let case = format!("{channels}, {input} to {output}");
                let kept = found.profile.as_ref().map(ColourProfile::bytes);
                assert_eq!(kept, Some(profile(space).as_slice()), "{case}");
                let dots = found.dots_per_inch.unwrap().map(|dots| dots.round());
                assert_eq!(dots, [300.0, 150.0], "{case}");
                let is_deep = input != "in.jpg" && output != "out.jpg";
                assert_eq!(found.depth == Depth::Bits16, is_deep, "{case}");
                let is_rounded = input != "in.jpg" && output == "out.jpg";
                let said = told.stderr.contains("1 picture are rounded to the bits that jpeg has");
                assert_eq!(said, is_rounded, "{case}: {}", told.stderr);
            }
        }
    }
    let told = sandbox.ae("denoise run in.png -o out.bmp").succeeds().stderr;
    assert!(told.contains("the colour profile of 1 picture is not carried over: bmp"), "{told}");
    assert!(!told.contains("the resolution"), "{told}");
    let dots = metadata(&sandbox, "out.bmp").dots_per_inch.unwrap();
    assert_eq!(dots.map(|dots| dots.round()), [300.0, 150.0]);
    let told = sandbox.ae("denoise run in.png -o out.webp").succeeds().stderr;
    assert!(told.contains("the resolution of 1 picture is not carried over: webp"), "{told}");
    assert!(!told.contains("the colour profile"), "{told}");
    assert!(metadata(&sandbox, "out.webp").profile.is_some());
    // Floats stay floats where they can.
    rich(&sandbox, "floats.tif", 1, PictureDepth::Floats);
    sandbox.ae("denoise run floats.tif -o again.tif").succeeds();
    assert_eq!(metadata(&sandbox, "again.tif").depth, Depth::Floats);
}

#[test]
fn the_pages_of_a_stack_stay_together() {
    let sandbox = with_model();
    let pages = [(20, 30), (14, 14), (33, 9)];
    stack(&sandbox, "in/cells/stack.tif", &pages, PictureDepth::Bits16);
    save(&sandbox, "in/cells/z.jpg", grey(20, 20));
    save(&sandbox, "in/page.png", grey(20, 30));
    let expected = pages.map(|(height, width)| (height as u32, width as u32));
    sandbox.ae("denoise run in/cells/stack.tif -o clean.tif").succeeds();
    assert_eq!(sides(&sandbox, "clean.tif"), expected);
    assert_eq!(metadata(&sandbox, "clean.tif").depth, Depth::Bits16);
    let told = sandbox.ae("denoise run in -o out/").succeeds().stdout;
    assert_eq!(told, "5 pictures written to out/\n");
    assert!(sandbox.read("out/cells/stack.tif") == sandbox.read("clean.tif"));
    assert_eq!(sandbox.read("out/cells/z.jpg")[..3], [0xff, 0xd8, 0xff]);
    assert_eq!(open(&sandbox, "out/page.png").width(), 30);
    let names = |folder: &str| {
        let mut names = Vec::new();
        let mut folders = vec![sandbox.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(sandbox.path("")).unwrap();
                    names.push(name.to_str().unwrap().to_owned());
                }
            }
        }
        names.sort();
        names
    };
    assert_eq!(names("out"), ["out/cells/stack.tif", "out/cells/z.jpg", "out/page.png"]);
    sandbox.ae("denoise run in -o png/ --format png").succeeds();
    let pages = ["0001", "0002", "0003"].map(|page| format!("png/cells/stack-{page}.tif.png"));
    assert_eq!(names("png")[..3], pages);
    assert_eq!(names("png")[3..], ["png/cells/z.jpg.png", "png/page.png"]);
    sandbox
        .ae("denoise run in/cells/stack.tif -o clean.png")
        .fails_with(&["clean.png", "several into the pages of a .tif"]);
    sandbox.ae("encode run in/cells/stack.tif --resize fit -o codes.npy").succeeds();
}

#[test]
fn transparent_pictures_need_a_background() {
    let sandbox = with_model();
    save(&sandbox, "logo.png", RgbaImage::from_pixel(20, 20, Rgba([255, 0, 0, 0])));
    let refusal = ["logo.png: partly transparent", "; --background white (or black"];
    sandbox.ae("denoise run logo.png -o out.png").fails_with(&refusal);
    sandbox.ae("denoise run logo.png -o white.png --background white").succeeds();
    sandbox.ae("denoise run logo.png -o black.png --background black").succeeds();
    assert!(sandbox.read("white.png") != sandbox.read("black.png"));
    sandbox
        .ae("denoise run logo.png -o out.png --background grey")
        .refuses_with(&["--background", "white, black or #rrggbb"]);
    for name in ["a", "b", "c"] {
        let pixel = Rgba([200, 200, 200, 100]);
        save(&sandbox, &format!("logos/{name}.png"), RgbaImage::from_pixel(4, 4, pixel));
    }
    sandbox.ae("train --data logos --widths 2 --epochs 1 --out logo").fails_with(&["--background"]);
    let told = sandbox.ae("data info logos").succeeds().stdout;
    for line in [
        "colours: 0 grey, 3 coloured, 0 of 16 bits, 3 with an opacity",
        "say what lies behind 3 pictures that may be transparent: --background white",
        "then: ae train --data logos --background white",
    ] {
        assert!(told.contains(line), "{told}");
    }
    sandbox
        .ae("train --data logos --widths 2 --epochs 1 --background #102030 --out logo")
        .succeeds();
    assert!(sandbox.read_text("logo/spec.toml").contains("background = \"#102030\""));
    // It is read as in the training.
    let told = sandbox.ae("reconstruct logo logos -o again/").succeeds().stderr;
    assert!(told.contains("as in the model's training: --background #102030"), "{told}");
}

#[test]
fn of_an_animation_it_is_said_that_one_frame_is_read() {
    let sandbox = with_model();
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    for tone in [0, 255] {
        let frame = RgbaImage::from_pixel(20, 20, Rgba([tone, tone, tone, 255]));
        encoder.encode_frame(Frame::new(frame)).unwrap();
    }
    drop(encoder);
    sandbox.write("in/dance.gif", &file);
    let told = sandbox.ae("denoise run in/dance.gif -o one.png").succeeds().stderr;
    assert!(told.contains("dance.gif is animated: its first frame is read"), "{told}");
    sandbox.write("in/dance.webp", animated_webp(&encoded(ImageFormat::WebP)));
    sandbox.write("in/dance.png", animated_png(&encoded(ImageFormat::Png)));
    for name in ["dance.webp", "dance.png"] {
        let told =
            sandbox.ae(&format!("denoise run in/{name} -o one.png --force")).succeeds().stderr;
        assert!(told.contains(&format!("{name} is animated: its first frame is read")), "{told}");
    }
    let told = sandbox.ae("reconstruct run in -o out/ --resize fit").succeeds().stderr;
    assert!(told.contains("in: 3 pictures are animated, such as in/dance.gif"), "{told}");
    let found = open(&sandbox, "out/dance.gif.png").into_luma8();
    assert!(open(&sandbox, "out/dance.webp").into_luma8() == found);
    assert!(open(&sandbox, "out/dance.png").into_luma8() == found);
}

/// A black picture.
fn encoded(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let black = DynamicImage::from(GrayImage::new(20, 20));
    black.write_to(&mut std::io::Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// An animation of one frame: its chunk, after the headers of the container and of the animation.
fn animated_webp(still: &[u8]) -> Vec<u8> {
    let chunk = |kind: &[u8; 4], contents: &[u8]| {
        [&kind[..], &(contents.len() as u32).to_le_bytes(), contents].concat()
    };
    let frame = &still[12..];
    let header = [0, 0, 0, 0, 0, 0, 19, 0, 0, 19, 0, 0, 100, 0, 0, 0];
    let chunks = [
        chunk(b"VP8X", &[2, 0, 0, 0, 19, 0, 0, 19, 0, 0]),
        chunk(b"ANIM", &[0; 6]),
        chunk(b"ANMF", &[&header[..], frame].concat()),
    ];
    let body = [&b"WEBP"[..], &chunks.concat()].concat();
    [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat()
}

/// The chunk that says so, after the header.
fn animated_png(still: &[u8]) -> Vec<u8> {
    let body = [&b"acTL"[..], &1_u32.to_be_bytes(), &0_u32.to_be_bytes()].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&body);
    let chunk = [&8_u32.to_be_bytes()[..], &body, &sum.sum().to_be_bytes()].concat();
    [&still[..33], &chunk, &still[33..]].concat()
}

/// Three pictures, of which the second is whole by its header alone.
pub(crate) fn with_damage(sandbox: &Sandbox) -> Vec<u8> {
    for name in ["a", "b", "c"] {
        save(sandbox, &format!("in/{name}/{name}.png"), grey(30, 20));
    }
    let whole = sandbox.read("in/b/b.png");
    sandbox.write("in/b/b.png", &whole[..whole.len() / 2]);
    whole
}

#[test]
fn an_interrupted_folder_goes_on_with_what_is_missing() {
    let sandbox = with_model();
    let whole = with_damage(&sandbox);
    let command = "denoise run in -o out/ --noise gaussian:0.2";
    let next = "the same command with --continue makes the others";
    sandbox.ae(command).fails_with(&[
        "stopped after 1 picture, written to out/",
        next,
        "in/b/b.png",
    ]);
    sandbox.write("in/b/b.png", &whole);
    sandbox.ae(command).fails_with(&["interrupted command", "with --continue goes on"]);
    sandbox.ae("denoise run in -o out/ --noise gaussian:0.3 --continue").fails_with(&[
        "begun by another command, `ae denoise run in -o out/ --noise gaussian:0.2`",
    ]);
    let first = fs::metadata(sandbox.path("out/a/a.png")).unwrap().modified().unwrap();
    let told = sandbox.ae(&format!("{command} --continue")).succeeds().stdout;
    assert_eq!(told, "2 pictures written (1 there already) to out/\n");
    assert_eq!(fs::metadata(sandbox.path("out/a/a.png")).unwrap().modified().unwrap(), first);
    sandbox.ae(&command.replace("out/", "at-once/")).succeeds();
    // The noise of a picture depends on its place, whether or not others are there already.
    for name in ["a/a.png", "b/b.png", "c/c.png"] {
        let [one, other] =
            ["out", "at-once"].map(|folder| sandbox.read(&format!("{folder}/{name}")));
        assert!(one == other, "{name}");
    }
    sandbox.ae(&format!("{command} --continue")).fails_with(&["nothing in it is unfinished"]);
    // A new folder may be begun so.
    sandbox.ae("denoise run in -o new/ --continue").succeeds();
    // What failed at once leaves nothing behind.
    save(&sandbox, "clear/a.png", RgbaImage::new(20, 20));
    sandbox.ae("denoise run clear -o fresh/").fails_with(&["--background"]);
    sandbox.ae("denoise run clear -o fresh/ --background white").succeeds();
    sandbox.ae("denoise run in/a/a.png -o x.png --continue").fails_with(&["--continue is for"]);
    // Pictures of the model's size go another way.
    sandbox.ae("reconstruct run in -o small/ --resize fit --continue").succeeds();
    assert_eq!(open(&sandbox, "small/b/b.png").height(), 14);
}

#[test]
fn an_output_that_cannot_be_written_half_way_stops_the_folder() {
    let sandbox = with_model();
    let whole = with_damage(&sandbox);
    sandbox.write("in/b/b.png", whole);
    for (resize, out) in [("", "out"), ("--resize fit", "small")] {
        // Nobody may write this file, not even an administrator, who may write in any folder.
        let name = format!("{out}/b/b.png");
        sandbox.write(&name, "protected");
        let path = sandbox.path(&name);
        let writable = fs::metadata(&path).unwrap().permissions();
        let mut read_only = writable.clone();
        read_only.set_readonly(true);
        fs::set_permissions(&path, read_only).unwrap();
        let command = format!("denoise run in -o {out}/ {resize}");
        let refused = sandbox.ae(&format!("{command} --force"));
        let written = format!("stopped after 1 picture, written to {out}/");
        let next = "the same command with --continue makes the others";
        refused.fails_with(&[&written, next, &name, "read-only"]);
        let first = sandbox.read(&format!("{out}/a/a.png"));
        assert_eq!(sandbox.read_text(&name), "protected");
        assert!(!sandbox.path(&format!("{out}/c")).exists());
        fs::set_permissions(&path, writable).unwrap();
        // What was there before the command is not one of its pictures.
        sandbox.ae(&format!("{command} --continue")).succeeds();
        assert!(sandbox.read(&name) != b"protected");
        assert!(sandbox.read(&format!("{out}/a/a.png")) == first);
    }
    sandbox.holds_no_temporary_files();
}

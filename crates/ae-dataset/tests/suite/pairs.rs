//! Pairs of pictures: what belongs together, and what has no partner.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use ae_dataset::{
    BadItems, Dataset, Images, LoadOptions, Network, PatchOptions, PatchSource, Pixels,
    ReadOptions, Resize, Seed, Source, load,
};
use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage};
use tempfile::TempDir;
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::Gray8;

fn open(data: &Path, target: &Path, options: LoadOptions) -> Result<Dataset, String> {
    let options = LoadOptions { target: Some(target.to_owned()), ..options };
    let source = Source::Path(data.to_owned());
    load(&source, &options, Network::Offline, &mut ()).map_err(|error| error.to_string())
}

fn skipping() -> LoadOptions {
    let read = ReadOptions { bad: BadItems::Skip, ..ReadOptions::default() };
    LoadOptions { read, ..LoadOptions::default() }
}

fn save(dir: &TempDir, name: &str, picture: impl Into<DynamicImage>) {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.into().save(path).unwrap();
}

/// A picture whose values are `base` plus the place, so that every patch says where it was cut.
fn ramp(width: u32, height: u32, base: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([(base + y * width + x) as u8]))
}

/// Ten pairs: the clean picture is the dirty one plus 100.
fn pairs() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..10 {
        save(&dir, &format!("dirty/{number}.png"), ramp(9, 8, number));
        save(&dir, &format!("clean/{number}.bmp"), ramp(9, 8, number + 100));
    }
    dir
}

fn sides(dir: &TempDir) -> [PathBuf; 2] {
    ["dirty", "clean"].map(|side| dir.path().join(side))
}

/// Whether each image is its input plus 100.
fn belong_together(inputs: &Images, images: &Images) -> bool {
    let pairs = inputs.bytes().unwrap().iter().zip(images.bytes().unwrap());
    inputs.shape() == images.shape()
        && pairs.into_iter().all(|(input, image)| input + 100 == *image)
}

#[test]
fn partners_have_the_same_path_without_the_ending() {
    let dir = pairs();
    let [dirty, clean] = sides(&dir);
    let dataset = open(&dirty, &clean, LoadOptions::default()).unwrap();
    let inputs = dataset.inputs.unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len(), dataset.skipped), (9, 1, 0));
    assert!(belong_together(&inputs.train, &dataset.train));
    assert!(belong_together(&inputs.test, &dataset.test));
    assert_eq!(dataset.origin.location, dirty.display().to_string());
    assert_eq!(inputs.target, clean.display().to_string());
    let names: Vec<_> = dataset.origin.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "train-images-idx3-ubyte",
            "t10k-images-idx3-ubyte",
            "train-inputs-idx3-ubyte",
            "t10k-inputs-idx3-ubyte"
        ]
    );
    // Each side decides digests of its own.
    save(&dir, "dirty/4.png", ramp(9, 8, 77));
    let changed = open(&dirty, &clean, LoadOptions::default()).unwrap().origin.files;
    let differ = |index: usize| changed[index] != dataset.origin.files[index];
    assert_eq!([differ(0), differ(1), differ(2) || differ(3)], [false, false, true]);
}

#[test]
fn patches_of_pairs_are_cut_at_the_same_places_in_the_same_way() {
    let dir = pairs();
    let [dirty, clean] = sides(&dir);
    let patches =
        PatchOptions { count: Some(60), flips: true, rotations: true, ..PatchOptions::new([3, 3]) };
    let options = LoadOptions { patches: Some(patches), ..LoadOptions::default() };
    let dataset = open(&dirty, &clean, options.clone()).unwrap();
    let (inputs, source) = (dataset.inputs.unwrap(), dataset.patches.unwrap());
    assert!(belong_together(&inputs.train, &dataset.train));
    assert!(belong_together(&inputs.test, &dataset.test));
    assert_eq!(source.inputs(0).unwrap().unwrap(), inputs.train);
    for epoch in 1..4 {
        let images = source.epoch(epoch).unwrap();
        assert!(belong_together(&source.inputs(epoch).unwrap().unwrap(), &images));
        assert_ne!(images, dataset.train);
    }
    let names: Vec<_> = dataset.origin.files.iter().map(|file| file.name.as_str()).collect();
    let [train, test] = ["train", "t10k"];
    let expected = [train, test].map(|half| ["images", "inputs"].map(|kind| (half, kind)));
    let expected =
        expected.concat().into_iter().map(|(half, kind)| format!("{half}-{kind}-pictures"));
    assert_eq!(names, expected.collect::<Vec<_>>());
    // Pictures without partners are their own inputs.
    let alone = LoadOptions { target: None, ..options };
    let alone = load(&Source::Path(clean), &alone, Network::Offline, &mut ()).unwrap();
    assert_eq!(alone.patches.unwrap().inputs(3).unwrap(), None);
    // The same clean pictures are cut with and without partners.
    assert_eq!(alone.train, dataset.train);
}

#[test]
fn pairs_in_memory_need_one_input_for_each_picture() {
    let image = |side: usize| Images::new(side, side, vec![7; side * side]).unwrap();
    let of = |inputs| {
        let options = PatchOptions::new([2, 2]);
        PatchSource::of_pairs(inputs, vec![image(4), image(5)], options, Seed::new(1))
    };
    assert!(of(vec![image(4), image(5)]).is_ok());
    for inputs in [vec![image(4)], vec![image(5), image(4)]] {
        let error = of(inputs).unwrap_err().to_string();
        assert!(error.contains("expected one for each of 2 pictures, of its shape"), "{error}");
    }
}

#[test]
fn folders_for_training_and_testing_have_the_same_layout_on_both_sides() {
    let dir = tempfile::tempdir().unwrap();
    for (number, name) in (0..).zip(["train/a/0", "train/a/1", "train/b/0", "test/a/0", "val/b/9"])
    {
        save(&dir, &format!("dirty/{name}.png"), ramp(4, 4, number));
        save(&dir, &format!("clean/{name}.png"), ramp(4, 4, number + 100));
    }
    // The part that is not read on either side needs no partners.
    save(&dir, "clean/test/a/7.png", ramp(4, 4, 0));
    let [dirty, clean] = sides(&dir);
    let dataset = open(&dirty, &clean, LoadOptions::default()).unwrap();
    let inputs = dataset.inputs.unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (3, 1));
    assert!(belong_together(&inputs.train, &dataset.train));
    assert!(belong_together(&inputs.test, &dataset.test));
    assert_eq!(dataset.train.labels().unwrap(), [0, 0, 1]);
    assert_eq!(dataset.train.class_names(), inputs.train.class_names());
}

#[test]
fn both_sides_are_read_alike() {
    let dir = pairs();
    save(&dir, "dirty/3.png", RgbImage::from_pixel(9, 8, Rgb([255, 0, 0])));
    let [dirty, clean] = sides(&dir);
    // The first picture of the data is grey, so that all are.
    let grey = open(&dirty, &clean, LoadOptions::default()).unwrap();
    assert_eq!(grey.train.channels(), 1);
    let colour = LoadOptions { channels: Some(3), ..LoadOptions::default() };
    let colour = open(&dirty, &clean, colour).unwrap();
    let inputs = colour.inputs.unwrap();
    assert_eq!((colour.train.channels(), inputs.train.channels()), (3, 3));
    let read = ReadOptions { resize: Resize::Crop, ..ReadOptions::default() };
    let resized = LoadOptions { read, size: Some([6, 6]), ..LoadOptions::default() };
    let resized = open(&dirty, &clean, resized).unwrap();
    assert_eq!(resized.inputs.unwrap().train.shape(), resized.train.shape());
    assert_eq!(resized.train.height(), 6);
    // One picture of 16 bits makes floats of both sides.
    let deep = image::ImageBuffer::from_pixel(9, 8, Luma([13_107_u16]));
    save(&dir, "dirty/3.png", deep);
    let deep = open(&dirty, &clean, LoadOptions::default()).unwrap();
    let floats = |images: &Images| matches!(images.pixels(), Pixels::Floats(_));
    assert_eq!((deep.of_16_bits, floats(&deep.train)), (1, true));
    assert!(floats(&deep.inputs.unwrap().train));
}

#[test]
fn pages_of_stacks_are_pictures_on_either_side() {
    let dir = tempfile::tempdir().unwrap();
    let stack = |name: &str, base: u8| {
        let mut bytes = Cursor::new(Vec::new());
        let mut tiff = TiffEncoder::new(&mut bytes).unwrap();
        for page in 0..4 {
            tiff.write_image::<Gray8>(2, 2, &[base + page; 4]).unwrap();
        }
        let path = dir.path().join(name);
        fs::write(&path, bytes.into_inner()).unwrap();
        path
    };
    let (dirty, clean) = (stack("dirty.tif", 0), stack("clean.tif", 100));
    let dataset = open(&dirty, &clean, LoadOptions::default()).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (3, 1));
    assert!(belong_together(&dataset.inputs.unwrap().train, &dataset.train));
    // A folder of single pictures that are named as the pages are.
    for page in 0..4 {
        let picture = GrayImage::from_pixel(2, 2, Luma([100 + page]));
        save(&dir, &format!("singles/dirty-{:04}.png", page + 1), picture);
    }
    let dataset = open(&dirty, &dir.path().join("singles"), LoadOptions::default()).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (3, 1));
    assert!(belong_together(&dataset.inputs.unwrap().train, &dataset.train));
}

#[test]
fn pictures_without_partners_are_refused_or_left_out() {
    let dir = pairs();
    let [dirty, clean] = sides(&dir);
    fs::remove_file(clean.join("7.bmp")).unwrap();
    let error = open(&dirty, &clean, LoadOptions::default()).unwrap_err();
    for part in ["1 of 10 pictures in ", "have no partner in ", "7.png; add the partners or take"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    fs::remove_file(dirty.join("7.png")).unwrap();
    fs::remove_file(dirty.join("2.png")).unwrap();
    let error = open(&dirty, &clean, LoadOptions::default()).unwrap_err();
    assert!(error.contains("1 of 9 pictures in ") && error.contains("2.bmp"), "{error}");
    // One has no clean partner, one no dirty one, one is damaged, one is of another size.
    save(&dir, "dirty/7.png", ramp(9, 8, 7));
    fs::write(clean.join("3.bmp"), "no picture").unwrap();
    save(&dir, "clean/5.bmp", ramp(8, 8, 105));
    let dataset = open(&dirty, &clean, skipping()).unwrap();
    assert_eq!((dataset.train.len() + dataset.test.len(), dataset.skipped), (6, 4));
    let inputs = dataset.inputs.unwrap();
    assert!(belong_together(&inputs.train, &dataset.train));
    let patches = Some(PatchOptions { count: Some(30), ..PatchOptions::new([3, 3]) });
    let patches = open(&dirty, &clean, LoadOptions { patches, ..skipping() }).unwrap();
    assert_eq!(patches.skipped, 4);
    assert!(belong_together(&patches.inputs.unwrap().train, &patches.train));
}

#[test]
fn partners_of_another_size_are_refused_also_where_pictures_are_resized() {
    let dir = pairs();
    let [dirty, clean] = sides(&dir);
    save(&dir, "clean/5.bmp", ramp(8, 8, 105));
    let read = ReadOptions { resize: Resize::Fit, ..ReadOptions::default() };
    let patches = Some(PatchOptions { count: Some(30), ..PatchOptions::new([3, 3]) });
    for options in [
        LoadOptions::default(),
        LoadOptions { read, ..LoadOptions::default() },
        LoadOptions { patches, ..LoadOptions::default() },
    ] {
        let error = open(&dirty, &clean, options).unwrap_err();
        for part in ["1 of 10 pairs in ", "5.png (8 x 9) and ", "5.bmp (8 x 8); scale or cut"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

#[test]
fn what_is_no_pair_of_folders_of_pictures_is_refused() {
    let dir = pairs();
    let [dirty, clean] = sides(&dir);
    let refused =
        |data: &Path, target: &Path| open(data, target, LoadOptions::default()).unwrap_err();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("t.csv"), "1,2\n3,4\n").unwrap();
    let expected = "pairs are two folders of pictures, or two TIFFs with several pages, and ";
    for (data, target, end) in [
        (path("t.csv"), clean.clone(), "is a table"),
        (dirty.clone(), path("t.csv"), "is a table"),
        (dirty.clone(), dirty.join("0.png"), "is a file"),
    ] {
        let error = refused(&data, &target);
        assert!(error.starts_with(expected) && error.ends_with(end), "{error}");
    }
    assert!(refused(&dirty, &path("nowhere")).contains("nowhere"));
    let options = LoadOptions { target: Some(clean.clone()), ..LoadOptions::default() };
    let error = load(&Source::Digits, &options, Network::Offline, &mut ()).unwrap_err();
    assert!(error.to_string().ends_with("and digits is a data set of its own"), "{error}");
    assert!(refused(&dirty, &dirty.join("../dirty")).contains("to be learned from itself"));
    // Two partners of one name, and two that want the same.
    save(&dir, "clean/3.png", ramp(9, 8, 3));
    let error = refused(&dirty, &clean);
    assert!(
        error.contains("3.bmp and ")
            && error.ends_with("3.png have the same partner; take one of them away")
    );
    fs::remove_file(clean.join("3.png")).unwrap();
    save(&dir, "dirty/3.bmp", ramp(9, 8, 3));
    assert!(refused(&dirty, &clean).contains("have the same partner"));
}

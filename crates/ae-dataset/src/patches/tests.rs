//! Patches of folders and of pictures in memory.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, Rgb, RgbImage};
use rayon::ThreadPoolBuilder;
use tempfile::TempDir;

use super::folder::open_within;
use super::*;
use crate::{BadItems, Dataset, LoadOptions, ReadOptions, Resize};

const GIBIBYTE: u64 = 1 << 30;

mod refused;

fn options(size: [usize; 2], count: usize) -> PatchOptions {
    PatchOptions { count: Some(count), ..PatchOptions::new(size) }
}

fn save(dir: &TempDir, name: &str, picture: impl Into<DynamicImage>) {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.into().save(path).unwrap();
}

/// Grey pictures `0.png`, `1.png`, ... of different sizes, each filled with its number.
fn numbered(count: u8) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..count {
        let (width, height) = (8 + u32::from(number), 20 - u32::from(number % 9));
        let picture = GrayImage::from_pixel(width, height, Luma([number]));
        save(&dir, &format!("{number:02}.png"), picture);
    }
    dir
}

/// The progress that keeps sentences.
#[derive(Default)]
struct Sentences(Vec<String>);

impl crate::Progress for Sentences {
    fn transferred(&mut self, _: &str, _: u64, _: Option<u64>) {}

    fn chose(&mut self, sentence: &str) {
        self.0.push(sentence.to_owned());
    }
}

fn open(dir: &TempDir, patches: PatchOptions, pool: u64) -> Result<Dataset, DatasetError> {
    open_within(pool, dir.path(), patches, &LoadOptions::default(), &mut ())
}

fn refused(dir: &TempDir, patches: PatchOptions) -> String {
    open(dir, patches, GIBIBYTE).unwrap_err().to_string()
}

/// The pictures that patches of [`numbered`] pictures are cut from.
fn seen(patches: &Images) -> BTreeSet<u8> {
    patches.bytes().unwrap().iter().copied().collect()
}

#[test]
fn patches_depend_on_seed_epoch_and_number_alone() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..12_u32 {
        let noise = |x: u32, y: u32| Luma([(x * 37 + y * 101 + number * 53) as u8]);
        save(&dir, &format!("{number}.png"), GrayImage::from_fn(30 + number, 25, noise));
    }
    let patches = PatchOptions { flips: true, rotations: true, ..options([9, 9], 300) };
    // With the larger pool all pictures stay in memory.
    for pool in [GIBIBYTE, 5000] {
        let of_threads = |threads| {
            let threads = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            threads.install(|| {
                let dataset = open(&dir, patches, pool).unwrap();
                let source = dataset.patches.clone().unwrap();
                assert_eq!(source.is_streamed(), pool == 5000);
                assert_eq!(source.epoch(0).unwrap(), dataset.train);
                (dataset.train, dataset.test, source.epoch(7).unwrap(), dataset.origin.files)
            })
        };
        let once = of_threads(1);
        assert_eq!(once, of_threads(3));
        assert_ne!(once.0, once.2, "another epoch has other patches");
        let fewer = open(&dir, PatchOptions { count: Some(100), ..patches }, pool).unwrap();
        let first = fewer.patches.unwrap().epoch(7).unwrap();
        let all = once.2.bytes().unwrap();
        assert_eq!(first.bytes().unwrap(), &all[..100 * 81], "the count changes no patch");
    }
    let other = LoadOptions { seed: Seed::new(43), ..LoadOptions::default() };
    let other = open_within(GIBIBYTE, dir.path(), patches, &other, &mut ()).unwrap();
    assert_ne!(other.train, open(&dir, patches, GIBIBYTE).unwrap().train);
}

/// Pearson's chi-squared over the 2 x 3 + 4 x 1 + 1 places of three pictures, and over the four turns and the four
/// flips of each patch.
#[test]
fn every_place_turn_and_flip_is_equally_likely() {
    // All values differ, so that a patch shows where it was cut.
    let picture = |height: usize, width: usize, first: usize| {
        let bytes = (first..first + height * width).map(|value| value as u8).collect();
        Images::new(height, width, bytes).unwrap()
    };
    let pictures = || vec![picture(3, 4, 0), picture(5, 2, 20), picture(2, 2, 40)];
    let count = 22_000;
    let plain = PatchSource::of_pictures(pictures(), options([2, 2], count), Seed::new(5)).unwrap();
    let mut places = [0_u32; 64];
    for epoch in [0, 3] {
        let patches = plain.epoch(epoch).unwrap();
        for patch in patches.bytes().unwrap().chunks(4) {
            places[usize::from(patch[0])] += 1;
            assert_eq!(patch[1], patch[0] + 1);
        }
    }
    let found: Vec<usize> = (0..64).filter(|&place| places[place] > 0).collect();
    assert_eq!(found, [0, 1, 2, 4, 5, 6, 20, 22, 24, 26, 40]);
    let statistic = chi_squared(found.iter().map(|&place| places[place]), 4000.0);
    assert!(statistic < 29.59, "0.1 % critical value at 10 degrees: {statistic}");

    let turned = PatchOptions { flips: true, rotations: true, ..options([2, 2], count) };
    let turned = PatchSource::of_pictures(pictures(), turned, Seed::new(5)).unwrap();
    let (upright, turned) = (plain.epoch(0).unwrap(), turned.epoch(0).unwrap());
    let mut orientations = std::collections::BTreeMap::new();
    for (upright, turned) in
        upright.bytes().unwrap().chunks(4).zip(turned.bytes().unwrap().chunks(4))
    {
        // The place of a patch does not depend on how it is turned.
        let order: Vec<_> =
            turned.iter().map(|x| upright.iter().position(|y| x == y).unwrap()).collect();
        *orientations.entry(order).or_insert(0_u32) += 1;
    }
    // Each of the eight symmetries of a square, by two of the sixteen pairs of a flip and a turn.
    assert_eq!(orientations.len(), 8);
    let statistic = chi_squared(orientations.into_values(), count as f64 / 8.0);
    assert!(statistic < 24.32, "0.1 % critical value at 7 degrees: {statistic}");
}

fn chi_squared(counts: impl Iterator<Item = u32>, expected: f64) -> f64 {
    counts.map(|count| (f64::from(count) - expected).powi(2) / expected).sum()
}

#[test]
fn no_picture_is_on_both_sides() {
    let dir = numbered(40);
    let whole = open(&dir, options([8, 8], 2000), GIBIBYTE).unwrap();
    let of_training = whole.patches.as_ref().unwrap().memory();
    // In the second pool there is no room for validation pictures beside the others, which changes nothing.
    for (pool, is_streamed) in [(GIBIBYTE, false), (of_training, false), (3000, true)] {
        let dataset = open(&dir, options([8, 8], 2000), pool).unwrap();
        let (mut training, validation) = (BTreeSet::new(), seen(&dataset.test));
        let source = dataset.patches.unwrap();
        for epoch in 0..30 {
            training.append(&mut seen(&source.epoch(epoch).unwrap()));
        }
        assert_eq!((training.len(), validation.len()), (36, 4));
        assert!(training.is_disjoint(&validation));
        assert_eq!(source.is_streamed(), is_streamed);
        assert_eq!(dataset.test, whole.test);
        assert_eq!((source.pictures(), source.validation_pictures()), (36, 4));
        assert_eq!((dataset.test.len(), dataset.held_out), (200, Some(0.1)));
    }
    // The folder itself can say which pictures are held out.
    let dir = tempfile::tempdir().unwrap();
    for (name, value) in [("train/a", 1), ("train/b", 2), ("val/c", 3), ("test/d", 4)] {
        save(&dir, &format!("{name}.png"), GrayImage::from_pixel(9, 8, Luma([value])));
    }
    let dataset = open(&dir, options([8, 8], 50), GIBIBYTE).unwrap();
    assert_eq!((seen(&dataset.train), seen(&dataset.test)), ([1, 2].into(), [3].into()));
    assert_eq!(dataset.held_out, None);
}

#[test]
fn a_folder_larger_than_the_pool_is_decoded_in_parts() {
    let dir = numbered(40);
    let mut sentences = Sentences::default();
    let patches = options([8, 8], 500);
    let load = LoadOptions::default();
    let dataset = open_within(900, dir.path(), patches, &load, &mut sentences).unwrap();
    let said = sentences.0.join("\n");
    assert!(said.contains("every epoch decodes those of a random part"), "{said}");
    let source = dataset.patches.unwrap();
    assert_eq!(source.memory(), 0);
    let parts: Vec<_> = (0..20).map(|epoch| seen(&source.epoch(epoch).unwrap())).collect();
    for part in &parts {
        // The pictures take from 96 to 846 bytes.
        let bytes =
            part.iter().map(|&number| (8 + u64::from(number)) * (20 - u64::from(number % 9)));
        assert!(bytes.sum::<u64>() <= 900, "{part:?}");
    }
    assert!(parts.windows(2).any(|pair| pair[0] != pair[1]));
    // A picture alone may be larger than the pool.
    let one = open(&dir, patches, 10).unwrap().patches.unwrap();
    assert_eq!(seen(&one.epoch(3).unwrap()).len(), 1);
    // What changed while a training runs is an error, not other patches: another size, and other pixels of the same size.
    let sizes: [fn(u32) -> (u32, u32); 2] = [|_| (8, 8), |n| (8 + n, 20 - n % 9)];
    for size in sizes {
        for number in 0..40 {
            let (width, height) = size(number);
            save(&dir, &format!("{number:02}.png"), GrayImage::new(width, height));
        }
        let error = source.epoch(0).unwrap_err().to_string();
        assert!(error.contains(".png has changed since it was first read"), "{error}");
    }
}

#[test]
fn grey_colour_and_16_bits_can_be_mixed() {
    let dir = tempfile::tempdir().unwrap();
    save(&dir, "train/a.png", GrayImage::from_pixel(5, 4, Luma([51])));
    save(&dir, "train/b.png", RgbImage::from_pixel(4, 6, Rgb([255, 0, 0])));
    save(&dir, "test/c.png", GrayImage::from_pixel(4, 4, Luma([102])));
    let of_channels = |channels| {
        let load = LoadOptions { channels, ..LoadOptions::default() };
        open_within(GIBIBYTE, dir.path(), options([3, 3], 40), &load, &mut ()).unwrap()
    };
    let values =
        |images: &Images| images.to_floats().into_iter().map(|x| (x * 255.0).round() as u8);
    let grey = of_channels(None);
    assert_eq!((grey.train.shape(), grey.of_16_bits), (ImageShape::grey(3, 3), 0));
    // Red is grey by BT.709's weights.
    assert_eq!(values(&grey.train).collect::<BTreeSet<_>>(), [51, 54].into());
    let colour = of_channels(Some(3));
    assert_eq!(colour.train.shape(), ImageShape { channels: 3, height: 3, width: 3 });
    for patch in colour.train.bytes().unwrap().chunks(27) {
        let is_red = patch[..9] == [255; 9] && patch[9..] == [0; 18];
        assert!(is_red || *patch == [51; 27], "{patch:?}");
    }
    assert_ne!(colour.origin.files, grey.origin.files);

    let deep: ImageBuffer<Luma<u16>, _> = ImageBuffer::from_pixel(4, 4, Luma([13_107]));
    save(&dir, "train/d.png", deep);
    for pool in [GIBIBYTE, 0] {
        let load = LoadOptions::default();
        let mixed = open_within(pool, dir.path(), options([3, 3], 40), &load, &mut ()).unwrap();
        assert_eq!((mixed.of_16_bits, mixed.train.bytes(), mixed.test.bytes()), (1, None, None));
        assert!(mixed.test.to_floats().iter().all(|&value| value == 102.0 / 255.0));
        let source = mixed.patches.unwrap();
        let all: BTreeSet<u8> = (0..9)
            .flat_map(|epoch| values(&source.epoch(epoch).unwrap()).collect::<Vec<_>>())
            .collect();
        assert_eq!(all, [51, 54].into(), "13107 of 65535 is 51 of 255");
    }
}

#[test]
fn patches_have_the_classes_of_their_pictures() {
    let dir = tempfile::tempdir().unwrap();
    for (name, value) in [("ant/0", 0), ("ant/1", 0), ("bee/0", 1), ("bee/1", 1), ("bee/2", 1)] {
        save(&dir, &format!("{name}.png"), GrayImage::from_pixel(9, 9, Luma([value])));
    }
    let dataset = open(&dir, options([8, 8], 100), GIBIBYTE).unwrap();
    let train = dataset.patches.unwrap().epoch(1).unwrap();
    let pixels = train.bytes().unwrap().chunks(64).map(|patch| patch[0]);
    assert_eq!(train.labels().unwrap(), pixels.collect::<Vec<_>>());
    assert_eq!(train.class_names().unwrap(), ["ant", "bee"]);
}

#[test]
fn without_a_number_patches_cover_the_pictures_once() {
    let count = |sides: &[usize], size| {
        let picture = |&side: &usize| Images::new(side, side, vec![0; side * side]).unwrap();
        let pictures = sides.iter().map(picture).collect();
        let source = PatchSource::of_pictures(pictures, PatchOptions::new(size), Seed::new(1));
        source.unwrap().options().count.unwrap()
    };
    assert_eq!(count(&[300, 400], [10, 10]), 2500);
    assert_eq!(count(&[301], [5, 6]), 3021);
    assert_eq!((count(&[9], [5, 5]), count(&[900], [5, 5])), (1000, 16_000));
    // 2 GiB hold 1024 patches of 2 MiB.
    assert_eq!(count(&[9000], [1024, 2048]), 1000);
    assert_eq!(count(&[9000], [2048, 2048]), 512);
    let dir = numbered(20);
    let mut sentences = Sentences::default();
    let patches = PatchOptions::new([8, 8]);
    open_within(GIBIBYTE, dir.path(), patches, &LoadOptions::default(), &mut sentences).unwrap();
    let expected = format!(
        "{}: every epoch cuts 1000 patches of 8 x 8 anew from 18 pictures, to cover these once (from 1000 to 16000); \
         100 patches of 2 other pictures stay the same for validation",
        dir.path().display()
    );
    assert!(sentences.0.contains(&expected), "{:?}", sentences.0);
}

/// A resume finds out that a picture has changed, also where this changes no size.
#[test]
fn the_digests_cover_names_and_contents_of_each_side() {
    let dir = numbered(10);
    let files = || open(&dir, options([8, 8], 9), GIBIBYTE).unwrap().origin.files;
    let before = files();
    assert_eq!(before.len(), 2);
    assert_eq!(files(), before);
    let whole: Vec<_> =
        (0..10_u8).map(|n| fs::read(dir.path().join(format!("{n:02}.png"))).unwrap()).collect();
    let mut changed = [0, 0];
    for (number, bytes) in (0..).zip(&whole) {
        let path = dir.path().join(format!("{number:02}.png"));
        let picture = image::load_from_memory(bytes).unwrap().to_luma8();
        let mut other = picture.clone();
        other.put_pixel(7, 7, Luma([99]));
        other.save(&path).unwrap();
        let now = files();
        changed[0] += usize::from(now[0] != before[0]);
        changed[1] += usize::from(now[1] != before[1]);
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(changed, [9, 1]);
    fs::rename(dir.path().join("09.png"), dir.path().join("10.png")).unwrap();
    assert_ne!(files(), before);
}

#[test]
fn a_data_set_of_pictures_becomes_one_of_patches() {
    let filled = |values: std::ops::Range<u8>| {
        let pixels = values.flat_map(|value| vec![value; 9 * 7]).collect();
        Images::new(9, 7, pixels).unwrap()
    };
    let whole = Dataset::new("filled", "here", filled(0..12), filled(100..103)).unwrap();
    let of =
        |seed| patches_of(whole.clone(), options([4, 5], 200), Seed::new(seed), &mut ()).unwrap();
    let dataset = of(1);
    assert_eq!((dataset.train.len(), dataset.test.len()), (200, 20));
    assert_eq!(dataset.train.shape(), ImageShape::grey(4, 5));
    // No picture is on both sides.
    assert_eq!(seen(&dataset.train), (0..12).collect());
    assert_eq!(seen(&dataset.test), (100..103).collect());
    let patches = dataset.patches.as_ref().unwrap();
    assert_eq!((patches.pictures(), patches.validation_pictures()), (12, 3));
    assert_eq!(patches.epoch(0).unwrap(), dataset.train);
    assert_ne!(patches.epoch(1).unwrap(), dataset.train);
    assert_eq!(dataset.origin, whole.origin);
    assert_eq!(of(1), dataset);
    assert_ne!(of(2).train, dataset.train);

    let error =
        patches_of(whole.clone(), options([10, 5], 200), Seed::new(1), &mut ()).unwrap_err();
    assert!(error.to_string().contains("at least"), "{error}");
}

//! PNG and JPEG files: damage, EXIF orientations, 1 to 16 bits per value.

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use ae_dataset::{
    ImageShape, InputFormat, Inputs, LoadOptions, Network, PictureId, PictureMetadata, ReadOptions,
    Source, load, read_inputs,
};
use flate2::{Compression, write::ZlibEncoder};
use image::{GrayImage, ImageFormat, Luma};
use proptest::prelude::*;

/// Written by Pillow, 20 x 24 in colour: `save(.., quality=80, progressive=True, restart_marker_rows=1)`.
const PROGRESSIVE: &[u8] = include_bytes!("../data/progressive.jpg");
/// Written by Pillow with `quality=60`. The standard Huffman tables were removed and `AVI1` was added.
const MOTION: &[u8] = include_bytes!("../data/motion.jpg");

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/pictures").join(name)
}

fn read_as(path: &Path, shape: ImageShape) -> Result<Inputs, String> {
    let format = InputFormat { shape, scaling: None };
    let read = read_inputs(path, &format, &ReadOptions::default(), &mut ());
    read.map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

fn read_bytes(bytes: &[u8], shape: ImageShape) -> Result<Inputs, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("picture");
    fs::write(&path, bytes).unwrap();
    read_as(&path, shape)
}

fn in_colour(height: usize, width: usize) -> ImageShape {
    ImageShape { channels: 3, height, width }
}

fn jpeg(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
    bytes
}

fn chunk(kind: &[u8; 4], contents: &[u8]) -> Vec<u8> {
    let body = [&kind[..], contents].concat();
    let length = (contents.len() as u32).to_be_bytes();
    [&length[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
}

/// A PNG with this bit depth and colour type, from its stored rows.
fn png(
    size: [u32; 2],
    kind: [u8; 2],
    rows: &[&[u8]],
    before: &[Vec<u8>],
    after: &[Vec<u8>],
) -> Vec<u8> {
    let [height, width] = size.map(u32::to_be_bytes);
    let header = [&width[..], &height, &kind, &[0, 0, 0]].concat();
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    rows.iter().for_each(|row| encoder.write_all(&[&[0], *row].concat()).unwrap());
    let pixels = encoder.finish().unwrap();
    let chunks = [chunk(b"IHDR", &header), before.concat(), chunk(b"IDAT", &pixels)];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat(), after.concat(), chunk(b"IEND", &[])].concat()
}

/// EXIF data with an orientation, big-endian or little-endian.
fn exif(orientation: u8, is_big: bool) -> Vec<u8> {
    match is_big {
        true => {
            [b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[orientation][..], &[0; 6]]
                .concat()
        }
        false => {
            [b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", &[orientation, 0][..], &[0; 6]]
                .concat()
        }
    }
}

/// A colour profile of 256 MiB of zeros in some 250 KB.
#[test]
fn a_profile_of_a_png_that_grows_without_bounds_is_left_out() {
    let profile = |mebibytes: usize| {
        let mut encoder = ZlibEncoder::new(b"name\0\0".to_vec(), Compression::best());
        let zeros = vec![0; 1 << 20];
        (0..mebibytes).for_each(|_| encoder.write_all(&zeros).unwrap());
        chunk(b"iCCP", &encoder.finish().unwrap())
    };
    let picture = |profile| png([1, 2], [8, 0], &[&[3, 4]], &[profile], &[]);
    let has_profile = |bytes: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("picture");
        fs::write(&path, bytes).unwrap();
        let found = PictureMetadata::read(&PictureId::file(&path)).unwrap();
        found.profile.is_some()
    };
    let small = picture(profile(1));
    assert!(has_profile(&small));
    let bomb = picture(profile(256));
    assert!(bomb.len() < 300_000);
    assert!(!has_profile(&bomb));
    let [small, bomb] =
        [small, bomb].map(|bytes| read_bytes(&bytes, ImageShape::grey(1, 2)).unwrap().pixels);
    assert_eq!(small, bomb);
}

#[test]
fn a_jpeg_that_ends_early_or_holds_zeros_is_damaged() {
    for name in ["half.jpg", "zeroed.jpg"] {
        let error = read_as(&case(name), in_colour(48, 64)).unwrap_err();
        assert_eq!(error, "FILE: damaged JPEG: the data of a scan end before the picture does");
    }
}

/// The file is cut at every place, with and without an end marker after the cut.
#[test]
fn a_jpeg_cut_anywhere_is_damaged() {
    let noise = GrayImage::from_fn(40, 24, |x, y| Luma([(x * y * 37 + x * 91) as u8]));
    let baseline = jpeg(&noise);
    for (whole, shape) in [
        (baseline.as_slice(), ImageShape::grey(24, 40)),
        (PROGRESSIVE, in_colour(20, 24)),
        (MOTION, in_colour(20, 24)),
    ] {
        assert!(read_bytes(whole, shape).is_ok());
        for end in 4..whole.len() {
            let cut = &whole[..end];
            assert!(read_bytes(cut, shape).is_err(), "{end} of {}", whole.len());
            // The last bytes hold padding only, so that nothing is missing; between two scans a progressive file
            // may end.
            if end + 4 < whole.len() && whole != PROGRESSIVE {
                let ended = [cut, &[0xff, 0xd9]].concat();
                assert!(read_bytes(&ended, shape).is_err(), "{end} of {} and an end", whole.len());
            }
        }
        // Bytes after the end marker, such as a camera's preview, are accepted.
        let trailed = [whole, &[0; 9], &baseline[..100]].concat();
        let [trailed, whole] =
            [&trailed, whole].map(|bytes| read_bytes(bytes, shape).unwrap().pixels);
        assert_eq!(trailed, whole);
    }
}

#[test]
fn extraneous_bytes_and_a_missing_restart_marker_are_damage() {
    let shape = in_colour(20, 24);
    let end = PROGRESSIVE.len() - 2;
    let extra = [&PROGRESSIVE[..end], &[1, 2, 3], &PROGRESSIVE[end..]].concat();
    let error = read_bytes(&extra, shape).unwrap_err();
    assert!(error.contains("bytes that belong to nothing before the marker 0xd9"), "{error}");
    let place = PROGRESSIVE.windows(2).position(|pair| pair == [0xff, 0xd0]).unwrap();
    let mut other = PROGRESSIVE.to_vec();
    other[place + 1] = 0xd3;
    assert_eq!(
        read_bytes(&other, shape).unwrap_err(),
        "FILE: damaged JPEG: the marker 0xd3 in the data of a scan, expected 0xd0"
    );
}

#[test]
fn a_jpeg_that_claims_a_giant_size_is_refused_before_it_takes_memory() {
    let mut giant = jpeg(&GrayImage::new(8, 8));
    let frame = giant.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    giant[frame + 5..frame + 9].copy_from_slice(&[0xea, 0x60, 0xea, 0x60]);
    let error = read_bytes(&giant, ImageShape::grey(8, 8)).unwrap_err();
    assert!(error.to_lowercase().contains("limit"), "{error}");
}

proptest! {
    /// Every change gives a picture or an error.
    #[test]
    fn a_changed_jpeg_never_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        for whole in [PROGRESSIVE, MOTION] {
            let mut bytes = whole.to_vec();
            for (place, byte) in &changes {
                *place.get_mut(&mut bytes) = *byte;
            }
            let _ = read_bytes(&bytes, in_colour(20, 24));
        }
    }
}

#[test]
fn every_chunk_of_a_png_must_have_its_checksum() {
    let text = chunk(b"tEXt", b"Title\0x");
    let rows: [&[u8]; 2] = [&[1, 2, 3], &[4, 5, 6]];
    let whole =
        png([2, 3], [8, 0], &rows, std::slice::from_ref(&text), std::slice::from_ref(&text));
    let shape = ImageShape::grey(2, 3);
    assert_eq!(read_bytes(&whole, shape).unwrap().pixels[5], 6.0 / 255.0);
    assert!(read_bytes(&[&whole[..], b"more"].concat(), shape).is_ok());
    for place in 8..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 0x10;
        assert!(read_bytes(&changed, shape).is_err(), "byte {place}");
        assert!(read_bytes(&whole[..place], shape).is_err(), "{place} bytes");
    }
    let mut changed = whole;
    let title = changed.windows(5).position(|part| part == b"Title").unwrap();
    changed[title] = b't';
    assert_eq!(
        read_bytes(&changed, shape).unwrap_err(),
        "FILE: damaged PNG: the checksum of the chunk tEXt is wrong"
    );
}

#[test]
fn a_png_that_claims_more_than_its_bytes_can_hold_is_refused() {
    let rows: [&[u8]; 1] = [&[0; 8]];
    let giant = png([8192, 8192], [16, 6], &rows, &[], &[]);
    let error = read_bytes(&giant, ImageShape::grey(8192, 8192)).unwrap_err();
    assert!(error.contains("bytes of compressed pixels cannot hold the 134217728"), "{error}");
    let larger = png([60_000, 60_000], [8, 0], &rows, &[], &[]);
    let error = read_bytes(&larger, ImageShape::grey(8, 8)).unwrap_err();
    assert!(error.to_lowercase().contains("limit"), "{error}");
}

#[test]
fn values_of_few_bits_are_scaled_to_the_unit_interval() {
    let cases: [(u8, &[u8], &[f32]); 3] = [
        (1, &[0b0101_1000], &[0.0, 1.0, 0.0, 1.0, 1.0]),
        (2, &[0b0001_1011, 0b0100_0000], &[0.0, 85.0, 170.0, 255.0, 85.0]),
        (4, &[0x0f, 0x12, 0x30], &[0.0, 255.0, 17.0, 34.0, 51.0]),
    ];
    for (bits, row, values) in cases {
        let scale = if bits == 1 { 1.0 } else { 255.0 };
        let read = read_bytes(&png([1, 5], [bits, 0], &[row], &[], &[]), ImageShape::grey(1, 5));
        let expected: Vec<f32> = values.iter().map(|value| value / scale).collect();
        assert_eq!(read.unwrap().pixels, expected, "{bits} bits");
    }
    let row: &[u8] = &[0x12, 0x34, 0xff, 0xff];
    let read = read_bytes(&png([1, 2], [16, 0], &[row], &[], &[]), ImageShape::grey(1, 2)).unwrap();
    assert_eq!(read.pixels, [f32::from(0x1234_u16) / 65535.0, 1.0]);
    assert_eq!(read.has_16_bits, [true]);
    // Colour from 16-bit grey, and a nearly opaque pixel of 16 bits.
    let read = read_bytes(&png([1, 2], [16, 0], &[row], &[], &[]), in_colour(1, 2)).unwrap();
    assert_eq!(read.pixels[..2], read.pixels[4..]);
    let nearly: &[u8] = &[0, 9, 0xff, 0xfe];
    let error = read_bytes(&png([1, 1], [16, 4], &[nearly], &[], &[]), ImageShape::grey(1, 1));
    assert!(error.unwrap_err().contains("partly transparent"));
}

/// The stored picture is 2 x 3 with the values 1 to 6. EXIF defines an orientation by the sides where the first row
/// and the first column belong.
#[test]
fn pictures_are_turned_upright() {
    let upright: [(u8, [usize; 2], [u8; 6]); 8] = [
        (1, [2, 3], [10, 20, 30, 40, 50, 60]),
        // Row 1 at the top, column 1 on the right.
        (2, [2, 3], [30, 20, 10, 60, 50, 40]),
        (3, [2, 3], [60, 50, 40, 30, 20, 10]),
        (4, [2, 3], [40, 50, 60, 10, 20, 30]),
        // Row 1 on the left, column 1 at the top.
        (5, [3, 2], [10, 40, 20, 50, 30, 60]),
        // Row 1 on the right, column 1 at the top.
        (6, [3, 2], [40, 10, 50, 20, 60, 30]),
        (7, [3, 2], [60, 30, 50, 20, 40, 10]),
        (8, [3, 2], [30, 60, 20, 50, 10, 40]),
    ];
    let rows: [&[u8]; 2] = [&[10, 20, 30], &[40, 50, 60]];
    let blocks =
        GrayImage::from_fn(24, 16, |x, y| Luma([rows[(y / 8) as usize][(x / 8) as usize]]));
    let stored = jpeg(&blocks);
    for (orientation, [height, width], expected) in upright {
        let chunk = vec![chunk(b"eXIf", &exif(orientation, orientation % 2 == 0))];
        for file in
            [png([2, 3], [8, 0], &rows, &chunk, &[]), png([2, 3], [8, 0], &rows, &[], &chunk)]
        {
            let read = read_bytes(&file, ImageShape::grey(height, width)).unwrap();
            let found: Vec<u8> = read.pixels.iter().map(|x| (x * 255.0).round() as u8).collect();
            assert_eq!(found, expected, "PNG, {orientation}");
        }
        let exif = [b"Exif\0\0", &exif(orientation, orientation % 2 == 1)[..]].concat();
        let length = (exif.len() as u16 + 2).to_be_bytes();
        let file = [&stored[..2], &[0xff, 0xe1], &length, &exif, &stored[2..]].concat();
        let read = read_bytes(&file, ImageShape::grey(8 * height, 8 * width)).unwrap();
        for (place, expected) in expected.iter().enumerate() {
            let (y, x) = (8 * (place / width) + 4, 8 * (place % width) + 4);
            let found = read.pixels[y * 8 * width + x] * 255.0;
            assert!(
                (found - f32::from(*expected)).abs() < 4.0,
                "JPEG, {orientation}: {found} {expected}"
            );
        }
        // The header alone gives the same shape.
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.jpg", "b.jpg"] {
            fs::write(dir.path().join(name), &file).unwrap();
        }
        let data = load_folder(dir.path(), LoadOptions::default()).unwrap();
        assert_eq!(data.train.shape(), ImageShape::grey(8 * height, 8 * width));
    }
}

#[test]
fn a_rotated_picture_equals_the_upright_one() {
    let shape = in_colour(48, 64);
    let turned = read_as(&case("orientation6.jpg"), shape).unwrap().pixels;
    let upright = read_as(&case("orientation6_upright.png"), shape).unwrap().pixels;
    let squares = turned.iter().zip(&upright).map(|(a, b)| (a - b) * (a - b));
    let error = squares.sum::<f32>() / upright.len() as f32;
    // The difference is the loss of a JPEG. Turned another way, it is above 0.01.
    assert!(error < 0.002, "{error}");
}

fn load_folder(folder: &Path, options: LoadOptions) -> Result<ae_dataset::Dataset, String> {
    load(&Source::Path(folder.to_owned()), &options, Network::Offline, &mut ())
        .map_err(|error| error.to_string())
}

#[test]
fn sixteen_bits_stay_and_mix_with_eight() {
    let pixels = read_as(&case("sixteen_bits.png"), ImageShape::grey(48, 64)).unwrap().pixels;
    let mut levels: Vec<u32> = pixels.iter().map(|value| value.to_bits()).collect();
    levels.sort_unstable();
    levels.dedup();
    assert_eq!(levels.len(), 512);

    let dir = tempfile::tempdir().unwrap();
    for name in ["a.png", "c.png"] {
        fs::copy(case("sixteen_bits.png"), dir.path().join(name)).unwrap();
    }
    GrayImage::from_pixel(64, 48, Luma([51])).save(dir.path().join("b.png")).unwrap();
    let data = load_folder(dir.path(), LoadOptions::default()).unwrap();
    assert_eq!(data.of_16_bits, 2);
    let all = [data.train.to_floats(), data.test.to_floats()].concat();
    assert!(data.train.bytes().is_none());
    assert_eq!(all.iter().filter(|&&value| value == 0.2).count() / (48 * 64), 1);
    assert!(pixels.iter().all(|value| all.contains(value)));
}

#[test]
fn a_palette_of_greys_is_grey_by_its_header() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.png", "b.png"] {
        fs::copy(case("grey_palette.png"), dir.path().join(name)).unwrap();
    }
    assert_eq!(load_folder(dir.path(), LoadOptions::default()).unwrap().train.channels(), 1);
    let palette = |colours: &[u8]| png([1, 2], [8, 3], &[&[0, 1]], &[chunk(b"PLTE", colours)], &[]);
    for (colours, channels) in [(&[9, 9, 9, 200, 200, 200], 1), (&[9, 9, 9, 200, 200, 0], 3)] {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.png", "b.png"] {
            fs::write(dir.path().join(name), palette(colours)).unwrap();
        }
        let data = load_folder(dir.path(), LoadOptions::default()).unwrap();
        assert_eq!(data.train.channels(), channels);
        assert_eq!(data.train.bytes().unwrap()[..2], [9, 200]);
    }
}

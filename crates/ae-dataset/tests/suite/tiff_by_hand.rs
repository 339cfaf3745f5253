//! TIFF files that no encoder at hand writes: tiles, planes, further channels, JPEG strips, previews.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::jpeg::JpegEncoder;
use tiff::encoder::colortype::Gray8;
use tiff::tags::Tag;

use crate::formats::{bytes_of, grey, grey_shape, in_colour, read, tiff_of};

/// A page of little-endian numbers, written by hand.
#[derive(Clone)]
struct ByHand {
    /// Tags with 16-bit values.
    tags: Vec<(u16, Vec<u16>)>,
    /// Strips, or tiles if there is a tag 322.
    chunks: Vec<Vec<u8>>,
    /// The tables of JPEG chunks.
    tables: Option<Vec<u8>>,
}

impl ByHand {
    fn new(sides: [u16; 2], samples: u16, chunks: Vec<Vec<u8>>) -> Self {
        let meaning = if samples < 3 { 1 } else { 2 };
        let tags = vec![
            (256, vec![sides[1]]),
            (257, vec![sides[0]]),
            (258, vec![8; usize::from(samples)]),
            (262, vec![meaning]),
            (277, vec![samples]),
        ];
        Self { tags, chunks, tables: None }
    }

    fn with(mut self, tag: u16, values: &[u16]) -> Self {
        self.tags.retain(|(other, _)| *other != tag);
        self.tags.push((tag, values.to_vec()));
        self
    }

    fn tiled(self, side: u16) -> Self {
        self.with(322, &[side]).with(323, &[side])
    }

    fn bytes(&self) -> Vec<u8> {
        let has_tiles = self.tags.iter().any(|(tag, _)| *tag == 322);
        let (offsets, counts) = if has_tiles { (324, 325) } else { (273, 279) };
        let words = |values: Vec<usize>| {
            values.iter().flat_map(|&value| (value as u32).to_le_bytes()).collect::<Vec<u8>>()
        };
        let mut file = b"II\x2a\0\0\0\0\0".to_vec();
        let mut places = Vec::new();
        for chunk in &self.chunks {
            places.push(file.len());
            file.extend(chunk);
        }
        let lengths = self.chunks.iter().map(Vec::len).collect();
        // Tag, kind (3 of 16 bits, 4 of 32, 7 of bytes), number of values, values.
        let mut entries: Vec<(u16, u16, usize, Vec<u8>)> = vec![
            (offsets, 4, self.chunks.len(), words(places)),
            (counts, 4, self.chunks.len(), words(lengths)),
        ];
        for (tag, values) in &self.tags {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            entries.push((*tag, 3, values.len(), bytes));
        }
        entries.extend(self.tables.clone().map(|tables| (347, 7, tables.len(), tables)));
        entries.sort_by_key(|entry| entry.0);
        let mut directory = (entries.len() as u16).to_le_bytes().to_vec();
        for (tag, kind, count, mut values) in entries {
            if values.len() > 4 {
                let place = file.len() as u32;
                file.extend(&values);
                values = place.to_le_bytes().to_vec();
            }
            values.resize(4, 0);
            directory.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
            directory.extend((count as u32).to_le_bytes());
            directory.extend(values);
        }
        let place = file.len() as u32;
        file[4..8].copy_from_slice(&place.to_le_bytes());
        [file, directory, vec![0; 4]].concat()
    }
}

/// The tile of 16 x 16 of an endless picture.
fn tile(value: impl Fn(u32, u32) -> Vec<u8>, left: u32, top: u32) -> Vec<u8> {
    (0..256).flat_map(|place| value(left + place % 16, top + place / 16)).collect()
}

const CORNERS: [(u32, u32); 4] = [(0, 0), (16, 0), (0, 16), (16, 16)];

#[test]
fn planes_in_tiles_are_read_where_the_tiles_are_whole_and_refused_elsewhere() {
    let value = |channel: u32| move |x: u32, y: u32| vec![(x * 3 + y * 5 + channel * 70) as u8];
    let planes = |corners: &[(u32, u32)]| {
        let tiles = |channel| corners.iter().map(move |&(x, y)| tile(value(channel), x, y));
        (0..3).flat_map(tiles).collect::<Vec<_>>()
    };
    let expected = |height: u32, width: u32| {
        let plane = |channel| {
            (0..height * width).flat_map(move |at| value(channel)(at % width, at / width))
        };
        (0..3).flat_map(plane).collect::<Vec<u8>>()
    };
    let file = |sides| ByHand::new(sides, 3, planes(&CORNERS)).tiled(16).with(284, &[2]).bytes();
    assert_eq!(bytes_of(&read(&file([32, 32]), in_colour(32, 32)).unwrap()), expected(32, 32));
    assert_eq!(bytes_of(&read(&file([32, 20]), in_colour(32, 20)).unwrap()), expected(32, 20));
    let error = read(&file([20, 32]), in_colour(20, 32)).unwrap_err();
    assert!(error.contains("channels apart from each other in tiles that reach beyond"), "{error}");
    assert!(error.contains("save it pixel by pixel"), "{error}");
}

#[test]
fn further_channels_are_left_out_of_plain_strips_and_refused_elsewhere() {
    let pixel = |x: u32, y: u32| [0, 80, 160, 240].map(|tone| (x * 7 + y * 11 + tone) as u8);
    let strip: Vec<u8> = (0..400).flat_map(|at| pixel(at % 20, at / 20)).collect();
    let file = ByHand::new([20, 20], 4, vec![strip]).with(338, &[0]);
    let plane = |channel: usize| (0..400).map(move |at| pixel(at % 20, at / 20)[channel]);
    let expected: Vec<u8> = (0..3).flat_map(plane).collect();
    assert_eq!(bytes_of(&read(&file.bytes(), in_colour(20, 20)).unwrap()), expected);
    let error = read(&file.with(317, &[2]).bytes(), in_colour(20, 20)).unwrap_err();
    assert!(error.contains("a further channel beside its colours in strips"), "{error}");
    let tiles = CORNERS.map(|(x, y)| tile(|x, y| pixel(x, y).to_vec(), x, y)).to_vec();
    let file = ByHand::new([20, 20], 4, tiles).with(338, &[0]).tiled(16);
    let error = read(&file.bytes(), in_colour(20, 20)).unwrap_err();
    assert!(error.contains("a further channel beside its colours in tiles"), "{error}");
}

/// A strip of some bytes that claims 65 535 channels, or sides whose product exceeds 32 bits.
#[test]
fn channels_and_sides_that_no_memory_holds_are_refused_before_it_is_taken() {
    let mut strip = ZlibEncoder::new(Vec::new(), Compression::default());
    strip.write_all(&[7; 3]).unwrap();
    let page = ByHand::new([20, 30_000], 3, vec![strip.finish().unwrap()]).with(259, &[8]);
    let page = page.with(278, &[20]);
    let colours = page.clone().with(277, &[4]).with(258, &[8; 4]).with(338, &[0]);
    // What the colours alone take is believed; see `ALWAYS` in `bounds`.
    let error = read(&colours.bytes(), in_colour(20, 30_000)).unwrap_err();
    assert!(!error.contains("cannot hold"), "{error}");
    let many = page.clone().with(277, &[65_535]).with(258, &[8; 65_535]).with(338, &[0; 65_532]);
    let error = read(&many.bytes(), in_colour(20, 30_000)).unwrap_err();
    assert!(error.contains("claims 39321000000 bytes, more than the 8589934592"), "{error}");
    let mut wide = page.bytes();
    for (tag, value) in [(256_u16, 65_537_u32), (257, 65_536)] {
        let entry = [&tag.to_le_bytes()[..], &3_u16.to_le_bytes(), &1_u32.to_le_bytes()].concat();
        let at = wide.windows(8).position(|eight| eight == entry).unwrap();
        wide[at + 2] = 4;
        wide[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
    }
    // Their product is 65 536 in 32 bits.
    let error = read(&wide, in_colour(20, 30_000)).unwrap_err();
    assert!(error.contains("65536 x 65537 pixels, above the limit of 32768 a side"), "{error}");
}

#[test]
fn reversed_bits_and_inks_as_floats_are_refused() {
    let file = ByHand::new([2, 8], 1, vec![vec![0xf0, 1]]).with(258, &[1]);
    assert!(read(&file.bytes(), grey_shape(2, 8)).is_ok());
    let error = read(&file.with(266, &[2]).bytes(), grey_shape(2, 8)).unwrap_err();
    assert!(error.contains("a TIFF with bits in reverse order (FillOrder 2)"), "{error}");
    // Half precision: 0x3800 is 0.5.
    let inks = ByHand::new([1, 1], 4, vec![[0, 0x38].repeat(4)]).with(262, &[5]);
    let inks = inks.with(258, &[16; 4]).with(339, &[3; 4]);
    let error = read(&inks.bytes(), in_colour(1, 1)).unwrap_err();
    assert!(error.contains("inks (CMYK) as floats"), "{error}");
}

/// The JPEG of a strip of 24 columns, with its tables or without them.
fn jpeg_strip(rows: u32) -> (Vec<u8>, Vec<u8>) {
    let mut whole = Vec::new();
    let pixels = grey(rows, 24).into_raw();
    let mut encoder = JpegEncoder::new_with_quality(&mut whole, 100);
    encoder.encode(&pixels, 24, rows, image::ExtendedColorType::L8).unwrap();
    let (mut tables, mut rest) = (whole[..2].to_vec(), whole[..2].to_vec());
    let mut at = 2;
    while whole[at + 1] != 0xda {
        let end = at + 2 + usize::from(u16::from_be_bytes([whole[at + 2], whole[at + 3]]));
        let is_table = matches!(whole[at + 1], 0xc4 | 0xdb);
        if is_table { &mut tables } else { &mut rest }.extend(&whole[at..end]);
        at = end;
    }
    rest.extend(&whole[at..]);
    tables.extend([0xff, 0xd9]);
    (tables, rest)
}

#[test]
fn the_jpeg_strips_of_a_tiff_are_checked_as_a_jpeg_is() {
    let (tables, whole) = jpeg_strip(16);
    let strips = vec![whole.clone(), jpeg_strip(8).1];
    let mut file = ByHand::new([24, 24], 1, strips).with(259, &[7]).with(278, &[16]);
    file.tables = Some(tables);
    let pixels = bytes_of(&read(&file.bytes(), grey_shape(24, 24)).unwrap());
    // The loss of a JPEG of quality 100.
    let first = grey(16, 24).into_raw();
    let difference = pixels.iter().zip(&first).map(|(a, b)| a.abs_diff(*b)).max();
    assert!(difference <= Some(3), "{difference:?}");
    let refused = |strip: Vec<u8>, expected: &str| {
        let mut file = file.clone();
        file.chunks[0] = strip;
        let error = read(&file.bytes(), grey_shape(24, 24)).unwrap_err();
        assert!(error.contains("damaged TIFF: the JPEG in part 1: "), "{error}");
        assert!(error.contains(expected), "{error}");
    };
    let cut_short = "the data of a scan end before the picture does";
    refused(whole[..whole.len() - 20].to_vec(), cut_short);
    let mut cut = whole[..whole.len() - 20].to_vec();
    cut.extend([0xff, 0xd9]);
    refused(cut, cut_short);
    let frame = whole.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
    let mut giant = whole.clone();
    giant[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    refused(giant, "it has 65535 x 65535 pixels of 1 components");
    refused(jpeg_strip(8).1, "it has 8 x 24 pixels of 1 components");
}

#[test]
fn a_preview_is_a_page_only_if_there_is_nothing_else() {
    let pages = |purposes: &[u32]| {
        tiff_of(|tiff| {
            for (number, purpose) in (1..).zip(purposes) {
                let mut image = tiff.new_image::<Gray8>(2, 1).unwrap();
                image.encoder().write_tag(Tag::NewSubfileType, *purpose).unwrap();
                image.write_data(&[number, number]).unwrap();
            }
        })
    };
    for (purposes, expected) in [
        (&[1, 0][..], &[2, 2][..]),
        (&[1, 0, 1, 2], &[2, 2, 4, 4]),
        (&[4, 1], &[1, 1]),
        (&[0, 1], &[1, 1]),
    ] {
        let inputs = read(&pages(purposes), grey_shape(1, 2)).unwrap();
        assert_eq!(bytes_of(&inputs), expected, "{purposes:?}");
    }
}

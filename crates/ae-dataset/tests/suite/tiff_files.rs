//! TIFF: depths, compressions, tiles, inks, and pages as pictures.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use ae_dataset::{
    ImageShape, InputFormat, LoadOptions, Network, PictureReader, ReadOptions, Source, load,
    read_inputs,
};
use tiff::encoder::colortype::{CMYK8, Gray8, Gray16, Gray32Float, RGB8, RGB16};
use tiff::encoder::{Compression, DeflateLevel, TiffEncoder};
use tiff::tags::Tag;

use crate::formats::{bytes_of, coloured, grey, grey_shape, in_colour, planes, read, tiff_of};

#[test]
fn a_tiff_of_any_depth_gives_its_values() {
    let (eight, sixteen) = ([0_u8, 51, 102, 255], [0_u16, 13107, 65535, 1]);
    let inputs =
        read(&tiff_of(|tiff| tiff.write_image::<Gray8>(2, 2, &eight).unwrap()), grey_shape(2, 2));
    let inputs = inputs.unwrap();
    assert_eq!((inputs.pixels, inputs.has_16_bits), (vec![0.0, 0.2, 0.4, 1.0], vec![false]));
    let deep = tiff_of(|tiff| tiff.write_image::<Gray16>(2, 2, &sixteen).unwrap());
    let inputs = read(&deep, grey_shape(2, 2)).unwrap();
    assert_eq!(
        (inputs.pixels, inputs.has_16_bits),
        (vec![0.0, 0.2, 1.0, 1.0 / 65535.0], vec![true])
    );
    let floats = [0.0_f32, 0.123_456_79, 1.0, 0.5];
    let file = tiff_of(|tiff| tiff.write_image::<Gray32Float>(2, 2, &floats).unwrap());
    let inputs = read(&file, grey_shape(2, 2)).unwrap();
    assert_eq!((inputs.pixels.as_slice(), inputs.has_16_bits), (&floats[..], vec![true]));
    let file =
        tiff_of(|tiff| tiff.write_image::<Gray32Float>(2, 2, &[0.0, 0.5, 0.5, 3.5]).unwrap());
    let error = read(&file, grey_shape(2, 2)).unwrap_err();
    assert!(error.contains("row 2, column 2 is 3.5, expected a number in [0, 1]"), "{error}");
    let colours = coloured(3, 4);
    let values: Vec<u16> = colours.as_raw().iter().map(|&byte| u16::from(byte) * 257).collect();
    let file = tiff_of(|tiff| tiff.write_image::<RGB16>(4, 3, &values).unwrap());
    assert_eq!(bytes_of(&read(&file, in_colour(3, 4)).unwrap()), planes(&colours));
}

#[test]
fn compressed_strips_give_the_pixels_that_were_written() {
    let colours = coloured(40, 33);
    for compression in
        [Compression::Lzw, Compression::Deflate(DeflateLevel::Fast), Compression::Packbits]
    {
        let mut file = Cursor::new(Vec::new());
        let encoder = TiffEncoder::new(&mut file).unwrap();
        let mut encoder = encoder.with_compression(compression);
        let mut image = encoder.new_image::<RGB8>(33, 40).unwrap();
        image.rows_per_strip(7).unwrap();
        image.write_data(colours.as_raw()).unwrap();
        let bytes = file.into_inner();
        assert_eq!(bytes_of(&read(&bytes, in_colour(40, 33)).unwrap()), planes(&colours));
    }
}

/// A tiled picture of 20 x 20 in tiles of 16 x 16, written by hand: tags 322 to 325.
#[test]
fn tiles_are_put_together() {
    let picture = grey(20, 20);
    let tile = |left: u32, top: u32| {
        let at = move |x: u32, y: u32| {
            let (x, y) = (left + x, top + y);
            if x < 20 && y < 20 { picture_value(x, y) } else { 0 }
        };
        (0..256).map(move |place| at(place % 16, place / 16)).collect::<Vec<u8>>()
    };
    fn picture_value(x: u32, y: u32) -> u8 {
        (x * 31 + y * 17 + x * y * 7) as u8
    }
    let tiles = [tile(0, 0), tile(16, 0), tile(0, 16), tile(16, 16)].concat();
    let offsets_at = 8 + tiles.len() as u32;
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()]
            .concat()
    };
    let entries = [
        entry(256, 3, 1, 20),
        entry(257, 3, 1, 20),
        entry(258, 3, 1, 8),
        entry(259, 3, 1, 1),
        entry(262, 3, 1, 1),
        entry(322, 3, 1, 16),
        entry(323, 3, 1, 16),
        entry(324, 4, 4, offsets_at),
        entry(325, 4, 4, offsets_at + 16),
    ];
    let words = |values: [u32; 4]| values.map(u32::to_le_bytes).concat();
    let file = [
        &b"II\x2a\0"[..],
        &(offsets_at + 32).to_le_bytes(),
        &tiles,
        &words([8, 264, 520, 776]),
        &words([256; 4]),
        &(entries.len() as u16).to_le_bytes(),
        &entries.concat(),
        &[0; 4],
    ]
    .concat();
    assert_eq!(bytes_of(&read(&file, grey_shape(20, 20)).unwrap()), *picture.as_raw());
}

#[test]
fn inks_become_colours_by_the_stated_formula() {
    let inks = [0, 255, 255, 0, 51, 0, 0, 51];
    let file = tiff_of(|tiff| tiff.write_image::<CMYK8>(2, 1, &inks).unwrap());
    // (1 - 0.2)(1 - 0.2) = 0.64 and 1 - 0.2 = 0.8.
    let expected = [255, 163, 0, 204, 0, 204];
    assert_eq!(bytes_of(&read(&file, in_colour(1, 2)).unwrap()), expected);
}

pub(crate) fn stack(sides: &[(u32, u32)]) -> Vec<u8> {
    tiff_of(|tiff| {
        for &(height, width) in sides {
            let pixels = vec![(height * 10) as u8; (height * width) as usize];
            tiff.write_image::<Gray8>(width, height, &pixels).unwrap();
        }
    })
}

fn saved(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stack.tif");
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

#[test]
fn the_pages_of_a_tiff_are_pictures() {
    let (dir, path) = saved(&stack(&[(2, 3), (2, 3), (2, 3)]));
    let format = InputFormat { shape: grey_shape(2, 3), scaling: None };
    let names = ["stack-0001.tif", "stack-0002.tif", "stack-0003.tif"].map(PathBuf::from);
    for input in [path.as_path(), dir.path()] {
        let inputs = read_inputs(input, &format, &ReadOptions::default(), &mut ()).unwrap();
        assert_eq!((inputs.len(), inputs.names()), (3, names.to_vec()));
        let numbers: Vec<u32> = inputs
            .origins
            .unwrap()
            .iter()
            .map(|origin| origin.picture.page.unwrap().number)
            .collect();
        assert_eq!(numbers, [1, 2, 3]);
        let source = Source::Path(input.to_owned());
        assert!(source.is_of_pictures(), "{source}");
        let data = load(&source, &LoadOptions::default(), Network::Offline, &mut ()).unwrap();
        assert_eq!(data.train.len() + data.test.len(), 3);
    }
    // Previews and masks are no pictures: bits 0 and 2 of tag 254.
    let preview = tiff_of(|tiff| {
        tiff.write_image::<Gray8>(3, 2, &[1; 6]).unwrap();
        let mut image = tiff.new_image::<Gray8>(1, 1).unwrap();
        image.encoder().write_tag(Tag::NewSubfileType, 1_u32).unwrap();
        image.write_data(&[1]).unwrap();
    });
    assert_eq!(read(&preview, grey_shape(2, 3)).unwrap().len(), 1);
}

#[test]
fn pages_of_different_sizes_are_as_pictures_of_different_sizes() {
    let (_dir, path) = saved(&stack(&[(2, 3), (4, 5), (3, 3)]));
    let options = ReadOptions::default();
    let format = InputFormat { shape: grey_shape(2, 3), scaling: None };
    let error = read_inputs(&path, &format, &options, &mut ()).unwrap_err().to_string();
    assert!(error.contains("2 of 3") && error.contains("stack.tif, page 2 (4 x 5)"), "{error}");
    assert!(PictureReader::has_another_shape(&path, format.shape, &options).unwrap());
    let reader = PictureReader::open(&path, 1, &options, &mut ()).unwrap();
    let found: Vec<(ImageShape, f32)> = reader
        .map(Result::unwrap)
        .map(|page| (page.shape, (page.pixels[0] * 255.0).round()))
        .collect();
    assert_eq!(
        found,
        [(grey_shape(2, 3), 20.0), (grey_shape(4, 5), 40.0), (grey_shape(3, 3), 30.0)]
    );
    let reader = PictureReader::open(&path, 1, &options, &mut ()).unwrap().only(&|item| item == 1);
    assert_eq!(reader.map(|page| page.unwrap().shape).collect::<Vec<_>>(), [grey_shape(4, 5)]);
}

#[test]
fn pages_that_lead_in_a_circle_or_are_too_many_are_refused() {
    let mut file = stack(&[(2, 3), (2, 3)]);
    let first = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    let link = |file: &[u8], directory: usize| {
        directory
            + 2
            + 12 * usize::from(u16::from_le_bytes(
                file[directory..directory + 2].try_into().unwrap(),
            ))
    };
    let at = link(&file, first);
    let second = u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    let at = link(&file, second);
    file[at..at + 4].copy_from_slice(&(first as u32).to_le_bytes());
    let (_dir, path) = saved(&file);
    let source = Source::Path(path);
    let error = load(&source, &LoadOptions::default(), Network::Offline, &mut ()).unwrap_err();
    assert!(error.to_string().contains("its pages lead in a circle"), "{error}");
    // Empty directories of 6 bytes, each leading to the next.
    let links = (0..20_000_u32).map(|place| (8 + 6 * (place + 1)).to_le_bytes());
    let links = links.flat_map(|link| [&[0, 0][..], &link].concat()).collect::<Vec<u8>>();
    let (_dir, path) = saved(&[b"II\x2a\0\x08\0\0\0", &links[..]].concat());
    let source = Source::Path(path);
    let error = load(&source, &LoadOptions::default(), Network::Offline, &mut ()).unwrap_err();
    assert!(error.to_string().contains("more than the 16384 pages"), "{error}");
}

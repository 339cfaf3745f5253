//! TIFF, WebP, BMP, PNM and GIF: pixels, damage, claims, opacity and what pictures carry.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use ae_dataset::{
    Background, Depth, ImageShape, InputFormat, Inputs, LoadOptions, Network, PictureId,
    PictureMetadata, PictureReader, ReadOptions, Source, load, read_inputs,
};
use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, GrayImage, ImageFormat, Luma, LumaA, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;
use tiff::encoder::TiffEncoder;
use tiff::encoder::colortype::{Gray8, Gray16, RGBA8};
use tiff::tags::{ExtraSamples, Tag};

use crate::tiff_files::stack;

pub(crate) fn grey_shape(height: usize, width: usize) -> ImageShape {
    ImageShape::grey(height, width)
}

pub(crate) fn in_colour(height: usize, width: usize) -> ImageShape {
    ImageShape { channels: 3, height, width }
}

fn read_with(bytes: &[u8], shape: ImageShape, options: &ReadOptions) -> Result<Inputs, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("picture");
    fs::write(&path, bytes).unwrap();
    let format = InputFormat { shape, scaling: None };
    let read = read_inputs(&path, &format, options, &mut ());
    read.map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

pub(crate) fn read(bytes: &[u8], shape: ImageShape) -> Result<Inputs, String> {
    read_with(bytes, shape, &ReadOptions::default())
}

/// The values in 255ths.
pub(crate) fn bytes_of(inputs: &Inputs) -> Vec<u8> {
    inputs.pixels.iter().map(|value| (value * 255.0).round() as u8).collect()
}

pub(crate) fn grey(height: u32, width: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| Luma([(x * 31 + y * 17 + x * y * 7) as u8]))
}

pub(crate) fn coloured(height: u32, width: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        image::Rgb([0, 101, 202].map(|tone| (x * 31 + y * 17 + x * y * 7 + tone) as u8))
    })
}

/// The planes of a coloured picture.
pub(crate) fn planes(picture: &RgbImage) -> Vec<u8> {
    let plane = |channel: usize| picture.pixels().map(move |pixel| pixel.0[channel]);
    plane(0).chain(plane(1)).chain(plane(2)).collect()
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.into().write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

pub(crate) fn tiff_of(write: impl FnOnce(&mut TiffEncoder<&mut Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file).unwrap();
    write(&mut encoder);
    file.into_inner()
}

fn grey_tiff(height: u32, width: u32) -> Vec<u8> {
    let pixels = grey(height, width).into_raw();
    tiff_of(|tiff| tiff.write_image::<Gray8>(width, height, &pixels).unwrap())
}

/// A TIFF's tag whose value stands in its entry: replaced in all directories, little-endian.
fn with_tag(mut bytes: Vec<u8>, tag: u16, value: u32) -> Vec<u8> {
    let mut next = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    let mut found = false;
    while next != 0 {
        let count = usize::from(u16::from_le_bytes(bytes[next..next + 2].try_into().unwrap()));
        for at in (0..count).map(|entry| next + 2 + 12 * entry) {
            if bytes[at..at + 2] == tag.to_le_bytes() {
                bytes[at + 8..at + 12].copy_from_slice(&value.to_le_bytes());
                found = true;
            }
        }
        let end = next + 2 + 12 * count;
        next = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) as usize;
    }
    assert!(found, "tag {tag}");
    bytes
}

#[test]
fn every_format_without_loss_gives_the_pixels_that_were_written() {
    let (grey, coloured) = (grey(5, 7), coloured(5, 7));
    for format in [ImageFormat::Bmp, ImageFormat::Pnm, ImageFormat::WebP, ImageFormat::Png] {
        let inputs = read(&encoded(grey.clone(), format), grey_shape(5, 7)).unwrap();
        assert_eq!(bytes_of(&inputs), *grey.as_raw(), "{format:?}");
        let inputs = read(&encoded(coloured.clone(), format), in_colour(5, 7)).unwrap();
        assert_eq!(bytes_of(&inputs), planes(&coloured), "{format:?}");
    }
    // The colours of a GIF are those of a palette; this picture has few.
    let few = GrayImage::from_fn(7, 5, |x, y| Luma([((x + y) % 2 * 255) as u8]));
    let rgba = DynamicImage::from(few.clone()).into_rgba8();
    let inputs = read(&encoded(rgba, ImageFormat::Gif), grey_shape(5, 7)).unwrap();
    assert_eq!(bytes_of(&inputs), *few.as_raw());
}

#[test]
fn text_and_bits_of_pnm_are_read() {
    let cases: [(&[u8], &[u8]); 5] = [
        (b"P1\n# a comment\n3 2\n1 0 1\n010\n", &[0, 255, 0, 255, 0, 255]),
        (b"P4\n3 2\n\xa0\x40", &[0, 255, 0, 255, 0, 255]),
        (b"P2\n3 2\n255\n0 1 2\n3 254 255\n", &[0, 1, 2, 3, 254, 255]),
        (b"P5 3 2 255 \x00\x01\x02\x03\xfe\xff", &[0, 1, 2, 3, 254, 255]),
        (b"P5 3 2 65535 \0\0\x01\x01\x02\x02\x03\x03\xfe\xfe\xff\xff", &[0, 1, 2, 3, 254, 255]),
    ];
    for (file, expected) in cases {
        let inputs = read(file, grey_shape(2, 3)).unwrap();
        assert_eq!(bytes_of(&inputs), expected, "{}", String::from_utf8_lossy(file));
    }
    let colours = read(b"P3 1 2 255 255 0 51 1 2 3", in_colour(2, 1)).unwrap();
    assert_eq!(bytes_of(&colours), [255, 1, 0, 2, 51, 3]);
}

/// Every file is cut at every place. What is read in spite of that had all its pixels.
#[test]
fn a_file_that_is_cut_anywhere_is_damaged() {
    let picture = grey(9, 11);
    let gif = encoded(DynamicImage::from(picture.clone()).into_rgba8(), ImageFormat::Gif);
    let deep = DynamicImage::from(picture.clone()).into_luma16();
    let files = [
        ("PNG of 16 bits", encoded(deep, ImageFormat::Png)),
        ("TIFF", grey_tiff(9, 11)),
        ("WebP", encoded(picture.clone(), ImageFormat::WebP)),
        ("BMP", encoded(picture.clone(), ImageFormat::Bmp)),
        ("PNM", encoded(picture, ImageFormat::Pnm)),
        ("GIF", gif),
    ];
    for (name, whole) in files {
        let all = read(&whole, grey_shape(9, 11)).unwrap().pixels;
        for end in 4..whole.len() {
            match read(&whole[..end], grey_shape(9, 11)) {
                Err(error) => assert!(error.starts_with("FILE: "), "{error}"),
                Ok(inputs) => {
                    // The byte that ends a GIF, the padding of a WebP, and a directory's link.
                    assert!(end + 4 >= whole.len(), "{name} cut at {end} of {}", whole.len());
                    assert_eq!(inputs.pixels, all, "{name}");
                }
            }
        }
    }
    let error = read(&grey_tiff(9, 11)[..40], grey_shape(9, 11)).unwrap_err();
    assert_eq!(error, "FILE: damaged TIFF: the file ends before the picture does");
}

/// Files of some 100 bytes that claim 60 000 x 60 000 or 30 000 x 8000 pixels.
#[test]
fn a_claim_that_the_bytes_cannot_hold_is_refused_before_it_takes_memory() {
    let small = |format| encoded(grey(4, 4), format);
    let bmp = |width: u32, height: u32, rle: bool| {
        let mut file = small(ImageFormat::Bmp);
        file[18..22].copy_from_slice(&width.to_le_bytes());
        file[22..26].copy_from_slice(&height.to_le_bytes());
        file[30] = u8::from(rle);
        file
    };
    let tiff = |width: u32, height: u32| {
        let file = tiff_of(|tiff| tiff.write_image::<Gray8>(4, 4, &[7; 16]).unwrap());
        let file = with_tag(with_tag(file, 256, width), 257, height);
        with_tag(file, 278, height)
    };
    let gif = |width: u16, height: u16| {
        let mut file = encoded(DynamicImage::from(grey(4, 4)).into_rgba8(), ImageFormat::Gif);
        file[6..8].copy_from_slice(&width.to_le_bytes());
        file[8..10].copy_from_slice(&height.to_le_bytes());
        file
    };
    let webp = |width: u32, height: u32| {
        // The header of a lossless picture: 14 bits of each side, less one.
        let mut file = small(ImageFormat::WebP);
        let at = file.windows(4).position(|four| four == b"VP8L").unwrap() + 9;
        let sides = (width - 1) | (height - 1) << 14;
        file[at..at + 4].copy_from_slice(&sides.to_le_bytes());
        file
    };
    let pnm = |width: u32, height: u32| format!("P5 {width} {height} 255 ....").into_bytes();
    let too_many = ["60000 x 60000 pixels, above the limit of 32768 a side"];
    let cannot_hold = ["cannot hold", "ends before the picture does"];
    let cases: [(&str, Vec<u8>, &[&str]); 11] = [
        ("BMP", bmp(60_000, 60_000, false), &too_many),
        ("BMP", bmp(30_000, 8000, false), &cannot_hold),
        ("BMP, RLE", bmp(30_000, 8000, true), &cannot_hold),
        ("TIFF", tiff(60_000, 60_000), &too_many),
        ("TIFF", tiff(30_000, 8000), &cannot_hold),
        ("TIFF, LZW", with_tag(tiff(30_000, 8000), 259, 5), &cannot_hold),
        ("GIF", gif(60_000, 60_000), &too_many),
        ("GIF", gif(30_000, 8000), &cannot_hold),
        ("WebP", webp(16_000, 16_000), &cannot_hold),
        ("PNM", pnm(60_000, 60_000), &too_many),
        ("PNM", pnm(30_000, 8000), &cannot_hold),
    ];
    for (name, file, words) in cases {
        assert!(file.len() < 2000, "{name}: {}", file.len());
        let error = read(&file, grey_shape(8, 8)).unwrap_err();
        assert!(words.iter().any(|word| error.contains(word)), "{name}: {error}");
    }
    let error = read(&pnm(32_768, 32_768), grey_shape(8, 8)).unwrap_err();
    assert!(error.contains("32768 x 32768 pixels, above the limit of 32768 a side and 268435456"));
}

#[test]
fn transparent_pixels_are_put_onto_the_background_or_refused() {
    let half = RgbaImage::from_pixel(2, 1, Rgba([255, 0, 100, 51]));
    let on = |bytes: &[u8], shape, background: &str| {
        let background: Option<Background> = Some(background.parse().unwrap());
        read_with(bytes, shape, &ReadOptions { background, ..ReadOptions::default() })
    };
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let file = encoded(half.clone(), format);
        let error = read(&file, in_colour(1, 2)).unwrap_err();
        assert!(error.contains("partly transparent, and no background colour is given"), "{error}");
        // 0.2 of the colour and 0.8 of the background.
        let read = on(&file, in_colour(1, 2), "white").unwrap();
        assert_eq!(bytes_of(&read), [255, 255, 204, 204, 224, 224], "{format:?}");
        let read = on(&file, in_colour(1, 2), "#0064ff").unwrap();
        assert_eq!(bytes_of(&read), [51, 51, 80, 80, 224, 224], "{format:?}");
    }
    let grey = image::ImageBuffer::from_pixel(1, 1, LumaA([200_u8, 0]));
    let file = encoded(DynamicImage::ImageLumaA8(grey), ImageFormat::Png);
    assert_eq!(bytes_of(&on(&file, grey_shape(1, 1), "black").unwrap()), [0]);
    // In a TIFF, colours may be multiplied by their opacity already: tag 338 is 1.
    // Of a red of 51 with an opacity of 0.2, a fifth is seen on black; a multiplied one is seen as it is stored.
    for (kind, red) in [(ExtraSamples::UnassociatedAlpha, 10), (ExtraSamples::AssociatedAlpha, 51)]
    {
        let file = tiff_of(|tiff| {
            let mut image = tiff.new_image::<RGBA8>(1, 1).unwrap();
            image.encoder().write_tag(Tag::ExtraSamples, kind.to_u16()).unwrap();
            image.write_data(&[51, 0, 0, 51]).unwrap();
        });
        let read = on(&file, in_colour(1, 1), "black").unwrap();
        assert_eq!(bytes_of(&read), [red, 0, 0], "{kind:?}");
    }
    for wrong in ["", "grey", "#fff", "#12345g", "ffffff"] {
        assert!(wrong.parse::<Background>().is_err(), "{wrong}");
    }
}

#[test]
fn of_an_animation_the_first_frame_is_read() {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    for tone in [0, 255] {
        let frame = RgbaImage::from_pixel(3, 2, Rgba([tone, tone, tone, 255]));
        encoder.encode_frame(Frame::new(frame)).unwrap();
    }
    drop(encoder);
    assert_eq!(bytes_of(&read(&file, grey_shape(2, 3)).unwrap()), [0; 6]);
}

#[test]
fn a_grey_palette_of_bmp_and_gif_is_grey_by_its_header() {
    for (picture, channels) in [(grey(2, 2), 1), (GrayImage::new(2, 2), 1)] {
        let gif = encoded(DynamicImage::from(picture.clone()).into_rgba8(), ImageFormat::Gif);
        for (name, bytes) in [("x.gif", gif), ("x.bmp", encoded(picture, ImageFormat::Bmp))] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(name), bytes).unwrap();
            let reader = PictureReader::open(dir.path(), 1, &ReadOptions::default(), &mut ());
            assert_eq!(reader.unwrap().shapes()[0].channels, channels, "{name}");
        }
    }
    let colours = DynamicImage::from(coloured(2, 2)).into_rgba8();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("x.gif"), encoded(colours, ImageFormat::Gif)).unwrap();
    let reader = PictureReader::open(dir.path(), 1, &ReadOptions::default(), &mut ());
    assert_eq!(reader.unwrap().shapes()[0].channels, 3);
}

#[test]
fn pictures_beside_folders_of_pictures_are_read_where_no_classes_are_needed() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["b.png", "a/c.png", "a/d/e.png"] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        grey(2, 3).save(path).unwrap();
    }
    let format = InputFormat { shape: grey_shape(2, 3), scaling: None };
    let inputs = read_inputs(dir.path(), &format, &ReadOptions::default(), &mut ()).unwrap();
    assert_eq!(inputs.names(), ["b.png", "a/c.png", "a/d/e.png"].map(PathBuf::from));
    assert_eq!((inputs.labels, inputs.items), (None, vec![0, 1, 2]));
    let source = Source::Path(dir.path().to_owned());
    let error = load(&source, &LoadOptions::default(), Network::Offline, &mut ()).unwrap_err();
    assert!(error.to_string().contains("beside subfolders of pictures (a)"), "{error}");
}

#[test]
fn a_picture_tells_its_resolution_and_depth() {
    let metadata = |name: &str, bytes: &[u8]| {
        let dir = tempfile::tempdir().unwrap();
        let path: &Path = &dir.path().join(name);
        fs::write(path, bytes).unwrap();
        PictureMetadata::read(&PictureId::file(path)).unwrap()
    };
    let file = tiff_of(|tiff| {
        let mut image = tiff.new_image::<Gray16>(1, 1).unwrap();
        image.resolution_unit(tiff::tags::ResolutionUnit::Centimeter);
        image.x_resolution(tiff::encoder::Rational { n: 100, d: 1 });
        image.y_resolution(tiff::encoder::Rational { n: 50, d: 1 });
        image.write_data(&[9]).unwrap();
    });
    let found = metadata("x.tif", &file);
    assert_eq!((found.depth, found.dots_per_inch), (Depth::Bits16, Some([254.0, 127.0])));
    let mut jpeg = encoded(grey(8, 8), ImageFormat::Jpeg);
    assert_eq!(jpeg[6..11], *b"JFIF\0");
    jpeg[13] = 1;
    jpeg[14..18].copy_from_slice(&[1, 44, 0, 72]);
    let found = metadata("x.jpg", &jpeg);
    assert_eq!((found.depth, found.dots_per_inch), (Depth::Bits8, Some([300.0, 72.0])));
    assert_eq!(metadata("x.ppm", b"P5 1 1 65535 ab").depth, Depth::Bits16);
    assert_eq!(
        metadata("x.png", &encoded(grey(8, 8), ImageFormat::Png)),
        PictureMetadata::default()
    );
}

proptest! {
    /// Every change gives a picture or an error.
    #[test]
    fn a_changed_file_never_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let gif = encoded(DynamicImage::from(grey(6, 5)).into_rgba8(), ImageFormat::Gif);
        let mut files = vec![gif, grey_tiff(6, 5), stack(&[(6, 5), (6, 5)])];
        files.extend([ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Pnm].map(|format| encoded(grey(6, 5), format)));
        for mut file in files {
            for (place, byte) in &changes {
                *place.get_mut(&mut file) = *byte;
            }
            let _ = read(&file, grey_shape(6, 5));
        }
    }
}

//! The inputs that a model can be applied to, and the errors about anything else.

use std::fs;
use std::path::Path;

use ae_dataset::{
    Dataset, ImageShape, Images, InputFormat, Inputs, ReadOptions, read_inputs, write_folder,
    write_npy,
};
use image::{DynamicImage, GrayImage, ImageFormat, RgbaImage};
use tempfile::TempDir;

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn images() -> Images {
    let images = Images::new(2, 3, vec![0, 51, 102, 153, 204, 255, 255, 204, 153, 102, 51, 0]);
    images.unwrap().with_labels(vec![3, 8]).unwrap()
}

/// A data folder whose test images are `images()`.
fn data_folder() -> TempDir {
    let dir = dir();
    let train = Images::new(2, 3, vec![7; 6]).unwrap().with_labels(vec![0]).unwrap();
    let dataset = Dataset::new("made up", "here", train, images()).unwrap();
    write_folder(&dataset, dir.path()).unwrap();
    dir
}

fn save(dir: &TempDir, name: &str, image: impl Into<DynamicImage>) {
    image.into().save_with_format(dir.path().join(name), ImageFormat::Png).unwrap();
}

/// Reads images of 2 x 3; an error has `FILE` in place of its path.
fn read(path: &Path) -> Result<Inputs, String> {
    let format = InputFormat { shape: ImageShape::grey(2, 3), scaling: None };
    read_inputs(path, &format, &ReadOptions::default(), &mut ())
        .map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

fn read_bytes(bytes: &[u8]) -> Result<Inputs, String> {
    let dir = dir();
    let path = dir.path().join("input");
    fs::write(&path, bytes).unwrap();
    read(&path)
}

fn in_255ths(inputs: &Inputs) -> Vec<f32> {
    inputs.pixels.iter().map(|pixel| pixel * 255.0).collect()
}

#[test]
fn a_data_folder_gives_its_test_images_and_labels() {
    let dir = data_folder();
    let inputs = read(dir.path()).unwrap();
    assert_eq!((inputs.len(), inputs.shape), (2, ImageShape::grey(2, 3)));
    assert_eq!(inputs.pixels[..6], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
    assert_eq!(inputs.labels.as_deref(), Some(&[3, 8][..]));
    assert_eq!(inputs.name, "folder");
}

#[test]
fn an_idx_file_gives_its_images() {
    let dir = data_folder();
    let inputs = read(&dir.path().join("t10k-images-idx3-ubyte")).unwrap();
    assert_eq!(inputs.pixels[6..], [1.0, 0.8, 0.6, 0.4, 0.2, 0.0]);
    assert_eq!((inputs.name.as_str(), inputs.labels), ("t10k-images-idx3-ubyte", None));

    let labels = read(&dir.path().join("t10k-labels-idx1-ubyte")).unwrap_err();
    assert_eq!(
        labels,
        "FILE: magic number 0x00000801 (IDX labels), expected 0x00000803 (IDX images)"
    );
}

#[test]
fn arrays_are_read_in_the_three_shapes() {
    let dir = dir();
    let path = dir.path().join("x.npy");
    let values = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 0.0];
    for (shape, n) in [(&[2, 2, 3][..], 2), (&[2, 6], 2), (&[2, 3], 1)] {
        write_npy(&path, shape, &values[..n * 6]).unwrap();
        let inputs = read(&path).unwrap();
        assert_eq!((inputs.len(), inputs.shape), (n, ImageShape::grey(2, 3)), "{shape:?}");
        assert_eq!(inputs.pixels, values[..n * 6]);
    }
    write_npy(&path, &[3, 4], &values).unwrap();
    assert_eq!(
        read(&path).unwrap_err(),
        "FILE: an array of shape [3, 4], expected (n, 2, 3), (n, 6) or (2, 3)"
    );
    write_npy(&path, &[0, 6], &[]).unwrap();
    assert_eq!(read(&path).unwrap_err(), "FILE: holds no images");
    write_npy(&path, &[1, 3, 2], &values[..6]).unwrap();
    assert_eq!(
        read(&path).unwrap_err(),
        "FILE holds images of 3 x 2, expected 2 x 3; --resize fit or --resize crop brings them to it"
    );
}

/// `numpy.save(buffer, numpy.array([[[0, 51, 102], [153, 204, 255]]], 'u1'))`
#[test]
fn an_array_of_bytes_is_divided_by_255() {
    let bytes = b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, \
        'shape': (1, 2, 3), }                                                       \n\
        \x00\x33\x66\x99\xcc\xff";
    assert_eq!(read_bytes(bytes).unwrap().pixels, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
}

#[test]
fn numbers_outside_the_unit_interval_are_refused_with_their_place() {
    let dir = dir();
    let path = dir.path().join("x.npy");
    for (bad, text) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (-0.1, "-0.1"), (255.0, "255")] {
        write_npy(&path, &[1, 6], &[0.0, 1.0, 0.5, 0.5, bad, 0.5]).unwrap();
        let expected = format!(
            "FILE: row 1, column 5 is {text}, expected in [0, 1]; --skip-bad leaves it out"
        );
        assert_eq!(read(&path).unwrap_err(), expected);
    }
}

/// The file was written by Pillow: `im = Image.new("RGB", (3, 2)); im.putdata([(255, 0, 0), (0, 255, 0),
/// (0, 0, 255), (255, 255, 255), (0, 0, 0), (10, 200, 30)]); im.save("colours.png")`. The values are
/// `0.2126 * r + 0.7152 * g + 0.0722 * b`.
#[test]
fn colours_become_grey_by_the_stated_weights() {
    let inputs = read_bytes(include_bytes!("../data/colours.png")).unwrap();
    assert_eq!((inputs.len(), inputs.shape), (1, ImageShape::grey(2, 3)));
    let expected = [54.213, 182.376, 18.411, 255.0, 0.0, 147.332];
    for (grey, expected) in in_255ths(&inputs).into_iter().zip(expected) {
        // Rounding to bytes changes at most half a level.
        assert!((grey - expected).abs() < 0.501, "{grey} for {expected}");
    }
}

#[test]
fn a_jpeg_is_read() {
    let mut bytes = Vec::new();
    let grey = GrayImage::from_pixel(3, 2, image::Luma([128]));
    grey.write_to(&mut std::io::Cursor::new(&mut bytes), ImageFormat::Jpeg).unwrap();
    for grey in in_255ths(&read_bytes(&bytes).unwrap()) {
        assert!((grey - 128.0).abs() <= 2.0, "{grey}");
    }
}

/// Pillow's `Image.new("CMYK", (3, 2), (0, 255, 255, 0)).save("cmyk.jpg", quality=95)`: pure red, whose
/// grey is 0.2126 * 255.
#[test]
fn a_cmyk_jpeg_is_read_as_the_colours_of_its_inks() {
    for grey in in_255ths(&read_bytes(include_bytes!("../data/cmyk.jpg")).unwrap()) {
        assert!((grey - 54.2).abs() <= 3.0, "{grey}");
    }
}

#[test]
fn only_opaque_pictures_of_the_right_size_are_read() {
    let dir = dir();
    let path = dir.path().join("picture");
    let mut picture = RgbaImage::from_pixel(3, 2, image::Rgba([9, 9, 9, 255]));
    save(&dir, "picture", picture.clone());
    assert_eq!(in_255ths(&read(&path).unwrap()), [9.0; 6]);

    picture.put_pixel(1, 1, image::Rgba([9, 9, 9, 254]));
    save(&dir, "picture", picture);
    assert_eq!(
        read(&path).unwrap_err(),
        "FILE: partly transparent, and no background colour is given"
    );
    save(&dir, "picture", GrayImage::new(2, 3));
    assert_eq!(
        read(&path).unwrap_err(),
        "FILE holds images of 3 x 2, expected 2 x 3; --resize fit or --resize crop brings them to it"
    );
}

#[test]
fn a_picture_with_a_giant_claimed_size_and_a_truncated_one_are_refused() {
    let mut bytes = include_bytes!("../data/colours.png").to_vec();
    let cut = read_bytes(&bytes[..60]).unwrap_err();
    assert_eq!(cut, "FILE: damaged PNG: the file ends before the picture does");

    // IHDR: the width and its checksum, `zlib.crc32(b"IHDR" + ...)`.
    bytes[16..20].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff]);
    bytes[29..33].copy_from_slice(&CHECKSUM);
    let giant = read_bytes(&bytes).unwrap_err();
    assert!(giant.contains("limit") || giant.contains("Limit"), "{giant}");
}

const CHECKSUM: [u8; 4] = [0xa9, 0xc0, 0xd6, 0x24];

#[test]
fn a_file_of_another_kind_is_refused() {
    assert_eq!(
        read_bytes(b"hello").unwrap_err(),
        "FILE: neither IDX, .npy nor a picture (PNG, JPEG, TIFF, WebP, BMP, PNM, GIF); tables are read too, and their names must end in .csv, .tsv or .parquet"
    );
    assert_eq!(
        read_bytes(b"").unwrap_err(),
        "FILE: neither IDX, .npy nor a picture (PNG, JPEG, TIFF, WebP, BMP, PNM, GIF); tables are read too, and their names must end in .csv, .tsv or .parquet"
    );
    let missing = read(Path::new("no/such/file")).unwrap_err();
    assert!(missing.starts_with("cannot read FILE: "), "{missing}");
}

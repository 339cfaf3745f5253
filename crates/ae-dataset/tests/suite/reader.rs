//! Inputs of any size, chunk by chunk, and arbitrary bytes.

use std::fs;
use std::path::{Path, PathBuf};

use ae_dataset::{
    BadItems, ImageShape, Images, InputFormat, InputReader, Inputs, LoadOptions, Network,
    NpyWriter, ReadOptions, Source, load, read_inputs, read_npy_matrix, write_npy,
};
use image::{GrayImage, ImageFormat};
use proptest::prelude::*;
use tempfile::TempDir;

fn write(dir: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

fn options(bad: BadItems, label_column: Option<&str>) -> ReadOptions {
    ReadOptions { bad, label_column: label_column.map(str::to_owned), ..ReadOptions::default() }
}

fn chunks(path: &Path, format: &InputFormat, options: &ReadOptions) -> Vec<Inputs> {
    let reader = InputReader::open(path, format.clone(), options.clone(), &mut ()).unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

/// A table of 10 000 rows, every thousandth of them bad, and the format of a model for it.
fn long_table(dir: &TempDir) -> (PathBuf, InputFormat) {
    let row = |i: u32| match i % 1000 {
        999 => "no,numbers,c\n".to_owned(),
        _ => format!("{i},{},{}\n", 2 * i, ["b", "a"][(i / 6000) as usize]),
    };
    let text = "x,y,class\n".to_owned() + &(0..10_000).map(row).collect::<String>();
    let path = write(dir, "long.csv", text);
    let load_options =
        LoadOptions { read: options(BadItems::Skip, Some("class")), ..LoadOptions::default() };
    let source = Source::Path(path.clone());
    let dataset = load(&source, &load_options, Network::Offline, &mut ()).unwrap();
    assert_eq!((dataset.train.len() + dataset.test.len(), dataset.skipped), (9990, 10));
    (path, InputFormat { shape: ImageShape::grey(1, 2), scaling: dataset.scaling })
}

#[test]
fn the_chunks_of_a_long_table_are_the_whole_table() {
    let dir = tempfile::tempdir().unwrap();
    let (path, format) = long_table(&dir);
    let options = options(BadItems::Skip, Some("class"));
    let chunks = chunks(&path, &format, &options);
    assert_eq!(chunks.iter().map(Inputs::len).collect::<Vec<_>>(), [4096, 4096, 1798]);
    assert_eq!(chunks.iter().map(|chunk| chunk.skipped).sum::<usize>(), 10);

    let whole = read_inputs(&path, &format, &options, &mut ()).unwrap();
    assert_eq!((whole.len(), whole.skipped), (9990, 10));
    let pixels: Vec<f32> = chunks.iter().flat_map(|chunk| chunk.pixels.clone()).collect();
    assert_eq!(pixels, whole.pixels);
    // Classes are numbered in the order in which they appear, across chunks.
    let labels: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.labels.clone().unwrap()).collect();
    assert_eq!(labels, [vec![0; 5994], vec![1; 3996]].concat());
    assert_eq!(Some(labels), whole.labels);
    assert_eq!(whole.class_names.unwrap(), ["b", "a"]);
}

#[test]
fn a_folder_of_any_size_comes_in_chunks_with_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let mut png = Vec::new();
    let picture = GrayImage::from_pixel(2, 1, image::Luma([51]));
    picture.write_to(&mut std::io::Cursor::new(&mut png), ImageFormat::Png).unwrap();
    for i in 0..4100 {
        // Some whole chunks and a part of another are damaged.
        let bytes = if i < 4097 { &png[..9] } else { &png[..] };
        write(&dir, &format!("class/{i:04}.png"), bytes);
    }
    let format = InputFormat { shape: ImageShape::grey(1, 2), scaling: None };
    let options = options(BadItems::Skip, None);
    let chunks = chunks(dir.path(), &format, &options);
    assert_eq!(chunks.iter().map(|c| (c.len(), c.skipped)).collect::<Vec<_>>(), [(3, 1)]);
    assert_eq!(chunks[0].pixels, [0.2; 6]);
    assert_eq!(chunks[0].names()[0], Path::new("class/4097.png"));
    let whole = read_inputs(dir.path(), &format, &options, &mut ()).unwrap();
    assert_eq!((whole.len(), whole.skipped), (3, 4097));
}

#[test]
fn images_in_memory_come_in_chunks_too() {
    let images = Images::new(1, 1, vec![255; 5000]).unwrap();
    let format = InputFormat { shape: ImageShape::grey(1, 1), scaling: None };
    let reader = InputReader::of_images("ones", images, format, ReadOptions::default()).unwrap();
    assert_eq!((reader.name(), reader.total()), ("ones", 5000));
    let lengths = reader.map(|chunk| chunk.unwrap().len());
    assert_eq!(lengths.collect::<Vec<_>>(), [4096, 904]);
}

#[test]
fn the_chunks_of_a_long_array_are_the_whole_array() {
    let dir = tempfile::tempdir().unwrap();
    let values: Vec<f32> = (0..5000 * 6).map(|i| (i % 101) as f32 / 100.0).collect();
    let path = dir.path().join("long.npy");
    let format = InputFormat { shape: ImageShape::grey(2, 3), scaling: None };
    for shape in [&[5000, 2, 3][..], &[5000, 6]] {
        write_npy(&path, shape, &values).unwrap();
        let chunks = chunks(&path, &format, &ReadOptions::default());
        assert_eq!(chunks.iter().map(Inputs::len).collect::<Vec<_>>(), [4096, 904]);
        let pixels: Vec<f32> = chunks.iter().flat_map(|chunk| chunk.pixels.clone()).collect();
        assert_eq!(pixels, values);
    }
    // An error in a later chunk names the place in the whole file.
    let mut wrong = values.clone();
    wrong[29_000] = 1.5;
    write_npy(&path, &[5000, 2, 3], &wrong).unwrap();
    let error = read_inputs(&path, &format, &ReadOptions::default(), &mut ()).unwrap_err();
    let told = std::error::Error::source(&error).map_or(error.to_string(), |e| e.to_string());
    assert_eq!(told, "image 4834, row 1, column 3 is 1.5, expected in [0, 1]");
}

#[test]
fn an_array_that_claims_more_than_there_is_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("claims.npy");
    let format = InputFormat { shape: ImageShape::grey(2, 3), scaling: None };
    write_npy(&path, &[1, 2, 3], &[0.0; 6]).unwrap();
    let sound = fs::read(&path).unwrap();
    for (shape, fault) in [
        ("(1, 1099511627776, 1099511627776)", "claims "),
        ("(9223372036854775807, 2, 3)", "claims "),
        ("(18446744073709551615, 0, 3)", "claims "),
        ("(100, 2, 3)", "cut short"),
    ] {
        let mut bytes = sound.clone();
        let start = bytes.windows(9).position(|text| text == b"(1, 2, 3)").unwrap();
        bytes.splice(start..start + 9, shape.bytes());
        bytes.drain(118..118 + shape.len() - 9);
        fs::write(&path, &bytes).unwrap();
        let error = read_inputs(&path, &format, &ReadOptions::default(), &mut ()).unwrap_err();
        let told = std::error::Error::source(&error).map_or(error.to_string(), |e| e.to_string());
        assert!(told.contains(fault), "{shape}: {told}");
    }
}

#[test]
fn an_endless_row_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (path, format) = long_table(&dir);
    let mut text = b"x,y\n1,2\n".to_vec();
    text.resize(20 << 20, b'1');
    fs::write(&path, text).unwrap();
    let error = read_inputs(&path, &format, &options(BadItems::Skip, None), &mut ()).unwrap_err();
    let told = std::error::Error::source(&error).map_or(error.to_string(), |e| e.to_string());
    assert!(told.contains("a row has more than 16777216 bytes"), "{told}");
}

#[test]
fn an_array_written_in_pieces_is_complete_when_it_is_finished() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let mut writer = NpyWriter::create(&path, &[2]).unwrap();
    writer.write(&[1.0, 2.0, 3.0, 4.0]).unwrap();
    writer.write(&[5.0, 6.0]).unwrap();
    assert!(!path.exists());
    writer.finish().unwrap();
    let matrix = read_npy_matrix(&path).unwrap();
    assert_eq!((matrix.rows, matrix.columns), (3, 2));
    assert_eq!(matrix.values, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    drop(NpyWriter::create(&dir.path().join("y.npy"), &[2]).unwrap());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// The first bytes of a PNG, a JPEG and an unknown file.
const MAGICS: [&[u8]; 3] = [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff", b""];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_text_is_a_table_or_an_error(text in "[0-9a.,\"\n\r e-]{0,80}", skip: bool) {
        let dir = tempfile::tempdir().unwrap();
        let path = write(&dir, "t.csv", text);
        let bad = if skip { BadItems::Skip } else { BadItems::Refuse };
        let load_options = LoadOptions { read: options(bad, None), ..LoadOptions::default() };
        let loaded = load(&Source::Path(path), &load_options, Network::Offline, &mut ());
        if let Ok(dataset) = loaded {
            let values = dataset.train.to_floats();
            prop_assert!(values.iter().all(|value| (0.0..=1.0).contains(value)), "{:?}", values);
        }
    }

    #[test]
    fn arbitrary_bytes_in_a_folder_are_pictures_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        magic in prop::sample::select(&MAGICS[..]),
    ) {
        let dir = tempfile::tempdir().unwrap();
        write(&dir, "a.png", [magic, &bytes].concat());
        let format = InputFormat { shape: ImageShape::grey(2, 2), scaling: None };
        let read = read_inputs(dir.path(), &format, &options(BadItems::Skip, None), &mut ());
        prop_assert!(read.is_err());
    }
}

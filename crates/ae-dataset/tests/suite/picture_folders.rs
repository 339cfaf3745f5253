//! Folders of pictures: parts, places and names of items, and what is not read.

use std::fs;
use std::path::Path;

use ae_dataset::{
    BadItems, ImageShape, InputFormat, InputReader, Inputs, LoadOptions, Network, Part,
    ReadOptions, Resize, Source, load, read_inputs,
};
use image::{DynamicImage, GrayImage, Luma};
use tempfile::TempDir;

fn load_folder(folder: &Path, options: LoadOptions) -> Result<ae_dataset::Dataset, String> {
    load(&Source::Path(folder.to_owned()), &options, Network::Offline, &mut ())
        .map_err(|error| error.to_string())
}

fn save(dir: &TempDir, name: &str, [height, width]: [u32; 2], grey: u8) {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    DynamicImage::from(GrayImage::from_pixel(width, height, Luma([grey]))).save(path).unwrap();
}

fn reader(path: &Path, options: ReadOptions) -> Result<Inputs, String> {
    let format = InputFormat { shape: ImageShape::grey(2, 2), scaling: None };
    let reader = InputReader::open(path, format, options, &mut ());
    reader.and_then(|reader| reader.read_all(&mut ())).map_err(|error| error.to_string())
}

fn names(inputs: &Inputs) -> Vec<String> {
    inputs.names().iter().map(|name| name.display().to_string().replace('\\', "/")).collect()
}

#[test]
fn items_left_out_change_no_places_and_another_size_is_never_left_out() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..5 {
        save(&dir, &format!("{number}.png"), [2, 2], 50 * number);
    }
    fs::write(dir.path().join("1.png"), "no picture").unwrap();
    let skip = ReadOptions { bad: BadItems::Skip, ..ReadOptions::default() };
    let read = reader(dir.path(), skip.clone()).unwrap();
    assert_eq!((read.items.as_slice(), read.skipped), (&[0, 2, 3, 4][..], 1));
    assert_eq!(names(&read), ["0.png", "2.png", "3.png", "4.png"]);
    assert_eq!(read.pixels[4], 100.0 / 255.0);

    save(&dir, "3.png", [3, 2], 9);
    let error = reader(dir.path(), skip.clone()).unwrap_err();
    assert!(error.contains("3.png (3 x 2); --resize fit"), "{error}");
    let error =
        load_folder(dir.path(), LoadOptions { read: skip.clone(), ..LoadOptions::default() });
    assert!(error.unwrap_err().contains("3.png (3 x 2); --resize fit"));
    let fit = ReadOptions { resize: Resize::Fit, ..skip };
    assert_eq!(reader(dir.path(), fit).unwrap().items, [0, 2, 3, 4]);
}

#[test]
fn rows_of_a_table_keep_their_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    fs::write(&path, "x,y\n1,2\n3,?\n5,6\n7,8\n").unwrap();
    let read = ReadOptions { bad: BadItems::Skip, ..ReadOptions::default() };
    let options = LoadOptions { read: read.clone(), ..LoadOptions::default() };
    let scaling = load_folder(&path, options).unwrap().scaling;
    let format = InputFormat { shape: ImageShape::grey(1, 2), scaling };
    assert_eq!(read_inputs(&path, &format, &read, &mut ()).unwrap().items, [0, 2, 3]);
}

#[test]
fn folders_are_read_to_any_depth_and_parts_by_name() {
    let dir = tempfile::tempdir().unwrap();
    for (name, grey) in [
        ("train/cat/a.png", 10),
        ("train/cat/persian/b.png", 20),
        ("train/dog/c.png", 30),
        ("val/cat/d.png", 40),
        ("test/dog/deep/er/e.png", 50),
        ("notes/f.png", 60),
    ] {
        save(&dir, name, [2, 2], grey);
    }
    let part = |part| reader(dir.path(), ReadOptions { part, ..ReadOptions::default() });
    let found = |p| names(&part(p).unwrap());
    assert_eq!(found(None), ["test/dog/deep/er/e.png"]);
    assert_eq!(found(Some(Part::Test)), ["test/dog/deep/er/e.png"]);
    assert_eq!(found(Some(Part::Validation)), ["val/cat/d.png"]);
    let train = ["train/cat/a.png", "train/cat/persian/b.png", "train/dog/c.png"];
    assert_eq!(found(Some(Part::Train)), train);
    let all = part(Some(Part::All)).unwrap();
    assert_eq!(names(&all), [&train[..], &["val/cat/d.png", "test/dog/deep/er/e.png"]].concat());
    assert_eq!((all.labels.unwrap(), all.items), (vec![0, 0, 1, 0, 1], vec![0, 1, 2, 3, 4]));

    let mut said = Vec::new();
    let mut loaded = |part| {
        let read = ReadOptions { part, ..ReadOptions::default() };
        let mut hear = Said(&mut said);
        let source = Source::Path(dir.path().to_owned());
        let options = LoadOptions { read, ..LoadOptions::default() };
        load(&source, &options, Network::Offline, &mut hear).unwrap()
    };
    let grey = |images: &ae_dataset::Images| -> Vec<u8> {
        images.bytes().unwrap().iter().step_by(4).copied().collect()
    };
    let data = loaded(None);
    assert_eq!((grey(&data.train), grey(&data.test)), (vec![10, 20, 30], vec![40]));
    assert_eq!(grey(&loaded(Some(Part::Test)).test), [50]);
    assert_eq!(grey(&loaded(Some(Part::Train)).test), [10, 20, 30]);
    assert_eq!(grey(&loaded(Some(Part::All)).test), [10, 20, 30, 40, 50]);
    assert!(
        said[0].ends_with("train is for training, val is held out; not read: notes, test"),
        "{said:?}"
    );

    fs::remove_dir_all(dir.path().join("val")).unwrap();
    let error = part(Some(Part::Validation)).unwrap_err();
    assert!(error.contains("there is no part `validation`; it has the subfolders"), "{error}");
    let error = reader(
        &dir.path().join("notes"),
        ReadOptions { part: Some(Part::Test), ..ReadOptions::default() },
    );
    assert!(error.unwrap_err().contains("no subfolders train and test"));
}

struct Said<'a>(&'a mut Vec<String>);

impl ae_dataset::Progress for Said<'_> {
    fn transferred(&mut self, _: &str, _: u64, _: Option<u64>) {}

    fn chose(&mut self, sentence: &str) {
        self.0.push(sentence.to_owned());
    }
}

/// Links in a circle and pipes among the pictures.
#[cfg(unix)]
#[test]
fn endless_entries_are_counted_and_not_read() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    save(&dir, "cat/deep/a.png", [2, 2], 1);
    save(&dir, "dog/b.png", [2, 2], 1);
    symlink(dir.path(), dir.path().join("cat/deep/loop")).unwrap();
    symlink(dir.path().join("cat"), dir.path().join("again")).unwrap();
    fs::write(dir.path().join("dog/.hidden.png"), "x").unwrap();
    fs::write(dir.path().join("dog/notes.txt"), "x").unwrap();
    fs::create_dir(dir.path().join("empty")).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(dir.path().join("dog/pipe.png")).status();
    let others = if pipe.is_ok_and(|status| status.success()) { 2 } else { 1 };
    let mut said = Vec::new();
    let options = (LoadOptions::default(), Source::Path(dir.path().to_owned()));
    let data = load(&options.1, &options.0, Network::Offline, &mut Said(&mut said)).unwrap();
    assert_eq!(data.train.len() + data.test.len(), 2);
    let line = format!(
        "not read: 1 hidden, {others} not called like a picture, 2 links to folders, 1 folder without \
         pictures"
    );
    assert!(said.iter().any(|said| said.ends_with(&line)), "{said:?}");
}

#[test]
fn a_damaged_first_picture_does_not_decide_the_shape() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..9 {
        save(&dir, &format!("{number}.png"), [5, 6], 20 * number);
    }
    let cut = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/colours.png");
    let cut = fs::read(cut).unwrap();
    fs::write(dir.path().join("00.png"), &cut[..cut.len() - 20]).unwrap();
    for resize in [Resize::None, Resize::Crop] {
        let read = ReadOptions { bad: BadItems::Skip, resize, ..ReadOptions::default() };
        let dataset = load_folder(dir.path(), LoadOptions { read, ..LoadOptions::default() });
        let dataset = dataset.unwrap();
        assert_eq!((dataset.train.shape(), dataset.skipped), (ImageShape::grey(5, 6), 1));
    }
}

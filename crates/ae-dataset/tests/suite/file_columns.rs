//! Messages about a table's columns: they count as the file does, and their advice works.

use std::fs;
use std::path::Path;

use ae_dataset::{
    BadItems, Dataset, ImageShape, InputFormat, LoadOptions, Network, Progress, ReadOptions,
    Source, load, read_inputs,
};

#[derive(Default)]
struct Said(Vec<String>);

impl Progress for Said {
    fn transferred(&mut self, _: &str, _: u64, _: Option<u64>) {}

    fn chose(&mut self, sentence: &str) {
        self.0.push(sentence.to_owned());
    }
}

fn options(label: Option<&str>, drop: &[&str]) -> ReadOptions {
    ReadOptions {
        label_column: label.map(str::to_owned),
        drop_columns: drop.iter().map(|&name| name.to_owned()).collect(),
        ..ReadOptions::default()
    }
}

fn open(path: &Path, read: ReadOptions) -> (Result<Dataset, String>, String) {
    let mut said = Said::default();
    let options = LoadOptions { read, ..LoadOptions::default() };
    let source = Source::Path(path.to_owned());
    let opened = load(&source, &options, Network::Offline, &mut said);
    (opened.map_err(|error| error.to_string()), said.0.join("\n"))
}

#[test]
fn columns_without_names_keep_the_files_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    fs::write(&path, "M,1,5,7,2\nF,2,5,8,9\nM,3,5,9,1\nF,4,5,7,3\n").unwrap();
    let read = options(Some("1"), &["4"]);
    let (dataset, said) = open(&path, read.clone());
    assert!(said.contains("constant in all training rows, and not scaled: 3"), "{said}");
    assert!(said.contains("columns left out: 4"), "{said}");
    let scaling = dataset.unwrap().scaling.unwrap();
    assert_eq!([0, 1, 2].map(|column| scaling.name(column)), ["2", "3", "5"]);

    let format = InputFormat { shape: ImageShape::grey(1, 3), scaling: Some(scaling) };
    let all = read_inputs(&path, &format, &read, &mut ()).unwrap();
    fs::write(&path, "1,5,2\n2,5,9\n3,5,1\n4,5,3\n").unwrap();
    assert_eq!(read_inputs(&path, &format, &read, &mut ()).unwrap().pixels, all.pixels);
}

#[test]
fn a_dropped_column_without_a_name_is_named_by_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    fs::write(&path, ",x,y\n0,1,2\n1,3,4\n2,5,1\n").unwrap();
    let (dataset, said) = open(&path, options(None, &["1"]));
    assert!(said.ends_with("columns left out: 1") || said.contains("columns left out: 1\n"));
    let dataset = dataset.unwrap();
    assert_eq!(dataset.table.unwrap().left_out, ["1"]);
    // Later tables name it the same way.
    assert_eq!(dataset.scaling.unwrap().left_out, [""]);
}

#[test]
fn advice_for_missing_values_names_what_is_left_out_already() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    fs::write(&path, "1,?,3,4\n2,?,?,5\n3,7,5,6\n4,8,6,7\n").unwrap();
    let told = open(&path, options(None, &["2"])).0.unwrap_err();
    let advice = "; --skip-bad leaves these rows out, and 3 rows remain; --drop-columns 2,3 leaves";
    assert!(told.contains(advice), "{told}");
    open(&path, options(None, &["2", "3"])).0.unwrap();
    // The advice must not drop all columns.
    fs::write(&path, "1,?\n?,2\n3,7\n4,8\n").unwrap();
    let told = open(&path, ReadOptions::default()).0.unwrap_err();
    assert!(told.ends_with("--skip-bad leaves these rows out, and 2 rows remain"), "{told}");
    let skip = ReadOptions { bad: BadItems::Skip, ..ReadOptions::default() };
    assert_eq!(open(&path, skip).0.unwrap().skipped, 2);
}

#[test]
fn columns_of_text_are_named_at_once_and_more_than_256_texts_are_no_classes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    let rows = |texts: usize| (0..600).map(move |row| format!("t{}-x,{row},1.5\n", row % texts));
    fs::write(&path, rows(256).collect::<String>()).unwrap();
    let (told, said) = open(&path, ReadOptions::default());
    let sentence = "2 columns of numbers and 1 of text (column 1), no header";
    assert!(said.contains(sentence), "{said}");
    let told = told.unwrap_err();
    let advice = "; leave it out with --drop-columns 1, or name the classes with --label-column 1";
    assert!(told.ends_with(advice), "{told}");
    fs::write(&path, rows(257).collect::<String>()).unwrap();
    let told = open(&path, ReadOptions::default()).0.unwrap_err();
    assert!(told.ends_with("; leave it out with --drop-columns 1"), "{told}");
}

#[test]
fn the_error_of_a_file_that_is_no_data_set_depends_on_its_kind() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["wine.txt", "t.json"] {
        let path = dir.path().join(name);
        fs::write(&path, "1,2\n3,4\n").unwrap();
        let told = open(&path, ReadOptions::default()).0.unwrap_err();
        assert!(told.ends_with("their names must end in .csv, .tsv or .parquet"), "{told}");
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/colours.png");
    let told = open(&path, ReadOptions::default()).0.unwrap_err();
    assert!(told.contains("a single picture") && told.contains("name the folder"), "{told}");
}

#[test]
fn a_matrix_in_fortran_order_is_read_as_the_one_in_c_order() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    let write = |order: &str, numbers: [f32; 12]| {
        let header = format!("{{'descr': '<f4', 'fortran_order': {order}, 'shape': (4, 3), }}");
        let header = format!("{header:<117}\n");
        let length = (header.len() as u16).to_le_bytes();
        let numbers: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        let bytes = [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &numbers].concat();
        fs::write(&path, bytes).unwrap();
    };
    let read = || {
        let dataset = open(&path, ReadOptions::default()).0.unwrap();
        let format =
            InputFormat { shape: ImageShape::grey(1, 3), scaling: dataset.scaling.clone() };
        let inputs = read_inputs(&path, &format, &ReadOptions::default(), &mut ()).unwrap();
        (dataset.scaling, inputs.pixels)
    };
    write("False", [1., 2., 3., 4., 5., 6., 7., 9., 8., 0., 2., 1.]);
    let expected = read();
    write("True", [1., 4., 7., 0., 2., 5., 9., 2., 3., 6., 8., 1.]);
    assert_eq!(read(), expected);
}

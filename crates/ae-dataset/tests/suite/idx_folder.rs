//! Data folders: they are read as they were written, and errors name what is wrong.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use ae_dataset::{Dataset, Images, open_folder, replace_folder, write_folder};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

const NAMES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// `n` images of 4 x 3.
fn images(n: usize) -> Images {
    let pixels = (0..n * 12).map(|i| (i * 37) as u8).collect();
    let labels = (0..n).map(|i| (i % 10) as u8).collect();
    Images::new(4, 3, pixels).unwrap().with_labels(labels).unwrap()
}

fn dataset() -> Dataset {
    Dataset::new("made up", "here", images(5), images(2)).unwrap()
}

/// A data folder with the four raw files.
fn folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write_folder(&dataset(), dir.path()).unwrap();
    dir
}

fn compress(path: &Path, to: PathBuf) {
    let mut encoder = GzEncoder::new(File::create(to).unwrap(), Compression::best());
    encoder.write_all(&fs::read(path).unwrap()).unwrap();
    encoder.finish().unwrap();
    fs::remove_file(path).unwrap();
}

/// The error of opening a folder, with `DIR` in place of its path.
fn error(dir: &TempDir) -> String {
    let text = open_folder(dir.path()).unwrap_err().to_string();
    text.replace(&dir.path().display().to_string(), "DIR")
}

#[test]
fn a_written_folder_is_read_with_the_same_digests() {
    let dir = folder();
    let (written, read) = (dataset(), open_folder(dir.path()).unwrap());
    assert_eq!((&read.train, &read.test), (&written.train, &written.test));
    assert_eq!(read.origin.files, written.origin.files);
    assert_eq!(read.origin.name, "folder");
    assert_eq!(read.origin.location, dir.path().display().to_string());
    assert_eq!(read.origin.substituted, None);
}

/// `python3 -c "from hashlib import sha256; print(sha256(bytes([0,0,8,1,0,0,0,2,0,1])).hexdigest())"`
/// and the same of `bytes([0,0,8,3,0,0,0,2,0,0,0,4,0,0,0,3]) + bytes(i*37 % 256 for i in range(24))`.
#[test]
fn digests_are_of_the_uncompressed_idx_files() {
    let files = dataset().origin.files;
    assert_eq!(files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(), NAMES);
    assert_eq!(files[2].sha256, IMAGES_SHA256);
    assert_eq!(files[3].sha256, LABELS_SHA256);
}

const IMAGES_SHA256: &str = "d125c2017e5ad895cd24245e8644cc436c30608410f88a7193348cb22e01ee33";
const LABELS_SHA256: &str = "8c50639ad7f90a8211edb1bbdfb25436fd8e2a10794b6d5e3d479d1b22c7e318";

#[test]
fn compressed_files_and_dotted_names_hold_the_same() {
    let dir = folder();
    let path = |name: &str| dir.path().join(name);
    compress(&path(NAMES[0]), path("train-images-idx3-ubyte.gz"));
    compress(&path(NAMES[1]), path("train-labels.idx1-ubyte.gz"));
    fs::rename(path(NAMES[2]), path("t10k-images.idx3-ubyte")).unwrap();
    let read = open_folder(dir.path()).unwrap();
    assert_eq!((read.train, read.test), (images(5), images(2)));
    assert_eq!(read.origin.files, dataset().origin.files);
}

#[test]
fn a_missing_folder_and_an_empty_one_have_different_errors() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(
        error(&dir),
        "DIR lacks train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and \
         t10k-labels-idx1-ubyte; a data folder holds train-images-idx3-ubyte, \
         train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each raw or .gz"
    );
    let none = open_folder(Path::new("no/such/folder")).unwrap_err().to_string();
    assert!(none.starts_with("there is no folder no/such/folder; data are auto, "), "{none}");
}

#[test]
fn only_the_missing_files_are_called_missing() {
    let dir = folder();
    fs::remove_file(dir.path().join(NAMES[3])).unwrap();
    assert!(error(&dir).starts_with("DIR lacks t10k-labels-idx1-ubyte; "), "{}", error(&dir));
}

#[test]
fn a_damaged_file_is_named() {
    let dir = folder();
    let path = dir.path().join(NAMES[0]);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..70]).unwrap();
    assert_eq!(error(&dir), "DIR/train-images-idx3-ubyte: cut short: 70 bytes, expected 76");

    fs::write(&path, &whole).unwrap();
    let packed = dir.path().join("train-images-idx3-ubyte.gz");
    compress(&path, packed.clone());
    let bytes = fs::read(&packed).unwrap();
    fs::write(&packed, &bytes[..bytes.len() - 9]).unwrap();
    assert_eq!(error(&dir), "DIR/train-images-idx3-ubyte.gz: the gzip data are cut short");
}

#[test]
fn a_small_compressed_file_that_claims_four_billion_images_is_refused() {
    let dir = folder();
    let path = dir.path().join(NAMES[0]);
    fs::write(&path, [&[0, 0, 8, 3][..], &[0xff; 12]].concat()).unwrap();
    compress(&path, dir.path().join("train-images-idx3-ubyte.gz"));
    assert!(error(&dir).ends_with("more than the 1073741824 that are accepted"), "{}", error(&dir));
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let (dir, other) = (folder(), tempfile::tempdir().unwrap());
    let larger = Images::new(5, 3, vec![1; 30]).unwrap().with_labels(vec![0, 1]).unwrap();
    let fewer = Dataset::new("made up", "here", larger.clone(), larger).unwrap();
    write_folder(&fewer, other.path()).unwrap();

    let swap = |name| fs::copy(other.path().join(name), dir.path().join(name)).unwrap();
    swap(NAMES[1]);
    assert_eq!(
        error(&dir),
        "the files in DIR do not belong together: 5 images have 2 labels; every image needs one"
    );
    swap(NAMES[0]);
    assert_eq!(
        error(&dir),
        "the files in DIR do not belong together: training images are 5 x 3, test images 4 x 3; \
         they must be of one size"
    );
}

/// Also a form of the file that is read only if the raw file is missing.
#[test]
fn a_folder_with_any_of_the_files_is_not_changed() {
    for name in [NAMES[1].to_owned(), format!("{}.gz", NAMES[2]), NAMES[0].replace("-idx", ".idx")]
    {
        let dir = tempfile::tempdir().unwrap();
        let taken = dir.path().join(name);
        fs::write(&taken, "mine").unwrap();
        let error = write_folder(&dataset(), dir.path()).unwrap_err().to_string();
        assert_eq!(error, format!("{} exists already; choose another folder", taken.display()));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_replaced_folder_holds_the_new_files_and_no_other_form_of_them() {
    let dir = folder();
    let path = |name: &str| dir.path().join(name);
    compress(&path(NAMES[0]), path("train-images.idx3-ubyte.gz"));
    fs::write(path("notes.txt"), "mine").unwrap();
    let other = Dataset::new("other", "here", images(3), images(4)).unwrap();
    replace_folder(&other, dir.path()).unwrap();
    let read = open_folder(dir.path()).unwrap();
    assert_eq!((read.train, read.test), (images(3), images(4)));
    assert!(!path("train-images.idx3-ubyte.gz").exists());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 5);
}

/// Reads the real files if `$AE_TEST_MNIST` or a folder beside the repository has them.
#[test]
fn mnist_is_recognised() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/mnist");
    let folder = std::env::var_os("AE_TEST_MNIST").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        #[expect(clippy::print_stderr, reason = "a skipped test says so")]
        {
            eprintln!("skipped: name a folder with MNIST in $AE_TEST_MNIST");
        }
        return;
    }
    let mnist = open_folder(&folder).unwrap();
    assert_eq!(mnist.origin.name, "mnist");
    assert_eq!((mnist.train.len(), mnist.test.len()), (60_000, 10_000));
    assert_eq!(mnist.train.labels().unwrap()[..5], [5, 0, 4, 1, 9]);
}

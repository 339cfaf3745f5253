//! Damaged and missing data: the file is named, with what was expected and found, and no run begins.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{DATA_FILES, Sandbox, idx, images, labels, skip};

const IMAGES: &str = "data/train-images-idx3-ubyte";
const LABELS: &str = "data/t10k-labels-idx1-ubyte";
/// Four files, small.
const COUNTS: [usize; 2] = [12, 5];
const SIDE: usize = 4;

/// A sandbox with a small data set.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", COUNTS, SIDE);
    sandbox
}

/// Asserts that a training on the damaged data fails with all of these and leaves all as it was.
fn is_refused(sandbox: &Sandbox, fragments: &[&str]) {
    let before = sandbox.contents_of("");
    sandbox.ae("train --data data --out run").fails_with(fragments);
    assert_eq!(sandbox.contents_of(""), before, "{fragments:?}");
    assert!(!sandbox.path("run").exists(), "{fragments:?}");
}

#[test]
fn a_damaged_idx_file_is_told_by_its_damage() {
    let bytes = images(COUNTS[0], SIDE);
    let whole = bytes.len().to_string();
    let longer = [&bytes[..], b"more"].concat();
    let huge = u32::MAX;
    let label_bytes = labels(COUNTS[1]);
    let cases: [(&str, Vec<u8>, &[&str]); 12] = [
        (IMAGES, vec![], &["cut short: 0 bytes"]),
        (IMAGES, bytes[..9].to_vec(), &["cut short: 9 bytes", "expected 16"]),
        (IMAGES, bytes[..bytes.len() - 1].to_vec(), &["cut short: 207 bytes, expected", &whole]),
        (IMAGES, longer, &["bytes after the end: 212 bytes, expected", &whole]),
        (IMAGES, label_bytes.clone(), &["0x00000801 (IDX labels)", "0x00000803"]),
        (IMAGES, b"%PDF-1.7 and so on".to_vec(), &["magic number 0x25504446", "0x00000803"]),
        (IMAGES, idx(0x803, &[huge; 3], &[0; 64]), &["claims 792281624589241", "1073741824"]),
        (IMAGES, idx(0x803, &[huge, 1, 1], &[0; 64]), &["claims 4294967311 bytes"]),
        (IMAGES, idx(0x803, &[0, 4, 4], &[]), &["no images"]),
        (LABELS, vec![], &["cut short: 0 bytes"]),
        (LABELS, label_bytes[..12].to_vec(), &["cut short: 12 bytes, expected 13"]),
        (LABELS, idx(0x801, &[huge], &[0; 5]), &["claims 4294967303 bytes"]),
    ];
    let sandbox = sandbox();
    for (file, damaged, fragments) in cases {
        let sound = sandbox.read(file);
        sandbox.write(file, damaged);
        is_refused(&sandbox, &[&[file][..], fragments].concat());
        sandbox.write(file, sound);
    }
    sandbox.ae("train --data data --epochs 1 --widths 2 --out run").succeeds();
}

#[test]
fn a_damaged_gzip_file_is_told_by_its_damage() {
    let packed = gzip(&images(COUNTS[0], SIDE));
    let mut checksum = packed.clone();
    let at = checksum.len() - 8;
    checksum[at] ^= 1;
    let mut flipped = packed.clone();
    flipped[20] ^= 0x40;
    let bomb = gzip(&[images(COUNTS[0], SIDE), vec![0; 1 << 20]].concat());
    let cases: [(Vec<u8>, &str); 6] = [
        (packed[..packed.len() / 2].to_vec(), "cut short"),
        (packed[..packed.len() - 3].to_vec(), "cut short"),
        (checksum, "damaged gzip data"),
        (flipped, "damaged gzip data"),
        (bomb, "more than the 208 bytes"),
        ([&packed[..], b"more"].concat(), "4 bytes after the end of the gzip data"),
    ];
    let sandbox = sandbox();
    fs::remove_file(sandbox.path(IMAGES)).unwrap();
    let file = format!("{IMAGES}.gz");
    for (damaged, fragment) in cases {
        sandbox.write(&file, damaged);
        is_refused(&sandbox, &[&file, fragment]);
    }
    sandbox.write(&file, packed);
    sandbox.ae("train --data data --epochs 1 --widths 2 --out run").succeeds();
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let sandbox = sandbox();
    sandbox.write(LABELS, labels(6));
    is_refused(&sandbox, &["data", "do not belong together", "5 images", "6 labels"]);
    sandbox.write(LABELS, labels(COUNTS[1]));
    sandbox.write("data/t10k-images-idx3-ubyte", images(COUNTS[1], 5));
    is_refused(&sandbox, &["data", "do not belong together", "4 x 4", "5 x 5"]);
}

#[test]
fn a_folder_without_the_files_is_told_what_is_missing() {
    let sandbox = sandbox();
    fs::remove_file(sandbox.path(LABELS)).unwrap();
    is_refused(&sandbox, &["data lacks t10k-labels-idx1-ubyte;", "raw or .gz"]);

    fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.ae("data info --data empty").fails_with(&DATA_FILES);
    sandbox.ae("data info --data nowhere").fails_with(&["there is no nowhere; data are auto, "]);
    // A file of images is a data set, one of labels is none.
    sandbox.ae(&format!("data info --data {IMAGES}")).succeeds();
    let labels = "data/train-labels-idx1-ubyte";
    sandbox.ae(&format!("data info --data {labels}")).fails_with(&[labels, "magic number"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_reason() {
    let sandbox = sandbox();
    fs::remove_file(sandbox.path(IMAGES)).unwrap();
    fs::create_dir(sandbox.path(IMAGES)).unwrap();
    is_refused(&sandbox, &["cannot read", IMAGES, "directory"]);
}

#[cfg(unix)]
#[test]
fn a_file_without_read_permission_is_named_with_the_reason() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = sandbox();
    let file = sandbox.path(IMAGES);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&file).is_ok() {
        skip("this user may read any file");
        return;
    }
    sandbox.ae("train --data data --out run").fails_with(&[IMAGES, "ermission denied"]);
}

#[test]
fn a_place_that_cannot_be_written_to_is_named_with_the_reason() {
    let sandbox = sandbox();
    let before = sandbox.contents_of("");
    // Not even root makes a folder below a file.
    let below = format!("{LABELS}/below");
    let train = format!("train --data data --epochs 1 --out {below}");
    sandbox.ae(&train).fails_with(&["cannot make the folder", &below]);
    sandbox
        .ae(&format!("data export --data data --out {below}"))
        .fails_with(&["cannot make the folder", &below]);
    assert_eq!(sandbox.contents_of(""), before);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

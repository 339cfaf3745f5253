//! `.npy` files: those of NumPy are read, ours equal them byte for byte, and damage is refused.

use std::fs;
use std::path::PathBuf;

use ae_dataset::{Matrix, read_npy_matrix, write_npy};
use proptest::prelude::*;
use tempfile::TempDir;

/// `buffer = io.BytesIO(); numpy.save(buffer, numpy.array([[0, 0.5, 1], [0.25, 0.75, 0.125]], '<f4'))`
const FLOATS: &[u8] = b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, \
    'shape': (2, 3), }                                                          \n\
    \x00\x00\x00\x00\x00\x00\x00?\x00\x00\x80?\x00\x00\x80>\x00\x00@?\x00\x00\x00>";

/// The same of `numpy.array([[0, 0.5], [1, 0.1]], '<f8')`.
const DOUBLES: &[u8] = b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, \
    'shape': (2, 2), }                                                          \n\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xe0?\
    \x00\x00\x00\x00\x00\x00\xf0?\x9a\x99\x99\x99\x99\x99\xb9?";

/// `numpy.lib.format.write_array(buffer, numpy.array([[0.5, 1]], '<f4'), version=(2, 0))`
const VERSION_2: &[u8] = b"\x93NUMPY\x02\x00t\x00\x00\x00{'descr': '<f4', 'fortran_order': False, \
    'shape': (1, 2), }                                                        \n\
    \x00\x00\x00?\x00\x00\x80?";

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("codes.npy");
    fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn read(bytes: &[u8]) -> Result<Matrix, String> {
    let (_dir, path) = file(bytes);
    let prefix = format!("{}: ", path.display());
    read_npy_matrix(&path).map_err(|error| error.to_string().replace(&prefix, ""))
}

/// The file of floats with a part of its header replaced by one of the same length.
fn with(what: &str, by: &str) -> Vec<u8> {
    assert_eq!(what.len(), by.len());
    let at = FLOATS.windows(what.len()).position(|window| window == what.as_bytes()).unwrap();
    let mut bytes = FLOATS.to_vec();
    bytes[at..at + by.len()].copy_from_slice(by.as_bytes());
    bytes
}

#[test]
fn files_of_numpy_are_read() {
    let values = vec![0.0, 0.5, 1.0, 0.25, 0.75, 0.125];
    assert_eq!(read(FLOATS).unwrap(), Matrix { rows: 2, columns: 3, values });
    assert_eq!(read(DOUBLES).unwrap().values, [0.0, 0.5, 1.0, 0.1]);
    assert_eq!(read(VERSION_2).unwrap(), Matrix { rows: 1, columns: 2, values: vec![0.5, 1.0] });
}

#[test]
fn a_written_file_equals_that_of_numpy() {
    let (_dir, path) = file(b"old");
    write_npy(&path, &[2, 3], &[0.0, 0.5, 1.0, 0.25, 0.75, 0.125]).unwrap();
    assert_eq!(fs::read(&path).unwrap(), FLOATS);
    write_npy(&path, &[3], &[0.0, 0.5, 1.0]).unwrap();
    assert!(
        fs::read(&path).unwrap()[10..]
            .starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }")
    );
}

#[test]
fn errors_about_arrays_that_are_not_read_tell_what_to_do() {
    let message = |what, by| read(&with(what, by)).unwrap_err();
    assert_eq!(message("'<f4'", "'>f4'"), TYPE);
    assert_eq!(
        message(
            "'fortran_order': False, 'shape': (2, 3), ",
            "'fortran_order': True, 'shape': (2, 3, 1)"
        ),
        "stored in Fortran order, which is read in two dimensions only; expected C order (numpy: \
         np.ascontiguousarray(x))"
    );
    assert_eq!(message("(2, 3)", "(6,)  "), "an array of shape [6], expected (rows, columns)");
    assert_eq!(message("'shape'", "'shapf'"), "the .npy header lacks shape");
    assert_eq!(message("(2, 3)", "(2,-3)"), "the .npy header lacks shape");
    assert_eq!(
        read(b"\x93NUMPY\x09\x00v\x00").unwrap_err(),
        "the .npy header lacks a version of 1, 2 or 3"
    );
    assert_eq!(read(b"P5 28 28").unwrap_err(), "not a .npy file");
}

const TYPE: &str = "numbers of type >f4, expected |u1, <f4 or <f8 (numpy: x.astype('<f4'))";

#[test]
fn sizes_are_bounded_before_they_are_believed() {
    let message = |what, by| read(&with(what, by)).unwrap_err();
    assert_eq!(message("(2, 3), }   ", "(2, 400000)}"), "cut short: 152 bytes, expected 3200128");
    assert_eq!(
        message("(2, 3), }       ", "(2, 4000000000)}"),
        "claims 32000000128 bytes, more than the 1073741824 that are accepted"
    );
    // The product of the sizes needs more than 128 bits.
    let huge = message(
        "(2, 3), }                                         ",
        "(9999999999999999,9999999999999999,9999999999999)}",
    );
    assert!(huge.ends_with("more than the 1073741824 that are accepted"), "{huge}");
    let long = read(b"\x93NUMPY\x02\x00\xff\xff\xff\xff{").unwrap_err();
    assert_eq!(long, "the .npy header lacks a length of at most 10000 bytes");
}

#[test]
fn truncated_files_and_trailing_bytes_have_different_errors() {
    assert_eq!(read(&FLOATS[..151]).unwrap_err(), "cut short: 151 bytes, expected 152");
    assert_eq!(read(&FLOATS[..60]).unwrap_err(), "cut short: 60 bytes, expected 128");
    let longer = [FLOATS, b"x"].concat();
    assert_eq!(read(&longer).unwrap_err(), "bytes after the end: 153 bytes, expected 152");
}

#[test]
fn numbers_that_are_not_finite_are_refused_with_their_place() {
    let mut bytes = FLOATS.to_vec();
    bytes[140..144].copy_from_slice(&f32::NAN.to_le_bytes());
    assert_eq!(
        read(&bytes).unwrap_err(),
        "row 2, column 1 is NaN, expected finite in single precision"
    );
    let mut bytes = DOUBLES.to_vec();
    bytes[136..144].copy_from_slice(&1e300_f64.to_le_bytes());
    assert_eq!(
        read(&bytes).unwrap_err(),
        "row 1, column 2 is 1e300, expected finite in single precision"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reading_reverses_writing(rows in 1_usize..9, values in prop::collection::vec(-1e30_f32..1e30, 9..40)) {
        let columns = values.len() / rows;
        let values = values[..rows * columns].to_vec();
        let (_dir, path) = file(b"");
        write_npy(&path, &[rows, columns], &values).unwrap();
        prop_assert_eq!(read_npy_matrix(&path).unwrap(), Matrix { rows, columns, values });
    }

    #[test]
    fn changed_and_cut_bytes_never_panic(place in 0_usize..152, byte: u8, length in 0_usize..=152) {
        let mut bytes = FLOATS.to_vec();
        bytes[place] = byte;
        if let Ok(matrix) = read(&bytes[..length]) {
            prop_assert_eq!(matrix.values.len(), matrix.rows * matrix.columns);
        }
    }
}

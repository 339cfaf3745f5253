//! `.npy` files of two dimensions as matrices, such as codes.

use std::path::Path;

use ae_files::read_bounded;

use crate::arrays::npy::{Array, decode};
use crate::arrays::numbers::place_of;
use crate::limits::MAX_FILE_BYTES;
use crate::{DatasetError, FormatError};

/// A matrix of finite numbers, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
    /// The values, `rows x columns`, row-major.
    pub values: Vec<f32>,
}

/// Reads a two-dimensional `.npy` file of `u1`, `f4` or `f8` numbers, such as codes.
///
/// # Errors
/// If the file cannot be read, is not a `.npy` file of such numbers, is truncated or has bytes after its end, does not
/// have two dimensions, or holds a NaN or an infinity, also a double beyond the range of `f32`.
pub fn read_npy_matrix(path: &Path) -> Result<Matrix, DatasetError> {
    let bytes = read_bounded(path, MAX_FILE_BYTES)?;
    matrix(&bytes).map_err(|error| error.in_file(path))
}

fn matrix(bytes: &[u8]) -> Result<Matrix, FormatError> {
    let Array { shape, numbers } = decode(bytes)?;
    let &[rows, columns] = shape.as_slice() else {
        return Err(FormatError::NpyShape { expected: "(rows, columns)".to_owned(), found: shape });
    };
    let doubles = numbers.into_doubles();
    let values: Vec<f32> = doubles.iter().map(|&value| value as f32).collect();
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(FormatError::Value {
            place: place_of(index, &[rows, columns]),
            found: doubles[index],
            expected: "finite in single precision",
        }),
        None => Ok(Matrix { rows, columns, values }),
    }
}

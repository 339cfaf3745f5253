//! NumPy's `.npy` files, versions 1 to 3, of bytes or floats in C order; matrices also in Fortran order.
//!
//! Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays". The header is read
//! here rather than by a library because a reader of untrusted files must bound its length, its
//! nesting and the product of the sizes before it believes them.

use std::borrow::Cow;
use std::path::Path;

use ae_files::{AtomicFile, f32_from_le_bytes, f32_to_le_bytes, read_bounded, write_atomic};

use crate::array_rows::place_of;
use crate::idx::MAX_BYTES;
use crate::{DatasetError, FormatError};

const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest accepted header; NumPy writes 118 bytes for such arrays.
const MAX_HEADER: usize = 10_000;

/// A matrix of finite numbers, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub columns: usize,
    /// The values, `rows x columns`.
    pub values: Vec<f32>,
}

/// Reads a two-dimensional `.npy` file of `u1`, `f4` or `f8` numbers, such as codes.
///
/// # Errors
/// If the file cannot be read, is no such file, is cut or has bytes after its end, has other than
/// two dimensions, or holds a NaN or an infinity (also a double beyond the range of `f32`).
pub fn read_npy_matrix(path: &Path) -> Result<Matrix, DatasetError> {
    let bytes = read_bounded(path, MAX_BYTES)?;
    matrix(&bytes).map_err(|error| error.in_file(path))
}

/// Writes numbers as a `.npy` file of `f4` in C order, atomically.
///
/// # Errors
/// If the file cannot be written.
///
/// # Panics
/// If there are not as many values as the shape says.
pub fn write_npy(path: &Path, shape: &[usize], values: &[f32]) -> Result<(), DatasetError> {
    assert_eq!(shape.iter().product::<usize>(), values.len(), "the values do not fill the shape");
    let mut bytes = header(shape);
    bytes.extend(f32_to_le_bytes(values));
    Ok(write_atomic(path, &bytes)?)
}

/// Writes a `.npy` file of `f4` in C order, items after items; it is there once it is finished.
#[derive(Debug)]
pub struct NpyWriter {
    file: AtomicFile,
    item: Vec<usize>,
    values: usize,
}

impl NpyWriter {
    /// Begins a file of shape `(n, ...item)`, of which `n` is known at the end.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn create(path: &Path, item: &[usize]) -> Result<Self, DatasetError> {
        let mut file = AtomicFile::begin(path)?;
        file.write(&header(&[&[0], item].concat()))?;
        Ok(Self { file, item: item.to_vec(), values: 0 })
    }

    /// Writes the values of further items.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn write(&mut self, values: &[f32]) -> Result<(), DatasetError> {
        let bytes = f32_to_le_bytes(values);
        self.values += values.len();
        Ok(self.file.write(&bytes)?)
    }

    /// Writes the number of items and gives the file its name.
    ///
    /// # Errors
    /// If that fails.
    ///
    /// # Panics
    /// If the values are not whole items.
    pub fn finish(mut self) -> Result<(), DatasetError> {
        let size = self.item.iter().product::<usize>().max(1);
        assert!(self.values.is_multiple_of(size), "whole items");
        // Every header of so few dimensions has the same length.
        self.file.overwrite_beginning(&header(&[&[self.values / size], &*self.item].concat()))?;
        Ok(self.file.commit()?)
    }
}

/// An array as it stands in a file: the shape, and the numbers in C order.
#[derive(Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Numbers,
}

/// The numbers of an array, in C order.
#[derive(Debug, PartialEq)]
pub(crate) enum Numbers {
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
}

/// Whether these bytes begin like a `.npy` file.
pub(crate) fn is_npy(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// What the header of a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) shape: Vec<usize>,
    /// Bytes of a number.
    pub(crate) width: usize,
    /// Bytes before the first number.
    pub(crate) begins: usize,
    /// Whether the numbers of a matrix are stored column by column.
    pub(crate) by_column: bool,
}

/// The most bytes that a file has before its first number.
pub(crate) const LONGEST_BEGINNING: usize = 12 + MAX_HEADER;

/// Decodes a `.npy` file.
pub(crate) fn decode(bytes: &[u8]) -> Result<Array, FormatError> {
    let described = describe(bytes)?;
    described.check_length(bytes.len() as u64, MAX_BYTES)?;
    let numbers =
        Numbers::decode(described.width, &described.in_c_order(&bytes[described.begins..]));
    Ok(Array { shape: described.shape, numbers })
}

/// Reads the header that a file begins with.
pub(crate) fn describe(bytes: &[u8]) -> Result<Described, FormatError> {
    let (header, begins) = split(bytes)?;
    let shape = shape(header)?;
    let by_column = !field(header, "fortran_order")?.starts_with("False");
    if by_column && shape.len() != 2 {
        return Err(FormatError::NpyOrder);
    }
    let descr = quoted(field(header, "descr")?)?;
    let width = match descr {
        "|u1" => 1,
        "<f4" => 4,
        "<f8" => 8,
        _ => return Err(FormatError::NpyType { found: descr.to_owned() }),
    };
    Ok(Described { shape, width, begins, by_column })
}

impl Described {
    /// The bytes of the numbers, row by row.
    pub(crate) fn in_c_order<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let &[rows, columns] = self.shape.as_slice() else { return Cow::Borrowed(bytes) };
        if !self.by_column {
            return Cow::Borrowed(bytes);
        }
        let mut ordered = Vec::with_capacity(bytes.len());
        for row in 0..rows {
            for column in 0..columns {
                let start = (column * rows + row) * self.width;
                ordered.extend_from_slice(&bytes[start..][..self.width]);
            }
        }
        Cow::Owned(ordered)
    }

    /// Whether a file of so many bytes is as long as its header says, and no longer than the limit.
    pub(crate) fn check_length(&self, found: u64, limit: u64) -> Result<(), FormatError> {
        let product = self.shape.iter().try_fold(self.width as u128, |product, &size| {
            product.checked_mul(size as u128).filter(|&product| product <= u128::from(u64::MAX))
        });
        let claimed = product.unwrap_or(u128::MAX).saturating_add(self.begins as u128);
        if claimed > u128::from(limit) {
            return Err(FormatError::TooLarge { claimed, limit });
        }
        let (expected, found) = (claimed as usize, found as usize);
        match found.cmp(&expected) {
            std::cmp::Ordering::Less => Err(FormatError::Truncated { expected, found }),
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Greater => Err(FormatError::TrailingBytes { expected, found }),
        }
    }
}

impl Numbers {
    /// Numbers of 1, 4 or 8 bytes.
    pub(crate) fn decode(width: usize, bytes: &[u8]) -> Self {
        match width {
            1 => Self::Bytes(bytes.to_vec()),
            4 => Self::Floats(f32_from_le_bytes(bytes)),
            _ => {
                Self::Doubles(bytes.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect())
            }
        }
    }
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

/// The header's text and where it ends.
fn split(bytes: &[u8]) -> Result<(&str, usize), FormatError> {
    if !is_npy(bytes) {
        return Err(FormatError::NotNpy);
    }
    let truncated = |expected| FormatError::Truncated { expected, found: bytes.len() };
    let (start, length) = match bytes.get(MAGIC.len()).ok_or(truncated(10))? {
        1 => {
            let &word = bytes.get(8..).and_then(|rest| rest.first_chunk()).ok_or(truncated(10))?;
            (10, usize::from(u16::from_le_bytes(word)))
        }
        2 | 3 => {
            let &word = bytes.get(8..).and_then(|rest| rest.first_chunk()).ok_or(truncated(12))?;
            (12, u32::from_le_bytes(word) as usize)
        }
        _ => return Err(FormatError::NpyHeader { missing: "a version of 1, 2 or 3" }),
    };
    if length > MAX_HEADER {
        return Err(FormatError::NpyHeader { missing: "a length of at most 10000 bytes" });
    }
    let header = bytes.get(start..start + length).ok_or(truncated(start + length))?;
    let text = str::from_utf8(header)
        .map_err(|_| FormatError::NpyHeader { missing: "text in the header" })?;
    Ok((text, start + length))
}

/// What follows `'name':` in the header's Python dictionary.
fn field<'a>(header: &'a str, name: &'static str) -> Result<&'a str, FormatError> {
    let missing = FormatError::NpyHeader { missing: name };
    let (_, after) = header.split_once(&format!("'{name}'")).ok_or(missing)?;
    let value = after.trim_start().strip_prefix(':');
    value.map(str::trim_start).ok_or(FormatError::NpyHeader { missing: name })
}

/// A Python string at the beginning of a value. A structured type is a list instead.
fn quoted(value: &str) -> Result<&str, FormatError> {
    let inside = value.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
    let structured = || FormatError::NpyType { found: "a structured type".to_owned() };
    inside.map(|(text, _)| text).ok_or_else(structured)
}

/// The tuple of sizes.
fn shape(header: &str) -> Result<Vec<usize>, FormatError> {
    let missing = || FormatError::NpyHeader { missing: "shape" };
    let inside = field(header, "shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (sizes, _) = inside.ok_or_else(missing)?;
    let sizes = sizes.split(',').map(str::trim).filter(|size| !size.is_empty());
    sizes.map(|size| size.parse().map_err(|_| missing())).collect()
}

/// The header of an array of `f4`, version 1, padded as NumPy does to a multiple of 64 bytes.
fn header(shape: &[usize]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let sizes = if shape.len() == 1 { sizes.trim_end() } else { sizes.trim_end_matches(", ") };
    let dict = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes}), }}");
    // Magic, version and length take 10 bytes, the newline at the end one.
    let total = (10 + dict.len() + 1).next_multiple_of(64);
    let padding = total - 10 - dict.len() - 1;
    let length = ((total - 10) as u16).to_le_bytes();
    let text = format!("{dict}{}\n", " ".repeat(padding));
    [MAGIC, &[1, 0], &length, text.as_bytes()].concat()
}

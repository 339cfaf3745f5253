//! The `.npy` format, versions 1 to 3: bytes or floats in C order, matrices also in Fortran order.
//!
//! Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays". No library reads the header, because
//! a reader of untrusted files must bound its length, its nesting and the product of the sizes before it believes them.

use std::borrow::Cow;

use crate::FormatError;
use crate::arrays::numbers::Numbers;
use crate::limits::MAX_FILE_BYTES;

pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest accepted header; NumPy writes 118 bytes for such arrays.
const MAX_HEADER: usize = 10_000;

/// An array: its shape, and its numbers in C order.
#[derive(Debug, PartialEq)]
pub(crate) struct Array {
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Numbers,
}

/// Whether these bytes begin like a `.npy` file.
pub(crate) fn is_npy(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// What the header of a file states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NpyHeader {
    pub(crate) shape: Vec<usize>,
    /// The size of a number in bytes: 1, 4 or 8.
    pub(crate) width: usize,
    /// The length of everything before the first number, in bytes.
    pub(crate) length: usize,
    /// Whether the numbers of a matrix are stored column by column.
    pub(crate) by_column: bool,
}

/// The most bytes before the first number of a file.
pub(crate) const LONGEST_HEADER: usize = 12 + MAX_HEADER;

/// Decodes a `.npy` file.
pub(crate) fn decode(bytes: &[u8]) -> Result<Array, FormatError> {
    let header = header(bytes)?;
    header.check_length(bytes.len() as u64, MAX_FILE_BYTES)?;
    let numbers = Numbers::decode(header.width, &header.in_c_order(&bytes[header.length..]));
    Ok(Array { shape: header.shape, numbers })
}

/// Reads the header with which a file begins.
pub(crate) fn header(bytes: &[u8]) -> Result<NpyHeader, FormatError> {
    let (text, length) = split(bytes)?;
    let shape = shape(text)?;
    let by_column = !field(text, "fortran_order")?.starts_with("False");
    if by_column && shape.len() != 2 {
        return Err(FormatError::NpyOrder);
    }
    let descr = quoted(field(text, "descr")?)?;
    let width = match descr {
        "|u1" => 1,
        "<f4" => 4,
        "<f8" => 8,
        _ => return Err(FormatError::NpyType { found: descr.to_owned() }),
    };
    Ok(NpyHeader { shape, width, length, by_column })
}

impl NpyHeader {
    /// The bytes of the numbers in C order: row by row.
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

    /// Checks that a file of `found` bytes is as long as its header claims, and that this is within the limit.
    pub(crate) fn check_length(&self, found: u64, limit: u64) -> Result<(), FormatError> {
        let product = self.shape.iter().try_fold(self.width as u128, |product, &size| {
            product.checked_mul(size as u128).filter(|&product| product <= u128::from(u64::MAX))
        });
        let claimed = product.unwrap_or(u128::MAX).saturating_add(self.length as u128);
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

/// The text of the header, and the length of everything before the first number.
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

/// The Python string with which a value begins. The value of a structured type is a list.
fn quoted(value: &str) -> Result<&str, FormatError> {
    let inside = value.strip_prefix('\'').and_then(|rest| rest.split_once('\''));
    let structured = || FormatError::NpyType { found: "a structured type".to_owned() };
    inside.map(|(text, _)| text).ok_or_else(structured)
}

/// The shape: a Python tuple.
fn shape(header: &str) -> Result<Vec<usize>, FormatError> {
    let missing = || FormatError::NpyHeader { missing: "shape" };
    let inside = field(header, "shape")?.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    let (sizes, _) = inside.ok_or_else(missing)?;
    let sizes = sizes.split(',').map(str::trim).filter(|size| !size.is_empty());
    sizes.map(|size| size.parse().map_err(|_| missing())).collect()
}

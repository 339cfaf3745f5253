//! NumPy's `.npz`: a ZIP archive of `.npy` arrays.
//!
//! Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays". The archive is read by the crate
//! `zip`. The headers are read here, because the kept crate for them allocates what a header claims before it has read
//! it.

use std::io::{Cursor, Read};
use std::path::Path;

use flate2::Crc;
use flate2::read::DeflateDecoder;
use safetensors::Dtype;
use zip::{CompressionMethod, ZipArchive};

use super::ExchangeError;
use super::arrays::{NamedArray, PICKLE};
use super::import::MAX_IMPORT_BYTES;

const MAGIC: &[u8] = b"\x93NUMPY";
/// Most bytes of a header; NumPy writes 118 for such arrays.
const MAX_HEADER: usize = 10_000;

/// The arrays of an archive.
pub(super) fn arrays(path: &Path, bytes: &[u8]) -> Result<Vec<NamedArray>, ExchangeError> {
    let damaged = |reason: String| ExchangeError::Damaged { path: path.to_owned(), reason };
    let foreign = |found| ExchangeError::Format { path: path.to_owned(), found };
    let mut archive =
        ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(error.to_string()))?;
    if archive.has_duplicate_names() {
        return Err(damaged("two of its arrays have one name".to_owned()));
    }
    let mut arrays = Vec::new();
    let mut left = MAX_IMPORT_BYTES;
    for index in 0..archive.len() {
        let mut entry = archive.by_index_raw(index).map_err(|error| damaged(error.to_string()))?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if name.ends_with("data.pkl") {
            return Err(foreign(PICKLE));
        }
        if name.ends_with(".weights.h5") {
            return Err(foreign(
                "a model of Keras; load it in Keras and save it with \
                 `np.savez(\"weights.npz\", *model.get_weights())`",
            ));
        }
        let Some(array) = name.strip_suffix(".npy") else {
            return Err(foreign("a ZIP archive with other files than .npy"));
        };
        let (method, size, crc) = (entry.compression(), entry.size(), entry.crc32());
        left = left
            .checked_sub(size)
            .ok_or_else(|| damaged(format!("its arrays would be over {MAX_IMPORT_BYTES} bytes")))?;
        let contents = unpack(&mut entry, method, size, crc)
            .and_then(|contents| decode(array, &contents))
            .map_err(|problem| problem.in_file(path, &name))?;
        arrays.push(contents);
    }
    Ok(arrays)
}

/// What is wrong with an entry of an archive.
enum Problem {
    Damaged(String),
    NotFloats(String),
}

impl Problem {
    fn in_file(self, path: &Path, entry: &str) -> ExchangeError {
        let path = path.to_owned();
        match self {
            Self::Damaged(reason) => {
                ExchangeError::Damaged { path, reason: format!("{entry}: {reason}") }
            }
            Self::NotFloats(found) => {
                ExchangeError::NotFloats { path, name: entry.to_owned(), found }
            }
        }
    }
}

/// The contents of an entry, which has the size and the checksum that the archive says.
fn unpack(
    entry: &mut impl Read,
    method: CompressionMethod,
    size: u64,
    crc: u32,
) -> Result<Vec<u8>, Problem> {
    let mut contents = Vec::new();
    let limit = size.saturating_add(1);
    let read = match method {
        CompressionMethod::Stored => entry.take(limit).read_to_end(&mut contents),
        _ => DeflateDecoder::new(entry).take(limit).read_to_end(&mut contents),
    };
    read.map_err(|error| Problem::Damaged(error.to_string()))?;
    if contents.len() as u64 != size {
        let found = contents.len();
        return Err(Problem::Damaged(format!("expected {size} bytes, found {found}")));
    }
    let mut found = Crc::new();
    found.update(&contents);
    if found.sum() != crc {
        let found = found.sum();
        return Err(Problem::Damaged(format!(
            "expected the checksum {crc:08x}, found {found:08x}"
        )));
    }
    Ok(contents)
}

/// Decodes a `.npy` file of little-endian floats.
fn decode(name: &str, bytes: &[u8]) -> Result<NamedArray, Problem> {
    let (header, data) = split(bytes).ok_or_else(|| {
        Problem::Damaged(format!("expected a .npy header, found {} other bytes", bytes.len()))
    })?;
    let missing = |field: &str| Problem::Damaged(format!("its header has no usable `{field}`"));
    let text = field(header, "descr").ok_or_else(|| missing("descr"))?;
    let description = text.trim_start_matches('\'').split('\'').next().unwrap_or_default();
    let (dtype, size) = match description {
        "<f2" => (Dtype::F16, 2_usize),
        "<f4" => (Dtype::F32, 4),
        "<f8" => (Dtype::F64, 8),
        other => return Err(Problem::NotFloats(other.to_owned())),
    };
    let shape = field(header, "shape").and_then(shape).ok_or_else(|| missing("shape"))?;
    let order = field(header, "fortran_order").ok_or_else(|| missing("fortran_order"))?;
    let expected = shape.iter().try_fold(size, |product, &length| product.checked_mul(length));
    if expected != Some(data.len()) {
        let found = data.len();
        return Err(Problem::Damaged(format!(
            "expected the bytes of {shape:?} numbers of {dtype}, found {found} bytes"
        )));
    }
    let data = match (order.starts_with("True"), &shape[..]) {
        (true, &[rows, columns]) => by_row(data, rows, columns, size),
        (true, [_, _, _, ..]) => {
            return Err(Problem::Damaged("expected C order, found Fortran order".to_owned()));
        }
        _ => data.to_vec(),
    };
    Ok(NamedArray { name: name.to_owned(), shape, dtype, data })
}

/// The header's text and the bytes after it.
fn split(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (&[version, _], rest) = rest.split_first_chunk()?;
    let (length, rest) = match version {
        1 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        2 | 3 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::try_from(u32::from_le_bytes(*length)).ok()?, rest)
        }
        _ => return None,
    };
    let (header, data) = rest.split_at_checked(length).filter(|_| length <= MAX_HEADER)?;
    Some((str::from_utf8(header).ok()?, data))
}

/// What follows `'name':` in the header's Python dictionary.
fn field<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = header.split_once(&format!("'{name}'"))?;
    Some(after.trim_start().strip_prefix(':')?.trim_start())
}

/// A Python tuple of lengths.
fn shape(text: &str) -> Option<Vec<usize>> {
    let (lengths, _) = text.strip_prefix('(')?.split_once(')')?;
    let lengths = lengths.split(',').map(str::trim).filter(|length| !length.is_empty());
    lengths.map(|length| length.parse().ok()).collect()
}

/// A matrix that is stored column by column, row by row.
fn by_row(data: &[u8], rows: usize, columns: usize, size: usize) -> Vec<u8> {
    let mut ordered = Vec::with_capacity(data.len());
    for row in 0..rows {
        for column in 0..columns {
            let start = (column * rows + row) * size;
            ordered.extend_from_slice(data.get(start..start + size).unwrap_or_default());
        }
    }
    ordered
}

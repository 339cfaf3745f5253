//! Numbers of other types to `f32`.

use std::path::Path;

use half::{bf16, f16};

use super::ExchangeError;
use super::arrays::{NamedArray, NumberType};

/// What becomes of numbers that are not `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// They are refused.
    #[default]
    OnlyF32,
    /// They are rounded to the nearest `f32`.
    Convert,
}

/// The numbers of an array.
pub(super) fn numbers(
    path: &Path,
    array: &NamedArray,
    precision: Precision,
) -> Result<Vec<f32>, ExchangeError> {
    let NamedArray { name, number_type, data, .. } = array;
    if *number_type != NumberType::F32 && precision == Precision::OnlyF32 {
        let (path, name) = (path.to_owned(), name.clone());
        return Err(ExchangeError::Precision { path, name, found: *number_type });
    }
    match number_type {
        NumberType::F16 => {
            rounded(path, name, words(data).map(|word| f16::from_le_bytes(word).to_f64()))
        }
        NumberType::Bf16 => {
            rounded(path, name, words(data).map(|word| bf16::from_le_bytes(word).to_f64()))
        }
        NumberType::F32 => {
            rounded(path, name, words(data).map(|word| f32::from_le_bytes(word).into()))
        }
        NumberType::F64 => rounded(path, name, words(data).map(f64::from_le_bytes)),
    }
}

/// Numbers to `f32`, all of them finite.
fn rounded(
    path: &Path,
    name: &str,
    numbers: impl Iterator<Item = f64>,
) -> Result<Vec<f32>, ExchangeError> {
    let round = |(index, found): (usize, f64)| match found as f32 {
        value if value.is_finite() => Ok(value),
        _ => Err(ExchangeError::NotFinite {
            path: path.to_owned(),
            name: name.to_owned(),
            index,
            found,
        }),
    };
    numbers.enumerate().map(round).collect()
}

fn words<const SIZE: usize>(data: &[u8]) -> impl Iterator<Item = [u8; SIZE]> {
    data.as_chunks().0.iter().copied()
}

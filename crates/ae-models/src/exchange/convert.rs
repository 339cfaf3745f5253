//! The numbers of an array as `f32`.

use std::path::Path;

use super::ExchangeError;
use super::arrays::NamedArray;
use crate::WeightTypes;
use crate::weight_types::{append, first_not_finite, is_accepted};

/// The numbers of an array, all of them finite.
pub(super) fn numbers(
    path: &Path,
    array: &NamedArray,
    types: WeightTypes,
) -> Result<Vec<f32>, ExchangeError> {
    let NamedArray { name, dtype, data, .. } = array;
    let (path, name) = (path.to_owned(), name.clone());
    if !is_accepted(types, *dtype) {
        return Err(ExchangeError::Precision { path, name, found: *dtype });
    }
    if let Some((index, found)) = first_not_finite(*dtype, data) {
        return Err(ExchangeError::NotFinite { path, name, index, found });
    }
    let mut values = Vec::new();
    append(&mut values, *dtype, data);
    Ok(values)
}

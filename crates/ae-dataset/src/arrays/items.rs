//! The items of an array: rows of a table, or images. Unusable ones are refused or left out.

use std::path::Path;

use crate::arrays::npy::Array;
use crate::arrays::numbers::place_of;
use crate::tables::columns::{Columns, Role};
use crate::tables::rows::TableRows;
use crate::{BadItems, DatasetError, FormatError, ReadOptions, Scaling};

/// The rows of a chunk of an array of two dimensions. `first` is the place of its first row in the file.
///
/// # Errors
/// If a number is not finite in single precision, as it is or scaled, and such rows are refused.
pub(crate) fn rows(
    path: &Path,
    numbers: &[f64],
    first: usize,
    columns: &Columns,
    scaling: Option<&Scaling>,
    bad: BadItems,
) -> Result<TableRows, DatasetError> {
    let mut kept = TableRows::default();
    let fields = columns.roles.len();
    for (place, row) in (first as u64..).zip(numbers.chunks(fields.max(1))) {
        let mut own = vec![0.0; columns.count()];
        let mut fault = None;
        for (field, (&value, &role)) in row.iter().zip(&columns.roles).enumerate() {
            let Role::Number(at) = role else { continue };
            let is_finite = (value as f32).is_finite()
                && scaling.is_none_or(|scaling| scaling.scale(at, value).is_finite());
            if !is_finite {
                fault.get_or_insert((field, value));
            }
            own[at] = value;
        }
        match fault {
            None => {
                kept.numbers.extend(own);
                kept.places.push(place);
                let class = columns.roles.iter().position(|role| *role == Role::Class);
                kept.classes.extend(class.map(|field| row[field].to_string()));
            }
            Some((field, found)) => {
                let place = format!("row {}, column {}", place + 1, field + 1);
                refuse_or_warn(path, FormatError::Value { place, found, expected: FINITE }, bad)?;
                kept.skipped += 1;
            }
        }
    }
    Ok(kept)
}

const FINITE: &str = "finite in single precision (at most 3.4e38)";

/// The roles of the columns of an array.
pub(crate) fn columns(
    fields: usize,
    options: &ReadOptions,
    scaling: Option<&Scaling>,
) -> Result<Columns, FormatError> {
    match scaling {
        Some(scaling) => Columns::to_apply(None, fields, options, scaling),
        None => Columns::to_learn(None, fields, options),
    }
}

/// The images of an array whose numbers are all in [0, 1].
pub(crate) struct UsableImages {
    pub(crate) array: Array,
    /// The place of each image in the file, counted from 0.
    pub(crate) places: Vec<u64>,
    /// The number of images that were left out.
    pub(crate) skipped: usize,
}

/// The images of a chunk of an array along its first axis. `first` is the place of its first image in the file.
///
/// # Errors
/// If a number is outside [0, 1] and such images are refused.
pub(crate) fn images(
    path: &Path,
    array: Array,
    first: usize,
    bad: BadItems,
) -> Result<UsableImages, DatasetError> {
    let items = array.shape.first().copied().unwrap_or(0);
    let size = array.shape.iter().skip(1).product::<usize>().max(1);
    let mut places = Vec::new();
    let mut chosen = Vec::new();
    for item in 0..items {
        match array.numbers.outside_unit_interval(item * size, size) {
            None => {
                places.push((first + item) as u64);
                chosen.push(item);
            }
            Some((at, found)) => {
                let mut shape = array.shape.clone();
                shape[0] = first + items;
                let place = place_of((first + item) * size + at, &shape);
                refuse_or_warn(
                    path,
                    FormatError::Value { place, found, expected: "in [0, 1]" },
                    bad,
                )?;
            }
        }
    }
    let skipped = items - chosen.len();
    if skipped == 0 {
        return Ok(UsableImages { array, places, skipped });
    }
    let mut shape = array.shape;
    shape[0] = chosen.len();
    let numbers = array.numbers.select(&chosen, size);
    Ok(UsableImages { array: Array { shape, numbers }, places, skipped })
}

fn refuse_or_warn(path: &Path, error: FormatError, bad: BadItems) -> Result<(), DatasetError> {
    let path = path.to_owned();
    match bad {
        BadItems::Refuse => Err(DatasetError::BadItem { path, source: error }),
        BadItems::Skip => {
            tracing::warn!("left out: {}: {error}", path.display());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrays::numbers::Numbers;

    #[test]
    fn bad_images_are_named_by_their_place_in_the_file_and_left_out_if_asked() {
        let path = Path::new("x.npy");
        let array = || Array {
            shape: vec![3, 1, 2],
            numbers: Numbers::Doubles(vec![0.0, 1.0, 0.5, f64::NAN, 0.25, 0.75]),
        };
        let error = images(path, array(), 10, BadItems::Refuse).map(|_| ()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "x.npy: image 12, row 1, column 2 is NaN, expected in [0, 1]; --skip-bad leaves it out"
        );
        let kept = images(path, array(), 10, BadItems::Skip).unwrap();
        assert_eq!((kept.places, kept.skipped), (vec![10, 12], 1));
        assert_eq!(kept.array.shape, [2, 1, 2]);
        assert_eq!(kept.array.numbers, Numbers::Doubles(vec![0.0, 1.0, 0.25, 0.75]));
    }

    #[test]
    fn bad_rows_are_named_by_their_place_and_left_out_if_asked() {
        let path = Path::new("x.npy");
        let options = ReadOptions { label_column: Some("3".to_owned()), ..ReadOptions::default() };
        let columns = columns(3, &options, None).unwrap();
        let numbers = [1.0, 2.0, 7.0, 3.0, 1e39, 8.0, 5.0, 6.0, 9.0];
        let error = rows(path, &numbers, 4, &columns, None, BadItems::Refuse).map(|_| ());
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("x.npy: row 6, column 2 is 1e39, expected finite"), "{error}");
        let kept = rows(path, &numbers, 4, &columns, None, BadItems::Skip).unwrap();
        assert_eq!((kept.numbers, kept.places), (vec![1.0, 2.0, 5.0, 6.0], vec![4, 6]));
        assert_eq!((kept.classes, kept.skipped), (vec!["7".to_owned(), "9".to_owned()], 1));
    }
}

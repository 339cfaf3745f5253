//! The items of `.npy` files: rows of a table, or images, of which bad ones are left out.

use std::path::Path;

use crate::npy::{Array, Numbers};
use crate::table::{Columns, Role};
use crate::{BadItems, DatasetError, FormatError, ReadOptions, Scaling};

/// Rows of a table from an array of two dimensions.
#[derive(Debug, Default)]
pub(crate) struct ArrayRows {
    /// `n x columns`, in the model's order.
    pub(crate) numbers: Vec<f64>,
    /// A class each, if the array has a column of classes.
    pub(crate) classes: Vec<String>,
    /// Where each row stands in the file, from 0.
    pub(crate) places: Vec<u64>,
    /// How many were left out.
    pub(crate) skipped: usize,
}

/// The rows of a part of an array, of `fields` numbers each, of which the first is the `first` of all.
///
/// # Errors
/// If a number is not finite in single precision, as it is or scaled, and such rows are not to be left
/// out.
pub(crate) fn rows(
    path: &Path,
    numbers: &[f64],
    first: usize,
    columns: &Columns,
    scaling: Option<&Scaling>,
    bad: BadItems,
) -> Result<ArrayRows, DatasetError> {
    let mut kept = ArrayRows::default();
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
                refuse_or_say(path, FormatError::Value { place, found, expected: FINITE }, bad)?;
                kept.skipped += 1;
            }
        }
    }
    Ok(kept)
}

const FINITE: &str = "finite in single precision (at most 3.4e38)";

/// The columns of an array of a table.
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

/// Images without those that have numbers outside [0, 1].
pub(crate) struct ArrayImages {
    pub(crate) array: Array,
    /// Where each image stands in the file, from 0.
    pub(crate) places: Vec<u64>,
    /// How many were left out.
    pub(crate) skipped: usize,
}

/// The images of a part of an array along its first axis, of which the first is the `first` of all.
///
/// # Errors
/// If a number is outside [0, 1] and such images are not to be left out.
pub(crate) fn images(
    path: &Path,
    array: Array,
    first: usize,
    bad: BadItems,
) -> Result<ArrayImages, DatasetError> {
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
                refuse_or_say(
                    path,
                    FormatError::Value { place, found, expected: "in [0, 1]" },
                    bad,
                )?;
            }
        }
    }
    let skipped = items - chosen.len();
    if skipped == 0 {
        return Ok(ArrayImages { array, places, skipped });
    }
    let mut shape = array.shape;
    shape[0] = chosen.len();
    let numbers = array.numbers.select(&chosen, size);
    Ok(ArrayImages { array: Array { shape, numbers }, places, skipped })
}

fn refuse_or_say(path: &Path, error: FormatError, bad: BadItems) -> Result<(), DatasetError> {
    let path = path.to_owned();
    match bad {
        BadItems::Refuse => Err(DatasetError::BadItem { path, source: error }),
        BadItems::Skip => {
            tracing::warn!("left out: {}: {error}", path.display());
            Ok(())
        }
    }
}

/// The words for a place in an array: its coordinates, counted from 1.
pub(crate) fn place_of(index: usize, shape: &[usize]) -> String {
    let mut rest = index;
    let mut coordinates: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&size| {
            let coordinate = rest % size.max(1) + 1;
            rest /= size.max(1);
            coordinate
        })
        .collect();
    coordinates.reverse();
    match *coordinates.as_slice() {
        [row, column] => format!("row {row}, column {column}"),
        [image, row, column] => format!("image {image}, row {row}, column {column}"),
        _ => format!("the number at {coordinates:?}"),
    }
}

/// The double that is written as this number is.
pub(crate) fn as_shown(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

impl Numbers {
    /// The first of some numbers that is outside [0, 1], and where it stands among them.
    fn outside_unit_interval(&self, start: usize, count: usize) -> Option<(usize, f64)> {
        // NaN is in no range, so that it is found as well.
        let outside = |value: f64| !(0.0..=1.0).contains(&value);
        match self {
            Self::Bytes(_) => None,
            Self::Floats(values) => {
                let values = values[start..][..count].iter().enumerate();
                let mut strange = values.filter(|&(_, &value)| outside(f64::from(value)));
                strange.next().map(|(at, &value)| (at, as_shown(value)))
            }
            Self::Doubles(values) => {
                let values = values[start..][..count].iter().copied();
                values.enumerate().find(|&(_, value)| outside(value))
            }
        }
    }

    /// The numbers of the chosen items, of so many numbers each.
    fn select(&self, chosen: &[usize], size: usize) -> Self {
        fn of<T: Copy>(values: &[T], chosen: &[usize], size: usize) -> Vec<T> {
            chosen.iter().flat_map(|&item| &values[item * size..][..size]).copied().collect()
        }
        match self {
            Self::Bytes(bytes) => Self::Bytes(of(bytes, chosen, size)),
            Self::Floats(floats) => Self::Floats(of(floats, chosen, size)),
            Self::Doubles(doubles) => Self::Doubles(of(doubles, chosen, size)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_items_are_named_by_their_place_in_the_file_and_left_out_if_asked() {
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

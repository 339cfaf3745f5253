//! The numbers of an array: bytes, floats or doubles.

use ae_files::f32_from_le_bytes;

use crate::images::unit_interval;

/// The numbers of an array, in C order.
#[derive(Debug, PartialEq)]
pub(crate) enum Numbers {
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
    Doubles(Vec<f64>),
}

impl Numbers {
    /// Decodes numbers of `width` bytes: 1 (`u1`), 4 (`f4`) or 8 (`f8`).
    pub(crate) fn decode(width: usize, bytes: &[u8]) -> Self {
        match width {
            1 => Self::Bytes(bytes.to_vec()),
            4 => Self::Floats(f32_from_le_bytes(bytes)),
            _ => {
                Self::Doubles(bytes.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect())
            }
        }
    }

    /// Converts to floats: bytes are divided by 255, doubles rounded.
    pub(crate) fn into_floats(self) -> Vec<f32> {
        match self {
            Self::Bytes(bytes) => unit_interval(&bytes),
            Self::Floats(floats) => floats,
            Self::Doubles(doubles) => doubles.into_iter().map(|value| value as f32).collect(),
        }
    }

    /// Converts to doubles without scaling.
    pub(crate) fn into_doubles(self) -> Vec<f64> {
        match self {
            Self::Bytes(bytes) => bytes.into_iter().map(f64::from).collect(),
            Self::Floats(floats) => floats.into_iter().map(f64::from).collect(),
            Self::Doubles(doubles) => doubles,
        }
    }

    /// The first of `count` numbers from `start` on that is outside [0, 1], with its place among them.
    pub(crate) fn outside_unit_interval(&self, start: usize, count: usize) -> Option<(usize, f64)> {
        // A NaN is in no range, so it is found too.
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

    /// The numbers of the items with these indices, of `size` numbers each.
    pub(crate) fn select(&self, chosen: &[usize], size: usize) -> Self {
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

/// A place in an array in words: its coordinates, counted from 1.
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

/// The double with the same shortest decimal digits as this number, for messages.
pub(crate) fn as_shown(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

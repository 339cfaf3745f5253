//! Arrays as images.

use crate::arrays::npy::Array;
use crate::arrays::numbers::{Numbers, as_shown, place_of};
use crate::images::planes;
use crate::{FormatError, ImageShape, Images, Pixels};

/// The position of the channels among an image's dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    First,
    Last,
}

/// An array as images: `(n, height, width)` or, with 1 or 3 channels, `(n, channels, height, width)` or
/// `(n, height, width, channels)`. If the caller wants a certain shape, `(n, values)` and a single grey image
/// `(height, width)` are accepted too.
pub(crate) fn images(array: Array, wanted: Option<ImageShape>) -> Result<Images, FormatError> {
    let Some((shape, channels)) = shape_of(&array.shape, wanted) else {
        return Err(FormatError::NpyShape { expected: expected(wanted), found: array.shape });
    };
    if array.shape.contains(&0) {
        return Err(FormatError::NoImages);
    }
    let pixels = match array.numbers {
        Numbers::Bytes(bytes) => Pixels::Bytes(planar(bytes, shape, channels)),
        numbers => {
            let floats = in_unit_interval(numbers.into_floats(), &array.shape)?;
            Pixels::Floats(planar(floats, shape, channels))
        }
    };
    Images::of_shape(shape, pixels).map_err(|_| FormatError::NoImages)
}

pub(crate) fn shape_of(
    sizes: &[usize],
    wanted: Option<ImageShape>,
) -> Option<(ImageShape, Channels)> {
    let are_channels = |size: usize| [1, 3].contains(&size);
    match (sizes, wanted) {
        (&[_, height, width], _) => Some((ImageShape::grey(height, width), Channels::First)),
        (&[height, width], Some(shape)) if shape == ImageShape::grey(height, width) => {
            Some((shape, Channels::First))
        }
        (&[_, size], Some(shape)) if size == shape.size() => Some((shape, Channels::First)),
        (&[_, a, b, c], _) => {
            let first = ImageShape { channels: a, height: b, width: c };
            let last = ImageShape { channels: c, height: a, width: b };
            match (are_channels(a), are_channels(c)) {
                (true, false) => Some((first, Channels::First)),
                (false, true) => Some((last, Channels::Last)),
                (true, true) if wanted == Some(first) => Some((first, Channels::First)),
                (true, true) if wanted == Some(last) => Some((last, Channels::Last)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn expected(wanted: Option<ImageShape>) -> String {
    match wanted {
        Some(shape @ ImageShape { channels: 1, height, width }) => {
            format!("(n, {height}, {width}), (n, {}) or ({height}, {width})", shape.size())
        }
        Some(shape @ ImageShape { channels, height, width }) => format!(
            "(n, {channels}, {height}, {width}), (n, {height}, {width}, {channels}) or (n, {})",
            shape.size()
        ),
        None => "(n, height, width), (n, 3, height, width), (n, height, width, 3) or (n, columns)"
            .to_owned(),
    }
}

fn planar<T: Copy>(values: Vec<T>, shape: ImageShape, channels: Channels) -> Vec<T> {
    if channels == Channels::First || shape.channels == 1 {
        return values;
    }
    values.chunks(shape.size()).flat_map(planes).collect()
}

fn in_unit_interval(values: Vec<f32>, shape: &[usize]) -> Result<Vec<f32>, FormatError> {
    // A NaN is in no range, so it is found too.
    match values.iter().enumerate().find(|(_, value)| !(0.0..=1.0).contains(*value)) {
        Some((index, &found)) => Err(FormatError::Value {
            place: place_of(index, shape),
            found: as_shown(found),
            expected: "in [0, 1]",
        }),
        None => Ok(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shape: &[usize], wanted: Option<ImageShape>) -> Result<Images, String> {
        let n = shape.iter().product::<usize>() as u8;
        let array = Array { shape: shape.to_vec(), numbers: Numbers::Bytes((0..n).collect()) };
        images(array, wanted).map_err(|error| error.to_string())
    }

    #[test]
    fn channels_may_come_first_or_last() {
        let last = of(&[1, 1, 2, 3], None).unwrap_err();
        assert!(last.starts_with("an array of shape [1, 1, 2, 3], expected "), "{last}");
        let colours = ImageShape { channels: 3, height: 1, width: 2 };
        let last = of(&[1, 1, 2, 3], Some(colours)).unwrap();
        assert_eq!(last.bytes().unwrap(), [0, 3, 1, 4, 2, 5]);
        let first = of(&[2, 3, 2, 2], None).unwrap();
        assert_eq!(first.shape(), ImageShape { channels: 3, height: 2, width: 2 });
        assert_eq!(first.bytes().unwrap()[..4], [0, 1, 2, 3]);
        assert_eq!(of(&[2, 5, 4, 1], None).unwrap().shape(), ImageShape::grey(5, 4));
        assert!(of(&[2, 5, 4, 2], None).is_err());
    }
}

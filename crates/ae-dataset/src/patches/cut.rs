//! Cuts one patch out of a picture.

use crate::images::unit_interval_of;
use crate::patches::places::Place;
use crate::{Images, Pixels};

/// No values yet, of a kind.
pub(super) fn empty(has_floats: bool, capacity: usize) -> Pixels {
    match has_floats {
        true => Pixels::Floats(Vec::with_capacity(capacity)),
        false => Pixels::Bytes(Vec::with_capacity(capacity)),
    }
}

/// Appends a patch, plane by plane. Bytes become floats where the others are floats.
///
/// Returns false, and appends nothing, if the picture has no such place or is of floats beside bytes.
pub(super) fn append(picture: &Images, place: &Place, size: [usize; 2], out: &mut Pixels) -> bool {
    let shape = picture.shape();
    if place.top + size[0] > shape.height || place.left + size[1] > shape.width {
        return false;
    }
    let steps = Steps::of(place, size, shape.width);
    let area = shape.height * shape.width;
    match (picture.pixels(), out) {
        (Pixels::Bytes(bytes), Pixels::Bytes(out)) => {
            bytes.chunks_exact(area).for_each(|plane| steps.append(plane, size, |byte| byte, out));
        }
        (Pixels::Bytes(bytes), Pixels::Floats(out)) => {
            let planes = bytes.chunks_exact(area);
            planes.for_each(|plane| steps.append(plane, size, unit_interval_of, out));
        }
        (Pixels::Floats(floats), Pixels::Floats(out)) => {
            floats.chunks_exact(area).for_each(|plane| steps.append(plane, size, |x| x, out));
        }
        _ => return false,
    }
    true
}

/// The index of a patch's first value in a plane, and the steps to the next row and the next column of the patch.
struct Steps {
    first: isize,
    down: isize,
    right: isize,
}

impl Steps {
    fn of(place: &Place, [height, width]: [usize; 2], stride: usize) -> Self {
        let (height, width) = (height as isize, width as isize);
        let index = |y: isize, x: isize| {
            // Back through the turns (as `numpy.rot90`), then through the mirrors.
            let (row, column) = match place.turns {
                0 => (y, x),
                1 => (x, width - 1 - y),
                2 => (height - 1 - y, width - 1 - x),
                _ => (height - 1 - x, y),
            };
            let row = if place.is_upside_down { height - 1 - row } else { row };
            let column = if place.is_mirrored { width - 1 - column } else { column };
            (place.top as isize + row) * stride as isize + place.left as isize + column
        };
        // The index is linear in row and column.
        let first = index(0, 0);
        Self { first, down: index(1, 0) - first, right: index(0, 1) - first }
    }

    fn append<T: Copy, U>(
        &self,
        plane: &[T],
        [height, width]: [usize; 2],
        convert: impl Fn(T) -> U,
        out: &mut Vec<U>,
    ) {
        for y in 0..height as isize {
            let row = self.first + y * self.down;
            let last = row + (width as isize - 1) * self.right;
            match self.right {
                1 => out.extend(plane[row as usize..][..width].iter().map(|&value| convert(value))),
                -1 => {
                    let values = plane[last as usize..][..width].iter().rev();
                    out.extend(values.map(|&value| convert(value)));
                }
                step => {
                    let indices = (0..width as isize).map(|x| (row + x * step) as usize);
                    out.extend(indices.map(|index| convert(plane[index])));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ImageShape;

    fn cut(place: Place, size: [usize; 2]) -> Vec<u8> {
        let picture = Images::new(3, 4, (0..12).collect()).unwrap();
        let mut pixels = empty(false, 0);
        assert!(append(&picture, &place, size, &mut pixels));
        let Pixels::Bytes(bytes) = pixels else { panic!() };
        bytes
    }

    const PLACE: Place =
        Place { picture: 0, top: 1, left: 2, is_mirrored: false, is_upside_down: false, turns: 0 };

    /// `p = numpy.arange(12).reshape(3, 4)[1:, 2:]`, then `numpy.rot90(p, turns).ravel()`, `p[:, ::-1]`, `p[::-1]`, and
    /// `numpy.rot90(p[:, ::-1], 1)`.
    #[test]
    fn turns_and_mirrors_are_those_of_numpy() {
        let turned = [[6, 7, 10, 11], [7, 11, 6, 10], [11, 10, 7, 6], [10, 6, 11, 7]];
        for (turns, expected) in (0..).zip(turned) {
            assert_eq!(cut(Place { turns, ..PLACE }, [2, 2]), expected, "{turns}");
        }
        assert_eq!(cut(Place { is_mirrored: true, ..PLACE }, [2, 2]), [7, 6, 11, 10]);
        assert_eq!(cut(Place { is_upside_down: true, ..PLACE }, [2, 2]), [10, 11, 6, 7]);
        let both = Place { is_mirrored: true, turns: 1, ..PLACE };
        assert_eq!(cut(both, [2, 2]), [6, 10, 7, 11]);
        let mirrored = Place { top: 0, left: 1, is_mirrored: true, ..PLACE };
        assert_eq!(cut(mirrored, [1, 3]), [3, 2, 1]);
        let upside_down = Place { top: 0, left: 1, is_upside_down: true, ..PLACE };
        assert_eq!(cut(upside_down, [3, 1]), [9, 5, 1]);
    }

    #[test]
    fn planes_follow_each_other_and_bytes_become_floats() {
        let shape = ImageShape { channels: 3, height: 1, width: 2 };
        let picture = Images::of_shape(shape, Pixels::Bytes(vec![0, 51, 102, 153, 204, 255]));
        let picture = picture.unwrap();
        let mut pixels = empty(true, 0);
        let place = Place { top: 0, left: 1, ..PLACE };
        assert!(append(&picture, &place, [1, 1], &mut pixels));
        assert_eq!(pixels, Pixels::Floats(vec![0.2, 0.6, 1.0]));
        let outside = Place { top: 0, left: 2, ..PLACE };
        assert!(!append(&picture, &outside, [1, 1], &mut pixels));
        let floats =
            Images::of_shape(ImageShape::grey(1, 2), Pixels::Floats(vec![0.0; 2])).unwrap();
        assert!(!append(&floats, &place, [1, 1], &mut empty(false, 0)));
    }
}

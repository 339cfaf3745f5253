//! Blind spots: pixels that are hidden from the input and are to be found from their neighbours.
//!
//! A network learns so from noisy images alone, because noise that is independent from pixel to pixel cannot be found
//! from neighbours, and the image can: Krull, Buchholz and Jug, "Noise2Void - Learning Denoising from Single Noisy
//! Images", CVPR 2019.

use ae_dataset::ImageShape;
use ae_random::Stream;

/// How far the pixel that hides another one may be away, in rows and in columns: a window of 5 x 5.
const REACH: usize = 2;

/// Which pixels of an image are hidden.
///
/// The image is divided into boxes of nearly the same size, and one pixel of each is hidden: in all channels, by the
/// values of another pixel of the 5 x 5 window around it. All is drawn from the stream at (epoch, item).
#[derive(Debug, Clone)]
pub struct BlindSpots {
    fraction: f64,
    stream: Stream,
}

/// Which numbers of an image a loss counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counted {
    /// All.
    #[default]
    All,
    /// Those that are hidden from the input.
    BlindSpots,
}

impl BlindSpots {
    /// The fraction of the original: 64 pixels of a patch of 64 x 64.
    pub const FRACTION: f64 = 1.0 / 64.0;
    /// The largest fraction: a pixel of each 2 x 2.
    pub const MOST: f64 = 0.25;

    /// About this fraction of an image's pixels, above 0 and at most [`MOST`](Self::MOST), drawn from a stream.
    pub fn new(fraction: f64, stream: Stream) -> Self {
        Self { fraction, stream }
    }

    /// The number of boxes from top to bottom and from left to right.
    fn boxes(&self, shape: ImageShape) -> [usize; 2] {
        // One pixel a box: a box has 1 / fraction pixels, and is nearly square. Where the image is narrower than that,
        // or its side is no multiple, the boxes along the longer side make up for it.
        let ImageShape { height, width, .. } = shape;
        let fraction = self.fraction.clamp(f64::MIN_POSITIVE, 1.0);
        let boxes = |wanted: f64, length: usize| (wanted.round() as usize).clamp(1, length.max(1));
        let (short, long) = (height.min(width), height.max(width));
        let across = boxes(short as f64 * fraction.sqrt(), short);
        let along = boxes(short as f64 * long as f64 * fraction / across as f64, long);
        if height <= width { [across, along] } else { [along, across] }
    }

    /// The numbers of an image that are hidden: the same for all images of a shape.
    pub fn count(&self, shape: ImageShape) -> usize {
        let [rows, columns] = self.boxes(shape);
        rows * columns * shape.channels
    }

    /// Hides pixels of an input: writes what is at them into `target`, and NaN everywhere else, and replaces them in
    /// the input by others. `target` has the input's length. An image of one pixel stays as it is.
    pub(crate) fn hide(
        &self,
        input: &mut [f32],
        target: &mut [f32],
        shape: ImageShape,
        (epoch, item): (u32, u32),
    ) {
        let ImageShape { height, width, .. } = shape;
        let mut stream = self.stream.at(epoch, u64::from(item));
        let [rows, columns] = self.boxes(shape);
        // What hides a pixel is taken from the input as it was.
        target.copy_from_slice(input);
        let mut hidden = vec![false; height * width];
        for cell in 0..rows * columns {
            let within = |index: usize, count: usize, length: usize, stream: &mut Stream| {
                let [start, end] = [index, index + 1].map(|edge| edge * length / count);
                start + stream.below((end - start) as u32) as usize
            };
            let row = within(cell / columns, rows, height, &mut stream);
            let column = within(cell % columns, columns, width, &mut stream);
            let place = row * width + column;
            let other = neighbour([row, column], [height, width], &mut stream);
            hidden[place] = true;
            for start in (0..input.len()).step_by(height * width) {
                input[start + place] = target[start + other];
            }
        }
        for plane in target.chunks_exact_mut(height * width) {
            for (value, _) in plane.iter_mut().zip(&hidden).filter(|(_, is_hidden)| !**is_hidden) {
                *value = f32::NAN;
            }
        }
    }
}

/// Another pixel of the window around a pixel, as far as it is in the image.
fn neighbour([row, column]: [usize; 2], [height, width]: [usize; 2], stream: &mut Stream) -> usize {
    let around = |place: usize, length: usize| {
        let first = place.saturating_sub(REACH);
        (first, (place + REACH + 1).min(length) - first)
    };
    let ((top, rows), (left, columns)) = (around(row, height), around(column, width));
    let own = (row - top) * columns + column - left;
    let others = (rows * columns - 1) as u32;
    if others == 0 {
        return row * width + column;
    }
    let drawn = stream.below(others) as usize;
    let drawn = drawn + usize::from(drawn >= own);
    (top + drawn / columns) * width + left + drawn % columns
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ae_random::Seed;

    use super::*;

    /// An image whose pixels say where they are, in two channels.
    fn image(height: usize, width: usize) -> (Vec<f32>, ImageShape) {
        let shape = ImageShape { channels: 3, height, width };
        ((0..shape.size()).map(|place| place as f32).collect(), shape)
    }

    #[test]
    fn one_pixel_of_each_box_is_hidden_by_another_one_of_its_window() {
        let spots = BlindSpots::new(BlindSpots::FRACTION, Seed::new(3).stream("spots"));
        for (height, width, expected) in [
            (64, 64, 64),
            (40, 24, 15),
            (28, 28, 12),
            (3, 5, 1),
            (1, 17, 1),
            (1, 640, 10),
            (640, 1, 10),
            (640, 2, 20),
        ] {
            let (original, shape) = image(height, width);
            assert_eq!(spots.count(shape), 3 * expected, "{height} x {width}");
            let mut seen = BTreeSet::new();
            for epoch in 0..200 {
                let (mut input, mut target) = (original.clone(), vec![0.5; original.len()]);
                spots.hide(&mut input, &mut target, shape, (epoch, 7));
                let counted = target.iter().filter(|value| !value.is_nan()).count();
                assert_eq!(counted, spots.count(shape));
                let area = height * width;
                for place in 0..original.len() {
                    if target[place].is_nan() {
                        assert_eq!(input[place], original[place]);
                        continue;
                    }
                    // The target is what was there, the input what is near it: in the same channel, at the same
                    // distance.
                    assert_eq!(target[place], original[place]);
                    let other = input[place] as usize;
                    let [here, there] = [place, other].map(|place| place % area);
                    assert_eq!(place / area, other / area);
                    let rows = (here / width).abs_diff(there / width);
                    let columns = (here % width).abs_diff(there % width);
                    assert!(rows <= 2 && columns <= 2 && here != there, "{here} {there}");
                    if place < area {
                        seen.insert((here, there));
                    } else {
                        assert_eq!(input[place] - input[here], (place - here) as f32);
                    }
                }
            }
            let places: BTreeSet<usize> = seen.iter().map(|(here, _)| *here).collect();
            assert!(places.len() > height * width * 9 / 10, "{} places", places.len());
        }
    }

    #[test]
    fn every_pixel_of_a_window_is_as_likely_but_for_its_middle() {
        let mut stream = Seed::new(1).stream("window");
        let mut counts = [0_u32; 49];
        for _ in 0..24_000 {
            counts[neighbour([3, 3], [7, 7], &mut stream)] += 1;
        }
        for (place, &count) in counts.iter().enumerate() {
            let is_inside = (1..6).contains(&(place / 7)) && (1..6).contains(&(place % 7));
            match is_inside && place != 24 {
                // Six standard deviations of a binomial of 24 000 and 1/24.
                true => assert!(count.abs_diff(1000) < 190, "{place}: {count}"),
                false => assert_eq!(count, 0, "{place}"),
            }
        }
        let corner: BTreeSet<usize> =
            (0..500).map(|_| neighbour([0, 0], [7, 7], &mut stream)).collect();
        assert_eq!(corner, [1, 2, 7, 8, 9, 14, 15, 16].into());
        assert_eq!(neighbour([0, 0], [1, 1], &mut stream), 0);
    }

    #[test]
    fn spots_depend_on_epoch_and_item_alone() {
        let (original, shape) = image(16, 16);
        let spots = BlindSpots::new(0.02, Seed::new(3).stream("spots"));
        let hidden = |at| {
            let (mut input, mut target) = (original.clone(), original.clone());
            spots.hide(&mut input, &mut target, shape, at);
            input
        };
        assert_eq!(hidden((2, 5)), hidden((2, 5)));
        assert_ne!(hidden((2, 5)), hidden((2, 6)));
        assert_ne!(hidden((2, 5)), hidden((3, 5)));
    }
}

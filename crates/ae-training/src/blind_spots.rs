//! Blind spots: pixels that are hidden from the input and are to be found from their neighbours.
//!
//! A network learns so from noisy images alone, because noise that is independent from pixel to pixel cannot be found
//! from neighbours, and the image can: Krull, Buchholz and Jug, "Noise2Void - Learning Denoising from Single Noisy
//! Images", CVPR 2019. What hides a pixel is the median of its window, as in Höck, Buchholz, Brachmann, Jug and Freytag,
//! "N2V2 - Fixing Noise2Void Checkerboard Artifacts with Modified Sampling Strategies and a Tweaked Network
//! Architecture", ECCV workshops 2022; a network learns so in fewer steps than with a random pixel of the window.

use ae_dataset::ImageShape;
use ae_random::Stream;

/// How far the pixels that hide another one may be away, in rows and in columns: a window of 5 x 5.
const REACH: usize = 2;

/// Which pixels of an image are hidden.
///
/// The image is divided into boxes of nearly the same size, and one pixel of each is hidden: in each channel, by the
/// median of the other pixels of the 5 x 5 window around it. Which one is drawn from the stream at (epoch, item).
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
            hidden[place] = true;
            let planes = input.chunks_exact_mut(height * width);
            for (input, original) in planes.zip(target.chunks_exact(height * width)) {
                input[place] = median_around(original, [row, column], [height, width]);
            }
        }
        for plane in target.chunks_exact_mut(height * width) {
            for (value, _) in plane.iter_mut().zip(&hidden).filter(|(_, is_hidden)| !**is_hidden) {
                *value = f32::NAN;
            }
        }
    }
}

/// The median of the other pixels of the window around a pixel, as far as it is in the plane: of an even number, the
/// mean of the middle two. A pixel that is alone hides itself.
fn median_around(plane: &[f32], [row, column]: [usize; 2], [height, width]: [usize; 2]) -> f32 {
    let around =
        |place: usize, length: usize| place.saturating_sub(REACH)..(place + REACH + 1).min(length);
    let mut others = [0.0; (2 * REACH + 1).pow(2) - 1];
    let mut count = 0;
    for down in around(row, height) {
        for across in around(column, width).filter(|&across| (down, across) != (row, column)) {
            others[count] = plane[down * width + across];
            count += 1;
        }
    }
    let others = &mut others[..count];
    others.sort_unstable_by(f32::total_cmp);
    match count {
        0 => plane[row * width + column],
        _ => 0.5 * (others[(count - 1) / 2] + others[count / 2]),
    }
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
        let spots = BlindSpots::new(1.0 / 64.0, Seed::new(3).stream("spots"));
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
                    // The target is what was there, the input the median around it in the same channel.
                    assert_eq!(target[place], original[place]);
                    let (plane, here) = (place / area, place % area);
                    let plane = &original[plane * area..][..area];
                    let expected =
                        median_around(plane, [here / width, here % width], [height, width]);
                    assert_eq!(input[place], expected);
                    seen.insert(here);
                }
            }
            let places = seen.len();
            assert!(places > height * width * 9 / 10, "{places} places");
        }
    }

    // import numpy as np
    // x = (np.arange(42) * 5 % 43).reshape(6, 7)
    // def around(r, c):
    //     rows, columns = [range(max(k - 2, 0), min(k + 3, n)) for k, n in ((r, 6), (c, 7))]
    //     return np.median([x[i, j] for i in rows for j in columns if (i, j) != (r, c)])
    // print(around(2, 3), around(0, 0), around(5, 6), around(0, 3))
    #[test]
    fn a_pixel_is_hidden_by_numpys_median_of_the_others() {
        let plane: Vec<f32> = (0..42).map(|i| (i * 5 % 43) as f32).collect();
        let found = [[2, 3], [0, 0], [5, 6], [0, 3]].map(|at| median_around(&plane, at, [6, 7]));
        assert_eq!(found, [20.5, 29.5, 29.5, 14.5]);
        assert_eq!(median_around(&[0.25], [0, 0], [1, 1]), 0.25);
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

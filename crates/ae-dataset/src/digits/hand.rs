//! The hand: the random variation with which a skeleton is written.
//!
//! The constants are fitted to statistics of MNIST (amount and spread of ink, width, slant), not to its images.

use ae_random::Stream;

use super::curve::{PenPoint, trace};
use super::skeletons::Skeleton;

/// Standard deviation of a point from the skeleton's, in heights of a digit.
const UNSTEADINESS: f32 = 0.03;
/// Standard deviation of the control points that bend the paper, in heights of a digit.
const BEND: f32 = 0.075;
/// Standard deviation of the pen's width between points, relative to the width.
const PRESSURE: f32 = 0.10;
/// Mean and standard deviation of the slant to the right, in heights of a digit.
const SLANT: [f32; 2] = [0.12, 0.27];
/// Standard deviation of the tangent of half the angle by which a digit is turned.
const TURN: f32 = 0.04;
/// Mean and standard deviation of a digit's width, in widths of its skeleton.
const STRETCH: [f32; 2] = [1.08, 0.23];
/// Mean and standard deviation of the square root of the pen's width in pixels.
const PEN: [f32; 2] = [1.59, 0.23];
/// The width of the thinnest pen, in pixels.
const THINNEST_PEN: f32 = 1.2;

/// Numbers at 4 x 4 control points, row by row.
type Lattice = [[f32; 4]; 4];

/// Writes a skeleton: its strokes, on the skeleton's scale, with the pen's width in pixels.
pub(super) fn write(skeleton: &Skeleton, stream: &mut Stream) -> Vec<Vec<PenPoint>> {
    let paper = Paper::bent(stream);
    let style = Style::drawn(stream);
    skeleton
        .strokes
        .iter()
        .map(|stroke| {
            let mut points = trace(&move_points(stroke, style.pen, stream));
            for [x, y, _] in &mut points {
                (*x, *y) = paper.bend(*x, *y);
                (*x, *y) = style.place(*x, *y);
            }
            points
        })
        .collect()
}

/// The points of a stroke, moved at random. The two points of a corner move together.
fn move_points(stroke: &[(u8, u8)], pen: f32, stream: &mut Stream) -> Vec<PenPoint> {
    let mut moved: Vec<PenPoint> = Vec::with_capacity(stroke.len());
    for (i, &(x, y)) in stroke.iter().enumerate() {
        let point = if i > 0 && stroke[i - 1] == (x, y) {
            moved[i - 1]
        } else {
            [
                f32::from(x) / 100.0 + UNSTEADINESS * bell(stream),
                f32::from(y) / 100.0 + UNSTEADINESS * bell(stream),
                pen * (1.0 + PRESSURE * bell(stream)),
            ]
        };
        moved.push(point);
    }
    moved
}

/// Smoothly bent paper: a free-form deformation of the unit square by a lattice of control points (Sederberg and Parry,
/// SIGGRAPH 1986).
struct Paper {
    shift_x: Lattice,
    shift_y: Lattice,
}

impl Paper {
    fn bent(stream: &mut Stream) -> Self {
        let mut lattice = || [[(); 4]; 4].map(|row| row.map(|()| BEND * bell(stream)));
        Self { shift_x: lattice(), shift_y: lattice() }
    }

    fn bend(&self, x: f32, y: f32) -> (f32, f32) {
        let (across, down) = (bernstein(x), bernstein(y));
        let shift = |lattice: &Lattice| dot(&down, &lattice.map(|row| dot(&across, &row)));
        (x + shift(&self.shift_x), y + shift(&self.shift_y))
    }
}

/// The cubic Bernstein polynomials. Their sum is 1.
fn bernstein(t: f32) -> [f32; 4] {
    let s = 1.0 - t;
    [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t]
}

fn dot(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3]
}

/// The properties that all strokes of a digit share.
struct Style {
    pen: f32,
    stretch: f32,
    slant: f32,
    cosine: f32,
    sine: f32,
}

impl Style {
    fn drawn(stream: &mut Stream) -> Self {
        let root = PEN[0] + PEN[1] * bell(stream);
        let tangent = TURN * bell(stream);
        Self {
            pen: (root * root).max(THINNEST_PEN),
            stretch: STRETCH[0] + STRETCH[1] * bell(stream),
            slant: SLANT[0] + SLANT[1] * bell(stream),
            // Cosine and sine are rational functions of the tangent of half the angle.
            cosine: (1.0 - tangent * tangent) / (1.0 + tangent * tangent),
            sine: 2.0 * tangent / (1.0 + tangent * tangent),
        }
    }

    /// Stretches, slants and turns a point.
    fn place(&self, x: f32, y: f32) -> (f32, f32) {
        let x = self.stretch * x - self.slant * y;
        (self.cosine * x - self.sine * y, self.sine * x + self.cosine * y)
    }
}

/// A bell-shaped random number in [-3, 3] with mean 0 and variance 1: a sum of three uniform numbers.
fn bell(stream: &mut Stream) -> f32 {
    2.0 * (stream.uniform() + stream.uniform() + stream.uniform()) - 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use ae_random::Seed;

    #[test]
    fn a_lattice_moved_as_a_whole_moves_the_paper_as_a_whole() {
        let paper = Paper { shift_x: [[0.25; 4]; 4], shift_y: [[-0.5; 4]; 4] };
        for (x, y) in [(0.0, 0.0), (0.3, 0.9), (1.1, 0.5)] {
            let (bent_x, bent_y) = paper.bend(x, y);
            assert!((bent_x - x - 0.25).abs() < 1e-5 && (bent_y - y + 0.5).abs() < 1e-5);
        }
    }

    #[test]
    fn the_bell_has_mean_0_and_variance_1() {
        let mut stream = Seed::new(42).stream("bell");
        let numbers: Vec<f32> = (0..100_000).map(|_| bell(&mut stream)).collect();
        let mean = |power| numbers.iter().map(|x| x.powi(power)).sum::<f32>() / 1e5;
        // Four standard errors.
        assert!(mean(1).abs() < 0.013);
        assert!((mean(2) - 1.0).abs() < 0.015);
    }

    #[test]
    fn a_corner_stays_one_point_and_a_turn_keeps_lengths() {
        let mut stream = Seed::new(42).stream("hand");
        let moved = move_points(&[(0, 0), (50, 0), (50, 0), (50, 90)], 2.0, &mut stream);
        assert_eq!(moved[1], moved[2]);
        assert_ne!(moved[0], moved[1]);

        let style = Style { stretch: 1.0, slant: 0.0, ..Style::drawn(&mut stream) };
        let (x, y) = style.place(0.6, 0.8);
        assert!((x * x + y * y - 1.0).abs() < 1e-6);
        assert!((x, y) != (0.6, 0.8));
    }
}

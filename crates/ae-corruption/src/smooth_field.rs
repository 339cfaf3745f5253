//! Smooth random fields: stains, uneven light.

use ae_random::Stream;

/// A random field in [-1, 1] that varies over about `cell` pixels: uniform cubic B-splines over a lattice of uniform
/// numbers. It has two continuous derivatives, and exactly one value for each pixel.
///
/// `cell` is at least 1, so that the lattice is not larger than the image and a border of three lines.
pub(crate) fn smooth_field(
    height: usize,
    width: usize,
    cell: f32,
    stream: &mut Stream,
) -> Vec<f32> {
    let cell = cell.max(1.0);
    let (down, across) = (Axis::new(height, cell), Axis::new(width, cell));
    let mut lattice = vec![0.0; down.controls * across.controls];
    stream.fill_uniform(&mut lattice);
    lattice.iter_mut().for_each(|control| *control = 2.0 * *control - 1.0);

    // Along the rows of the lattice first, then down the columns.
    let mut lines = Vec::with_capacity(down.controls * width);
    for controls in lattice.chunks_exact(across.controls.max(1)) {
        lines.extend(across.places.iter().map(|place| {
            place.weights.iter().zip(&controls[place.first..]).map(|(w, c)| w * c).sum::<f32>()
        }));
    }
    let mut field = Vec::with_capacity(height * width);
    for place in &down.places {
        let rows: [&[f32]; 4] =
            std::array::from_fn(|row| &lines[(place.first + row) * width..][..width]);
        field.extend((0..width).map(|x| {
            place.weights.iter().zip(rows).map(|(weight, row)| weight * row[x]).sum::<f32>()
        }));
    }
    field
}

/// The pixels of one axis between the controls of the lattice.
struct Axis {
    controls: usize,
    places: Vec<Place>,
}

/// The first of four controls that a pixel depends on, and their weights.
struct Place {
    first: usize,
    weights: [f32; 4],
}

impl Axis {
    fn new(length: usize, cell: f32) -> Self {
        let place = |pixel: usize| {
            let position = (pixel as f32 + 0.5) / cell;
            let first = position.floor();
            Place { first: first as usize, weights: cubic_weights(position - first) }
        };
        let places: Vec<Place> = (0..length).map(place).collect();
        let controls = places.last().map_or(0, |last| last.first + 4);
        Self { controls, places }
    }
}

/// The uniform cubic B-spline's weights (de Boor, "A practical guide to splines", 1978). They are positive and sum to
/// 1.
fn cubic_weights(t: f32) -> [f32; 4] {
    let s = 1.0 - t;
    let (t2, t3) = (t * t, t * t * t);
    [
        s * s * s / 6.0,
        (3.0 * t3 - 6.0 * t2 + 4.0) / 6.0,
        (-3.0 * t3 + 3.0 * t2 + 3.0 * t + 1.0) / 6.0,
        t3 / 6.0,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ae_random::Seed;

    // import numpy as np; from scipy.interpolate import BSpline
    // b = BSpline.basis_element(np.arange(5))
    // [b(3.3), b(2.3), b(1.3), b(0.3)]
    #[test]
    fn weights_are_those_of_scipys_spline() {
        let expected = [0.057_166_67, 0.590_166_7, 0.348_166_67, 0.004_5];
        for (found, expected) in cubic_weights(0.3).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found}, expected {expected}");
        }
    }

    #[test]
    fn a_field_is_within_its_range_and_smooth() {
        let (height, width, cell) = (40, 90, 16.0);
        let field = smooth_field(height, width, cell, &mut Seed::new(1).stream("field"));
        assert_eq!(field.len(), height * width);
        assert!(field.iter().all(|value| value.abs() <= 1.0));
        let [mut low, mut high] = [0.0_f32; 2];
        field.iter().for_each(|&value| (low, high) = (low.min(value), high.max(value)));
        assert!(high - low > 0.3, "the field is flat: {low} to {high}");
        // The derivative of a spline is at most the greatest difference of two neighbouring controls, 2, per cell.
        for row in field.chunks(width) {
            assert!(row.windows(2).all(|pair| (pair[1] - pair[0]).abs() <= 2.0 / cell + 1e-6));
        }
        for (place, below) in field.iter().zip(&field[width..]) {
            assert!((below - place).abs() <= 2.0 / cell + 1e-6);
        }
    }

    #[test]
    fn an_image_without_pixels_has_no_field() {
        for (height, width) in [(0, 0), (0, 5), (5, 0)] {
            let field = smooth_field(height, width, 3.0, &mut Seed::new(1).stream("field"));
            assert!(field.is_empty());
        }
    }
}

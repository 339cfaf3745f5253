//! Textures: a few square tiles of noise that leaves are painted with, each leaf at a place, scale and direction of its own.

use ae_random::Stream;

use super::{between, direction};

/// The side of a tile, which repeats itself.
const SIDE: usize = 256;

/// Tiles whose spectra fall differently.
const TILES: usize = 4;

/// The tiles of all pictures of a seed.
#[derive(Debug)]
pub(super) struct Textures {
    tiles: [Vec<f32>; TILES],
}

impl Textures {
    /// Sums of octaves: noise on lattices of 256, 128, ... points, interpolated linearly. From tile to tile the coarse octaves
    /// weigh more; the last is of two levels, like foliage or print.
    pub(super) fn drawn(stream: &Stream) -> Self {
        let tile = |index: usize| {
            let mut stream = stream.at(0, index as u64);
            let gain = [0.9, 1.3, 1.8, 1.5][index];
            let mut tile = vec![0.0; SIDE * SIDE];
            let mut weight = 1.0;
            for step in [1, 2, 4, 8, 16] {
                add_octave(&mut tile, step, weight, &mut stream);
                weight *= gain;
            }
            if index == TILES - 1 {
                tile.iter_mut().for_each(|value| *value = if *value > 0.0 { 1.0 } else { -1.0 });
            }
            standardise(&mut tile);
            tile
        };
        Self { tiles: std::array::from_fn(tile) }
    }

    /// The value of a tile at a place, interpolated linearly.
    fn at(&self, tile: usize, x: f32, y: f32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let (right, below) = (x - left, y - top);
        // Negative numbers wrap too, because the side is a power of two.
        let column = left as i32 as usize & (SIDE - 1);
        let row = top as i32 as usize & (SIDE - 1);
        let tile = &self.tiles[tile & (TILES - 1)];
        let value = |dy: usize, dx: usize| {
            tile[((row + dy) & (SIDE - 1)) * SIDE + ((column + dx) & (SIDE - 1))]
        };
        let upper = value(0, 0) + right * (value(0, 1) - value(0, 0));
        let lower = value(1, 0) + right * (value(1, 1) - value(1, 0));
        upper + below * (lower - upper)
    }
}

/// Adds noise on a lattice with a point every `step` values.
fn add_octave(tile: &mut [f32], step: usize, weight: f32, stream: &mut Stream) {
    let points = SIDE / step;
    let mut lattice = vec![0.0; points * points];
    stream.fill_normal(&mut lattice);
    for (place, value) in tile.iter_mut().enumerate() {
        let (y, x) = (place / SIDE, place % SIDE);
        let (right, below) = ((x % step) as f32 / step as f32, (y % step) as f32 / step as f32);
        let point = |dy: usize, dx: usize| {
            lattice[(y / step + dy) % points * points + (x / step + dx) % points]
        };
        let upper = point(0, 0) + right * (point(0, 1) - point(0, 0));
        let lower = point(1, 0) + right * (point(1, 1) - point(1, 0));
        *value += weight * (upper + below * (lower - upper));
    }
}

/// Brings the mean to 0 and the variance to 1.
fn standardise(tile: &mut [f32]) {
    let count = tile.len() as f64;
    let mean = tile.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let variance = tile.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt().max(f64::MIN_POSITIVE);
    tile.iter_mut().for_each(|value| *value = ((f64::from(*value) - mean) / deviation) as f32);
}

/// How a leaf is painted with a tile.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grain {
    tile: usize,
    /// The standard deviation of the lightness.
    amplitude: f32,
    /// From places in the picture to places in the tile: a matrix, row by row, and an offset.
    matrix: [f32; 4],
    offset: [f32; 2],
}

impl Grain {
    /// A texture of about this amplitude. Its details are from a fraction of a pixel to many pixels large, and one time in
    /// three they are drawn out in one direction: grass, hair, bark.
    pub(super) fn drawn(amplitude: f32, stream: &mut Stream) -> Self {
        let finest = stream.uniform();
        let scale = 0.25 + 0.95 * finest;
        let drawn_out = if stream.below(3) == 0 { between(0.1, 0.4, stream) } else { 1.0 };
        Self::scaled(amplitude, [scale * drawn_out, scale], stream)
    }

    /// Shades as large as the picture: light and shadow, a background out of focus.
    pub(super) fn smooth(amplitude: f32, side: f32, stream: &mut Stream) -> Self {
        let scale = between(8.0, 60.0, stream) / side;
        Self { tile: 2, ..Self::scaled(amplitude, [scale, scale], stream) }
    }

    fn scaled(amplitude: f32, [along, across]: [f32; 2], stream: &mut Stream) -> Self {
        let [x, y] = direction(stream);
        Self {
            tile: stream.below(TILES as u32) as usize,
            amplitude,
            matrix: [along * x, along * y, -across * y, across * x],
            offset: [between(0.0, SIDE as f32, stream), between(0.0, SIDE as f32, stream)],
        }
    }

    /// What the texture adds to the lightness at a place.
    pub(super) fn at(&self, textures: &Textures, x: f32, y: f32) -> f32 {
        let [a, b, c, d] = self.matrix;
        let [dx, dy] = self.offset;
        self.amplitude * textures.at(self.tile, a * x + b * y + dx, c * x + d * y + dy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ae_random::Seed;

    #[test]
    fn tiles_repeat_and_are_standardised() {
        let textures = Textures::drawn(&Seed::new(1).stream("textures"));
        let side = SIDE as f32;
        for tile in 0..TILES {
            for (x, y) in [(0.25, 3.5), (255.5, 17.0), (-3.75, -0.5)] {
                let value = textures.at(tile, x, y);
                assert!((value - textures.at(tile, x + side, y - side)).abs() < 1e-4);
            }
            let values = &textures.tiles[tile];
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            let square = values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32;
            assert!(mean.abs() < 1e-3 && (square - 1.0).abs() < 1e-3, "{mean}, {square}");
        }
    }
}

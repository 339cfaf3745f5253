//! Images of any size through a model of one size: overlapping tiles, joined with weighted seams.
//!
//! A tile counts by a Hann window in either direction, `w(i) = sin^2(pi (i + 1/2) / n)`, so that its
//! border, of which the model sees one side alone, gives way to the tile that has the place in its
//! middle. A pixel is `sum w y / sum w` over the tiles that cover it.

use std::f64::consts::PI;

use super::reflection::reflected;
use crate::AnalysisError;
use crate::error::in_range;

/// Numbers in the tiles that are made at once, unless a row of tiles has more: 16 MiB.
const NUMBERS_AT_ONCE: usize = 1 << 22;

/// How an image is covered with tiles that overlap by half.
#[derive(Debug, Clone, PartialEq)]
pub struct Tiling {
    rows: Axis,
    columns: Axis,
}

/// The tiles along one side of an image.
#[derive(Debug, Clone, PartialEq)]
struct Axis {
    /// Pixels of the image.
    length: usize,
    /// Where each tile begins; before the image if that is smaller than a tile.
    starts: Vec<isize>,
    /// How much each pixel of a tile counts.
    window: Vec<f32>,
    /// How much all tiles count together at each pixel of the image.
    total: Vec<f32>,
}

impl Tiling {
    /// Tiles of `[height, width]` over an image of `[height, width]`: the first and the last end with
    /// the image, the others stand evenly between. An image that is smaller than a tile stands in the
    /// middle of it, mirrored around.
    ///
    /// # Errors
    /// If a side is 0.
    pub fn new(image: [usize; 2], tile: [usize; 2]) -> Result<Self, AnalysisError> {
        let [rows, columns] = [Axis::new(image[0], tile[0])?, Axis::new(image[1], tile[1])?];
        Ok(Self { rows, columns })
    }

    /// The number of tiles; never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always a tile")]
    pub fn len(&self) -> usize {
        self.rows.starts.len() * self.columns.starts.len()
    }

    /// Sends an image of `channels x height x width` through a function of tiles,
    /// `n x channels x tile height x tile width`, and joins what it makes of them.
    ///
    /// The function is called for some rows of tiles after the other, so that few are in memory.
    ///
    /// # Errors
    /// The function's, and [`AnalysisError::Columns`] if the image or what the function returns has
    /// another size.
    pub fn apply<E: From<AnalysisError>>(
        &self,
        image: &[f32],
        channels: usize,
        mut function: impl FnMut(&[f32]) -> Result<Vec<f32>, E>,
    ) -> Result<Vec<f32>, E> {
        check_size(channels * self.rows.length * self.columns.length, image.len())?;
        let tile = channels * self.rows.window.len() * self.columns.window.len();
        let rows_at_once = (NUMBERS_AT_ONCE / (tile * self.columns.starts.len())).max(1);
        let mut joined = vec![0.0; image.len()];
        for starts in self.rows.starts.chunks(rows_at_once) {
            let places: Vec<[isize; 2]> = starts
                .iter()
                .flat_map(|&y| self.columns.starts.iter().map(move |&x| [y, x]))
                .collect();
            let tiles: Vec<f32> =
                places.iter().flat_map(|&place| self.cut(image, channels, place)).collect();
            let tiles = function(&tiles)?;
            check_size(places.len() * tile, tiles.len())?;
            for (&place, tile) in places.iter().zip(tiles.chunks_exact(tile)) {
                self.add(tile, place, &mut joined);
            }
        }
        self.divide(&mut joined);
        Ok(joined)
    }

    /// The tile that begins at a row and a column.
    fn cut(&self, image: &[f32], channels: usize, [top, left]: [isize; 2]) -> Vec<f32> {
        let Self { rows, columns } = self;
        let mut tile = Vec::with_capacity(channels * rows.window.len() * columns.window.len());
        let reflect = |start: isize, axis: &Axis| -> Vec<usize> {
            let places = start..start + axis.window.len() as isize;
            places.map(|place| reflected(place, axis.length)).collect()
        };
        let (ys, xs) = (reflect(top, rows), reflect(left, columns));
        for plane in image.chunks_exact(rows.length * columns.length) {
            for y in &ys {
                let row = &plane[y * columns.length..][..columns.length];
                tile.extend(xs.iter().map(|&x| row[x]));
            }
        }
        tile
    }

    /// Adds a tile, weighted, where it lies within the image.
    fn add(&self, tile: &[f32], [top, left]: [isize; 2], joined: &mut [f32]) {
        let Self { rows, columns } = self;
        let tile_planes = tile.chunks_exact(rows.window.len() * columns.window.len());
        let planes = joined.chunks_exact_mut(rows.length * columns.length);
        for (plane, tile) in planes.zip(tile_planes) {
            for ((y, by_row), tile) in
                (top..).zip(&rows.window).zip(tile.chunks_exact(columns.window.len()))
            {
                let Some(y) = within(y, rows.length) else { continue };
                let row = &mut plane[y * columns.length..][..columns.length];
                for ((x, by_column), value) in (left..).zip(&columns.window).zip(tile) {
                    if let Some(x) = within(x, columns.length) {
                        row[x] += by_row * by_column * value;
                    }
                }
            }
        }
    }

    /// Divides by the weights; that of a pixel is the product of its row's and its column's.
    fn divide(&self, joined: &mut [f32]) {
        let Self { rows, columns } = self;
        for plane in joined.chunks_exact_mut(rows.length * columns.length) {
            for (row, by_row) in plane.chunks_exact_mut(columns.length).zip(&rows.total) {
                for (value, by_column) in row.iter_mut().zip(&columns.total) {
                    *value /= by_row * by_column;
                }
            }
        }
    }
}

impl Axis {
    fn new(length: usize, tile: usize) -> Result<Self, AnalysisError> {
        // Larger sides than this do not occur, and half of an isize cannot overflow.
        in_range("the side of an image", 1, 1 << 30, length)?;
        in_range("the side of a tile", 1, 1 << 30, tile)?;
        let starts = match length.checked_sub(tile) {
            None => vec![-(((tile - length) / 2) as isize)],
            Some(room) => {
                let steps = room.div_ceil(tile.div_ceil(2));
                (0..=steps).map(|step| (step * room / steps.max(1)) as isize).collect()
            }
        };
        let window: Vec<f32> = (0..tile)
            .map(|place| (PI * (place as f64 + 0.5) / tile as f64).sin().powi(2) as f32)
            .collect();
        let mut total = vec![0.0; length];
        for &start in &starts {
            for (place, weight) in (start..).zip(&window) {
                if let Some(place) = within(place, length) {
                    total[place] += weight;
                }
            }
        }
        Ok(Self { length, starts, window, total })
    }
}

fn within(place: isize, length: usize) -> Option<usize> {
    usize::try_from(place).ok().filter(|&place| place < length)
}

fn check_size(expected: usize, found: usize) -> Result<(), AnalysisError> {
    if found == expected { Ok(()) } else { Err(AnalysisError::Columns { expected, found }) }
}

//! Images of any size through a model of one size: overlapping tiles, blended at their seams.
//!
//! Each tile is weighted by a Hann window in both directions, `w(i) = sin^2(pi (i + 1/2) / n)`. The model sees only
//! one side of a tile's border, so the tile whose middle is nearer should dominate. A pixel of the result is
//! `sum w y / sum w` over the tiles that cover it.

use std::f64::consts::PI;

use ae_corruption::reflected_index;

use crate::AnalysisError;
use crate::error::in_range;

/// The numbers of all tiles that are in memory at once, 16 MiB, unless a single row of tiles has more.
const NUMBERS_AT_ONCE: usize = 1 << 22;

/// How an image is covered with overlapping tiles. By default they overlap by half.
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
    /// The first pixel of each tile. It is negative if the image is smaller than a tile.
    starts: Vec<isize>,
    /// The weight of each pixel of a tile.
    window: Vec<f32>,
    /// The sum of the weights of all tiles at each pixel of the image.
    total: Vec<f32>,
}

impl Tiling {
    /// Tiles of `[height, width]` over an image of `[height, width]`. The first and the last tile end with the
    /// image; the others are evenly spaced between them. An image that is smaller than a tile is centred in it and
    /// mirrored at its borders.
    ///
    /// # Errors
    /// If a side is 0.
    pub fn new(image: [usize; 2], tile: [usize; 2]) -> Result<Self, AnalysisError> {
        Self::with_overlap(image, tile, tile.map(|side| side / 2))
    }

    /// The same with tiles that overlap by at least `[down, across]` pixels.
    ///
    /// # Errors
    /// If a side is 0, or an overlap is not below the tile's side.
    pub fn with_overlap(
        image: [usize; 2],
        tile: [usize; 2],
        overlap: [usize; 2],
    ) -> Result<Self, AnalysisError> {
        let axis = |axis: usize| Axis::new(image[axis], tile[axis], overlap[axis]);
        Ok(Self { rows: axis(0)?, columns: axis(1)? })
    }

    /// The number of tiles; never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always a tile")]
    pub fn len(&self) -> usize {
        self.rows.starts.len() * self.columns.starts.len()
    }

    /// Row and column of the first pixel of a tile, in the order of [`apply`](Self::apply). They are negative if the
    /// image is smaller than a tile.
    pub fn place(&self, tile: usize) -> Option<[isize; 2]> {
        let columns = &self.columns.starts;
        let row = self.rows.starts.get(tile / columns.len())?;
        Some([*row, *columns.get(tile % columns.len())?])
    }

    /// Applies a function of tiles, `n x channels x tile height x tile width`, to an image of
    /// `channels x height x width`, and blends the results.
    ///
    /// The function is called for a few rows of tiles at a time, which bounds the memory.
    ///
    /// # Errors
    /// Those of the function, and [`AnalysisError::Columns`] if the image or the function's result has another size.
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

    /// The tile whose first pixel is at this row and column.
    fn cut(&self, image: &[f32], channels: usize, [top, left]: [isize; 2]) -> Vec<f32> {
        let Self { rows, columns } = self;
        let mut tile = Vec::with_capacity(channels * rows.window.len() * columns.window.len());
        let reflect = |start: isize, axis: &Axis| -> Vec<usize> {
            let places = start..start + axis.window.len() as isize;
            places.map(|place| reflected_index(place, axis.length)).collect()
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

    /// Adds the weighted pixels of a tile that lie within the image.
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

    /// Divides by the sums of weights. That of a pixel is the product of its row's and its column's.
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
    fn new(length: usize, tile: usize, overlap: usize) -> Result<Self, AnalysisError> {
        // Sides up to this bound cannot overflow an isize; larger ones do not occur.
        in_range("the side of an image", 1, 1 << 30, length)?;
        in_range("the side of a tile", 1, 1 << 30, tile)?;
        in_range("the overlap of tiles", 0, tile - 1, overlap)?;
        let starts = match length.checked_sub(tile) {
            None => vec![-(((tile - length) / 2) as isize)],
            Some(room) => {
                let steps = room.div_ceil(tile - overlap);
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

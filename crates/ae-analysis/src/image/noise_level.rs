//! The standard deviation of the noise in a picture, estimated from the picture alone.

use std::ops::Range;

use rayon::prelude::*;

use crate::error::in_range;
use crate::{AnalysisError, Rows};

/// The side of a cell; a block is 2 x 2 cells, and blocks begin at every cell.
const CELL: usize = 8;

/// The quantile of the blocks' levels that is taken as the picture's.
const QUIET_PART: f64 = 0.05;

/// The root mean square of that block in Gaussian noise of a standard deviation of 1.
///
/// ```text
/// import numpy as np; from scipy.signal import convolve2d
/// z = np.random.default_rng(0).normal(size=(4000, 4000))
/// c = convolve2d(z, np.outer([1, -2, 1], [1, -2, 1]) / 6, "valid")[:3992, :3992] ** 2
/// c = c.reshape(499, 8, 499, 8).mean((1, 3))
/// np.quantile(np.sqrt((c[1:, 1:] + c[:-1, 1:] + c[1:, :-1] + c[:-1, :-1]) / 4), 0.05)
/// ```
const QUIET_BLOCK: f64 = 0.866;

/// Blocks with a greater share of clipped pixels than this do not count, if there are enough others.
const MOST_CLIPPED: f64 = 0.01;

/// The part of the blocks that counts in any case: those with the fewest clipped pixels.
const LEAST_CLIPPED_PART: f64 = 0.1;

/// The standard deviation of the white Gaussian noise in a plane of pixels, in units of its values.
///
/// `plane` is `height x width`, row-major. For a colour picture, take the mean over its planes.
///
/// The mask of Immerkaer ("Fast noise variance estimation", Computer Vision and Image Understanding 64, 1996),
/// `[1 -2 1]^T [1 -2 1] / 6`, removes linear shades and straight edges along the axes and keeps the variance of white
/// noise. His estimate is the mean over the picture, Donoho's (Donoho and Johnstone, "Ideal spatial adaptation by
/// wavelet shrinkage", Biometrika 81, 1994) the median; both count texture as noise. Here it is the root mean square in
/// the quiet places: the 5 % quantile over blocks of 16 x 16 pixels, divided by its value for noise alone. Clipping
/// hides noise, so blocks in which more than one pixel in a hundred is exactly 0 or 1 do not count, unless nine tenths
/// of the blocks are such.
///
/// Mean error and its standard deviation over photographs, in units of 1/255, for noise that is not clipped:
///
/// | sigma | this, BSD68 | median (Donoho), BSD68 | mean (Immerkaer), BSD68 | this, Set12 |
/// |---|---|---|---|---|
/// | 5 | +0.54 +- 0.65 | +2.27 +- 1.94 | +2.20 +- 1.81 | +0.59 +- 0.22 |
/// | 15 | +0.57 +- 0.54 | +1.57 +- 1.30 | +1.14 +- 1.05 | +0.42 +- 0.16 |
/// | 25 | +0.52 +- 0.54 | +1.18 +- 1.08 | +0.76 +- 0.73 | +0.30 +- 0.22 |
/// | 50 | +0.35 +- 0.49 | +0.65 +- 0.71 | +0.40 +- 0.43 | +0.16 +- 0.41 |
///
/// The largest error was 3.8, of a picture of texture everywhere. The photographs' own grain is part of it: without added
/// noise, the estimate is 1.06 +- 1.30 on BSD68. For noise that is clipped to [0, 1] it is +0.56 +- 0.62 at 15,
/// +0.37 +- 0.71 at 25 and -1.56 +- 1.50 at 50, where clipping reaches nearly every block (Donoho's median: -4.5 +- 3.3).
/// Correlated noise is underestimated: the mask sees the finest scale alone. If a side is below 18 pixels, the root mean
/// square over the whole picture is taken.
///
/// # Errors
/// If the plane does not have `height x width` values, a side is below 3, or a value is not finite.
pub fn noise_level(plane: &[f32], [height, width]: [usize; 2]) -> Result<f32, AnalysisError> {
    if plane.len() != height.saturating_mul(width) {
        let expected = height.saturating_mul(width);
        return Err(AnalysisError::Columns { expected, found: plane.len() });
    }
    in_range("the height of a picture", 3, usize::MAX, height)?;
    in_range("the width of a picture", 3, usize::MAX, width)?;
    Rows::new(plane, width)?.check_finite()?;

    let (down, across) = ((height - 2) / CELL, (width - 2) / CELL);
    if down < 2 || across < 2 {
        let whole = sums_of(plane, width, 0..height - 2, 0..width - 2);
        return Ok((whole.squares / ((height - 2) * (width - 2)) as f64).sqrt() as f32);
    }
    let rows_of_cells = (0..down).into_par_iter().map(|y| {
        let cell = |x| sums_of(plane, width, y * CELL..(y + 1) * CELL, x * CELL..(x + 1) * CELL);
        (0..across).map(cell).collect::<Vec<Sums>>()
    });
    let cells: Vec<Vec<Sums>> = rows_of_cells.collect();
    let mut blocks: Vec<Sums> = Vec::with_capacity((down - 1) * (across - 1));
    for (above, below) in cells.iter().zip(&cells[1..]) {
        blocks.extend(
            above
                .windows(2)
                .zip(below.windows(2))
                .map(|(above, below)| above[0].plus(above[1]).plus(below[0].plus(below[1]))),
        );
    }
    Ok(quiet_level(blocks))
}

/// The level of the quietest blocks that are not clipped.
fn quiet_level(mut blocks: Vec<Sums>) -> f32 {
    let pixels = 4 * CELL * CELL;
    let place = (LEAST_CLIPPED_PART * (blocks.len() - 1) as f64) as usize;
    let (_, least, _) = blocks.select_nth_unstable_by_key(place, |block| block.clipped);
    let most = least.clipped.max((MOST_CLIPPED * pixels as f64) as usize);
    blocks.retain(|block| block.clipped <= most);

    let place = (QUIET_PART * (blocks.len() - 1) as f64) as usize;
    let by_squares = |a: &Sums, b: &Sums| a.squares.total_cmp(&b.squares);
    let (_, quiet, _) = blocks.select_nth_unstable_by(place, by_squares);
    ((quiet.squares / pixels as f64).sqrt() / QUIET_BLOCK) as f32
}

/// Sums over a part of the filtered picture.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// Of the squared responses of the mask.
    squares: f64,
    /// The number of pixels that are exactly 0 or 1.
    clipped: usize,
}

impl Sums {
    fn plus(self, other: Self) -> Self {
        Self { squares: self.squares + other.squares, clipped: self.clipped + other.clipped }
    }
}

/// The sums over the responses at these rows and columns, of which each is that of the mask's upper left pixel.
fn sums_of(plane: &[f32], width: usize, rows: Range<usize>, columns: Range<usize>) -> Sums {
    let mut sums = Sums::default();
    for y in rows {
        let lines: [&[f32]; 3] = std::array::from_fn(|line| &plane[(y + line) * width..][..width]);
        let down = |x: usize| lines[0][x] - 2.0 * lines[1][x] + lines[2][x];
        for x in columns.clone() {
            let response = f64::from(down(x) - 2.0 * down(x + 1) + down(x + 2)) / 6.0;
            sums.squares += response * response;
            let centre = lines[1][x + 1];
            sums.clipped += usize::from(centre == 0.0 || centre == 1.0);
        }
    }
    sums
}

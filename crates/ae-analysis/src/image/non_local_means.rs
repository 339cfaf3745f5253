//! Non-local means: each pixel becomes a mean of pixels whose neighbourhoods look alike.

use ae_corruption::reflected_index;
use ae_kernels::exp_of_negative;
use pulp::Arch;
use rayon::prelude::*;

use crate::error::in_range;
use crate::{AnalysisError, Rows};

/// Rows and columns of a block, the part of a picture that one task denoises. The result does not depend on them.
const BLOCK: [usize; 2] = [32, 256];

/// The greatest sides of a patch and of the search window, which bound the memory of a task.
const MOST_PATCH: usize = 33;
const MOST_WINDOW: usize = 129;

/// Non-local means with its settings.
///
/// Buades, Coll and Morel, "A non-local algorithm for image denoising" (CVPR 2005), in the form of their "Non-Local
/// Means Denoising" (Image Processing On Line 1, 2011). The patches around `p` and `q` weigh `w(p, q) = exp(-max(d^2 -
/// 2 sigma^2, 0) / h^2)`, where `d^2` is the mean squared difference of their pixels. Each patch becomes the weighted
/// mean of the patches in its search window, and each pixel the mean of all patches that cover it ("patchwise").
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NonLocalMeans {
    /// Rows and columns of a patch: odd, 1 to 33.
    pub patch: usize,
    /// Rows and columns of the search window: odd, 1 to 129.
    pub window: usize,
    /// The standard deviation of the noise, in units of the values; at least 0.
    pub sigma: f32,
    /// How fast a weight falls with the distance, in units of the values: from 1.1e-19 to 1.8e19, so that its square is
    /// a normal number. If `sigma` is 0, it may be 0: the picture stays as it is.
    pub h: f32,
}

impl NonLocalMeans {
    /// The settings for noise of this standard deviation, in units of values from 0 to 1.
    ///
    /// Patches grow with the noise as in the article of 2011, whose table has h from 0.3 to 0.4 sigma and windows of 21
    /// and 35. These have the greatest PSNR of those that were tried on every tenth photograph of Train400 (in dB,
    /// beside the article's settings):
    ///
    /// | sigma in units of 1/255 | patch | window | h / sigma | PSNR | article |
    /// |---|---|---|---|---|---|
    /// | to 15 | 3 | 21 | 0.8 | 30.22 at 15 | 29.89 |
    /// | to 30 | 5 | 21 | 0.6 | 27.52 at 25 | 27.26 |
    /// | above | 7 | 21 | 0.5 | 24.28 at 50 | 24.04 |
    #[must_use]
    pub fn for_level(sigma: f32) -> Self {
        let (patch, factor) = match sigma * 255.0 {
            // The levels of the table with room for rounding.
            ..=15.01 => (3, 0.8),
            ..=30.01 => (5, 0.6),
            _ => (7, 0.5),
        };
        Self { patch, window: 21, sigma, h: factor * sigma }
    }

    /// Denoises a plane of pixels, `height x width`, row-major, of any size. Beyond its borders the plane is mirrored
    /// with its end pixels repeated.
    ///
    /// Sums run in one order for every pixel, so the result has the same bits for any number of threads.
    ///
    /// # Errors
    /// If the plane does not have `height x width` values, a value is not finite, or a setting is outside its range.
    pub fn denoise(
        &self,
        plane: &[f32],
        [height, width]: [usize; 2],
    ) -> Result<Vec<f32>, AnalysisError> {
        let expected = height.saturating_mul(width);
        if plane.len() != expected {
            return Err(AnalysisError::Columns { expected, found: plane.len() });
        }
        Rows::new(plane, width.max(1))?.check_finite()?;
        self.check()?;
        if self.h == 0.0 {
            return Ok(plane.to_vec());
        }
        let mut denoised = vec![0.0; plane.len()];
        denoised.par_chunks_mut(BLOCK[0] * width).enumerate().for_each(|(band, rows)| {
            let top = band * BLOCK[0];
            for left in (0..width).step_by(BLOCK[1]) {
                let size = [rows.len() / width, BLOCK[1].min(width - left)];
                let block = Block::new(self, size);
                let near = block.near(plane, [height, width], [top, left]);
                let result = block.denoised(&near, self);
                for (row, result) in rows.chunks_exact_mut(width).zip(result.chunks_exact(size[1]))
                {
                    row[left..left + size[1]].copy_from_slice(result);
                }
            }
        });
        Ok(denoised)
    }

    fn check(&self) -> Result<(), AnalysisError> {
        in_range("the side of a patch", 1, MOST_PATCH, self.patch)?;
        in_range("the side of a search window", 1, MOST_WINDOW, self.window)?;
        for (what, side) in [("a patch", self.patch), ("a search window", self.window)] {
            if side.is_multiple_of(2) {
                return Err(AnalysisError::EvenSide { what, found: side });
            }
        }
        let Self { sigma, h, .. } = *self;
        // Distances are divided by the square of h.
        let has_square = h > 0.0 && (h * h).is_normal();
        if sigma.is_finite() && sigma >= 0.0 && (has_square || (sigma == 0.0 && h == 0.0)) {
            return Ok(());
        }
        Err(AnalysisError::Strength { sigma, h })
    }
}

/// The sizes of a block and of what it sees.
#[derive(Debug, Clone, Copy)]
struct Block {
    rows: usize,
    columns: usize,
    /// Pixels on either side of the middle of a patch, and of the search window.
    patch: usize,
    window: usize,
}

/// Memory for the steps of one offset. "Patches" are all patches that cover a pixel of the block.
struct Steps {
    /// Squared differences of a row of pixels.
    squares: Vec<f32>,
    /// Their sums along the rows of patches.
    along: Vec<f32>,
    /// The weights of the patches.
    weights: Vec<f32>,
    /// Their sums along rows.
    weights_along: Vec<f32>,
    /// The sums of the weights that cover a pixel, for a row of pixels.
    of_pixels: Vec<f32>,
}

impl Block {
    fn new(settings: &NonLocalMeans, [rows, columns]: [usize; 2]) -> Self {
        Self { rows, columns, patch: settings.patch / 2, window: settings.window / 2 }
    }

    /// Pixels that the block sees beyond its own, on each side: patches around patches in the window.
    fn margin(self) -> usize {
        self.window + 2 * self.patch
    }

    fn stride(self) -> usize {
        self.columns + 2 * self.margin()
    }

    /// The block with its margin, mirrored at the plane's borders.
    fn near(self, plane: &[f32], [height, width]: [usize; 2], [top, left]: [usize; 2]) -> Vec<f32> {
        let margin = self.margin() as isize;
        let places = |first: usize, count: usize, length: usize| {
            let first = first as isize - margin;
            let places = first..first + count as isize + 2 * margin;
            places.map(move |place| reflected_index(place, length))
        };
        let columns: Vec<usize> = places(left, self.columns, width).collect();
        let rows = places(top, self.rows, height);
        rows.flat_map(|y| columns.iter().map(move |x| plane[y * width + x])).collect()
    }

    /// Rows and columns of patches.
    fn patches(self) -> [usize; 2] {
        [self.rows + 2 * self.patch, self.columns + 2 * self.patch]
    }

    fn steps(self) -> Steps {
        let [rows, columns] = self.patches();
        Steps {
            squares: vec![0.0; columns + 2 * self.patch],
            along: vec![0.0; (rows + 2 * self.patch) * columns],
            weights: vec![0.0; rows * columns],
            weights_along: vec![0.0; rows * self.columns],
            of_pixels: vec![0.0; self.columns],
        }
    }

    fn denoised(self, near: &[f32], settings: &NonLocalMeans) -> Vec<f32> {
        let mut steps = self.steps();
        let mut totals = vec![0.0; steps.weights.len()];
        // Sums of differences from the pixel itself keep a flat picture exactly.
        let mut sums = vec![0.0; self.rows * self.columns];
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for offset in 0..settings.window * settings.window {
                    self.weigh(near, offset, settings, &mut steps);
                    add_all(&steps.weights, &mut totals);
                }
                for total in &mut totals {
                    *total = 1.0 / *total;
                }
                for offset in 0..settings.window * settings.window {
                    self.weigh(near, offset, settings, &mut steps);
                    multiply_all(&totals, &mut steps.weights);
                    self.average(near, offset, settings, &mut steps, &mut sums);
                }
            },
        );
        let cover = (settings.patch * settings.patch) as f32;
        let (middle, stride) = (self.margin(), self.stride());
        let mut denoised = Vec::with_capacity(sums.len());
        for (y, sums) in sums.chunks_exact(self.columns).enumerate() {
            let own = &near[(y + middle) * stride + middle..][..self.columns];
            denoised.extend(own.iter().zip(sums).map(|(own, sum)| own + sum / cover));
        }
        denoised
    }

    /// The weights of all patches at one offset of the search window.
    #[inline(always)]
    fn weigh(self, near: &[f32], offset: usize, settings: &NonLocalMeans, steps: &mut Steps) {
        let (side, stride) = (settings.patch, self.stride());
        let [down, across] = [offset / settings.window, offset % settings.window];
        let [rows, columns] = self.patches();
        let wide = columns + 2 * self.patch;
        for y in 0..rows + 2 * self.patch {
            let own = &near[(y + self.window) * stride + self.window..][..wide];
            let other = &near[(y + down) * stride + across..][..wide];
            squared_differences(own, other, &mut steps.squares);
            sum_along(&steps.squares, side, &mut steps.along[y * columns..][..columns]);
        }
        let scale = 1.0 / (settings.h * settings.h);
        let per_pixel = scale / (side * side) as f32;
        let free = 2.0 * settings.sigma * settings.sigma * scale;
        for y in 0..rows {
            let weights = &mut steps.weights[y * columns..][..columns];
            sum_down(&steps.along[y * columns..], columns, side, weights);
            weights_of(weights, per_pixel, free);
        }
    }

    /// Adds the differences of the pixels at one offset, weighted by the patches that cover them.
    #[inline(always)]
    fn average(
        self,
        near: &[f32],
        offset: usize,
        settings: &NonLocalMeans,
        steps: &mut Steps,
        sums: &mut [f32],
    ) {
        let (side, margin, stride) = (settings.patch, self.margin(), self.stride());
        let [down, across] = [offset / settings.window, offset % settings.window];
        let [rows, columns] = self.patches();
        for y in 0..rows {
            let along = &mut steps.weights_along[y * self.columns..][..self.columns];
            sum_along(&steps.weights[y * columns..][..columns], side, along);
        }
        for y in 0..self.rows {
            let own = &near[(y + margin) * stride + margin..][..self.columns];
            let other = (y + 2 * self.patch + down) * stride + 2 * self.patch + across;
            let other = &near[other..][..self.columns];
            let weights_along = &steps.weights_along[y * self.columns..];
            sum_down(weights_along, self.columns, side, &mut steps.of_pixels);
            add(own, other, &steps.of_pixels, &mut sums[y * self.columns..][..self.columns]);
        }
    }
}

#[inline(always)]
fn squared_differences(own: &[f32], other: &[f32], squares: &mut [f32]) {
    let length = squares.len();
    let (own, other) = (&own[..length], &other[..length]);
    for x in 0..length {
        let difference = own[x] - other[x];
        squares[x] = difference * difference;
    }
}

/// Sums of `side` neighbours along a row.
#[inline(always)]
fn sum_along(values: &[f32], side: usize, sums: &mut [f32]) {
    let length = sums.len();
    sums.copy_from_slice(&values[..length]);
    for shift in 1..side {
        let shifted = &values[shift..][..length];
        for x in 0..length {
            sums[x] += shifted[x];
        }
    }
}

/// Sums of `side` rows of a width, the first of which begins the values.
#[inline(always)]
fn sum_down(values: &[f32], width: usize, side: usize, sums: &mut [f32]) {
    sums.copy_from_slice(&values[..width]);
    for row in 1..side {
        let row = &values[row * width..][..width];
        for x in 0..width {
            sums[x] += row[x];
        }
    }
}

/// Sums of squares to weights.
#[inline(always)]
fn weights_of(sums: &mut [f32], per_patch: f32, free: f32) {
    for sum in sums {
        let distance = *sum * per_patch - free;
        let distance = if distance > 0.0 { distance } else { 0.0 };
        *sum = exp_of_negative(-distance);
    }
}

#[inline(always)]
fn add(own: &[f32], other: &[f32], weights: &[f32], sums: &mut [f32]) {
    let length = sums.len();
    let (own, other, weights) = (&own[..length], &other[..length], &weights[..length]);
    for x in 0..length {
        sums[x] += weights[x] * (other[x] - own[x]);
    }
}

#[inline(always)]
fn add_all(values: &[f32], sums: &mut [f32]) {
    let length = sums.len();
    let values = &values[..length];
    for x in 0..length {
        sums[x] += values[x];
    }
}

#[inline(always)]
fn multiply_all(factors: &[f32], values: &mut [f32]) {
    let length = values.len();
    let factors = &factors[..length];
    for x in 0..length {
        values[x] *= factors[x];
    }
}

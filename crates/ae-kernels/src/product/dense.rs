//! The loop of a product that adds all terms, in tiles whose sums stay in registers.

use pulp::Simd;

use super::definition::{Product, Start};
use super::matrix::{PANEL, Tile};
use super::rows::StridedRowsMut;
use super::scratch::{SCRATCH_LENGTH, Scratch};

/// From this many rows on, a factor is read often enough to be worth a copy.
const ROWS_WORTH_A_COPY: usize = 32;

/// Columns of the product, and the right factor there.
#[derive(Debug, Clone, Copy)]
struct Columns<'a> {
    first: usize,
    right: Tile<'a>,
}

/// Computes a product of at least one term.
#[inline(always)]
pub(super) fn add_all_terms<S: Simd>(simd: S, product: Product<'_>) {
    // As many sums as the registers hold beside the factors.
    match S::F32_LANES {
        16 => product.in_tiles::<S, 8, 4, 2>(simd),
        8 => product.in_tiles::<S, 6, 4, 2>(simd),
        4 => product.in_tiles::<S, 6, 4, 4>(simd),
        _ => product.in_tiles::<S, 2, 1, 4>(simd),
    }
}

impl Product<'_> {
    /// In tiles of `R` rows and `P` vectors; the last rows in tiles of `H` rows and of one.
    #[inline(always)]
    fn in_tiles<S: Simd, const R: usize, const H: usize, const P: usize>(self, simd: S) {
        let (rows, inner, columns) = (self.left.rows(), self.left.inner(), self.right.columns());
        let tile = P * S::F32_LANES;
        let mut scratch = [Scratch::default(), Scratch::default()];
        let [left_scratch, right_scratch] = &mut scratch;
        // Rows with a large stride lie on a page each, so a copy pays if it is read often.
        let may_copy = rows >= ROWS_WORTH_A_COPY && inner * tile.max(rows) <= SCRATCH_LENGTH;
        let mut product: Product<'_> = self;
        let Product { left, right, .. } = product;
        if may_copy && left.column_stride() > rows {
            product.left = left.gathered(left_scratch.numbers());
        }
        for first in (0..columns).step_by(tile) {
            let width = tile.min(columns - first);
            let right = if may_copy && right.row_stride() > PANEL {
                let memory = StridedRowsMut { numbers: right_scratch.numbers(), stride: tile };
                right.gathered_tile(first, width, memory)
            } else {
                right.tile(first, width)
            };
            product.rows::<S, R, H, P>(simd, Columns { first, right });
        }
    }

    /// The tiles of all rows at these columns.
    #[inline(always)]
    fn rows<S: Simd, const R: usize, const H: usize, const P: usize>(
        &mut self,
        simd: S,
        columns: Columns<'_>,
    ) {
        let rows = self.left.rows();
        let mut row = 0;
        while row < rows {
            let rest = rows - row;
            // Two tiles of `H` rows use the arithmetic units better than one of `R` rows and single rows.
            if rest >= R && (2 * H <= R || rest / 2 != H) {
                self.tile::<S, R, P>(simd, row, columns);
                row += R;
            } else if rest >= H {
                self.tile::<S, H, P>(simd, row, columns);
                row += H;
            } else {
                self.tile::<S, 1, P>(simd, row, columns);
                row += 1;
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const R: usize, const P: usize>(
        &mut self,
        simd: S,
        row: usize,
        columns: Columns<'_>,
    ) {
        if columns.right.width() == P * S::F32_LANES {
            self.sum::<S, R, P, false>(simd, row, columns);
        } else {
            self.sum::<S, R, P, true>(simd, row, columns);
        }
    }

    /// Computes a tile. `EDGE`: it has fewer columns than its vectors have lanes.
    #[inline(always)]
    fn sum<S: Simd, const R: usize, const P: usize, const EDGE: bool>(
        &mut self,
        simd: S,
        row: usize,
        columns: Columns<'_>,
    ) {
        let Columns { first, right } = columns;
        let width = right.width();
        let mut sums = [[simd.splat_f32s(0.0); P]; R];
        match self.start {
            Start::Zero => {}
            Start::Bias(bias) => sums.fill(load::<S, P, EDGE>(simd, &bias[first..][..width])),
            Start::Output => {
                for (r, sums) in sums.iter_mut().enumerate() {
                    let output = self.output.row(row + r, first, width);
                    *sums = load::<S, P, EDGE>(simd, output);
                }
            }
        }
        self.add_products::<S, R, P, EDGE>(simd, row, right, &mut sums);
        for (r, sums) in sums.into_iter().enumerate() {
            let output = self.output.row_mut(row + r, first, width);
            store::<S, P, EDGE>(simd, output, sums);
        }
    }

    /// Adds the terms to the sums.
    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks in the innermost loop halve its speed")]
    fn add_products<S: Simd, const R: usize, const P: usize, const EDGE: bool>(
        &self,
        simd: S,
        row: usize,
        right: Tile<'_>,
        sums: &mut [[S::f32s; P]; R],
    ) {
        let (left, inner) = (self.left, self.left.inner());
        assert!(row + R <= left.rows() && inner == right.inner(), "rows of the product");
        assert!(EDGE || right.width() == P * S::F32_LANES, "a tile of whole vectors");
        let (numbers, width) = (right.numbers(), right.width());
        let (right_stride, left_stride) = (right.row_stride(), left.column_stride());
        let mut rows = [left.numbers().as_ptr(); R];
        for (r, row_start) in rows.iter_mut().enumerate() {
            *row_start = left.numbers()[(row + r) * left.row_stride()..].as_ptr();
        }
        let mut sum = *sums;
        for k in 0..inner {
            let (left_k, right_k) = (k * left_stride, k * right_stride);
            let weights = if EDGE {
                load::<S, P, true>(simd, &numbers[right_k..right_k + width])
            } else {
                // SAFETY: `k` is below `inner`, so `width` numbers of the tile follow (`Tile`), as many as the vectors
                // have lanes. The read is unaligned.
                unsafe { numbers.as_ptr().add(right_k).cast::<[S::f32s; P]>().read_unaligned() }
            };
            // Indices, because with iterators the compiler keeps the sums in memory.
            for r in 0..R {
                // SAFETY: this is element (row + r, k) of the left factor (`Left`), which has at least `row + R` rows
                // and more than `k` columns.
                let x = simd.splat_f32s(unsafe { *rows[r].add(left_k) });
                for p in 0..P {
                    sum[r][p] = simd.mul_add_e_f32s(x, weights[p], sum[r][p]);
                }
            }
        }
        *sums = sum;
    }
}

/// The numbers as vectors. `EDGE`: there may be fewer numbers than lanes, and zeros follow them.
#[inline(always)]
pub(super) fn load<S: Simd, const P: usize, const EDGE: bool>(
    simd: S,
    numbers: &[f32],
) -> [S::f32s; P] {
    let mut vectors = [simd.splat_f32s(0.0); P];
    if EDGE {
        let mut rest = numbers;
        for vector in &mut vectors {
            let (now, then) = rest.split_at(rest.len().min(S::F32_LANES));
            *vector = simd.partial_load_f32s(now);
            rest = then;
        }
    } else {
        vectors.copy_from_slice(&S::as_simd_f32s(&numbers[..P * S::F32_LANES]).0[..P]);
    }
    vectors
}

/// Writes vectors to numbers. `EDGE`: there may be fewer numbers than lanes.
#[inline(always)]
pub(super) fn store<S: Simd, const P: usize, const EDGE: bool>(
    simd: S,
    numbers: &mut [f32],
    vectors: [S::f32s; P],
) {
    if EDGE {
        let mut rest = numbers;
        for vector in vectors {
            let (now, then) = rest.split_at_mut(rest.len().min(S::F32_LANES));
            simd.partial_store_f32s(now, vector);
            rest = then;
        }
    } else {
        let whole = S::as_mut_simd_f32s(&mut numbers[..P * S::F32_LANES]).0;
        whole[..P].copy_from_slice(&vectors);
    }
}

//! Products of which all terms are added.

use pulp::Simd;

use super::matrix::Tile;
use super::{PANEL, Product, Start};
use crate::scratch::{BLOCK, Memory};

/// Rows of a product that make up for copying a factor.
const ROWS_WORTH_A_COPY: usize = 32;

/// A tile's columns in the product.
#[derive(Debug, Clone, Copy)]
struct Columns<'a> {
    first: usize,
    right: Tile<'a>,
}

impl Product<'_> {
    /// In tiles of `R` rows and `P` vectors; the rows left over in tiles of `H` and of one.
    #[inline(always)]
    pub(super) fn tiles<S: Simd, const R: usize, const H: usize, const P: usize>(self, simd: S) {
        let (rows, inner, columns) = (self.left.rows(), self.left.inner(), self.right.columns());
        let tile = P * S::F32_LANES;
        let mut memory = [Memory::default(), Memory::default()];
        let [of_left, of_right] = &mut memory;
        // Rows that are far apart cost a page each: it pays to copy them if they are read often.
        let is_far = rows >= ROWS_WORTH_A_COPY && inner * tile.max(rows) <= BLOCK;
        let mut product: Product<'_> = self;
        let Product { left, right, .. } = product;
        if is_far && left.of_column() > rows {
            product.left = left.brought_together(of_left.numbers());
        }
        for first in (0..columns).step_by(tile) {
            let width = tile.min(columns - first);
            let right = if is_far && right.of_row() > PANEL {
                right.tile_in(first, width, (of_right.numbers(), tile))
            } else {
                right.tile(first, width)
            };
            product.rows::<S, R, H, P>(simd, Columns { first, right });
        }
    }

    /// The tiles of all rows at some columns.
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
            // Two smaller tiles keep the arithmetic busier than a large one and single rows.
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

    /// Computes a tile; `EDGE` if it has fewer columns than its vectors have lanes.
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
                    let output = &self.output[(row + r) * self.stride + first..][..width];
                    *sums = load::<S, P, EDGE>(simd, output);
                }
            }
        }
        self.add_products::<S, R, P, EDGE>(simd, row, right, &mut sums);
        for (r, sums) in sums.into_iter().enumerate() {
            let output = &mut self.output[(row + r) * self.stride + first..][..width];
            store::<S, P, EDGE>(simd, output, sums);
        }
    }

    /// Adds the products of all terms.
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
        let (numbers, of_row, width) = (right.numbers(), right.of_row(), right.width());
        let of_column = left.of_column();
        let mut rows = [left.numbers().as_ptr(); R];
        for (r, from) in rows.iter_mut().enumerate() {
            *from = left.numbers()[(row + r) * left.of_row()..].as_ptr();
        }
        let mut sum = *sums;
        for k in 0..inner {
            let (of_left_k, of_right_k) = (k * of_column, k * of_row);
            let weights = if EDGE {
                load::<S, P, true>(simd, &numbers[of_right_k..of_right_k + width])
            } else {
                // SAFETY: row `k` of the tile, which is below `inner`, has `width` numbers from here on (`Tile`), as many as
                // the vectors have lanes; an unaligned read of plain numbers.
                unsafe { numbers.as_ptr().add(of_right_k).cast::<[S::f32s; P]>().read_unaligned() }
            };
            // By index: iterators here leave the sums in memory.
            for r in 0..R {
                // SAFETY: element (row + r, k) of the left factor (`Left`): `row + R` is at most its rows, `k` is below
                // its inner length.
                let x = simd.splat_f32s(unsafe { *rows[r].add(of_left_k) });
                for p in 0..P {
                    sum[r][p] = simd.mul_add_e_f32s(x, weights[p], sum[r][p]);
                }
            }
        }
        *sums = sum;
    }
}

/// The first numbers as vectors; of fewer if `EDGE`, and then 0 follows.
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

/// Writes vectors over numbers, over fewer than the lanes if `EDGE`.
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

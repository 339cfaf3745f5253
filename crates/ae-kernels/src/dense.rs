//! Products of which all terms are added.

use pulp::Simd;

use crate::product::{PANEL, Product, Shape, Start, Strides};
use crate::scratch::{BLOCK, Memory, copy_rows};

/// Rows of a product that make up for copying a factor.
const ROWS_WORTH_A_COPY: usize = 32;

/// Columns of a tile, with the right factor from the first of them on, its rows `of_row` apart.
#[derive(Debug, Clone, Copy)]
struct Columns<'a> {
    first: usize,
    width: usize,
    right: &'a [f32],
    of_row: usize,
}

impl Product<'_> {
    /// In tiles of `R` rows and `P` vectors; the rows left over in tiles of `H` and of one.
    #[inline(always)]
    pub(crate) fn tiles<S: Simd, const R: usize, const H: usize, const P: usize>(self, simd: S) {
        let Shape { rows, inner, columns } = self.shape;
        let tile = P * S::F32_LANES;
        let mut memory = [Memory::default(), Memory::default()];
        let [of_left, of_right] = &mut memory;
        // Rows that are far apart cost a page each: it pays to copy them if they are read often.
        let is_far = rows >= ROWS_WORTH_A_COPY && inner * tile.max(rows) <= BLOCK;
        let mut product: Product<'_> = self;
        let Product { left: (left, strides), right, .. } = product;
        if is_far && strides.of_column > rows {
            let to = of_left.numbers();
            copy_rows(inner, rows, (left, strides.of_column), (to, rows));
            product.left = (to, Strides { of_row: 1, of_column: rows });
        }
        for column in (0..columns).step_by(tile) {
            let width = tile.min(columns - column);
            let numbers = &right.numbers[column / PANEL * right.of_panel + column % PANEL..];
            let columns = if is_far && right.of_row > PANEL {
                let to = of_right.numbers();
                copy_rows(inner, width, (numbers, right.of_row), (to, tile));
                Columns { first: column, width, right: to, of_row: tile }
            } else {
                Columns { first: column, width, right: numbers, of_row: right.of_row }
            };
            product.rows::<S, R, H, P>(simd, columns);
        }
    }

    /// The tiles of all rows at some columns.
    #[inline(always)]
    fn rows<S: Simd, const R: usize, const H: usize, const P: usize>(
        &mut self,
        simd: S,
        columns: Columns<'_>,
    ) {
        let rows = self.shape.rows;
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
        if columns.width == P * S::F32_LANES {
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
        let Columns { first, width, .. } = columns;
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
        self.add_products::<S, R, P, EDGE>(simd, row, columns, &mut sums);
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
        Columns { width, right, of_row, .. }: Columns<'_>,
        sums: &mut [[S::f32s; P]; R],
    ) {
        let (left, of_left) = self.left;
        let mut rows = [left.as_ptr(); R];
        for (r, from) in rows.iter_mut().enumerate() {
            *from = left[(row + r) * of_left.of_row..].as_ptr();
        }
        let mut sum = *sums;
        for k in 0..self.shape.inner {
            let (of_left_k, of_right_k) = (k * of_left.of_column, k * of_row);
            let weights = if EDGE {
                load::<S, P, true>(simd, &right[of_right_k..of_right_k + width])
            } else {
                // SAFETY: the tile has all columns of its vectors, `k` is below `inner`, and the place of the tile's last column in the last row
                // is within the right factor (`check`) or its copy; an unaligned read of plain numbers.
                unsafe { right.as_ptr().add(of_right_k).cast::<[S::f32s; P]>().read_unaligned() }
            };
            // By index: iterators here leave the sums in memory.
            for r in 0..R {
                // SAFETY: a place in a row of the left factor, whose last element is within it
                // (`check`) or its copy.
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
pub(crate) fn load<S: Simd, const P: usize, const EDGE: bool>(
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
pub(crate) fn store<S: Simd, const P: usize, const EDGE: bool>(
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

//! Matrix products on the calling thread.
//!
//! A number of a product is `start + x_0 w_0 + x_1 w_1 + ...`, added up in this order whatever stands
//! beside it. Each term is a fused multiply-add where the machine has one (AVX2, AVX-512, NEON: the
//! same bits on all three).

use pulp::{Simd, WithSimd};

use crate::terms::Terms;

/// Columns of a panel: two vectors of AVX-512.
pub(crate) const PANEL: usize = 32;

/// Where a matrix of a slice is: element (row, column) is at `row * of_row + column * of_column`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strides {
    pub(crate) of_row: usize,
    pub(crate) of_column: usize,
}

impl Strides {
    /// Rows of `width` numbers, one after the other.
    pub(crate) fn row_major(width: usize) -> Self {
        Self { of_row: width, of_column: 1 }
    }

    pub(crate) fn transposed(self) -> Self {
        Self { of_row: self.of_column, of_column: self.of_row }
    }
}

/// `(rows, inner)` times `(inner, columns)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) columns: usize,
}

/// What a sum begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a> {
    /// Nothing: what is there is replaced.
    Zero,
    /// What is there.
    Output,
    /// A number for each column, filled up to whole panels.
    Bias(&'a [f32]),
}

/// A right factor whose rows are contiguous: element (k, column) is at
/// `column / PANEL * of_panel + k * of_row + column % PANEL`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Right<'a> {
    pub(crate) numbers: &'a [f32],
    pub(crate) of_panel: usize,
    pub(crate) of_row: usize,
}

impl<'a> Right<'a> {
    /// Rows of `width` numbers, one after the other.
    pub(crate) fn row_major(numbers: &'a [f32], width: usize) -> Self {
        Self { numbers, of_panel: PANEL, of_row: width }
    }
}

/// A product to be computed; the output's rows are `stride` apart.
pub(crate) struct Product<'a> {
    pub(crate) shape: Shape,
    pub(crate) start: Start<'a>,
    pub(crate) left: (&'a [f32], Strides),
    pub(crate) right: Right<'a>,
    pub(crate) output: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) terms: Terms<'a>,
}

/// Rows and columns of the tiles that these vectors compute products in.
#[inline(always)]
pub(crate) fn tile<S: Simd>() -> (usize, usize) {
    match S::F32_LANES {
        16 => (8, 32),
        8 => (6, 16),
        4 => (6, 16),
        _ => (2, 4),
    }
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many sums as registers hold beside the factors.
        match S::F32_LANES {
            16 => self.run::<S, 8, 4, 2>(simd),
            8 => self.run::<S, 6, 3, 2>(simd),
            4 => self.run::<S, 6, 3, 4>(simd),
            _ => self.run::<S, 2, 1, 4>(simd),
        }
    }
}

/// A tile's place, and the columns of it that there are.
#[derive(Debug, Clone, Copy)]
struct Place {
    row: usize,
    column: usize,
    width: usize,
}

impl Product<'_> {
    /// In tiles of `R` rows and `P` vectors; the rows left over in tiles of `H` and of one.
    #[inline(always)]
    fn run<S: Simd, const R: usize, const H: usize, const P: usize>(mut self, simd: S) {
        let Shape { rows, inner, columns } = self.shape;
        if rows == 0 || inner == 0 || columns == 0 {
            return;
        }
        self.check();
        let (_, tile) = tile::<S>();
        for column in (0..columns).step_by(tile) {
            self.rows::<S, R, H, P>(
                simd,
                Place { row: 0, column, width: tile.min(columns - column) },
            );
        }
    }

    /// The tiles of all rows at a place's columns.
    #[inline(always)]
    fn rows<S: Simd, const R: usize, const H: usize, const P: usize>(
        &mut self,
        simd: S,
        mut place: Place,
    ) {
        let rows = self.shape.rows;
        while place.row + R <= rows {
            self.tile::<S, R, P>(simd, place);
            place.row += R;
        }
        while place.row + H <= rows {
            self.tile::<S, H, P>(simd, place);
            place.row += H;
        }
        while place.row < rows {
            self.tile::<S, 1, P>(simd, place);
            place.row += 1;
        }
    }

    /// Panics if a factor or the output goes beyond its slice.
    fn check(&self) {
        let Shape { rows, inner, columns } = self.shape;
        let (left, of_left) = self.left;
        let last = |places: [(usize, usize); 3]| {
            places.iter().try_fold(0_usize, |sum, (count, stride)| {
                sum.checked_add(count.checked_mul(*stride)?)
            })
        };
        let fits = |last: Option<usize>, length: usize| {
            assert!(
                last.is_some_and(|last| last < length),
                "a matrix goes beyond {length} numbers"
            );
        };
        fits(
            last([(rows - 1, of_left.of_row), (inner - 1, of_left.of_column), (0, 0)]),
            left.len(),
        );
        let (panel, lane) = ((columns - 1) / PANEL, (columns - 1) % PANEL);
        let right = self.right;
        fits(
            last([(panel, right.of_panel), (inner - 1, right.of_row), (lane, 1)]),
            right.numbers.len(),
        );
        fits(last([(rows - 1, self.stride), (columns - 1, 1), (0, 0)]), self.output.len());
    }

    #[inline(always)]
    fn tile<S: Simd, const R: usize, const P: usize>(&mut self, simd: S, place: Place) {
        let Place { row, column, width } = place;
        let inner = self.shape.inner;
        let (tile_rows, tile_columns) = tile::<S>();
        let listed = match self.terms {
            Terms::All => None,
            Terms::OfRows(occupied) => Some(occupied.of_row(row, tile_rows, inner)),
            Terms::OfColumns(occupied) => Some(occupied.of_column(column, tile_columns, inner)),
        };
        match (width == P * S::F32_LANES, listed) {
            (true, None) => self.sum::<S, R, P, false>(simd, place, 0..inner),
            (false, None) => self.sum::<S, R, P, true>(simd, place, 0..inner),
            (true, Some(terms)) => self.sum::<S, R, P, false>(simd, place, terms),
            (false, Some(terms)) => self.sum::<S, R, P, true>(simd, place, terms),
        }
    }

    /// Computes a tile from the terms whose places are given, each below `inner`; `EDGE` if it has
    /// fewer columns than its vectors have lanes.
    #[inline(always)]
    fn sum<S: Simd, const R: usize, const P: usize, const EDGE: bool>(
        &mut self,
        simd: S,
        place: Place,
        terms: impl Iterator<Item = usize>,
    ) {
        let Place { row, column, width } = place;
        let mut sums = [[simd.splat_f32s(0.0); P]; R];
        match self.start {
            Start::Zero => {}
            Start::Bias(bias) => sums.fill(load::<S, P, false>(simd, &bias[column..])),
            Start::Output => {
                for (r, sums) in sums.iter_mut().enumerate() {
                    let output = &self.output[(row + r) * self.stride + column..][..width];
                    *sums = load::<S, P, EDGE>(simd, output);
                }
            }
        }
        self.add_products::<S, R, P, EDGE>(simd, place, terms, &mut sums);
        for (r, sums) in sums.into_iter().enumerate() {
            let output = &mut self.output[(row + r) * self.stride + column..][..width];
            store::<S, P, EDGE>(simd, output, sums);
        }
    }

    /// Adds the products of these terms.
    #[inline(always)]
    #[expect(unsafe_code, reason = "bounds checks in the innermost loop halve its speed")]
    fn add_products<S: Simd, const R: usize, const P: usize, const EDGE: bool>(
        &self,
        simd: S,
        Place { row, column, width }: Place,
        terms: impl Iterator<Item = usize>,
        sums: &mut [[S::f32s; P]; R],
    ) {
        let (left, of_left) = self.left;
        let mut rows = [left.as_ptr(); R];
        for (r, from) in rows.iter_mut().enumerate() {
            *from = left[(row + r) * of_left.of_row..].as_ptr();
        }
        let Right { numbers, of_panel, of_row } = self.right;
        let right = &numbers[column / PANEL * of_panel + column % PANEL..];
        let mut sum = *sums;
        for k in terms {
            let (of_left_k, of_right_k) = (k * of_left.of_column, k * of_row);
            let weights = if EDGE {
                load::<S, P, true>(simd, &right[of_right_k..of_right_k + width])
            } else {
                // SAFETY: the tile has all columns of its vectors, `k` is below `inner` (`Places`
                // are checked to be), and the place of the tile's last column in the last row
                // is within the right factor (`check`); an unaligned read of plain numbers.
                unsafe { right.as_ptr().add(of_right_k).cast::<[S::f32s; P]>().read_unaligned() }
            };
            // By index: iterators here leave the sums in memory.
            for r in 0..R {
                // SAFETY: a place in a row of the left factor, whose last element is within it
                // (`check`).
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
fn load<S: Simd, const P: usize, const EDGE: bool>(simd: S, numbers: &[f32]) -> [S::f32s; P] {
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
fn store<S: Simd, const P: usize, const EDGE: bool>(
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

#[cfg(test)]
mod tests {
    use pulp::Arch;

    use super::*;
    use crate::simd::Dispatch;

    fn numbers(count: usize, step: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * step) % 1009) as f32 / 1009.0 - 0.5).collect()
    }

    /// The product in the order of sums that the file promises.
    fn plain(
        Shape { rows, inner, columns }: Shape,
        (left, of_left): (&[f32], Strides),
        right: &[f32],
        output: &mut [f32],
        fused: bool,
    ) {
        for row in 0..rows {
            for column in 0..columns {
                let sum = &mut output[row * columns + column];
                for k in 0..inner {
                    let x = left[row * of_left.of_row + k * of_left.of_column];
                    let w = right[k * columns + column];
                    *sum = if fused { x.mul_add(w, *sum) } else { x * w + *sum };
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_adds_up_in_the_same_order() {
        let with_fma = cfg!(target_arch = "aarch64") || !matches!(Arch::new(), Arch::Scalar);
        for (rows, inner, columns) in [
            (1, 1, 1),
            (2, 3, 16),
            (7, 64, 33),
            (8, 5, 31),
            (13, 40, 100),
            (32, 64, 784),
            (5, 9, 65),
        ] {
            let shape = Shape { rows, inner, columns };
            let (left, right) = (numbers(rows * inner, 389), numbers(inner * columns, 613));
            let there = numbers(rows * columns, 211);
            for of_left in [Strides::row_major(inner), Strides::row_major(rows).transposed()] {
                for (start, begin) in
                    [(Start::Zero, vec![0.0; rows * columns]), (Start::Output, there.clone())]
                {
                    let expected = |fused| {
                        let mut output = begin.clone();
                        plain(shape, (&left, of_left), &right, &mut output, fused);
                        output
                    };
                    let found = |dispatch: Dispatch| {
                        let mut output = there.clone();
                        dispatch.run(Product {
                            shape,
                            start,
                            left: (&left, of_left),
                            right: Right::row_major(&right, columns),
                            output: &mut output,
                            stride: columns,
                            terms: Terms::All,
                        });
                        output
                    };
                    assert_eq!(found(Dispatch::Widest), expected(with_fma), "{shape:?}");
                    assert_eq!(found(Dispatch::Scalar), expected(false), "{shape:?}");
                    #[cfg(target_arch = "x86_64")]
                    assert_eq!(found(Dispatch::Avx2), expected(with_fma), "{shape:?}");
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "a matrix goes beyond 5 numbers")]
    fn a_matrix_beyond_its_slice_is_refused() {
        let shape = Shape { rows: 2, inner: 3, columns: 1 };
        Dispatch::Widest.run(Product {
            shape,
            start: Start::Zero,
            left: (&[0.0; 5], Strides::row_major(3)),
            right: Right::row_major(&[0.0; 3], 1),
            output: &mut [0.0; 2],
            stride: 1,
            terms: Terms::All,
        });
    }
}

//! The loop of a product that adds the nonzero terms of the left factor's rows.
//!
//! A block of the right factor stays in the first-level cache until all rows have used it.

use std::ops::Range;

use pulp::Simd;

use super::super::definition::{Product, Start};
use super::super::dense::{load, store};
use super::super::matrix::{Left, Output, PANEL, Right};
use super::super::rows::{StridedRows, StridedRowsMut, copy_rows};
use super::super::scratch::{SCRATCH_LENGTH, Scratch};
use super::bits::NonzeroBits;
use super::cost::rows_together;

/// Vectors of sums that are kept in registers: a fused multiply-add takes four cycles, and two begin in each.
const SUMS: usize = 8;
/// Panels that a strip of columns spans at most: 8 vectors of AVX-512.
const PANELS: usize = 4;

/// Computes a product from the nonzero terms alone.
#[inline(always)]
pub(in crate::product) fn add_nonzero_terms<S: Simd>(
    simd: S,
    product: Product<'_>,
    nonzeros: NonzeroBits<'_>,
) {
    let Product { left, right, start, mut output } = product;
    write_start(start, &mut output);
    let mut scratch = [Scratch::default(), Scratch::default()];
    let columns = right.columns();
    for column in (0..columns).step_by(SUMS * S::F32_LANES) {
        let width = (SUMS * S::F32_LANES).min(columns - column);
        let strip = Strip { left, right, nonzeros, column, width };
        match rows_together::<S>(width) {
            8 => strip.add::<S, 8, 1>(simd, &mut output, &mut scratch),
            4 => strip.add::<S, 4, 2>(simd, &mut output, &mut scratch),
            2 => strip.add::<S, 2, 4>(simd, &mut output, &mut scratch),
            _ => strip.add::<S, 1, 8>(simd, &mut output, &mut scratch),
        }
    }
}

/// Writes the first summand of every element.
fn write_start(start: Start<'_>, output: &mut Output<'_>) {
    for row in 0..output.rows() {
        let numbers = output.row_mut(row, 0, output.columns());
        match start {
            Start::Zero => numbers.fill(0.0),
            Start::Output => {}
            Start::Bias(bias) => numbers.copy_from_slice(&bias[..numbers.len()]),
        }
    }
}

/// Columns of a product that are computed together.
#[derive(Debug, Clone, Copy)]
struct Strip<'a> {
    left: Left<'a>,
    right: Right<'a>,
    nonzeros: NonzeroBits<'a>,
    column: usize,
    width: usize,
}

impl Strip<'_> {
    /// Adds the nonzero terms of all rows, `R` rows of `P` vectors at a time. If the columns do not fill their
    /// vectors, the sums are in scratch memory of whole vectors meanwhile.
    #[inline(always)]
    fn add<S: Simd, const R: usize, const P: usize>(
        &self,
        simd: S,
        output: &mut Output<'_>,
        [edge_scratch, right_scratch]: &mut [Scratch; 2],
    ) {
        let (rows, width, whole) = (self.left.rows(), self.width, P * S::F32_LANES);
        let is_edge = width < whole;
        let block = if is_edge { SCRATCH_LENGTH / whole } else { rows };
        for first in (0..rows).step_by(block) {
            let range = first..rows.min(first + block);
            let StridedRowsMut { numbers, stride } = output.starting_at(first, self.column);
            if is_edge {
                let source = StridedRows { numbers, stride };
                let target = StridedRowsMut { numbers: edge_scratch.numbers(), stride: whole };
                copy_rows(range.len(), width, source, target);
            }
            // One call, because the compiler inlines the kernel into every call.
            let sums = if is_edge {
                StridedRowsMut { numbers: edge_scratch.numbers(), stride: whole }
            } else {
                StridedRowsMut { numbers: &mut *numbers, stride }
            };
            self.add_to_rows::<S, R, P>(simd, range.clone(), sums, right_scratch);
            if is_edge {
                let source = StridedRows { numbers: edge_scratch.numbers(), stride: whole };
                copy_rows(range.len(), width, source, StridedRowsMut { numbers, stride });
            }
        }
    }

    /// Adds the nonzero terms to the sums of these rows, one block of the right factor after the other.
    #[inline(always)]
    fn add_to_rows<S: Simd, const R: usize, const P: usize>(
        &self,
        simd: S,
        rows: Range<usize>,
        sums: StridedRowsMut<'_>,
        scratch: &mut Scratch,
    ) {
        let StridedRowsMut { numbers: sums, stride } = sums;
        let block = SCRATCH_LENGTH / (P * S::F32_LANES).max(PANEL);
        let inner = self.left.inner();
        for first in (0..inner).step_by(block) {
            let terms = first..inner.min(first + block);
            let panels = self.panels(&terms, scratch);
            let mut row = rows.start;
            while row + R <= rows.end {
                let numbers = &mut sums[(row - rows.start) * stride..];
                let sums = StridedRowsMut { numbers, stride };
                self.add_to_tile::<S, R, P>(simd, row, &terms, panels, sums);
                row += R;
            }
            while row < rows.end {
                let numbers = &mut sums[(row - rows.start) * stride..];
                let sums = StridedRowsMut { numbers, stride };
                self.add_to_tile::<S, 1, P>(simd, row, &terms, panels, sums);
                row += 1;
            }
        }
    }

    /// Adds these terms to the sums of `R` rows.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "iterators leave the sums in memory")]
    #[expect(unsafe_code, reason = "bounds checks in the innermost loop halve its speed")]
    fn add_to_tile<S: Simd, const R: usize, const P: usize>(
        &self,
        simd: S,
        row: usize,
        terms: &Range<usize>,
        panels: Panels<'_>,
        sums: StridedRowsMut<'_>,
    ) {
        let StridedRowsMut { numbers: sums, stride } = sums;
        let left = self.left;
        assert!(row + R <= left.rows() && terms.end <= left.inner(), "rows of the product");
        assert!(panels.hold(P, S::F32_LANES, terms.len()), "whole vectors for each term");
        let (panels, left_stride) = (panels.numbers, left.column_stride());
        let mut rows = [left.numbers().as_ptr(); R];
        let mut sum = [[simd.splat_f32s(0.0); P]; R];
        for r in 0..R {
            rows[r] = left.numbers()[(row + r) * left.row_stride()..].as_ptr();
            sum[r] = load::<S, P, false>(simd, &sums[r * stride..]);
        }
        for k in self.nonzeros.positions(row, R, terms.clone()) {
            let mut x = [simd.splat_f32s(0.0); R];
            for r in 0..R {
                // SAFETY: this is element (row + r, k) of the left factor (`Left`), which has at least `row + R` rows.
                // `k` is one of the terms (`Positions`), which end within its inner length.
                x[r] = simd.splat_f32s(unsafe { *rows[r].add(k * left_stride) });
            }
            for p in 0..P {
                let (panel, lane) = (p * S::F32_LANES / PANEL, p * S::F32_LANES % PANEL);
                let place = (k - terms.start) * PANEL + lane;
                // SAFETY: the panels have whole vectors for each of the terms (`Panels::hold`), and `k` is one of them
                // (`Positions`). The read is unaligned.
                let weights: S::f32s =
                    unsafe { panels[panel].as_ptr().add(place).cast::<S::f32s>().read_unaligned() };
                for r in 0..R {
                    sum[r][p] = simd.mul_add_e_f32s(x[r], weights, sum[r][p]);
                }
            }
        }
        for r in 0..R {
            store::<S, P, false>(simd, &mut sums[r * stride..], sum[r]);
        }
    }

    /// These terms of the right factor as panels. The numbers beyond the strip's columns are arbitrary.
    fn panels<'b>(&'b self, terms: &Range<usize>, scratch: &'b mut Scratch) -> Panels<'b> {
        let Self { column, width, right, .. } = *self;
        let last = (width - 1) / PANEL;
        let (numbers, stride) = (right.numbers(), right.row_stride());
        if stride == PANEL {
            let lane = column % PANEL;
            let length = terms.len() * PANEL - lane;
            let panel = |index: usize| {
                let panel = column / PANEL + index.min(last);
                &numbers[panel * right.panel_stride() + terms.start * PANEL + lane..][..length]
            };
            return Panels::new(panel, length);
        }
        let scratch = scratch.numbers();
        let panels = scratch.chunks_exact_mut(terms.len() * PANEL);
        for (panel, first) in panels.zip((0..width).step_by(PANEL)) {
            let width = PANEL.min(width - first);
            for (target, k) in panel.chunks_exact_mut(PANEL).zip(terms.clone()) {
                target[..width].copy_from_slice(&numbers[k * stride + column + first..][..width]);
            }
        }
        let length = terms.len() * PANEL;
        Panels::new(|index| &scratch[index.min(last) * length..][..length], length)
    }
}

/// Terms of a right factor as panels of the same length: number `lane` of term `k` is at
/// `(k - terms.start) * PANEL + lane` of its panel.
#[derive(Debug, Clone, Copy)]
struct Panels<'a> {
    numbers: [&'a [f32]; PANELS],
    length: usize,
}

impl<'a> Panels<'a> {
    fn new(panel: impl Fn(usize) -> &'a [f32], length: usize) -> Self {
        let numbers = std::array::from_fn(panel);
        assert!(numbers.iter().all(|panel| panel.len() >= length), "panels of {length} numbers");
        Self { numbers, length }
    }

    /// Whether `vectors` consecutive vectors of `lanes` numbers lie within the panels for each of `terms` terms.
    #[inline(always)]
    fn hold(self, vectors: usize, lanes: usize, terms: usize) -> bool {
        let end = (vectors * lanes).min(PANEL);
        vectors * lanes <= PANELS * PANEL
            && PANEL.is_multiple_of(lanes)
            && (terms == 0 || (terms - 1) * PANEL + end <= self.length)
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::super::super::dense::add_all_terms;
    use super::super::nonzeros::{Nonzeros, ScannedAxes};
    use super::*;
    use crate::simd::{Dispatch, dispatches};

    /// Computes a product by the loop of the test's choice, whichever is cheaper.
    struct Chosen<'a>(Product<'a>, Option<NonzeroBits<'a>>);

    impl WithSimd for Chosen<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            match self.1 {
                Some(nonzeros) => add_nonzero_terms(simd, self.0, nonzeros),
                None => add_all_terms(simd, self.0),
            }
        }
    }

    /// Rows of which most numbers are 0, some of them negative zeros, with empty rows and columns.
    fn background(rows: usize, width: usize) -> Vec<f32> {
        let number = |i: usize| match (i % width / 20 % 2, i / width % 5, (i * 7919) % 11) {
            (0, 0..4, 0..4) => (i % 97) as f32 / 97.0 - 0.3,
            (0, _, 4) => -0.0,
            _ => 0.0,
        };
        (0..rows * width).map(number).collect()
    }

    fn dense(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 613) % 1009) as f32 / 1009.0 - 0.5).collect()
    }

    /// A product whose output has a stride above its width.
    fn multiply(
        (dispatch, bits): (Dispatch, Option<NonzeroBits<'_>>),
        start: Start<'_>,
        left: Left<'_>,
        right: Right<'_>,
    ) -> Vec<f32> {
        let stride = right.columns() + 3;
        let mut output = dense(left.rows() * stride);
        let target = Output::new(&mut output, stride, left.rows(), right.columns());
        dispatch.run(Chosen(Product::new(left, right, start, target), bits));
        output
    }

    #[test]
    fn skipping_zeros_changes_no_product() {
        for (rows, inner, columns) in [
            (1, 50, 3),
            (9, 41, 33),
            (3, 200, 16),
            (64, 784, 32),
            (7, 130, 64),
            (5, 70, 70),
            (6, 65, 128),
            (70, 100, 165),
            (8, 300, 1),
        ] {
            let (numbers, other) = (background(rows, inner), dense(inner * columns));
            let mut nonzeros = Nonzeros::default();
            nonzeros.scan(&numbers, inner, ScannedAxes::RowsAndColumns);
            let bits = nonzeros.in_rows();
            assert!(bits.is_some());
            let shape = (rows, inner, columns);
            let left = Left::row_major(&numbers, rows, inner);
            let bias = dense(columns);
            for dispatch in dispatches() {
                for start in [Start::Zero, Start::Output, Start::Bias(&bias)] {
                    let right = Right::row_major(&other, columns, inner, columns);
                    let [all, nonzero] =
                        [None, bits].map(|bits| multiply((dispatch, bits), start, left, right));
                    assert_eq!(all, nonzero, "{shape:?}, {start:?}, {dispatch:?}");
                }
            }
        }
    }

    #[test]
    fn factors_in_panels_and_transposed_factors_have_the_same_product() {
        for (rows, inner, columns) in [(5, 70, 90), (64, 129, 200), (33, 31, 20)] {
            let shape = (rows, inner, columns);
            let (numbers, other) = (background(inner, rows), dense(inner * columns));
            let mut nonzeros = Nonzeros::default();
            nonzeros.scan(&numbers, rows, ScannedAxes::RowsAndColumns);
            let left = Left::transposed(&numbers, rows, rows, inner);
            let mut panels = vec![0.0; inner * columns.next_multiple_of(PANEL)];
            for (index, number) in other.iter().enumerate() {
                let (k, column) = (index / columns, index % columns);
                panels[column / PANEL * PANEL * inner + k * PANEL + column % PANEL] = *number;
            }
            for dispatch in dispatches() {
                let rights = [
                    Right::row_major(&other, columns, inner, columns),
                    Right::panels(&panels, inner, columns),
                ];
                let [rows, panels] = rights.map(|right| {
                    let bits = nonzeros.in_columns();
                    multiply((dispatch, bits), Start::Zero, left, right)
                });
                let all = multiply((dispatch, None), Start::Zero, left, rights[0]);
                assert_eq!(all, rows, "{shape:?}, {dispatch:?}");
                assert_eq!(all, panels, "{shape:?}, {dispatch:?}");
            }
        }
    }
}

//! Products with a left factor of which much is 0: of each of its rows, the terms that are not.
//!
//! A row alone has the most zeros, but shares the right factor's numbers with none. So a block of the
//! right factor is kept in the first cache until all rows have used it, and several rows share their
//! terms only where there are too few columns for one row to keep the arithmetic busy.

use std::ops::Range;

use pulp::Simd;

use super::dense::{load, store};
use super::matrix::{Left, Right};
use super::{PANEL, Product, Start};
use crate::scratch::{BLOCK, Memory, copy_rows};
use crate::terms::Bits;

/// Vectors of sums in registers: a fused multiply-add takes four cycles, and two begin in each.
const SUMS: usize = 8;
/// Panels that a strip of columns reaches over: 8 vectors of AVX-512.
const PANELS: usize = 4;

/// How many rows share their terms in a product of so many columns, at most.
#[inline(always)]
pub(super) fn rows_at_once<S: Simd>(columns: usize) -> usize {
    match columns.div_ceil(S::F32_LANES) {
        0..=1 => 8,
        2 => 4,
        3..=4 => 2,
        _ => 1,
    }
}

impl Product<'_> {
    /// Adds up the terms that are listed for the left factor's rows.
    #[inline(always)]
    pub(super) fn listed<S: Simd>(mut self, simd: S, bits: Bits<'_>) {
        self.begin_sums();
        let mut memory = [Memory::default(), Memory::default()];
        let columns = self.right.columns();
        for column in (0..columns).step_by(SUMS * S::F32_LANES) {
            let width = (SUMS * S::F32_LANES).min(columns - column);
            let place = (column, width);
            match rows_at_once::<S>(width) {
                8 => self.strip::<S, 8, 1>(simd, bits, place, &mut memory),
                4 => self.strip::<S, 4, 2>(simd, bits, place, &mut memory),
                2 => self.strip::<S, 2, 4>(simd, bits, place, &mut memory),
                _ => self.strip::<S, 1, 8>(simd, bits, place, &mut memory),
            }
        }
    }

    /// Writes what the sums begin with.
    fn begin_sums(&mut self) {
        for row in self.output.chunks_mut(self.stride).take(self.left.rows()) {
            let row = &mut row[..self.right.columns()];
            match self.start {
                Start::Zero => row.fill(0.0),
                Start::Output => {}
                Start::Bias(bias) => row.copy_from_slice(&bias[..row.len()]),
            }
        }
    }

    /// Some columns of all rows. If they do not fill their vectors, the sums are in memory of whole
    /// vectors meanwhile.
    #[inline(always)]
    fn strip<S: Simd, const R: usize, const P: usize>(
        &mut self,
        simd: S,
        bits: Bits<'_>,
        (column, width): (usize, usize),
        [of_edge, of_right]: &mut [Memory; 2],
    ) {
        let whole = P * S::F32_LANES;
        let (rows, stride) = (self.left.rows(), self.stride);
        let strip = Strip { left: self.left, right: self.right, bits, column, width };
        let at_once = if width == whole { rows } else { BLOCK / whole };
        for first in (0..rows).step_by(at_once) {
            let range = first..rows.min(first + at_once);
            let output = &mut self.output[first * stride + column..];
            let is_edge = width < whole;
            if is_edge {
                copy_rows(range.len(), width, (output, stride), (of_edge.numbers(), whole));
            }
            // One call: the compiler makes a copy of the kernel for each.
            let sums = if is_edge {
                (of_edge.numbers().as_mut_slice(), whole)
            } else {
                (&mut *output, stride)
            };
            strip.add::<S, R, P>(simd, range.clone(), sums, of_right);
            if is_edge {
                copy_rows(range.len(), width, (of_edge.numbers(), whole), (output, stride));
            }
        }
    }
}

/// Columns of a product that are computed together.
#[derive(Debug, Clone, Copy)]
struct Strip<'a> {
    left: Left<'a>,
    right: Right<'a>,
    bits: Bits<'a>,
    column: usize,
    width: usize,
}

impl Strip<'_> {
    /// Adds the listed terms to the sums of some rows, `stride` apart, a block of the right factor after
    /// the other.
    #[inline(always)]
    fn add<S: Simd, const R: usize, const P: usize>(
        &self,
        simd: S,
        rows: Range<usize>,
        (sums, stride): (&mut [f32], usize),
        memory: &mut Memory,
    ) {
        let at_once = BLOCK / (P * S::F32_LANES).max(PANEL);
        let inner = self.left.inner();
        for first in (0..inner).step_by(at_once) {
            let terms = first..inner.min(first + at_once);
            let panels = self.panels(&terms, memory);
            let mut row = rows.start;
            while row + R <= rows.end {
                let sums = &mut sums[(row - rows.start) * stride..];
                self.add_to_tile::<S, R, P>(simd, row, (&terms, panels), (sums, stride));
                row += R;
            }
            while row < rows.end {
                let sums = &mut sums[(row - rows.start) * stride..];
                self.add_to_tile::<S, 1, P>(simd, row, (&terms, panels), (sums, stride));
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
        (terms, panels): (&Range<usize>, Panels<'_>),
        (sums, stride): (&mut [f32], usize),
    ) {
        let left = self.left;
        assert!(row + R <= left.rows() && terms.end <= left.inner(), "rows of the product");
        assert!(panels.hold(P, S::F32_LANES, terms.len()), "whole vectors for each term");
        let (panels, of_column) = (panels.numbers, left.of_column());
        let mut rows = [left.numbers().as_ptr(); R];
        let mut sum = [[simd.splat_f32s(0.0); P]; R];
        for r in 0..R {
            rows[r] = left.numbers()[(row + r) * left.of_row()..].as_ptr();
            sum[r] = load::<S, P, false>(simd, &sums[r * stride..]);
        }
        for k in self.bits.places(row, R, terms.clone()) {
            let mut x = [simd.splat_f32s(0.0); R];
            for r in 0..R {
                // SAFETY: element (row + r, k) of the left factor (`Left`): `row + R` is at most its rows; `k` is one of
                // the terms (`Places`), which end within its inner length.
                x[r] = simd.splat_f32s(unsafe { *rows[r].add(k * of_column) });
            }
            for p in 0..P {
                let (panel, lane) = (p * S::F32_LANES / PANEL, p * S::F32_LANES % PANEL);
                let place = (k - terms.start) * PANEL + lane;
                // SAFETY: the panels have whole vectors for each of the terms (`Panels::hold`), of which `k` is one
                // (`Places`); an unaligned read of plain numbers.
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

    /// These terms of the right factor as panels. What stands beyond the strip's columns is any number.
    fn panels<'b>(&'b self, terms: &Range<usize>, memory: &'b mut Memory) -> Panels<'b> {
        let Self { column, width, right, .. } = *self;
        let last = (width - 1) / PANEL;
        let (numbers, of_row) = (right.numbers(), right.of_row());
        if of_row == PANEL {
            let lane = column % PANEL;
            let length = terms.len() * PANEL - lane;
            let panel = |index: usize| {
                let panel = column / PANEL + index.min(last);
                &numbers[panel * right.of_panel() + terms.start * PANEL + lane..][..length]
            };
            return Panels::new(panel, length);
        }
        let memory = memory.numbers();
        let panels = memory.chunks_exact_mut(terms.len() * PANEL);
        for (panel, first) in panels.zip((0..width).step_by(PANEL)) {
            let width = PANEL.min(width - first);
            for (to, k) in panel.chunks_exact_mut(PANEL).zip(terms.clone()) {
                to[..width].copy_from_slice(&numbers[k * of_row + column + first..][..width]);
            }
        }
        let length = terms.len() * PANEL;
        Panels::new(|index| &memory[index.min(last) * length..][..length], length)
    }
}

/// Some terms of a right factor as panels of the same length: number `lane` of term `k` of a panel is at
/// `(k - terms.start) * PANEL + lane`.
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

    /// Whether so many vectors, one after the other, are within the panels for each of so many terms.
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

    use super::*;
    use crate::occupied::{Look, Occupied};
    use crate::simd::{Dispatch, dispatches};

    /// Takes the list, be it quicker or not.
    struct Listed<'a>(Product<'a>, Bits<'a>);

    impl WithSimd for Listed<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            self.0.listed(simd, self.1);
        }
    }

    /// Rows of numbers of which most are 0, among them negative zeros, and empty rows and columns.
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

    /// A product whose output has a margin on the right.
    fn multiply(
        (dispatch, bits): (Dispatch, Option<Bits<'_>>),
        start: Start<'_>,
        left: Left<'_>,
        right: Right<'_>,
    ) -> Vec<f32> {
        let stride = right.columns() + 3;
        let mut output = dense(left.rows() * stride);
        let product = Product::new(left, right, start, (&mut output, stride));
        match bits {
            Some(bits) => dispatch.run(Listed(product, bits)),
            None => dispatch.run(product),
        }
        output
    }

    #[test]
    fn leaving_out_zeros_changes_no_product() {
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
            let mut occupied = Occupied::default();
            occupied.find(&numbers, inner, Look::Both);
            let bits = occupied.of_rows();
            assert!(bits.is_some());
            let shape = (rows, inner, columns);
            let left = Left::row_major(&numbers, rows, inner);
            let bias = dense(columns);
            for dispatch in dispatches() {
                for start in [Start::Zero, Start::Output, Start::Bias(&bias)] {
                    let right = Right::row_major(&other, columns, inner, columns);
                    let [all, listed] =
                        [None, bits].map(|bits| multiply((dispatch, bits), start, left, right));
                    assert_eq!(all, listed, "{shape:?}, {start:?}, {dispatch:?}");
                }
            }
        }
    }

    #[test]
    fn a_factor_in_panels_and_a_transposed_one_make_no_difference() {
        for (rows, inner, columns) in [(5, 70, 90), (64, 129, 200), (33, 31, 20)] {
            let shape = (rows, inner, columns);
            let (numbers, other) = (background(inner, rows), dense(inner * columns));
            let mut occupied = Occupied::default();
            occupied.find(&numbers, rows, Look::Both);
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
                    let bits = occupied.of_columns();
                    multiply((dispatch, bits), Start::Zero, left, right)
                });
                let all = multiply((dispatch, None), Start::Zero, left, rights[0]);
                assert_eq!(all, rows, "{shape:?}, {dispatch:?}");
                assert_eq!(all, panels, "{shape:?}, {dispatch:?}");
            }
        }
    }
}

//! Matrix products on the calling thread.
//!
//! A number of a product is `start + x_0 w_0 + x_1 w_1 + ...`, added up in this order whatever stands
//! beside it. Each term is a fused multiply-add where the machine has one (AVX2, AVX-512, NEON: the
//! same bits on all three).

mod dense;
mod listed;
mod matrix;

use pulp::{Simd, WithSimd};

use crate::terms::{Bits, WORD};
use listed::rows_at_once;
pub(crate) use matrix::{Left, Right};

/// Columns of a panel: two vectors of AVX-512.
pub(crate) const PANEL: usize = 32;

/// What a sum begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a> {
    /// Nothing: what is there is replaced.
    Zero,
    /// What is there.
    Output,
    /// A number for each column.
    Bias(&'a [f32]),
}

/// A product to be computed, of factors that fit each other and the output.
pub(crate) struct Product<'a> {
    left: Left<'a>,
    right: Right<'a>,
    start: Start<'a>,
    output: &'a mut [f32],
    stride: usize,
    occupied: Option<Bits<'a>>,
}

impl<'a> Product<'a> {
    /// The product of a left factor of (rows, inner) and a right one of (inner, columns), written to rows of `columns`
    /// numbers that are `stride` apart.
    ///
    /// # Panics
    /// If the factors do not fit each other, the bias or the output.
    pub(crate) fn new(
        left: Left<'a>,
        right: Right<'a>,
        start: Start<'a>,
        (output, stride): (&'a mut [f32], usize),
    ) -> Self {
        assert_eq!(left.inner(), right.inner(), "factors with the same inner length");
        if let Start::Bias(bias) = start {
            assert!(bias.len() >= right.columns(), "a bias for each column");
        }
        matrix::check(output, [(left.rows(), stride), (right.columns(), 1)]);
        Self { left, right, start, output, stride, occupied: None }
    }

    /// The same, with the terms of each row of the left factor that differ from 0, if that is known: the others may be left
    /// out.
    ///
    /// # Panics
    /// If the list is another factor's.
    pub(crate) fn with_terms(self, occupied: Option<Bits<'a>>) -> Self {
        if let Some(bits) = occupied {
            let inner = self.left.inner();
            assert!(bits.fits(inner), "a list of terms that are not {inner}");
        }
        Self { occupied, ..self }
    }
}

/// The time of a term that is found in a word of bits, in that of one in a loop over all.
const TIME_OF_TERM: f32 = 1.15;
/// The time of a word beside its terms: sums are loaded and stored, and the branch where it ends is
/// mispredicted.
const TIME_OF_WORD: f32 = 6.0;

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let (rows, inner, columns) = (self.left.rows(), self.left.inner(), self.right.columns());
        if rows == 0 || inner == 0 || columns == 0 {
            return;
        }
        if let Some(bits) = self.occupied
            && Time::of_list::<S>(bits, inner, columns) < 1.0
        {
            return self.listed(simd, bits);
        }
        // As many sums as registers hold beside the factors.
        match S::F32_LANES {
            16 => self.tiles::<S, 8, 4, 2>(simd),
            8 => self.tiles::<S, 6, 4, 2>(simd),
            4 => self.tiles::<S, 6, 4, 4>(simd),
            _ => self.tiles::<S, 2, 1, 4>(simd),
        }
    }
}

/// The time of a product of `inner` terms and so many columns, in that of adding all its terms.
pub(crate) struct Time<'a> {
    pub(crate) inner: usize,
    pub(crate) columns: usize,
    pub(crate) occupied: Option<Bits<'a>>,
}

impl Time<'_> {
    /// If only the terms of the left factor's list are added.
    #[inline(always)]
    fn of_list<S: Simd>(bits: Bits<'_>, inner: usize, columns: usize) -> f32 {
        let of_words = TIME_OF_WORD / inner.min(WORD) as f32;
        TIME_OF_TERM * bits.share(rows_at_once::<S>(columns)) + of_words
    }
}

impl WithSimd for Time<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let Self { inner, columns, occupied } = self;
        occupied.map_or(1.0, |bits| Self::of_list::<S>(bits, inner, columns).min(1.0))
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
    fn plain(left: Left<'_>, right: &[f32], output: &mut [f32], fused: bool) {
        let columns = right.len() / left.inner();
        for row in 0..left.rows() {
            for column in 0..columns {
                let sum = &mut output[row * columns + column];
                for k in 0..left.inner() {
                    let x = left.numbers()[row * left.of_row() + k * left.of_column()];
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
            let shape = (rows, inner, columns);
            let (numbers_of_left, right) =
                (numbers(rows * inner, 389), numbers(inner * columns, 613));
            let there = numbers(rows * columns, 211);
            for left in [
                Left::row_major(&numbers_of_left, rows, inner),
                Left::transposed(&numbers_of_left, rows, rows, inner),
            ] {
                for (start, begin) in
                    [(Start::Zero, vec![0.0; rows * columns]), (Start::Output, there.clone())]
                {
                    let expected = |fused| {
                        let mut output = begin.clone();
                        plain(left, &right, &mut output, fused);
                        output
                    };
                    let found = |dispatch: Dispatch| {
                        let mut output = there.clone();
                        let right = Right::row_major(&right, columns, inner, columns);
                        dispatch.run(Product::new(left, right, start, (&mut output, columns)));
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

    /// A product of 2 x 3 and 3 x 1 numbers.
    fn small(output: &mut [f32]) -> Product<'_> {
        let left = Left::row_major(&[0.0; 6], 2, 3);
        Product::new(left, Right::row_major(&[0.0; 3], 1, 3, 1), Start::Zero, (output, 1))
    }

    #[test]
    #[should_panic(expected = "a list of terms that are not 3")]
    fn a_list_of_another_factor_is_refused() {
        let _ = small(&mut [0.0; 2]).with_terms(Some(Bits::new(&[0; 4], 2, 0.0)));
    }

    #[test]
    #[should_panic(expected = "a matrix goes beyond 1 numbers")]
    fn an_output_beyond_its_slice_is_refused() {
        let _ = small(&mut [0.0; 1]);
    }

    #[test]
    #[should_panic(expected = "factors with the same inner length")]
    fn factors_that_do_not_fit_are_refused() {
        let left = Left::row_major(&[0.0; 6], 3, 2);
        let right = Right::row_major(&[0.0; 3], 1, 3, 1);
        let _ = Product::new(left, right, Start::Zero, (&mut [0.0; 3], 1));
    }
}

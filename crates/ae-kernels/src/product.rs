//! Matrix products on the calling thread.
//!
//! A number of a product is `start + x_0 w_0 + x_1 w_1 + ...`, added up in this order whatever stands
//! beside it. Each term is a fused multiply-add where the machine has one (AVX2, AVX-512, NEON: the
//! same bits on all three).

use pulp::{Simd, WithSimd};

use crate::listed::rows_at_once;
use crate::terms::{Bits, WORD};

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
    /// A number for each column.
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

    /// Panels of `inner` rows, one after the other; the last is filled up.
    pub(crate) fn panels(numbers: &'a [f32], inner: usize) -> Self {
        Self { numbers, of_panel: PANEL * inner, of_row: PANEL }
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
    /// Of each row of the left factor, the terms that differ from 0, if that is known: the others may be
    /// left out.
    pub(crate) occupied: Option<Bits<'a>>,
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
        let Shape { rows, inner, columns } = self.shape;
        if rows == 0 || inner == 0 || columns == 0 {
            return;
        }
        self.check();
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

impl Product<'_> {
    /// Panics if a factor or the output goes beyond its slice, or the list is another factor's.
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
        if let Some(bits) = self.occupied {
            assert!(bits.fits(inner), "a list of terms that are not {inner}");
        }
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
                            occupied: None,
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
    #[should_panic(expected = "a list of terms that are not 3")]
    fn a_list_of_another_factor_is_refused() {
        Dispatch::Widest.run(Product {
            shape: Shape { rows: 2, inner: 3, columns: 1 },
            start: Start::Zero,
            left: (&[0.0; 6], Strides::row_major(3)),
            right: Right::row_major(&[0.0; 3], 1),
            output: &mut [0.0; 2],
            stride: 1,
            occupied: Some(Bits::new(&[0; 4], 2, 0.0)),
        });
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
            occupied: None,
        });
    }
}

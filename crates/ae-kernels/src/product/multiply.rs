//! One product of two matrices, by the loop that is cheaper.

use pulp::{Simd, WithSimd};

use super::definition::Product;
use super::dense::add_all_terms;
use super::sparse::{add_nonzero_terms, relative_cost};
use crate::simd::Dispatch;

/// Computes a product. Where the left factor knows its zeros and skipping their terms is cheaper, they are skipped:
/// leaving out `0 * w` changes no sum of finite numbers (except for the sign of a zero).
#[inline]
pub(crate) fn multiply(product: Product<'_>) {
    multiply_with(Dispatch::Widest, product);
}

/// [`multiply`] with these instructions.
#[inline]
pub(crate) fn multiply_with(dispatch: Dispatch, product: Product<'_>) {
    dispatch.run(Multiply(product));
}

struct Multiply<'a>(Product<'a>);

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(product) = self;
        let (left, columns) = (product.left, product.right.columns());
        if left.rows() == 0 || left.inner() == 0 || columns == 0 {
            return;
        }
        match left.nonzeros() {
            Some(nonzeros) if relative_cost::<S>(nonzeros, left.inner(), columns) < 1.0 => {
                add_nonzero_terms(simd, product, nonzeros);
            }
            _ => add_all_terms(simd, product),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition::Start;
    use super::super::matrix::{Left, Output, Right};
    use super::super::sparse::NonzeroBits;
    use super::*;
    use crate::simd::has_fused_multiply_add;

    fn numbers(count: usize, step: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * step) % 1009) as f32 / 1009.0 - 0.5).collect()
    }

    /// The product in the order of sums that the module promises.
    fn plain(left: Left<'_>, right: &[f32], output: &mut [f32], fused: bool) {
        let columns = right.len() / left.inner();
        for row in 0..left.rows() {
            for column in 0..columns {
                let sum = &mut output[row * columns + column];
                for k in 0..left.inner() {
                    let x = left.numbers()[row * left.row_stride() + k * left.column_stride()];
                    let w = right[k * columns + column];
                    *sum = if fused { x.mul_add(w, *sum) } else { x * w + *sum };
                }
            }
        }
    }

    #[test]
    fn every_instruction_set_adds_up_in_the_same_order() {
        let with_fma = has_fused_multiply_add();
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
                        let target = Output::new(&mut output, columns, rows, columns);
                        multiply_with(dispatch, Product::new(left, right, start, target));
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

    fn ones(rows: usize, inner: usize) -> Left<'static> {
        Left::row_major(&[1.0; 6], rows, inner)
    }

    #[test]
    #[should_panic(expected = "nonzeros of rows that have not 3 numbers")]
    fn nonzeros_of_another_factor_are_refused() {
        let _ = ones(2, 3).with_nonzeros(Some(NonzeroBits::new(&[0; 4], 2, 0.0)));
    }

    #[test]
    #[should_panic(expected = "a matrix goes beyond 1 numbers")]
    fn an_output_beyond_its_slice_is_refused() {
        let _ = Output::new(&mut [0.0; 1], 1, 2, 1);
    }

    #[test]
    #[should_panic(expected = "an output of the product's shape")]
    fn an_output_of_another_shape_is_refused() {
        let right = Right::row_major(&[0.0; 3], 1, 3, 1);
        let _ = Product::new(ones(2, 3), right, Start::Zero, Output::new(&mut [0.0; 1], 1, 1, 1));
    }

    #[test]
    #[should_panic(expected = "factors with the same inner length")]
    fn factors_that_do_not_fit_are_refused() {
        let right = Right::row_major(&[0.0; 3], 1, 3, 1);
        let _ = Product::new(ones(3, 2), right, Start::Zero, Output::new(&mut [0.0; 3], 1, 3, 1));
    }
}

//! What a product is: two factors, what its sums begin with, and where they are written.

use super::matrix::{Left, Output, Right};

/// The first summand of each element of a product.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a> {
    /// 0: the output is overwritten.
    Zero,
    /// The output: the product is added to it.
    Output,
    /// A number for each column.
    Bias(&'a [f32]),
}

/// A product to be computed, of factors that fit each other and the output.
#[derive(Debug)]
pub(crate) struct Product<'a> {
    pub(super) left: Left<'a>,
    pub(super) right: Right<'a>,
    pub(super) start: Start<'a>,
    pub(super) output: Output<'a>,
}

impl<'a> Product<'a> {
    /// The product of factors of shape (rows, inner) and (inner, columns).
    ///
    /// # Panics
    /// If the factors do not fit each other, the bias or the output.
    #[inline]
    pub(crate) fn new(
        left: Left<'a>,
        right: Right<'a>,
        start: Start<'a>,
        output: Output<'a>,
    ) -> Self {
        assert_eq!(left.inner(), right.inner(), "factors with the same inner length");
        if let Start::Bias(bias) = start {
            assert!(bias.len() >= right.columns(), "a bias for each column");
        }
        let shape = (left.rows(), right.columns());
        assert_eq!((output.rows(), output.columns()), shape, "an output of the product's shape");
        Self { left, right, start, output }
    }
}

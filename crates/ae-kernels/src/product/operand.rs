//! Rows of a slice as a factor of products.

use super::matrix::{Left, Right};
use super::sparse::{Nonzeros, ScannedAxes};

/// Contiguous rows of numbers, (rows, width), with the positions of those that are not 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operand<'a> {
    numbers: &'a [f32],
    nonzeros: &'a Nonzeros,
}

impl<'a> Operand<'a> {
    /// Rows of `width` numbers, which are searched for zeros. `axes` says which products they will be factors of.
    #[inline]
    pub(crate) fn scan(
        numbers: &'a [f32],
        width: usize,
        axes: ScannedAxes,
        nonzeros: &'a mut Nonzeros,
    ) -> Self {
        nonzeros.scan(numbers, width, axes);
        Self { numbers, nonzeros }
    }

    /// The rows that were scanned last, for further products.
    ///
    /// # Panics
    /// If there are fewer numbers than were scanned.
    #[inline]
    pub(crate) fn scanned(numbers: &'a [f32], nonzeros: &'a Nonzeros) -> Self {
        let numbers = &numbers[..nonzeros.rows() * nonzeros.width()];
        Self { numbers, nonzeros }
    }

    #[inline]
    pub(crate) fn rows(self) -> usize {
        self.nonzeros.rows()
    }

    #[inline]
    pub(crate) fn width(self) -> usize {
        self.nonzeros.width()
    }

    /// The left factor of shape (rows, width).
    #[inline]
    pub(crate) fn left(self) -> Left<'a> {
        let left = Left::row_major(self.numbers, self.rows(), self.width());
        left.with_nonzeros(self.nonzeros.in_rows())
    }

    /// The columns from this one on.
    #[inline]
    pub(crate) fn columns_from(self, first: usize) -> OperandColumns<'a> {
        OperandColumns { operand: self, first }
    }
}

/// The columns of an operand from `first` on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OperandColumns<'a> {
    operand: Operand<'a>,
    first: usize,
}

impl<'a> OperandColumns<'a> {
    /// The columns without the first `count`.
    #[inline]
    pub(super) fn skip(self, count: usize) -> Self {
        Self { first: self.first + count, ..self }
    }

    /// The transpose of the first `columns` columns, (columns, rows), as a left factor.
    #[inline]
    pub(super) fn transposed_left(self, columns: usize) -> Left<'a> {
        let Self { operand, first } = self;
        let (width, rows) = (operand.width(), operand.rows());
        let left = Left::transposed(&operand.numbers[first..], width, columns, rows);
        let nonzeros = operand.nonzeros.in_columns();
        left.with_nonzeros(nonzeros.map(|bits| bits.starting_at(first)))
    }

    /// The first `columns` columns, (rows, columns), as a right factor.
    #[inline]
    pub(super) fn right(self, columns: usize) -> Right<'a> {
        let Self { operand, first } = self;
        let (width, rows) = (operand.width(), operand.rows());
        Right::row_major(&operand.numbers[first..], width, rows, columns)
    }
}

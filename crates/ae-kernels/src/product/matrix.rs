//! The layouts of a product's matrices. Constructors check that every element lies within the slice.
//!
//! The fields are private to this file, so whoever holds one of these types may read every element without a check.

use super::rows::{StridedRows, StridedRowsMut, copy_rows};
use super::sparse::NonzeroBits;

/// Columns of a panel: two vectors of AVX-512.
pub(crate) const PANEL: usize = 32;

/// A matrix of contiguous rows: element (row, column) is at `row * columns + column`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowMajor<'a> {
    numbers: &'a [f32],
    rows: usize,
    columns: usize,
}

impl<'a> RowMajor<'a> {
    /// The first `rows` times `columns` numbers.
    ///
    /// # Panics
    /// If there are fewer numbers.
    #[inline]
    pub(crate) fn new(numbers: &'a [f32], rows: usize, columns: usize) -> Self {
        check(numbers, Axis::new(rows, columns), Axis::new(columns, 1));
        Self { numbers, rows, columns }
    }

    pub(crate) fn numbers(self) -> &'a [f32] {
        self.numbers
    }

    pub(crate) fn rows(self) -> usize {
        self.rows
    }

    pub(crate) fn columns(self) -> usize {
        self.columns
    }
}

/// A left factor of shape (rows, inner): element (row, k) is at `row * row_stride + k * column_stride`. It may know
/// which elements of each row differ from 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left<'a> {
    numbers: &'a [f32],
    rows: usize,
    inner: usize,
    row_stride: usize,
    column_stride: usize,
    nonzeros: Option<NonzeroBits<'a>>,
}

impl<'a> Left<'a> {
    /// Contiguous rows of `inner` numbers.
    ///
    /// # Panics
    /// If there are fewer numbers.
    #[inline]
    pub(crate) fn row_major(numbers: &'a [f32], rows: usize, inner: usize) -> Self {
        check(numbers, Axis::new(rows, inner), Axis::new(inner, 1));
        let (row_stride, column_stride) = (inner, 1);
        Self { numbers, rows, inner, row_stride, column_stride, nonzeros: None }
    }

    /// The transpose of the first `rows` columns of `inner` rows with this stride.
    ///
    /// # Panics
    /// If there are fewer numbers.
    #[inline]
    pub(crate) fn transposed(numbers: &'a [f32], stride: usize, rows: usize, inner: usize) -> Self {
        check(numbers, Axis::new(rows, 1), Axis::new(inner, stride));
        let (row_stride, column_stride) = (1, stride);
        Self { numbers, rows, inner, row_stride, column_stride, nonzeros: None }
    }

    /// The same factor with the positions of its nonzero elements, if they are known.
    ///
    /// # Panics
    /// If they are those of rows of another length.
    #[inline]
    pub(super) fn with_nonzeros(self, nonzeros: Option<NonzeroBits<'a>>) -> Self {
        if let Some(bits) = nonzeros {
            let inner = self.inner;
            assert!(bits.fits(inner), "nonzeros of rows that have not {inner} numbers");
        }
        Self { nonzeros, ..self }
    }

    /// A factor made by [`Left::transposed`] with its rows copied to this memory, where they are contiguous.
    pub(super) fn gathered(self, memory: &'a mut [f32]) -> Self {
        let source = StridedRows { numbers: self.numbers, stride: self.column_stride };
        let target = StridedRowsMut { numbers: memory, stride: self.rows };
        copy_rows(self.inner, self.rows, source, target);
        Self::transposed(memory, self.rows, self.rows, self.inner)
    }

    #[inline(always)]
    pub(super) fn numbers(self) -> &'a [f32] {
        self.numbers
    }

    #[inline(always)]
    pub(super) fn rows(self) -> usize {
        self.rows
    }

    #[inline(always)]
    pub(super) fn inner(self) -> usize {
        self.inner
    }

    #[inline(always)]
    pub(super) fn row_stride(self) -> usize {
        self.row_stride
    }

    #[inline(always)]
    pub(super) fn column_stride(self) -> usize {
        self.column_stride
    }

    #[inline(always)]
    pub(super) fn nonzeros(self) -> Option<NonzeroBits<'a>> {
        self.nonzeros
    }
}

/// A right factor of shape (inner, columns) whose rows are contiguous, at least within a panel: element (k, column)
/// is at `column / PANEL * panel_stride + k * row_stride + column % PANEL`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Right<'a> {
    numbers: &'a [f32],
    inner: usize,
    columns: usize,
    panel_stride: usize,
    row_stride: usize,
}

impl<'a> Right<'a> {
    /// The first `columns` columns of `inner` rows with this stride.
    ///
    /// # Panics
    /// If there are fewer numbers.
    #[inline]
    pub(crate) fn row_major(
        numbers: &'a [f32],
        stride: usize,
        inner: usize,
        columns: usize,
    ) -> Self {
        check(numbers, Axis::new(inner, stride), Axis::new(columns, 1));
        Self { numbers, inner, columns, panel_stride: PANEL, row_stride: stride }
    }

    /// Panels of `inner` rows of [`PANEL`] columns, one after the other. The last panel is padded.
    ///
    /// # Panics
    /// If there are fewer numbers.
    #[inline]
    pub(crate) fn panels(numbers: &'a [f32], inner: usize, columns: usize) -> Self {
        let panel_stride = PANEL * inner;
        let panels = Axis::new(columns.div_ceil(PANEL), panel_stride);
        check(numbers, panels, Axis::new(panel_stride, 1));
        Self { numbers, inner, columns, panel_stride, row_stride: PANEL }
    }

    /// Neighbouring columns, which must lie within a panel if the factor has panels.
    #[inline(always)]
    pub(super) fn tile(self, first: usize, width: usize) -> Tile<'a> {
        Tile::new(self.starting_at(first), self.row_stride, self.inner, width)
    }

    /// The same columns, copied to this memory.
    #[inline(always)]
    pub(super) fn gathered_tile<'b>(
        self,
        first: usize,
        width: usize,
        memory: StridedRowsMut<'b>,
    ) -> Tile<'b> {
        let StridedRowsMut { numbers, stride } = memory;
        let source = StridedRows { numbers: self.starting_at(first), stride: self.row_stride };
        copy_rows(self.inner, width, source, StridedRowsMut { numbers: &mut *numbers, stride });
        Tile::new(numbers, stride, self.inner, width)
    }

    /// The numbers from this column of the first row on.
    #[inline(always)]
    fn starting_at(self, column: usize) -> &'a [f32] {
        &self.numbers[column / PANEL * self.panel_stride + column % PANEL..]
    }

    #[inline(always)]
    pub(super) fn numbers(self) -> &'a [f32] {
        self.numbers
    }

    #[inline(always)]
    pub(super) fn inner(self) -> usize {
        self.inner
    }

    #[inline(always)]
    pub(super) fn columns(self) -> usize {
        self.columns
    }

    #[inline(always)]
    pub(super) fn panel_stride(self) -> usize {
        self.panel_stride
    }

    #[inline(always)]
    pub(super) fn row_stride(self) -> usize {
        self.row_stride
    }
}

/// Neighbouring columns of a right factor: element (k, lane) is at `k * row_stride + lane`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile<'a> {
    numbers: &'a [f32],
    row_stride: usize,
    inner: usize,
    width: usize,
}

impl<'a> Tile<'a> {
    #[inline(always)]
    fn new(numbers: &'a [f32], row_stride: usize, inner: usize, width: usize) -> Self {
        check(numbers, Axis::new(inner, row_stride), Axis::new(width, 1));
        Self { numbers, row_stride, inner, width }
    }

    #[inline(always)]
    pub(super) fn numbers(self) -> &'a [f32] {
        self.numbers
    }

    #[inline(always)]
    pub(super) fn row_stride(self) -> usize {
        self.row_stride
    }

    #[inline(always)]
    pub(super) fn inner(self) -> usize {
        self.inner
    }

    #[inline(always)]
    pub(super) fn width(self) -> usize {
        self.width
    }
}

/// The output of a product, of shape (rows, columns): element (row, column) is at `row * stride + column`.
#[derive(Debug)]
pub(crate) struct Output<'a> {
    numbers: &'a mut [f32],
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<'a> Output<'a> {
    /// The first `columns` numbers of `rows` rows with this stride.
    ///
    /// # Panics
    /// If there are fewer numbers.
    #[inline]
    pub(crate) fn new(numbers: &'a mut [f32], stride: usize, rows: usize, columns: usize) -> Self {
        check(numbers, Axis::new(rows, stride), Axis::new(columns, 1));
        Self { numbers, rows, columns, stride }
    }

    #[inline(always)]
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    #[inline(always)]
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// The numbers of a row from `column` on, `width` of them.
    #[inline(always)]
    pub(super) fn row(&self, row: usize, column: usize, width: usize) -> &[f32] {
        &self.numbers[row * self.stride + column..][..width]
    }

    /// The same numbers, to write.
    #[inline(always)]
    pub(super) fn row_mut(&mut self, row: usize, column: usize, width: usize) -> &mut [f32] {
        &mut self.numbers[row * self.stride + column..][..width]
    }

    /// The rows from `row` on, each from `column` on.
    #[inline(always)]
    pub(super) fn starting_at(&mut self, row: usize, column: usize) -> StridedRowsMut<'_> {
        let numbers = &mut self.numbers[row * self.stride + column..];
        StridedRowsMut { numbers, stride: self.stride }
    }
}

/// An axis of a matrix: the number of elements along it and the distance between two of them.
#[derive(Debug, Clone, Copy)]
struct Axis {
    length: usize,
    stride: usize,
}

impl Axis {
    #[inline(always)]
    fn new(length: usize, stride: usize) -> Self {
        Self { length, stride }
    }

    /// The distance between the first and the last element.
    #[inline(always)]
    fn extent(self) -> Option<usize> {
        (self.length - 1).checked_mul(self.stride)
    }
}

/// Panics if an element of a matrix with these axes is beyond the numbers.
#[inline(always)]
fn check(numbers: &[f32], rows: Axis, columns: Axis) {
    if rows.length == 0 || columns.length == 0 {
        return;
    }
    let last = rows.extent().zip(columns.extent()).and_then(|(a, b)| a.checked_add(b));
    let length = numbers.len();
    assert!(last.is_some_and(|last| last < length), "a matrix goes beyond {length} numbers");
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    const NUMBERS: [f32; 64] = [0.0; 64];

    /// Checks that a matrix is accepted with `count` numbers and refused with one less.
    #[track_caller]
    fn needs<T>(count: usize, make: impl Fn(&'static [f32]) -> T + std::panic::RefUnwindSafe) {
        let numbers: &'static [f32] = vec![0.0; count].leak();
        assert!(catch_unwind(|| drop(make(numbers))).is_ok(), "{count} numbers are enough");
        let fewer = &numbers[..count.saturating_sub(1)];
        assert!(count == 0 || catch_unwind(|| drop(make(fewer))).is_err(), "fewer are not");
    }

    #[test]
    fn a_matrix_is_within_its_numbers() {
        needs(6, |numbers| RowMajor::new(numbers, 2, 3));
        needs(6, |numbers| Left::row_major(numbers, 2, 3));
        needs(2 * 10 + 4, |numbers| Left::transposed(numbers, 10, 4, 3));
        needs(2 * 10 + 4, |numbers| Right::row_major(numbers, 10, 3, 4));
        needs(3 * PANEL, |numbers| Right::panels(numbers, 3, 1));
        needs(2 * 3 * PANEL, |numbers| Right::panels(numbers, 3, PANEL + 1));
        needs(0, |numbers| Left::row_major(numbers, 0, 3));
        needs(0, |numbers| Right::panels(numbers, 0, 3));
    }

    #[test]
    fn lengths_that_overflow_are_refused() {
        let huge = usize::MAX / 2;
        for refused in [
            catch_unwind(|| Left::row_major(&NUMBERS, huge, 3).rows()),
            catch_unwind(|| Left::transposed(&NUMBERS, huge, 2, 4).rows()),
            catch_unwind(|| Right::row_major(&NUMBERS, huge, 4, 1).inner()),
            catch_unwind(|| Right::panels(&NUMBERS, 1, usize::MAX).inner()),
        ] {
            assert!(refused.is_err());
        }
    }

    #[test]
    fn a_tile_is_within_its_factor() {
        let right = Right::panels(&NUMBERS, 2, PANEL);
        assert_eq!(right.tile(16, 16).width(), 16);
        assert!(catch_unwind(|| right.tile(16, 17).width()).is_err());
        assert!(catch_unwind(|| right.tile(PANEL, 1).width()).is_err());
    }
}

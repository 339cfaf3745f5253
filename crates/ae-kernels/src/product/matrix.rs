//! Matrices of a product: slices whose length was checked against the places of all their numbers.
//!
//! The fields are private to this file, so whoever has one of these may read every place of it without a check.

use super::PANEL;
use crate::scratch::copy_rows;

/// A left factor of (rows, inner): element (row, k) is at `row * of_row + k * of_column`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left<'a> {
    numbers: &'a [f32],
    rows: usize,
    inner: usize,
    of_row: usize,
    of_column: usize,
}

impl<'a> Left<'a> {
    /// Rows of `inner` numbers, one after the other.
    ///
    /// # Panics
    /// If there are fewer numbers.
    pub(crate) fn row_major(numbers: &'a [f32], rows: usize, inner: usize) -> Self {
        check(numbers, [(rows, inner), (inner, 1)]);
        Self { numbers, rows, inner, of_row: inner, of_column: 1 }
    }

    /// The transpose of the first `rows` columns of `inner` rows, which are `stride` apart.
    ///
    /// # Panics
    /// If there are fewer numbers.
    pub(crate) fn transposed(numbers: &'a [f32], stride: usize, rows: usize, inner: usize) -> Self {
        check(numbers, [(rows, 1), (inner, stride)]);
        Self { numbers, rows, inner, of_row: 1, of_column: stride }
    }

    /// The same transpose with its numbers brought together in this memory, if it is one whose rows are not.
    pub(super) fn brought_together(self, memory: &'a mut [f32]) -> Self {
        copy_rows(self.inner, self.rows, (self.numbers, self.of_column), (memory, self.rows));
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
    pub(super) fn of_row(self) -> usize {
        self.of_row
    }

    #[inline(always)]
    pub(super) fn of_column(self) -> usize {
        self.of_column
    }
}

/// A right factor of (inner, columns) whose rows are contiguous: element (k, column) is at
/// `column / PANEL * of_panel + k * of_row + column % PANEL`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Right<'a> {
    numbers: &'a [f32],
    inner: usize,
    columns: usize,
    of_panel: usize,
    of_row: usize,
}

impl<'a> Right<'a> {
    /// The first `columns` of rows that are `stride` apart.
    ///
    /// # Panics
    /// If there are fewer numbers.
    pub(crate) fn row_major(
        numbers: &'a [f32],
        stride: usize,
        inner: usize,
        columns: usize,
    ) -> Self {
        check(numbers, [(inner, stride), (columns, 1)]);
        Self { numbers, inner, columns, of_panel: PANEL, of_row: stride }
    }

    /// Panels of `inner` rows, one after the other; the last is filled up.
    ///
    /// # Panics
    /// If there are fewer numbers.
    pub(crate) fn panels(numbers: &'a [f32], inner: usize, columns: usize) -> Self {
        let of_panel = PANEL * inner;
        check(numbers, [(columns.div_ceil(PANEL), of_panel), (of_panel, 1)]);
        Self { numbers, inner, columns, of_panel, of_row: PANEL }
    }

    /// Some columns, of one panel if it has panels.
    #[inline(always)]
    pub(super) fn tile(self, first: usize, width: usize) -> Tile<'a> {
        Tile::new(self.from(first), self.of_row, self.inner, width)
    }

    /// The same with their numbers brought together, `stride` apart, in this memory.
    #[inline(always)]
    pub(super) fn tile_in<'b>(
        self,
        first: usize,
        width: usize,
        (memory, stride): (&'b mut [f32], usize),
    ) -> Tile<'b> {
        copy_rows(self.inner, width, (self.from(first), self.of_row), (memory, stride));
        Tile::new(memory, stride, self.inner, width)
    }

    /// The numbers from this column of the first row on.
    #[inline(always)]
    fn from(self, column: usize) -> &'a [f32] {
        &self.numbers[column / PANEL * self.of_panel + column % PANEL..]
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
    pub(super) fn of_panel(self) -> usize {
        self.of_panel
    }

    #[inline(always)]
    pub(super) fn of_row(self) -> usize {
        self.of_row
    }
}

/// Neighbouring columns of a right factor: element (k, lane) is at `k * of_row + lane`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile<'a> {
    numbers: &'a [f32],
    of_row: usize,
    inner: usize,
    width: usize,
}

impl<'a> Tile<'a> {
    #[inline(always)]
    fn new(numbers: &'a [f32], of_row: usize, inner: usize, width: usize) -> Self {
        check(numbers, [(inner, of_row), (width, 1)]);
        Self { numbers, of_row, inner, width }
    }

    #[inline(always)]
    pub(super) fn numbers(self) -> &'a [f32] {
        self.numbers
    }

    #[inline(always)]
    pub(super) fn of_row(self) -> usize {
        self.of_row
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

/// Panics if a matrix with these lengths and strides of its axes goes beyond its numbers.
#[inline(always)]
pub(super) fn check(numbers: &[f32], axes: [(usize, usize); 2]) {
    let [(rows, of_row), (columns, of_column)] = axes;
    if rows == 0 || columns == 0 {
        return;
    }
    let last = |count: usize, stride: usize| (count - 1).checked_mul(stride);
    let last = last(rows, of_row).zip(last(columns, of_column)).and_then(|(a, b)| a.checked_add(b));
    let length = numbers.len();
    assert!(last.is_some_and(|last| last < length), "a matrix goes beyond {length} numbers");
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    const NUMBERS: [f32; 64] = [0.0; 64];

    /// Whether a matrix is accepted over so many numbers, and refused over one less.
    #[track_caller]
    fn needs<T>(count: usize, make: impl Fn(&'static [f32]) -> T + std::panic::RefUnwindSafe) {
        let numbers: &'static [f32] = vec![0.0; count].leak();
        assert!(catch_unwind(|| drop(make(numbers))).is_ok(), "{count} numbers are enough");
        let fewer = &numbers[..count.saturating_sub(1)];
        assert!(count == 0 || catch_unwind(|| drop(make(fewer))).is_err(), "fewer are not");
    }

    #[test]
    fn a_matrix_is_within_its_numbers() {
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

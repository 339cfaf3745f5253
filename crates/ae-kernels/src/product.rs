//! Matrix products by the `gemm` crate, behind bounds.

use gemm::Parallelism;

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

/// What a product does with what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    /// Replaces it.
    Set,
    /// Is added to it.
    Add,
}

/// `(rows, inner)` times `(inner, columns)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) rows: usize,
    pub(crate) inner: usize,
    pub(crate) columns: usize,
}

/// Computes `destination = left right` or `destination += left right` on the calling thread.
///
/// # Panics
/// If a matrix goes beyond its slice.
#[expect(unsafe_code, reason = "the products' kernels take pointers")]
pub(crate) fn multiply(
    shape: Shape,
    (destination, to): (&mut [f32], Strides),
    store: Store,
    (left, of_left): (&[f32], Strides),
    (right, of_right): (&[f32], Strides),
) {
    let Shape { rows, inner, columns } = shape;
    check(destination.len(), rows, columns, to);
    check(left.len(), rows, inner, of_left);
    check(right.len(), inner, columns, of_right);
    let stride = |stride: usize| stride as isize;
    // SAFETY: every element (row, column) of the three matrices is within its slice (checked above),
    // the slices live through the call, and the destination is borrowed exclusively.
    unsafe {
        gemm::gemm(
            rows,
            columns,
            inner,
            destination.as_mut_ptr(),
            stride(to.of_column),
            stride(to.of_row),
            store == Store::Add,
            left.as_ptr(),
            stride(of_left.of_column),
            stride(of_left.of_row),
            right.as_ptr(),
            stride(of_right.of_column),
            stride(of_right.of_row),
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

fn check(length: usize, rows: usize, columns: usize, strides: Strides) {
    if rows == 0 || columns == 0 {
        return;
    }
    let last = (rows - 1)
        .checked_mul(strides.of_row)
        .zip((columns - 1).checked_mul(strides.of_column))
        .and_then(|(row, column)| row.checked_add(column));
    assert!(
        last.is_some_and(|last| last < length && length <= isize::MAX as usize),
        "a matrix of {rows} x {columns} with {strides:?} does not fit {length} numbers"
    );
}

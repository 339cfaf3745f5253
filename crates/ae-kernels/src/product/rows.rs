//! Rows with a stride, and copies of them.

/// Rows whose beginnings are `stride` numbers apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct StridedRows<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) stride: usize,
}

/// Rows to write whose beginnings are `stride` numbers apart.
#[derive(Debug)]
pub(super) struct StridedRowsMut<'a> {
    pub(super) numbers: &'a mut [f32],
    pub(super) stride: usize,
}

/// Copies the first `width` numbers of `rows` rows.
#[inline(always)]
pub(super) fn copy_rows(
    rows: usize,
    width: usize,
    source: StridedRows<'_>,
    target: StridedRowsMut<'_>,
) {
    let sources = source.numbers.chunks(source.stride);
    for (target, source) in target.numbers.chunks_mut(target.stride).zip(sources).take(rows) {
        target[..width].copy_from_slice(&source[..width]);
    }
}

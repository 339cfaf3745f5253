//! Rows to columns.

use crate::simd::vectorised;

/// Rows and columns that are transposed at once, so that every cache line is read once.
const SQUARE: usize = 8;

/// Writes rows of `width` numbers as columns: number `k` of row `i` to place `k * stride + i`.
///
/// # Panics
/// If the columns do not hold as many numbers, `stride` apart.
pub(crate) fn transpose(rows: &[f32], width: usize, (columns, stride): (&mut [f32], usize)) {
    let height = rows.len() / width;
    let (whole_rows, whole_columns) = (height - height % SQUARE, width - width % SQUARE);
    vectorised(
        #[inline(always)]
        || {
            for k in (0..whole_columns).step_by(SQUARE) {
                for row in (0..whole_rows).step_by(SQUARE) {
                    let to = &mut columns[k * stride + row..];
                    transpose_square(&rows[row * width + k..], width, (to, stride));
                }
            }
        },
    );
    for (i, row) in rows.chunks_exact(width).enumerate() {
        let done = if i < whole_rows { whole_columns } else { 0 };
        for (to, from) in columns.chunks_mut(stride).zip(row).skip(done) {
            to[i] = *from;
        }
    }
}

/// A square with its rows `width` apart into one with its rows `stride` apart. Its numbers are in
/// registers meanwhile.
#[inline(always)]
fn transpose_square(rows: &[f32], width: usize, (columns, stride): (&mut [f32], usize)) {
    let square: [[f32; SQUARE]; SQUARE] =
        std::array::from_fn(|i| std::array::from_fn(|k| rows[i * width..][..SQUARE][k]));
    for (k, to) in columns.chunks_mut(stride).take(SQUARE).enumerate() {
        let to = &mut to[..SQUARE];
        for i in 0..SQUARE {
            to[i] = square[i][k];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns_and_nothing_else_is_written() {
        for (height, width) in [(1, 1), (7, 9), (8, 8), (16, 24), (17, 31), (32, 784), (33, 40)] {
            for stride in [height, height + 5] {
                let rows: Vec<f32> = (1..=height * width).map(|i| i as f32).collect();
                let mut columns = vec![0.0; width * stride];
                transpose(&rows, width, (&mut columns, stride));
                for (place, found) in columns.into_iter().enumerate() {
                    let (k, i) = (place / stride, place % stride);
                    let expected = if i < height { rows[i * width + k] } else { 0.0 };
                    assert_eq!(found, expected, "{height} x {width} by {stride}: {k}, {i}");
                }
            }
        }
    }
}

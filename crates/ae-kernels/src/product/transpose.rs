//! Transposition.

use super::rows::StridedRowsMut;
use crate::simd::vectorised;

/// Rows and columns that are transposed together, so that each cache line is read once.
const SQUARE: usize = 8;

/// Writes the transpose of contiguous rows of `width` numbers: element (row, column) of `rows` becomes element
/// (column, row) of `transposed`.
///
/// # Panics
/// If `transposed` does not hold as many numbers.
pub(super) fn transpose(rows: &[f32], width: usize, transposed: StridedRowsMut<'_>) {
    let StridedRowsMut { numbers: transposed, stride } = transposed;
    let height = rows.len() / width;
    let (whole_rows, whole_columns) = (height - height % SQUARE, width - width % SQUARE);
    vectorised(
        #[inline(always)]
        || {
            for column in (0..whole_columns).step_by(SQUARE) {
                for row in (0..whole_rows).step_by(SQUARE) {
                    let numbers = &mut transposed[column * stride + row..];
                    let target = StridedRowsMut { numbers, stride };
                    transpose_square(&rows[row * width + column..], width, target);
                }
            }
        },
    );
    for (index, row) in rows.chunks_exact(width).enumerate() {
        let done = if index < whole_rows { whole_columns } else { 0 };
        for (target, number) in transposed.chunks_mut(stride).zip(row).skip(done) {
            target[index] = *number;
        }
    }
}

/// Transposes a square of rows with stride `width`, through registers.
#[inline(always)]
fn transpose_square(rows: &[f32], width: usize, transposed: StridedRowsMut<'_>) {
    let square: [[f32; SQUARE]; SQUARE] =
        std::array::from_fn(|i| std::array::from_fn(|k| rows[i * width..][..SQUARE][k]));
    let targets = transposed.numbers.chunks_mut(transposed.stride).take(SQUARE);
    for (k, target) in targets.enumerate() {
        let target = &mut target[..SQUARE];
        for i in 0..SQUARE {
            target[i] = square[i][k];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transpose_is_written_and_nothing_else() {
        for (height, width) in [(1, 1), (7, 9), (8, 8), (16, 24), (17, 31), (32, 784), (33, 40)] {
            for stride in [height, height + 5] {
                let rows: Vec<f32> = (1..=height * width).map(|i| i as f32).collect();
                let mut transposed = vec![0.0; width * stride];
                transpose(&rows, width, StridedRowsMut { numbers: &mut transposed, stride });
                for (place, found) in transposed.into_iter().enumerate() {
                    let (k, i) = (place / stride, place % stride);
                    let expected = if i < height { rows[i * width + k] } else { 0.0 };
                    assert_eq!(found, expected, "{height} x {width} by {stride}: {k}, {i}");
                }
            }
        }
    }
}

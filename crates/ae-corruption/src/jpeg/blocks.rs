//! The blocks of one channel: transform, rounding, inverse transform.

use super::tables::Table;

const SIDE: usize = 8;

type Block = [f32; SIDE * SIDE];

/// The transform's matrix, `c_k / 2 cos((2 n + 1) k pi / 16)` with `c_0 = sqrt(1/2)` and `c_k = 1`: row `k`, column
/// `n`. Written out, because a cosine of the C library differs in its last bits between systems.
const BASIS: [[f32; SIDE]; SIDE] = {
    // cos(k pi / 16) / 2, and cos(pi / 4) / 2 for k = 0.
    const C: [f32; SIDE] = [
        0.353_553_39,
        0.490_392_64,
        0.461_939_77,
        0.415_734_8,
        0.353_553_39,
        0.277_785_12,
        0.191_341_72,
        0.097_545_16,
    ];
    [
        [C[0], C[0], C[0], C[0], C[0], C[0], C[0], C[0]],
        [C[1], C[3], C[5], C[7], -C[7], -C[5], -C[3], -C[1]],
        [C[2], C[6], -C[6], -C[2], -C[2], -C[6], C[6], C[2]],
        [C[3], -C[7], -C[1], -C[5], C[5], C[1], C[7], -C[3]],
        [C[4], -C[4], -C[4], C[4], C[4], -C[4], -C[4], C[4]],
        [C[5], -C[1], C[7], C[3], -C[3], -C[7], C[1], -C[5]],
        [C[6], -C[2], C[2], -C[6], -C[6], C[2], -C[2], C[6]],
        [C[7], -C[5], C[3], -C[1], C[1], -C[3], C[5], -C[7]],
    ]
};

/// Compresses and decompresses a plane of values from 0 to 255. Blocks that reach over the border are filled with the
/// last column and the last row, as by libjpeg.
pub(super) fn compress(plane: &mut [f32], width: usize, table: &Table) {
    let height = plane.len() / width;
    for top in (0..height).step_by(SIDE) {
        for left in (0..width).step_by(SIDE) {
            let place = |index: usize| {
                let (y, x) = (top + index / SIDE, left + index % SIDE);
                (y.min(height - 1) * width + x.min(width - 1), y < height && x < width)
            };
            let block = std::array::from_fn(|index| plane[place(index).0] - 128.0);
            let block = decompressed(&block, table);
            for (index, value) in block.into_iter().enumerate() {
                if let (place, true) = place(index) {
                    plane[place] = (value + 128.0).round().clamp(0.0, 255.0);
                }
            }
        }
    }
}

/// The block after its coefficients were rounded to multiples of the table's entries.
fn decompressed(block: &Block, table: &Table) -> Block {
    let mut coefficients = transform_rows(&transform_rows(block, forward), forward);
    for (index, coefficient) in coefficients.iter_mut().enumerate() {
        let step = table[index];
        *coefficient = (*coefficient / step).round() * step;
    }
    transform_rows(&transform_rows(&coefficients, inverse), inverse)
}

/// Transforms each row and writes it as a column.
fn transform_rows(block: &Block, transform: fn(&[f32]) -> [f32; SIDE]) -> Block {
    let mut transposed = [0.0; SIDE * SIDE];
    for (y, row) in block.chunks_exact(SIDE).enumerate() {
        for (x, value) in transform(row).into_iter().enumerate() {
            transposed[x * SIDE + y] = value;
        }
    }
    transposed
}

fn forward(row: &[f32]) -> [f32; SIDE] {
    BASIS.map(|basis| basis.iter().zip(row).map(|(b, x)| b * x).sum())
}

fn inverse(row: &[f32]) -> [f32; SIDE] {
    let mut values = [0.0; SIDE];
    for (basis, coefficient) in BASIS.iter().zip(row) {
        values.iter_mut().zip(basis).for_each(|(value, b)| *value += b * coefficient);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    // from scipy.fft import dctn; import numpy as np
    // dctn(np.arange(64).reshape(8, 8) ** 2 % 97, norm="ortho")[[0, 0, 3, 7], [0, 5, 2, 7]]
    #[test]
    fn coefficients_are_those_of_scipy() {
        let block: Block = std::array::from_fn(|index| (index * index % 97) as f32);
        let found = transform_rows(&transform_rows(&block, forward), forward);
        let expected = [398.125, 5.6166, -22.5743, 6.6742];
        for (index, expected) in [0, 5, 3 * 8 + 2, 63].into_iter().zip(expected) {
            assert!(
                (found[index] - expected).abs() < 1e-3,
                "{}, expected {expected}",
                found[index]
            );
        }
    }

    #[test]
    fn a_block_with_a_table_of_ones_is_itself() {
        let block: Block = std::array::from_fn(|index| (index * index % 97) as f32 * 2.0 - 90.0);
        let coefficients = transform_rows(&transform_rows(&block, forward), forward);
        let found = transform_rows(&transform_rows(&coefficients, inverse), inverse);
        for (found, expected) in found.into_iter().zip(block) {
            assert!((found - expected).abs() < 1e-3, "{found}, expected {expected}");
        }
    }
}

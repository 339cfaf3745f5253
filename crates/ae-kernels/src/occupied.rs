//! Where rows of numbers differ from 0.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__m256;

use pulp::bytemuck::cast;
#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;
use pulp::{Simd, WithSimd};

use crate::simd::Dispatch;
use crate::terms::{Bits, WORD, words};

/// Rows that speak for all: noise has no background, and to look costs time.
const SAMPLE: usize = 8;
/// Of the sample's numbers, so many must be 0 for the others to be looked at.
const ZEROS_WORTH_A_LOOK: f32 = 0.15;

/// Rows of numbers of which some are 0: a bit for each number that is not.
#[derive(Debug, Default)]
pub(crate) struct Occupied {
    rows: usize,
    width: usize,
    /// Of each row, the columns.
    of_rows: Vec<u64>,
    /// Of each column, the rows.
    of_columns: Vec<u64>,
    /// How many of the numbers differ from 0; none if they were not looked through.
    share: Option<f32>,
}

/// What is looked for in rows of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// The columns of each row: for products with the rows.
    Rows,
    /// The rows of each column too: for the weight's gradient.
    Both,
}

impl Occupied {
    /// Looks through rows of `width` numbers, unless too few of the first are 0 to care.
    pub(crate) fn find(&mut self, numbers: &[f32], width: usize, look: Look) {
        self.find_with(Dispatch::Widest, numbers, width, look);
    }

    pub(crate) fn find_with(
        &mut self,
        dispatch: Dispatch,
        numbers: &[f32],
        width: usize,
        look: Look,
    ) {
        (self.rows, self.width, self.share) = (numbers.len() / width, width, None);
        self.of_columns.clear();
        self.of_rows.clear();
        self.of_rows.resize(self.rows * words(width), 0);
        let (sample, others) = numbers.split_at(self.rows.min(SAMPLE) * width);
        let (of_sample, of_others) =
            self.of_rows.split_at_mut(self.rows.min(SAMPLE) * words(width));
        let found = dispatch.run(Find { numbers: sample, width, bits: of_sample });
        if (found as f32) > (1.0 - ZEROS_WORTH_A_LOOK) * sample.len() as f32 {
            return;
        }
        let found = found + dispatch.run(Find { numbers: others, width, bits: of_others });
        self.share = Some(found as f32 / numbers.len() as f32);
        if look == Look::Both {
            self.transpose();
        }
    }

    /// The columns of each row that differ from 0, if enough are.
    pub(crate) fn of_rows(&self) -> Option<Bits<'_>> {
        Some(Bits::new(&self.of_rows, words(self.width), self.share?))
    }

    /// The rows of each column that differ from 0, if enough are and both were looked for.
    pub(crate) fn of_columns(&self) -> Option<Bits<'_>> {
        let share = self.share.filter(|_| !self.of_columns.is_empty())?;
        Some(Bits::new(&self.of_columns, words(self.rows), share))
    }

    fn transpose(&mut self) {
        let (of_row, of_column) = (words(self.width), words(self.rows));
        self.of_columns.resize(of_row * WORD * of_column, 0);
        for (index, rows) in self.of_rows.chunks(WORD * of_row).enumerate() {
            for (word, columns) in self.of_columns.chunks_exact_mut(WORD * of_column).enumerate() {
                let mut square = [0; WORD];
                let from = rows.iter().skip(word).step_by(of_row);
                square.iter_mut().zip(from).for_each(|(to, bits)| *to = *bits);
                transpose_square(&mut square);
                let to = columns.iter_mut().skip(index).step_by(of_column);
                to.zip(square).for_each(|(to, bits)| *to = bits);
            }
        }
    }
}

/// Exchanges bit `i` of word `k` with bit `k` of word `i`: halves of the square first, then of its
/// quarters, and so on (Warren, "Hacker's Delight", 2nd edition, section 7-3).
fn transpose_square(square: &mut [u64; WORD]) {
    let (mut half, mut mask) = (WORD / 2, u64::MAX >> (WORD / 2));
    while half > 0 {
        for pair in square.chunks_exact_mut(2 * half) {
            let (upper, lower) = pair.split_at_mut(half);
            for (a, b) in upper.iter_mut().zip(lower) {
                let exchanged = (*a >> half ^ *b) & mask;
                *a ^= exchanged << half;
                *b ^= exchanged;
            }
        }
        half /= 2;
        mask ^= mask << half;
    }
}

/// Sets the bits of some rows and counts them.
struct Find<'a> {
    numbers: &'a [f32],
    width: usize,
    bits: &'a mut [u64],
}

impl WithSimd for Find<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let mut found = 0;
        let rows = self.numbers.chunks_exact(self.width);
        for (bits, row) in self.bits.chunks_exact_mut(words(self.width)).zip(rows) {
            for (word, numbers) in bits.iter_mut().zip(row.chunks(WORD)) {
                *word = bits_of(simd, numbers);
                found += word.count_ones() as usize;
            }
        }
        found
    }
}

/// A bit for each number, of at most 64, that is not 0.
#[inline(always)]
fn bits_of<S: Simd>(simd: S, numbers: &[f32]) -> u64 {
    let mut bits = 0;
    let (vectors, rest) = S::as_simd_f32s(numbers);
    // AVX-512 compares to bits, AVX to whole lanes.
    if const { size_of::<S::m32s>() == size_of::<u16>() } && rest.is_empty() {
        for (index, &vector) in vectors.iter().enumerate() {
            let zeros: u16 = cast(simd.equal_f32s(vector, simd.splat_f32s(0.0)));
            bits |= u64::from(!zeros) << (16 * index);
        }
        return bits;
    }
    #[cfg(target_arch = "x86_64")]
    if const { size_of::<S::m32s>() == size_of::<__m256>() }
        && rest.is_empty()
        && let Some(V3 { avx, .. }) = V3::try_new()
    {
        for (index, &vector) in vectors.iter().enumerate() {
            let zeros: __m256 = cast(simd.equal_f32s(vector, simd.splat_f32s(0.0)));
            bits |= u64::from(!avx._mm256_movemask_ps(zeros) as u8) << (8 * index);
        }
        return bits;
    }
    let mut bytes = [0; WORD];
    for (byte, &number) in bytes.iter_mut().zip(numbers) {
        *byte = u8::from(number != 0.0);
    }
    for (index, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        // The product brings byte `i` of these, 0 or 1, to bit `56 + i`.
        let product = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080);
        bits |= product >> 56 << (8 * index);
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::dispatches;

    #[test]
    fn bits_are_set_where_numbers_differ_from_zero() {
        for (rows, width) in [(1, 1), (3, 40), (64, 64), (65, 100), (130, 784)] {
            let number = |i: usize| match ((i + 5) * 7919) % 13 {
                0..3 => (i % 5) as f32 - 6.0,
                3 => f32::NAN,
                4 => -0.0,
                _ => 0.0,
            };
            let numbers: Vec<f32> = (0..rows * width).map(number).collect();
            let differs = |row: usize, column: usize| numbers[row * width + column] != 0.0;
            for dispatch in dispatches() {
                let mut occupied = Occupied::default();
                // The memory of other rows is used again.
                occupied.find_with(dispatch, &[0.0; 700], 70, Look::Both);
                occupied.find_with(dispatch, &numbers, width, Look::Both);
                let (of_rows, of_columns) = (occupied.of_rows(), occupied.of_columns());
                for row in 0..rows {
                    let found: Vec<_> = of_rows.unwrap().places(row, 1, 0..width).collect();
                    let expected: Vec<_> = (0..width).filter(|&k| differs(row, k)).collect();
                    assert_eq!(found, expected, "row {row} of {rows} x {width}, {dispatch:?}");
                }
                for column in 0..width {
                    let found: Vec<_> = of_columns.unwrap().places(column, 1, 0..rows).collect();
                    let expected: Vec<_> = (0..rows).filter(|&row| differs(row, column)).collect();
                    assert_eq!(found, expected, "column {column} of {rows} x {width}");
                }
                let count = numbers.iter().filter(|&&number| number != 0.0).count();
                let share = count as f32 / numbers.len() as f32;
                assert!((of_rows.unwrap().share(1) - share).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn columns_of_other_rows_are_forgotten() {
        let mut occupied = Occupied::default();
        occupied.find(&[0.0; 700], 70, Look::Both);
        assert!(occupied.of_columns().is_some());
        occupied.find(&[0.0; 700], 70, Look::Rows);
        assert!(occupied.of_rows().is_some());
        assert!(occupied.of_columns().is_none());
    }

    #[test]
    fn noise_is_not_looked_through() {
        let numbers: Vec<f32> = (0..64 * 784).map(|i| (i % 1009) as f32 - 0.5).collect();
        let mut occupied = Occupied::default();
        occupied.find(&numbers, 784, Look::Both);
        assert!(occupied.of_rows().is_none() && occupied.of_columns().is_none());
    }
}

//! The search for numbers that are not 0.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__m256;

use pulp::bytemuck::cast;
#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;
use pulp::{Simd, WithSimd};

use super::bits::{NonzeroBits, WORD_BITS, words};
use crate::simd::Dispatch;

/// Rows that are searched first. If they have few zeros (noise has none), the others are not searched.
const SAMPLE_ROWS: usize = 8;
/// The fraction of zeros in the sample from which on the other rows are searched.
const LEAST_ZEROS: f32 = 0.15;

/// Where the numbers of a slice, (rows, width), differ from 0. The memory is reused from slice to slice.
#[derive(Debug, Default)]
pub(crate) struct Nonzeros {
    rows: usize,
    width: usize,
    /// For each row, a bit for each column.
    row_bits: Vec<u64>,
    /// For each column, a bit for each row; empty if it was not asked for.
    column_bits: Vec<u64>,
    /// The fraction of the numbers that differ from 0; `None` if there are too few zeros to be worth skipping.
    density: Option<f32>,
}

/// The axes along which products will need the nonzeros of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ScannedAxes {
    /// The columns of each row: for products of the slice with a weight.
    Rows,
    /// The rows of each column too: for the gradient of a weight.
    RowsAndColumns,
}

impl Nonzeros {
    /// Searches rows of `width` numbers, unless the first rows have too few zeros.
    #[inline]
    pub(crate) fn scan(&mut self, numbers: &[f32], width: usize, axes: ScannedAxes) {
        self.scan_with(Dispatch::Widest, numbers, width, axes);
    }

    fn scan_with(&mut self, dispatch: Dispatch, numbers: &[f32], width: usize, axes: ScannedAxes) {
        (self.rows, self.width, self.density) = (numbers.len() / width, width, None);
        self.column_bits.clear();
        self.row_bits.clear();
        self.row_bits.resize(self.rows * words(width), 0);
        let sample_rows = self.rows.min(SAMPLE_ROWS);
        let (sample, others) = numbers.split_at(sample_rows * width);
        let (sample_bits, other_bits) = self.row_bits.split_at_mut(sample_rows * words(width));
        let found = dispatch.run(Scan { numbers: sample, width, bits: sample_bits });
        if (found as f32) > (1.0 - LEAST_ZEROS) * sample.len() as f32 {
            return;
        }
        let found = found + dispatch.run(Scan { numbers: others, width, bits: other_bits });
        self.density = Some(found as f32 / numbers.len() as f32);
        if axes == ScannedAxes::RowsAndColumns {
            self.transpose_bits();
        }
    }

    #[inline]
    pub(in crate::product) fn rows(&self) -> usize {
        self.rows
    }

    #[inline]
    pub(in crate::product) fn width(&self) -> usize {
        self.width
    }

    /// The nonzero columns of each row, if there are enough zeros.
    #[inline]
    pub(in crate::product) fn in_rows(&self) -> Option<NonzeroBits<'_>> {
        Some(NonzeroBits::new(&self.row_bits, words(self.width), self.density?))
    }

    /// The nonzero rows of each column, if there are enough zeros and columns were scanned.
    #[inline]
    pub(in crate::product) fn in_columns(&self) -> Option<NonzeroBits<'_>> {
        let density = self.density.filter(|_| !self.column_bits.is_empty())?;
        Some(NonzeroBits::new(&self.column_bits, words(self.rows), density))
    }

    fn transpose_bits(&mut self) {
        let (row_words, column_words) = (words(self.width), words(self.rows));
        self.column_bits.resize(row_words * WORD_BITS * column_words, 0);
        for (index, rows) in self.row_bits.chunks(WORD_BITS * row_words).enumerate() {
            let columns = self.column_bits.chunks_exact_mut(WORD_BITS * column_words);
            for (word, columns) in columns.enumerate() {
                let mut square = [0; WORD_BITS];
                let sources = rows.iter().skip(word).step_by(row_words);
                square.iter_mut().zip(sources).for_each(|(target, bits)| *target = *bits);
                transpose_square(&mut square);
                let targets = columns.iter_mut().skip(index).step_by(column_words);
                targets.zip(square).for_each(|(target, bits)| *target = bits);
            }
        }
    }
}

/// Exchanges bit `i` of word `k` with bit `k` of word `i`, by swapping blocks of half the size in each step (Warren,
/// "Hacker's Delight", 2nd edition, section 7-3).
fn transpose_square(square: &mut [u64; WORD_BITS]) {
    let (mut half, mut mask) = (WORD_BITS / 2, u64::MAX >> (WORD_BITS / 2));
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

/// Sets the bits of rows and counts them.
struct Scan<'a> {
    numbers: &'a [f32],
    width: usize,
    bits: &'a mut [u64],
}

impl WithSimd for Scan<'_> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let mut found = 0;
        let rows = self.numbers.chunks_exact(self.width);
        for (bits, row) in self.bits.chunks_exact_mut(words(self.width)).zip(rows) {
            for (word, numbers) in bits.iter_mut().zip(row.chunks(WORD_BITS)) {
                *word = bits_of(simd, numbers);
                found += word.count_ones() as usize;
            }
        }
        found
    }
}

/// A bit for each of at most 64 numbers, set if the number is not 0.
#[inline(always)]
fn bits_of<S: Simd>(simd: S, numbers: &[f32]) -> u64 {
    let mut bits = 0;
    let (vectors, rest) = S::as_simd_f32s(numbers);
    // The result of a comparison is a bit for each lane with AVX-512, a mask of the lane's width with AVX.
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
    let mut bytes = [0; WORD_BITS];
    for (byte, &number) in bytes.iter_mut().zip(numbers) {
        *byte = u8::from(number != 0.0);
    }
    for (index, eight) in bytes.as_chunks::<8>().0.iter().enumerate() {
        // The product moves byte `i`, which is 0 or 1, to bit `56 + i`.
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
                let mut nonzeros = Nonzeros::default();
                // Bits of an earlier slice must not remain.
                nonzeros.scan_with(dispatch, &[0.0; 700], 70, ScannedAxes::RowsAndColumns);
                nonzeros.scan_with(dispatch, &numbers, width, ScannedAxes::RowsAndColumns);
                let (in_rows, in_columns) = (nonzeros.in_rows(), nonzeros.in_columns());
                for row in 0..rows {
                    let found: Vec<_> = in_rows.unwrap().positions(row, 1, 0..width).collect();
                    let expected: Vec<_> = (0..width).filter(|&k| differs(row, k)).collect();
                    assert_eq!(found, expected, "row {row} of {rows} x {width}, {dispatch:?}");
                }
                for column in 0..width {
                    let found: Vec<_> = in_columns.unwrap().positions(column, 1, 0..rows).collect();
                    let expected: Vec<_> = (0..rows).filter(|&row| differs(row, column)).collect();
                    assert_eq!(found, expected, "column {column} of {rows} x {width}");
                }
                let count = numbers.iter().filter(|&&number| number != 0.0).count();
                let density = count as f32 / numbers.len() as f32;
                assert!((in_rows.unwrap().density_of_union(1) - density).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn column_bits_of_an_earlier_slice_are_forgotten() {
        let mut nonzeros = Nonzeros::default();
        nonzeros.scan(&[0.0; 700], 70, ScannedAxes::RowsAndColumns);
        assert!(nonzeros.in_columns().is_some());
        nonzeros.scan(&[0.0; 700], 70, ScannedAxes::Rows);
        assert!(nonzeros.in_rows().is_some());
        assert!(nonzeros.in_columns().is_none());
    }

    #[test]
    fn rows_without_zeros_are_not_scanned() {
        let numbers: Vec<f32> = (0..64 * 784).map(|i| (i % 1009) as f32 - 0.5).collect();
        let mut nonzeros = Nonzeros::default();
        nonzeros.scan(&numbers, 784, ScannedAxes::RowsAndColumns);
        assert!(nonzeros.in_rows().is_none() && nonzeros.in_columns().is_none());
    }
}

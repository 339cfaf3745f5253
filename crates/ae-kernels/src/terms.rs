//! Which terms of a product matter: much of an image is background, and a pixel that is 0 adds
//! nothing.
//!
//! Leaving out `0 * w` changes no sum of finite numbers (the sign of a zero aside), so where it is
//! done is no part of the results.

use pulp::bytemuck::cast;
use pulp::{Simd, WithSimd};

use crate::product::tile;
use crate::simd::Dispatch;

/// Of 16 terms, so many must be 0 for leaving them out to be worth its cost.
const ZEROS_OF_16: usize = 3;

/// Which terms of a sum are added.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Terms<'a> {
    /// All of them.
    All,
    /// Those that differ from 0 in a row of the left factor's tile.
    OfRows(&'a Occupied),
    /// Those that differ from 0 in a column of the right factor's tile.
    OfColumns(&'a Occupied),
}

/// Where rows of numbers differ from 0, tile by tile of a product: a bit for each place.
#[derive(Debug, Default)]
pub(crate) struct Occupied {
    rows: usize,
    width: usize,
    /// Of each tile of rows, the columns.
    columns: Vec<u64>,
    /// Of each tile of columns, the rows.
    of_columns: Vec<u64>,
    /// Memory: those of one row.
    of_row: Vec<u64>,
}

/// What is looked for in rows of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// The columns of each tile of rows: for products with the rows.
    Rows,
    /// The rows of each tile of columns too: for the weight's gradient.
    Both,
}

impl Occupied {
    /// Looks through rows of `width` numbers; false if too few are 0 to care.
    pub(crate) fn find(&mut self, numbers: &[f32], width: usize, look: Look) -> bool {
        self.find_with(Dispatch::Widest, numbers, width, look)
    }

    pub(crate) fn find_with(
        &mut self,
        dispatch: Dispatch,
        numbers: &[f32],
        width: usize,
        look: Look,
    ) -> bool {
        (self.rows, self.width) = (numbers.len() / width, width);
        dispatch.run(Find { numbers, look, occupied: self })
    }

    /// The terms of a row's tile of that many rows, for a left factor of this width.
    pub(crate) fn of_row(&self, row: usize, tile_rows: usize, width: usize) -> Places<'_> {
        assert_eq!(self.width, width, "as many columns as were looked through");
        Places::new(&self.columns, row / tile_rows, width)
    }

    /// The terms of a column's tile of that many columns, for a right factor of so many rows.
    pub(crate) fn of_column(&self, column: usize, tile_columns: usize, rows: usize) -> Places<'_> {
        assert_eq!(self.rows, rows, "as many rows as were looked through");
        Places::new(&self.of_columns, column / tile_columns, rows)
    }
}

/// Increasing places, below their count.
#[derive(Debug, Clone)]
pub(crate) struct Places<'a> {
    words: std::slice::Iter<'a, u64>,
    word: u64,
    /// The place after the word's last bit.
    end: usize,
}

impl<'a> Places<'a> {
    /// Those of a tile, of `count`.
    fn new(bits: &'a [u64], tile: usize, count: usize) -> Self {
        let words = &bits[tile * words(count)..][..words(count)];
        let beyond = words
            .last()
            .is_some_and(|last| !count.is_multiple_of(WORD) && last >> (count % WORD) != 0);
        assert!(!beyond, "a place beyond {count}");
        Self { words: words.iter(), word: 0, end: 0 }
    }
}

impl Iterator for Places<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.word == 0 {
            self.word = *self.words.next()?;
            self.end += WORD;
        }
        let place = self.end - WORD + self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(place)
    }
}

/// Bits of a word.
const WORD: usize = u64::BITS as usize;

/// Words of so many bits.
fn words(bits: usize) -> usize {
    bits.div_ceil(WORD)
}

struct Find<'a> {
    numbers: &'a [f32],
    look: Look,
    occupied: &'a mut Occupied,
}

impl WithSimd for Find<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let (tile_rows, tile_columns) = tile::<S>();
        let Occupied { rows, width, columns, of_columns, of_row } = self.occupied;
        let (words_of_row, words_of_column) = (words(*width), words(*rows));
        columns.clear();
        columns.resize(rows.div_ceil(tile_rows) * words_of_row, 0);
        of_columns.clear();
        of_columns.resize(width.div_ceil(tile_columns) * words_of_column, 0);
        of_row.resize(words_of_row, 0);
        for (row, numbers) in self.numbers.chunks_exact(*width).enumerate() {
            let of_tile = &mut columns[row / tile_rows * words_of_row..][..words_of_row];
            for ((bits, of_tile), numbers) in
                of_row.iter_mut().zip(of_tile).zip(numbers.chunks(WORD))
            {
                *bits = bits_of(simd, numbers);
                *of_tile |= *bits;
            }
            if self.look == Look::Both {
                let tiles = of_columns.chunks_exact_mut(words_of_column).enumerate();
                for (tile, of_tile) in tiles {
                    let column = tile * tile_columns;
                    let bits = of_row[column / WORD] >> (column % WORD) << (WORD - tile_columns);
                    of_tile[row / WORD] |= u64::from(bits != 0) << (row % WORD);
                }
            }
            // The first tile speaks for all: noise has no background, and to look costs time.
            if row + 1 == tile_rows.min(*rows) {
                let found: usize =
                    columns[..words_of_row].iter().map(|bits| bits.count_ones() as usize).sum();
                if (*width - found) * 16 < *width * ZEROS_OF_16 {
                    return false;
                }
            }
        }
        true
    }
}

/// A bit for each number, of at most 64, that is not 0.
#[inline(always)]
fn bits_of<S: Simd>(simd: S, numbers: &[f32]) -> u64 {
    let mut bits = 0;
    let (vectors, rest) = S::as_simd_f32s(numbers);
    // AVX-512 compares to bits.
    if const { size_of::<S::m32s>() == size_of::<u16>() } && rest.is_empty() {
        for (index, &vector) in vectors.iter().enumerate() {
            let zeros: u16 = cast(simd.equal_f32s(vector, simd.splat_f32s(0.0)));
            bits |= u64::from(!zeros) << (16 * index);
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
    use crate::product::{Product, Right, Shape, Start, Strides};

    /// Rows of numbers of which most are 0, among them negative zeros and columns that are empty.
    fn background(rows: usize, width: usize) -> Vec<f32> {
        let number = |i: usize| match (i % width / 20 % 2, (i * 7919) % 11) {
            (0, 0..4) => (i % 97) as f32 / 97.0 - 0.3,
            (0, 4) => -0.0,
            _ => 0.0,
        };
        (0..rows * width).map(number).collect()
    }

    fn dense(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 613) % 1009) as f32 / 1009.0 - 0.5).collect()
    }

    fn dispatches() -> Vec<Dispatch> {
        vec![
            Dispatch::Widest,
            Dispatch::Scalar,
            #[cfg(target_arch = "x86_64")]
            Dispatch::Avx2,
        ]
    }

    fn multiply(
        (dispatch, terms): (Dispatch, Terms<'_>),
        shape: Shape,
        left: (&[f32], Strides),
        right: &[f32],
    ) -> Vec<f32> {
        let mut output = vec![0.0; shape.rows * shape.columns];
        dispatch.run(Product {
            shape,
            start: Start::Zero,
            left,
            right: Right::row_major(right, shape.columns),
            output: &mut output,
            stride: shape.columns,
            terms,
        });
        output
    }

    #[test]
    fn leaving_out_zeros_changes_no_product() {
        for (rows, width, outputs) in [(1, 50, 3), (9, 41, 33), (64, 784, 32), (70, 100, 65)] {
            let (numbers, other) = (background(rows, width), dense(width * outputs));
            for dispatch in dispatches() {
                let mut occupied = Occupied::default();
                assert!(occupied.find_with(dispatch, &numbers, width, Look::Both));
                // The forward pass: the rows are the left factor.
                let shape = Shape { rows, inner: width, columns: outputs };
                let left = (numbers.as_slice(), Strides::row_major(width));
                let [all, some] = [Terms::All, Terms::OfRows(&occupied)]
                    .map(|terms| multiply((dispatch, terms), shape, left, &other));
                assert_eq!(all, some, "{rows} x {width} x {outputs}, {dispatch:?}");
                // The weight's gradient: they are the right one.
                let other = dense(rows * outputs);
                let shape = Shape { rows: outputs, inner: rows, columns: width };
                let left = (other.as_slice(), Strides::row_major(outputs).transposed());
                let [all, some] = [Terms::All, Terms::OfColumns(&occupied)]
                    .map(|terms| multiply((dispatch, terms), shape, left, &numbers));
                assert_eq!(all, some, "{outputs} x {rows} x {width}, {dispatch:?}");
            }
        }
    }

    #[test]
    fn terms_are_those_that_differ_from_zero() {
        let mut occupied = Occupied::default();
        let mut numbers = vec![0.0; 3 * 40];
        (numbers[5], numbers[40 + 39], numbers[80 + 5]) = (1.0, -1.0, -0.0);
        assert!(occupied.find_with(Dispatch::Scalar, &numbers, 40, Look::Both));
        // Tiles of two rows and four columns.
        let listed = |places: Places<'_>| places.collect::<Vec<usize>>();
        assert_eq!(listed(occupied.of_row(0, 2, 40)), [5, 39]);
        assert_eq!(listed(occupied.of_row(2, 2, 40)), []);
        assert_eq!(listed(occupied.of_column(4, 4, 3)), [0]);
        assert_eq!(listed(occupied.of_column(36, 4, 3)), [1]);
        assert_eq!(listed(occupied.of_column(8, 4, 3)), []);
    }

    #[test]
    fn noise_is_not_listed() {
        let (mut occupied, numbers) = (Occupied::default(), dense(64 * 784));
        assert!(!occupied.find(&numbers, 784, Look::Both));
    }
}

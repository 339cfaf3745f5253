//! Rows of bits: a bit for each number that is not 0.

use std::ops::Range;

/// Bits of a word.
pub(super) const WORD_BITS: usize = u64::BITS as usize;

/// Words that hold so many bits.
pub(super) fn words(bits: usize) -> usize {
    bits.div_ceil(WORD_BITS)
}

/// The positions of nonzero numbers in rows: bit `k` of a row is set if number `k` differs from 0.
#[derive(Debug, Clone, Copy)]
pub(in crate::product) struct NonzeroBits<'a> {
    words: &'a [u64],
    words_per_row: usize,
    density: f32,
}

impl<'a> NonzeroBits<'a> {
    /// Rows of `words_per_row` words each. `density` is the fraction of the bits that are set.
    #[inline]
    pub(in crate::product) fn new(words: &'a [u64], words_per_row: usize, density: f32) -> Self {
        Self { words, words_per_row, density }
    }

    /// Whether rows of `inner` numbers have so many words.
    #[inline]
    pub(in crate::product) fn fits(self, inner: usize) -> bool {
        self.words_per_row == words(inner)
    }

    /// The rows from this one on.
    #[inline]
    pub(in crate::product) fn starting_at(self, row: usize) -> Self {
        Self { words: &self.words[row * self.words_per_row..], ..self }
    }

    /// The expected fraction of positions that are set in at least one of `rows` rows, if rows are independent.
    #[inline(always)]
    pub(super) fn density_of_union(self, rows: usize) -> f32 {
        1.0 - (0..rows).fold(1.0, |zeros, _| zeros * (1.0 - self.density))
    }

    /// The positions within `range` that are set in at least one of `rows` rows, in increasing order.
    #[inline(always)]
    pub(super) fn positions(self, row: usize, rows: usize, range: Range<usize>) -> Positions<'a> {
        let words = &self.words[row * self.words_per_row..(row + rows) * self.words_per_row];
        Positions {
            words,
            words_per_row: self.words_per_row,
            word: 0,
            base: 0,
            next: range.start,
            end: range.end,
        }
    }
}

/// Increasing positions within a range.
#[derive(Debug, Clone)]
pub(super) struct Positions<'a> {
    words: &'a [u64],
    words_per_row: usize,
    /// Bits that are still to come.
    word: u64,
    /// The position of the word's first bit.
    base: usize,
    /// The first position whose word was not read yet.
    next: usize,
    end: usize,
}

impl Positions<'_> {
    /// Reads the next word of all rows.
    #[inline(always)]
    fn advance(&mut self) {
        let (mut index, first) = (self.next / WORD_BITS, self.next % WORD_BITS);
        self.base = self.next - first;
        self.word = 0;
        while index < self.words.len() {
            self.word |= self.words[index];
            index += self.words_per_row;
        }
        let last = (self.end - self.base).min(WORD_BITS);
        self.word &= (u64::MAX << first) & (u64::MAX >> (WORD_BITS - last));
        self.next = self.base + WORD_BITS;
    }
}

impl Iterator for Positions<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.word == 0 {
            if self.next >= self.end {
                return None;
            }
            self.advance();
        }
        let position = self.base + self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_that_are_set_in_any_row_within_the_range() {
        let words = [1 << 5 | 1 << 63, 0b1001, 1 << 6, 1 << 20, 0, 0];
        let bits = NonzeroBits::new(&words, 2, 0.1);
        let positions = |row, rows, range| bits.positions(row, rows, range).collect::<Vec<_>>();
        assert_eq!(positions(0, 1, 0..128), [5, 63, 64, 67]);
        assert_eq!(positions(0, 2, 0..128), [5, 6, 63, 64, 67, 84]);
        assert_eq!(positions(0, 2, 6..67), [6, 63, 64]);
        assert_eq!(positions(0, 1, 64..67), [64]);
        assert_eq!(positions(2, 1, 0..128), []);
        assert_eq!(bits.starting_at(1).positions(0, 1, 0..100).collect::<Vec<_>>(), [6, 84]);
    }
}

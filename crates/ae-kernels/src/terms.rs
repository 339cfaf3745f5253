//! Which terms of a product matter: a background pixel is 0, and so is about half of what stands
//! behind a ReLU, forward and back.
//!
//! Leaving out `0 * w` changes no sum of finite numbers (the sign of a zero aside), so where it is
//! done is no part of the results.

use std::ops::Range;

/// Bits of a word.
pub(crate) const WORD: usize = u64::BITS as usize;

/// Words of so many bits.
pub(crate) fn words(bits: usize) -> usize {
    bits.div_ceil(WORD)
}

/// For each of some rows, a bit for each place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bits<'a> {
    words: &'a [u64],
    of_row: usize,
    share: f32,
}

impl<'a> Bits<'a> {
    /// Rows of so many words each, with this share of all bits set.
    pub(crate) fn new(words: &'a [u64], of_row: usize, share: f32) -> Self {
        Self { words, of_row, share }
    }

    /// Whether the rows have as many places as a product has terms.
    pub(crate) fn fits(self, terms: usize) -> bool {
        self.of_row == words(terms)
    }

    /// Those of the rows from this one on.
    pub(crate) fn starting_at(self, row: usize) -> Self {
        Self { words: &self.words[row * self.of_row..], ..self }
    }

    /// How many places are set in any of `rows` rows, as a share of all places: what is to be expected
    /// if rows do not know of each other.
    #[inline(always)]
    pub(crate) fn share(self, rows: usize) -> f32 {
        1.0 - (0..rows).fold(1.0, |zeros, _| zeros * (1.0 - self.share))
    }

    /// The places in a range that are set in any of `rows` rows, increasing.
    #[inline(always)]
    pub(crate) fn places(self, row: usize, rows: usize, range: Range<usize>) -> Places<'a> {
        let words = &self.words[row * self.of_row..(row + rows) * self.of_row];
        Places { words, of_row: self.of_row, word: 0, base: 0, next: range.start, end: range.end }
    }
}

/// Increasing places of a range.
#[derive(Debug, Clone)]
pub(crate) struct Places<'a> {
    words: &'a [u64],
    of_row: usize,
    word: u64,
    /// The place of the word's first bit.
    base: usize,
    /// The first place that no word was read for.
    next: usize,
    end: usize,
}

impl Places<'_> {
    /// Reads the next word of all rows.
    #[inline(always)]
    fn advance(&mut self) {
        let (mut at, first) = (self.next / WORD, self.next % WORD);
        self.base = self.next - first;
        self.word = 0;
        while at < self.words.len() {
            self.word |= self.words[at];
            at += self.of_row;
        }
        let last = (self.end - self.base).min(WORD);
        self.word &= (u64::MAX << first) & (u64::MAX >> (WORD - last));
        self.next = self.base + WORD;
    }
}

impl Iterator for Places<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        while self.word == 0 {
            if self.next >= self.end {
                return None;
            }
            self.advance();
        }
        let place = self.base + self.word.trailing_zeros() as usize;
        self.word &= self.word - 1;
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_any_of_the_rows_within_the_range() {
        let words = [1 << 5 | 1 << 63, 0b1001, 1 << 6, 1 << 20, 0, 0];
        let bits = Bits::new(&words, 2, 0.1);
        let listed = |row, rows, range| bits.places(row, rows, range).collect::<Vec<_>>();
        assert_eq!(listed(0, 1, 0..128), [5, 63, 64, 67]);
        assert_eq!(listed(0, 2, 0..128), [5, 6, 63, 64, 67, 84]);
        assert_eq!(listed(0, 2, 6..67), [6, 63, 64]);
        assert_eq!(listed(0, 1, 64..67), [64]);
        assert_eq!(listed(2, 1, 0..128), []);
        assert_eq!(bits.starting_at(1).places(0, 1, 0..100).collect::<Vec<_>>(), [6, 84]);
    }
}

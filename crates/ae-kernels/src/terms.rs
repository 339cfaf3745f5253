//! Which terms of a product matter: much of an image is background, and a pixel that is 0 adds
//! nothing.
//!
//! Leaving out `0 * w` changes no sum of finite numbers (the sign of a zero aside), so where it is
//! done is no part of the results.

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

/// Where rows of numbers differ from 0, tile by tile of a product.
#[derive(Debug, Default)]
pub(crate) struct Occupied {
    rows: usize,
    width: usize,
    /// Of each tile of rows, the columns.
    columns: Lists,
    /// Of each tile of columns, the rows.
    of_columns: Lists,
    /// Memory: the bits of all numbers of a place.
    bits: Vec<u32>,
}

/// Lists of increasing places, one after the other.
#[derive(Debug, Default)]
struct Lists {
    places: Vec<u32>,
    ends: Vec<usize>,
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
    pub(crate) fn of_row(&self, row: usize, tile_rows: usize, width: usize) -> &[u32] {
        assert_eq!(self.width, width, "as many columns as were looked through");
        self.columns.get(row / tile_rows)
    }

    /// The terms of a column's tile of that many columns, for a right factor of so many rows.
    pub(crate) fn of_column(&self, column: usize, tile_columns: usize, rows: usize) -> &[u32] {
        assert_eq!(self.rows, rows, "as many rows as were looked through");
        self.of_columns.get(column / tile_columns)
    }
}

impl Lists {
    fn clear(&mut self) {
        self.places.clear();
        self.ends.clear();
    }

    fn get(&self, index: usize) -> &[u32] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.places[start..self.ends[index]]
    }

    /// Adds a list of the places, of `count`, where this holds; returns its length.
    #[inline(always)]
    fn push(&mut self, count: usize, holds: impl Fn(usize) -> bool) -> usize {
        let start = self.places.len();
        self.places.resize(start + count, 0);
        let list = &mut self.places[start..];
        let mut length = 0;
        // Written in any case: a branch here would be mispredicted at every edge of a stroke.
        for place in 0..count {
            list[length] = place as u32;
            length += usize::from(holds(place));
        }
        self.places.truncate(start + length);
        self.ends.push(start + length);
        length
    }
}

struct Find<'a> {
    numbers: &'a [f32],
    look: Look,
    occupied: &'a mut Occupied,
}

impl WithSimd for Find<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> bool {
        let (tile_rows, tile_columns) = tile::<S>();
        let Occupied { rows, width, columns, of_columns, bits } = self.occupied;
        let (rows, width) = (*rows, *width);
        columns.clear();
        for numbers in self.numbers.chunks(tile_rows * width) {
            bits.clear();
            bits.resize(width, 0);
            for row in numbers.chunks_exact(width) {
                for (bits, number) in bits.iter_mut().zip(row) {
                    *bits |= number.to_bits();
                }
            }
            // Both zeros have no bits but the sign.
            let found = columns.push(width, |column| bits[column] << 1 != 0);
            // The first tile speaks for all: noise has no background, and to list it costs time.
            if columns.ends.len() == 1 && (width - found) * 16 < width * ZEROS_OF_16 {
                return false;
            }
        }
        of_columns.clear();
        if self.look == Look::Both {
            let tiles = width.div_ceil(tile_columns);
            bits.clear();
            bits.resize(tiles * rows, 0);
            for (row, numbers) in self.numbers.chunks_exact(width).enumerate() {
                let whole = numbers.chunks_exact(tile_columns);
                let rest = whole.remainder();
                for (tile, numbers) in whole.enumerate() {
                    bits[tile * rows + row] = any_bits(numbers);
                }
                if !rest.is_empty() {
                    bits[(tiles - 1) * rows + row] = any_bits(rest);
                }
            }
            for bits in bits.chunks_exact(rows) {
                of_columns.push(rows, |row| bits[row] != 0);
            }
        }
        true
    }
}

/// Not 0 if one of the numbers is not. Both zeros have no bits but the sign.
#[inline(always)]
fn any_bits(numbers: &[f32]) -> u32 {
    let mut bits = 0;
    for number in numbers {
        bits |= number.to_bits();
    }
    bits << 1
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
        assert_eq!(occupied.of_row(0, 2, 40), [5, 39]);
        assert_eq!(occupied.of_row(2, 2, 40), []);
        assert_eq!(occupied.of_column(4, 4, 3), [0]);
        assert_eq!(occupied.of_column(36, 4, 3), [1]);
        assert_eq!(occupied.of_column(8, 4, 3), []);
    }

    #[test]
    fn noise_is_not_listed() {
        let (mut occupied, numbers) = (Occupied::default(), dense(64 * 784));
        assert!(!occupied.find(&numbers, 784, Look::Both));
    }
}

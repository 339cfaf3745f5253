//! A weight's gradient as a sum of products of what rows have at both sides of the weight.

use crate::product::{Left, Product, Right, Start, Time};
use crate::scratch::{BLOCK, Memory};
use crate::simd::Dispatch;
use crate::terms::Bits;
use crate::transpose::transpose;

/// `(rows, width)` numbers, and of each column the rows where they differ from 0.
#[derive(Clone, Copy)]
pub(crate) struct Factor<'a> {
    pub(crate) numbers: &'a [f32],
    pub(crate) width: usize,
    pub(crate) occupied: Option<Bits<'a>>,
}

impl Factor<'_> {
    /// The columns from this one on.
    pub(crate) fn starting_at(self, column: usize) -> Self {
        let occupied = self.occupied.map(|bits| bits.starting_at(column));
        Self { numbers: &self.numbers[column..], occupied, ..self }
    }
}

/// Part of a gradient, from some rows: `left^T right`.
#[derive(Clone, Copy)]
pub(crate) struct Factors<'a> {
    pub(crate) rows: usize,
    pub(crate) left: Factor<'a>,
    pub(crate) right: Factor<'a>,
}

impl Factors<'_> {
    /// For the transposed gradient.
    fn exchanged(self) -> Self {
        Self { left: self.right, right: self.left, ..self }
    }

    /// The time of the product with so many columns of the right factor, in that of all its terms.
    fn time(&self, columns: usize) -> f32 {
        Dispatch::Widest.run(Time { inner: self.rows, columns, occupied: self.left.occupied })
    }

    /// Adds the product to rows of `columns` numbers.
    fn add(self, start: Start<'_>, output: &mut [f32], columns: usize) {
        let Self { rows: inner, left: Factor { occupied, .. }, .. } = self;
        let rows = output.len() / columns;
        let left = Left::transposed(self.left.numbers, self.left.width, rows, inner);
        let right = Right::row_major(self.right.numbers, self.right.width, inner, columns);
        let product = Product::new(left, right, start, (output, columns));
        Dispatch::Widest.run(product.with_terms(occupied));
    }
}

/// Adds products to rows of `width` numbers of a gradient, in their order.
pub(crate) fn add<'a>(
    products: impl Iterator<Item = Factors<'a>> + Clone,
    gradient: &mut [f32],
    width: usize,
    mut start: Start<'_>,
) {
    let height = gradient.len() / width;
    // The first speaks for all.
    let is_quicker_exchanged =
        |factors: Factors<'_>| factors.exchanged().time(height) < factors.time(width);
    if products.clone().next().is_some_and(is_quicker_exchanged) {
        return add_exchanged(products.map(Factors::exchanged), gradient, width, start);
    }
    for factors in products {
        factors.add(start, gradient, width);
        start = Start::Output;
    }
}

/// The same from products that are the gradient's transpose: only a left factor's zeros can be left
/// out. Some columns of the gradient after the other, whose sums are in the first cache meanwhile.
fn add_exchanged<'a>(
    products: impl Iterator<Item = Factors<'a>> + Clone,
    gradient: &mut [f32],
    width: usize,
    start: Start<'_>,
) {
    let height = gradient.len() / width;
    let at_once = BLOCK / height;
    let mut memory = Memory::default();
    for first in (0..width).step_by(at_once) {
        let sums = &mut memory.numbers()[..at_once.min(width - first) * height];
        let mut start = start;
        if let Start::Output = start {
            for (column, sums) in sums.chunks_exact_mut(height).enumerate() {
                let numbers = gradient[first + column..].iter().step_by(width);
                sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum = *number);
            }
        }
        for factors in products.clone() {
            let left = factors.left.starting_at(first);
            Factors { left, ..factors }.add(start, sums, height);
            start = Start::Output;
        }
        transpose(sums, height, (&mut gradient[first..], width));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::occupied::{Look, Occupied};

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 613) % 1009) as f32 / 1009.0 - 0.5).collect()
    }

    #[test]
    fn an_exchanged_product_is_the_same_gradient() {
        for (height, width) in [(32, 784), (64, 100), (5, 33), (100, 200)] {
            let background = |i: usize| if i.is_multiple_of(20) { (i % 17) as f32 } else { 0.0 };
            let slices = [64, 64, 9].map(|rows| {
                let right: Vec<f32> = (0..rows * width).map(background).collect();
                let mut occupied = Occupied::default();
                occupied.find(&right, width, Look::Both);
                (rows, numbers(rows * (height + 2)), right, occupied)
            });
            let products = slices.iter().map(|(rows, left, right, occupied)| Factors {
                rows: *rows,
                left: Factor { numbers: &left[1..], width: height + 2, occupied: None },
                right: Factor { numbers: right, width, occupied: occupied.of_columns() },
            });
            let quicker = products.clone().next().map(|first| first.exchanged().time(height) < 0.9);
            assert_eq!(quicker, Some(true), "{height} x {width}");
            for mut start in [Start::Zero, Start::Output] {
                let mut found = numbers(height * width);
                let mut expected = found.clone();
                add(products.clone(), &mut found, width, start);
                for product in products.clone() {
                    product.add(start, &mut expected, width);
                    start = Start::Output;
                }
                assert_eq!(found, expected, "{height} x {width}");
            }
        }
    }
}

//! The gradient of a weight: sums of products `left^T right` of what the rows hold on both sides of the weight.

use super::definition::{Product, Start};
use super::matrix::Output;
use super::multiply::multiply;
use super::operand::OperandColumns;
use super::rows::StridedRowsMut;
use super::scratch::{SCRATCH_LENGTH, Scratch};
use super::sparse::RelativeCost;
use super::transpose::transpose;
use crate::simd::Dispatch;

/// A summand of a gradient, `left^T right`, over the rows of a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OuterProduct<'a> {
    pub(crate) left: OperandColumns<'a>,
    pub(crate) right: OperandColumns<'a>,
}

impl OuterProduct<'_> {
    /// The summand of the transposed gradient.
    fn transposed(self) -> Self {
        Self { left: self.right, right: self.left }
    }

    /// The cost of `height x width` elements, relative to the dense loop.
    fn relative_cost(self, height: usize, width: usize) -> f32 {
        let left = self.left.transposed_left(height);
        let cost = RelativeCost { inner: left.inner(), columns: width, nonzeros: left.nonzeros() };
        Dispatch::Widest.run(cost)
    }

    /// Adds it to contiguous rows of `width` numbers.
    fn add(self, start: Start<'_>, output: &mut [f32], width: usize) {
        let height = output.len() / width;
        let (left, right) = (self.left.transposed_left(height), self.right.right(width));
        let output = Output::new(output, width, height, width);
        multiply(Product::new(left, right, start, output));
    }
}

/// Adds the summands to contiguous rows of `width` numbers of a gradient, in their order.
///
/// Only the zeros of a left factor can be skipped. So the gradient is computed as its transpose where that skips more.
pub(crate) fn add_outer_products<'a>(
    summands: impl Iterator<Item = OuterProduct<'a>> + Clone,
    gradient: &mut [f32],
    width: usize,
    mut start: Start<'_>,
) {
    let height = gradient.len() / width;
    // The first slice stands for all of them.
    let transposed_is_cheaper = |first: OuterProduct<'_>| {
        first.transposed().relative_cost(width, height) < first.relative_cost(height, width)
    };
    if summands.clone().next().is_some_and(transposed_is_cheaper) {
        return add_transposed(summands.map(OuterProduct::transposed), gradient, width, start);
    }
    for summand in summands {
        summand.add(start, gradient, width);
        start = Start::Output;
    }
}

/// Adds summands of the transposed gradient, for so many columns of the gradient at a time that their sums stay in the
/// first-level cache.
fn add_transposed<'a>(
    summands: impl Iterator<Item = OuterProduct<'a>> + Clone,
    gradient: &mut [f32],
    width: usize,
    start: Start<'_>,
) {
    let height = gradient.len() / width;
    let block = SCRATCH_LENGTH / height;
    let mut scratch = Scratch::default();
    for first in (0..width).step_by(block) {
        let sums = &mut scratch.numbers()[..block.min(width - first) * height];
        let mut start = start;
        if let Start::Output = start {
            for (column, sums) in sums.chunks_exact_mut(height).enumerate() {
                let numbers = gradient[first + column..].iter().step_by(width);
                sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum = *number);
            }
        }
        for summand in summands.clone() {
            let left = summand.left.skip(first);
            OuterProduct { left, ..summand }.add(start, sums, height);
            start = Start::Output;
        }
        let target = StridedRowsMut { numbers: &mut gradient[first..], stride: width };
        transpose(sums, height, target);
    }
}

#[cfg(test)]
mod tests {
    use super::super::operand::Operand;
    use super::super::sparse::{Nonzeros, ScannedAxes};
    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 613) % 1009) as f32 / 1009.0 - 0.5).collect()
    }

    fn scanned(numbers: &[f32], width: usize) -> Nonzeros {
        let mut nonzeros = Nonzeros::default();
        nonzeros.scan(numbers, width, ScannedAxes::RowsAndColumns);
        nonzeros
    }

    #[test]
    fn a_gradient_computed_as_its_transpose_has_the_same_bits() {
        for (height, width) in [(32, 784), (64, 100), (5, 33), (100, 200)] {
            let background = |i: usize| if i.is_multiple_of(20) { (i % 17) as f32 } else { 0.0 };
            let slices = [64, 64, 9].map(|rows| {
                let left = numbers(rows * (height + 2));
                let right: Vec<f32> = (0..rows * width).map(background).collect();
                let nonzeros = [scanned(&left, height + 2), scanned(&right, width)];
                (left, right, nonzeros)
            });
            let summands = slices.iter().map(|(left, right, [of_left, of_right])| OuterProduct {
                left: Operand::scanned(left, of_left).columns_from(1),
                right: Operand::scanned(right, of_right).columns_from(0),
            });
            let first = summands.clone().next().unwrap();
            assert!(first.relative_cost(height, width) == 1.0, "{height} x {width}");
            assert!(first.transposed().relative_cost(width, height) < 0.9, "{height} x {width}");
            for mut start in [Start::Zero, Start::Output] {
                let mut found = numbers(height * width);
                let mut expected = found.clone();
                add_outer_products(summands.clone(), &mut found, width, start);
                for summand in summands.clone() {
                    summand.add(start, &mut expected, width);
                    start = Start::Output;
                }
                assert_eq!(found, expected, "{height} x {width}");
            }
        }
    }
}

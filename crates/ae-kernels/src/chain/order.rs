//! The order of a map's numbers, and operations that only move numbers.

use std::fmt::Debug;

use super::operation::{Backward, Epilogue, Memory, Operation, Pass, Scratch};
use crate::Shape;

/// The order of a map's numbers. Where a shape has one channel or one position, both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// (channels, height, width): that of the public API.
    ChannelsFirst,
    /// (height, width, channels): that of convolutions.
    ChannelsLast,
}

/// The order that a kind of layer needs; its output has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NeededOrder {
    Any,
    This(Order),
}

/// How the numbers of an item move. Places are computed in the loop: a table would have the size of the item.
pub(crate) trait Moves: Debug + Send + Sync {
    /// Writes every number of an item to its place in the output.
    fn apply(&self, input: &[f32], output: &mut [f32]);

    /// The inverse of [`Self::apply`].
    fn revert(&self, output: &[f32], input: &mut [f32]);
}

/// An operation that only moves numbers.
#[derive(Debug)]
pub(crate) struct Permutation<M> {
    /// Of an item.
    numbers: usize,
    moves: M,
}

impl<M: Moves> Permutation<M> {
    /// A permutation of so many numbers.
    pub(crate) fn new(numbers: usize, moves: M) -> Self {
        Self { numbers, moves }
    }

    fn apply(&self, input: &[f32], output: &mut [f32]) {
        let items = input.chunks_exact(self.numbers).zip(output.chunks_exact_mut(self.numbers));
        items.for_each(|(input, output)| self.moves.apply(input, output));
    }
}

impl<M: Moves> Operation for Permutation<M> {
    fn numbers_kept(&self) -> usize {
        self.numbers
    }

    fn forward(&self, _: &Pass<'_>, input: &[f32], memory: &mut Memory, _: &mut Scratch) {
        self.apply(input, memory.values.first(input.len()));
    }

    fn backward(&self, _: &Pass<'_>, at: Backward<'_>, _: &mut Memory, _: &mut Scratch) {
        let Backward { gradient: Some(gradient), input_gradient: Some(to), .. } = at else {
            return;
        };
        let items = gradient.chunks_exact(self.numbers).zip(to.chunks_exact_mut(self.numbers));
        items.for_each(|(gradient, to)| self.moves.revert(gradient, to));
    }

    fn infer(&self, input: &[f32], output: &mut [f32], _: Epilogue, _: &mut Scratch) {
        self.apply(input, output);
    }
}

/// Every number stays where it is.
#[derive(Debug)]
pub(crate) struct Identity;

impl Moves for Identity {
    fn apply(&self, input: &[f32], output: &mut [f32]) {
        output.copy_from_slice(input);
    }

    fn revert(&self, output: &[f32], input: &mut [f32]) {
        input.copy_from_slice(output);
    }
}

/// A matrix in row-major order becomes its transpose.
#[derive(Debug)]
pub(crate) struct Transposition {
    /// Of the input.
    rows: usize,
    columns: usize,
}

impl Transposition {
    /// The change of a map's order to this one.
    pub(crate) fn to_order(order: Order, shape: Shape) -> Self {
        let (channels, positions) = (shape.channels, shape.positions());
        match order {
            Order::ChannelsLast => Self { rows: channels, columns: positions },
            Order::ChannelsFirst => Self { rows: positions, columns: channels },
        }
    }
}

impl Moves for Transposition {
    fn apply(&self, input: &[f32], output: &mut [f32]) {
        transpose(input, self.columns, output);
    }

    fn revert(&self, output: &[f32], input: &mut [f32]) {
        transpose(output, self.rows, input);
    }
}

/// Writes the transpose of a matrix with so many columns.
fn transpose(matrix: &[f32], columns: usize, transposed: &mut [f32]) {
    let rows = matrix.len() / columns;
    for (column, to) in transposed.chunks_exact_mut(rows).enumerate() {
        let numbers = matrix[column..].iter().step_by(columns);
        to.iter_mut().zip(numbers).for_each(|(to, number)| *to = *number);
    }
}

/// Changes items from channels first to this order; `memory` holds the source meanwhile.
pub(crate) fn from_channels_first(
    numbers: &mut [f32],
    shape: Shape,
    order: Order,
    memory: &mut crate::aligned::AlignedBuffer,
) {
    if order == Order::ChannelsFirst || shape.has_one_order() {
        return;
    }
    let source = memory.first(numbers.len());
    source.copy_from_slice(numbers);
    let width = shape.numbers();
    for (source, target) in source.chunks_exact(width).zip(numbers.chunks_exact_mut(width)) {
        transpose(source, shape.positions(), target);
    }
}

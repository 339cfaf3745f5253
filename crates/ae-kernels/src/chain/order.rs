//! The order of a map's numbers, and operations that only move numbers.

use super::dense::Epilogue;
use super::operation::{Backward, Memory, Operation, Pass, Scratch};
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

/// Moves the numbers of an item: number `k` of the output is number `sources[k]` of the input.
#[derive(Debug)]
pub(crate) struct Permutation {
    sources: Vec<u32>,
}

impl Permutation {
    /// A permutation of so many numbers, at most `u32::MAX`.
    pub(crate) fn new(numbers: usize, source: impl Fn(usize) -> usize) -> Self {
        Self { sources: (0..numbers).map(|place| source(place) as u32).collect() }
    }

    /// The change of a map's order to this one.
    pub(crate) fn to_order(order: Order, shape: Shape) -> Self {
        let (channels, positions) = (shape.channels, shape.positions());
        Self::new(shape.numbers(), |place| match order {
            Order::ChannelsLast => place % channels * positions + place / channels,
            Order::ChannelsFirst => place % positions * channels + place / positions,
        })
    }

    fn apply(&self, input: &[f32], output: &mut [f32]) {
        let width = self.sources.len();
        for (input, output) in input.chunks_exact(width).zip(output.chunks_exact_mut(width)) {
            for (number, &source) in output.iter_mut().zip(&self.sources) {
                *number = input[source as usize];
            }
        }
    }
}

impl Operation for Permutation {
    fn numbers_kept(&self) -> usize {
        self.sources.len()
    }

    fn forward(&self, _: &Pass<'_>, input: &[f32], memory: &mut Memory, _: &mut Scratch) {
        self.apply(input, memory.values.first(input.len()));
    }

    fn backward(&self, _: &Pass<'_>, at: Backward<'_>, _: &mut Memory, _: &mut Scratch) {
        let Backward { gradient: Some(gradient), input_gradient: Some(to), .. } = at else {
            return;
        };
        let width = self.sources.len();
        for (gradient, to) in gradient.chunks_exact(width).zip(to.chunks_exact_mut(width)) {
            for (number, &source) in gradient.iter().zip(&self.sources) {
                to[source as usize] = *number;
            }
        }
    }

    fn infer(&self, input: &[f32], output: &mut [f32], _: Epilogue, _: &mut Scratch) {
        self.apply(input, output);
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
    let (width, channels, positions) = (shape.numbers(), shape.channels, shape.positions());
    for (source, target) in source.chunks_exact(width).zip(numbers.chunks_exact_mut(width)) {
        for (position, target) in target.chunks_exact_mut(channels).enumerate() {
            let numbers = source[position..].iter().step_by(positions);
            target.iter_mut().zip(numbers).for_each(|(to, number)| *to = *number);
        }
    }
}

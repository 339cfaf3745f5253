//! Nearest-neighbour upsampling.

use super::{Context, Kind, Refusal};
use crate::chain::{Backward, Epilogue, Memory, NeededOrder, Operation, Order, Pass, Scratch};
use crate::{Extent, Shape};

/// Repeats every position in a rectangle of `factor` rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upsampling {
    /// Rows and columns of the rectangle, each at least 1.
    pub factor: Extent,
}

impl Kind for Upsampling {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        let Self { factor } = *self;
        if !factor.is_positive() {
            return Err(Refusal::new("a factor of at least 1 x 1", factor));
        }
        let height = input.height.saturating_mul(factor.height);
        let width = input.width.saturating_mul(factor.width);
        Ok(Shape::new(input.channels, height, width))
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsLast)
    }

    fn has_small_slices(&self) -> bool {
        true
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let Self { factor } = *self;
        Some(Box::new(UpsamplingOperation { factor, input: context.input }))
    }
}

/// Upsampling of maps with channels last.
#[derive(Debug)]
struct UpsamplingOperation {
    factor: Extent,
    input: Shape,
}

impl UpsamplingOperation {
    fn apply(&self, input: &[f32], output: &mut [f32]) {
        let Shape { channels, width, .. } = self.input;
        let (row, repeated) = (channels * width, channels * width * self.factor.width);
        let rows = output.chunks_exact_mut(repeated * self.factor.height);
        for (input, rows) in input.chunks_exact(row).zip(rows) {
            let (first, others) = rows.split_at_mut(repeated);
            let runs = first.chunks_exact_mut(channels * self.factor.width);
            for (position, run) in input.chunks_exact(channels).zip(runs) {
                run.chunks_exact_mut(channels).for_each(|to| to.copy_from_slice(position));
            }
            others.chunks_exact_mut(repeated).for_each(|to| to.copy_from_slice(first));
        }
    }
}

impl Operation for UpsamplingOperation {
    fn numbers_kept(&self) -> usize {
        self.input.numbers() * self.factor.area()
    }

    fn forward(&self, pass: &Pass<'_>, input: &[f32], memory: &mut Memory, _: &mut Scratch) {
        self.apply(input, memory.values.first(pass.count() * self.numbers_kept()));
    }

    fn backward(&self, _: &Pass<'_>, at: Backward<'_>, _: &mut Memory, _: &mut Scratch) {
        let Backward { gradient: Some(gradient), input_gradient: Some(to), .. } = at else {
            return;
        };
        let Shape { channels, width, .. } = self.input;
        let repeated = channels * width * self.factor.width;
        let rows = gradient.chunks_exact(repeated * self.factor.height);
        for (to, rows) in to.chunks_exact_mut(channels * width).zip(rows) {
            to.fill(0.0);
            for row in rows.chunks_exact(repeated) {
                let runs = row.chunks_exact(channels * self.factor.width);
                for (to, run) in to.chunks_exact_mut(channels).zip(runs) {
                    for position in run.chunks_exact(channels) {
                        to.iter_mut().zip(position).for_each(|(sum, number)| *sum += number);
                    }
                }
            }
        }
    }

    fn infer(&self, input: &[f32], output: &mut [f32], _: Epilogue, _: &mut Scratch) {
        self.apply(input, output);
    }
}

//! Squares of positions to channels and back (Shi et al., CVPR 2016, section 3.2; PyTorch's order).

use super::{Context, Kind, Refusal};
use crate::Shape;
use crate::chain::{Moves, NeededOrder, Operation, Order, Permutation};

/// (c, h, w) to (c r^2, h / r, w / r): the `r x r` squares of channel `c` become the channels from `c r^2` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelUnshuffle {
    /// Rows and columns `r` of a square, at least 1.
    pub factor: usize,
}

/// (c r^2, h, w) to (c, h r, w r): the inverse of [`PixelUnshuffle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelShuffle {
    /// Rows and columns `r` of a square, at least 1.
    pub factor: usize,
}

impl Kind for PixelUnshuffle {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        let r = self.factor;
        if r == 0 || !input.height.is_multiple_of(r) || !input.width.is_multiple_of(r) {
            let expected = format!("a height and a width that are multiples of {r}, at least 1");
            return Err(Refusal::new(expected, input));
        }
        let channels = input.channels.saturating_mul(r.saturating_mul(r));
        Ok(Shape::new(channels, input.height / r, input.width / r))
    }

    fn is_permutation(&self) -> bool {
        true
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsLast)
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let moves = ToChannels(Squares { map: context.input, factor: self.factor });
        Some(Box::new(Permutation::new(context.input.numbers(), moves)))
    }
}

impl Kind for PixelShuffle {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        let r = self.factor;
        let square = r.saturating_mul(r);
        if r == 0 || !input.channels.is_multiple_of(square) {
            let expected = format!("a multiple of {square} channels, and a factor of at least 1");
            return Err(Refusal::new(expected, input));
        }
        let (height, width) = (input.height.saturating_mul(r), input.width.saturating_mul(r));
        Ok(Shape::new(input.channels / square, height, width))
    }

    fn is_permutation(&self) -> bool {
        true
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsLast)
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let moves = ToPositions(Squares { map: context.output, factor: self.factor });
        Some(Box::new(Permutation::new(context.input.numbers(), moves)))
    }
}

/// Squares of a map become channels.
#[derive(Debug)]
struct ToChannels(Squares);

/// Channels become squares of a map.
#[derive(Debug)]
struct ToPositions(Squares);

impl Moves for ToChannels {
    fn apply(&self, map: &[f32], channels: &mut [f32]) {
        self.0.to_channels(map, channels);
    }

    fn revert(&self, channels: &[f32], map: &mut [f32]) {
        self.0.to_positions(channels, map);
    }
}

impl Moves for ToPositions {
    fn apply(&self, channels: &[f32], map: &mut [f32]) {
        self.0.to_positions(channels, map);
    }

    fn revert(&self, map: &[f32], channels: &mut [f32]) {
        self.0.to_channels(map, channels);
    }
}

/// A map with channels last whose squares of positions become channels.
#[derive(Debug)]
struct Squares {
    map: Shape,
    factor: usize,
}

impl Squares {
    fn to_channels(&self, map: &[f32], channels: &mut [f32]) {
        let [map_step, channels_step] = self.steps();
        self.for_each_line(|Line { in_map, in_channels }| {
            let to = channels[in_channels..].iter_mut().step_by(channels_step);
            let numbers = map[in_map..].iter().step_by(map_step).take(self.map.width / self.factor);
            to.zip(numbers).for_each(|(to, number)| *to = *number);
        });
    }

    fn to_positions(&self, channels: &[f32], map: &mut [f32]) {
        let [map_step, channels_step] = self.steps();
        self.for_each_line(|Line { in_map, in_channels }| {
            let to = map[in_map..].iter_mut().step_by(map_step).take(self.map.width / self.factor);
            let numbers = channels[in_channels..].iter().step_by(channels_step);
            to.zip(numbers).for_each(|(to, number)| *to = *number);
        });
    }

    /// From a square to the next of its row: in the map, and among channels.
    fn steps(&self) -> [usize; 2] {
        let run = self.factor * self.map.channels;
        [run, run * self.factor]
    }

    fn for_each_line(&self, mut visit: impl FnMut(Line)) {
        let Self { map: Shape { channels, height, width }, factor } = *self;
        let [_, square] = self.steps();
        for row in 0..height {
            let (in_map, squares) = (row * width * channels, row / factor * (width / factor));
            let in_channels = squares * square + row % factor * factor;
            for number in 0..factor * channels {
                let (column, channel) = (number / channels, number % channels);
                let in_square = channel * factor * factor + column;
                visit(Line { in_map: in_map + number, in_channels: in_channels + in_square });
            }
        }
    }
}

/// One number of each square in a row of squares, and where the first of them is.
struct Line {
    in_map: usize,
    in_channels: usize,
}

//! Squares of positions to channels and back (Shi et al., CVPR 2016, section 3.2; PyTorch's order).

use super::{Context, Kind, Refusal};
use crate::Shape;
use crate::chain::{NeededOrder, Operation, Order, Permutation};

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
        let squares = Squares { map: context.input, factor: self.factor };
        let source = |place| squares.of_channels(place);
        Some(Box::new(Permutation::new(context.input.numbers(), source)))
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
        let squares = Squares { map: context.output, factor: self.factor };
        let source = |place| squares.of_positions(place);
        Some(Box::new(Permutation::new(context.input.numbers(), source)))
    }
}

/// A map with channels last whose squares of positions become channels.
struct Squares {
    map: Shape,
    factor: usize,
}

impl Squares {
    /// The place within the map of number `place` among channels.
    fn of_channels(&self, place: usize) -> usize {
        let (r, c) = (self.factor, self.map.channels);
        let (position, channel) = (place / (c * r * r), place % (c * r * r));
        let (row, column) = (position / (self.map.width / r), position % (self.map.width / r));
        let (channel, in_square) = (channel / (r * r), channel % (r * r));
        let (row, column) = (row * r + in_square / r, column * r + in_square % r);
        (row * self.map.width + column) * c + channel
    }

    /// The place among channels of number `place` of the map.
    fn of_positions(&self, place: usize) -> usize {
        let (r, c) = (self.factor, self.map.channels);
        let (position, channel) = (place / c, place % c);
        let (row, column) = (position / self.map.width, position % self.map.width);
        let square = row / r * (self.map.width / r) + column / r;
        square * c * r * r + channel * r * r + row % r * r + column % r
    }
}

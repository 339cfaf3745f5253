//! Squares of positions to channels and back (Shi et al., CVPR 2016, section 3.2; PyTorch's order).

use super::{Kind, Refusal};
use crate::Shape;

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
}

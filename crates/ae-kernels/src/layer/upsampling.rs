//! Nearest-neighbour upsampling.

use super::{Kind, Refusal};
use crate::Shape;

/// Repeats every position in a square of `factor` rows and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upsampling {
    /// Rows and columns of the square, at least 1.
    pub factor: usize,
}

impl Kind for Upsampling {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        let Self { factor } = *self;
        if factor == 0 {
            return Err(Refusal::new("a factor of at least 1", factor));
        }
        let (height, width) =
            (input.height.saturating_mul(factor), input.width.saturating_mul(factor));
        Ok(Shape::new(input.channels, height, width))
    }
}

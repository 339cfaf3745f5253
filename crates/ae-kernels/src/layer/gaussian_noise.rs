//! Additive Gaussian noise.

use super::{Kind, Refusal};
use crate::Shape;

/// Adds `deviation` times a standard normal draw to each number in training. In inference it does nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianNoise {
    /// The standard deviation, 0 or above.
    pub deviation: f32,
}

impl Kind for GaussianNoise {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if !(self.deviation >= 0.0 && self.deviation.is_finite()) {
            return Err(Refusal::new("a finite deviation, 0 or above", self.deviation));
        }
        Ok(input)
    }

    fn draws(&self, input: Shape) -> usize {
        input.numbers()
    }
}

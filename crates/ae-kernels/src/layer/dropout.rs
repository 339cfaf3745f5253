//! Dropout.

use super::{Kind, Refusal};
use crate::Shape;

/// Replaces each number by 0 with this probability, and divides the others by `1 - rate` (Srivastava et al., JMLR 2014,
/// section 10). It needs uniform draws `u` from [0, 1) in training, and keeps numbers where `u >= rate`. In inference
/// it does nothing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The probability, in [0, 1).
    pub rate: f32,
}

impl Kind for Dropout {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        if !(0.0..1.0).contains(&self.rate) {
            return Err(Refusal::new("a rate in [0, 1)", self.rate));
        }
        Ok(input)
    }

    fn draws(&self, input: Shape) -> usize {
        input.numbers()
    }
}

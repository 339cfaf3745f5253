//! The sum of the magnitudes of a code.

use super::PenaltyKind;
use crate::Chain;
use crate::layer::Refusal;

/// `weight * sum |code| / n` over `n` items. The derivative of `|code|` at 0 is taken as 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodeL1 {
    /// The weight.
    pub weight: f32,
}

impl PenaltyKind for CodeL1 {
    fn name(&self) -> &'static str {
        "code_l1"
    }

    fn weight(&self) -> f32 {
        self.weight
    }

    fn check(&self, _: &Chain) -> Result<(), Refusal> {
        Ok(())
    }
}

//! Dropout.

use serde::{Deserialize, Serialize};

use super::kind::{Distribution, Draws, LayerKind};
use crate::Shape;

/// In training each number becomes 0 with the probability `rate`, and the others are divided by `1 - rate` (Srivastava
/// et al., JMLR 15, 2014, section 10). Otherwise nothing changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    /// The probability, at least 0 and below 1.
    pub rate: f32,
}

impl LayerKind for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        match self.rate >= 0.0 && self.rate < 1.0 {
            true => Ok(input),
            false => {
                Err(format!("must have a rate of at least 0 and below 1, but found {}", self.rate))
            }
        }
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::Dropout { rate: self.rate }.into()
    }

    fn draws(&self, input: Shape) -> Option<Draws> {
        Some(Draws { distribution: Distribution::Uniform, numbers: input.numbers() })
    }
}

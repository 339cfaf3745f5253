//! Gaussian noise within a network.

use serde::{Deserialize, Serialize};

use super::kind::{Distribution, Draws, LayerKind};
use crate::Shape;

/// In training Gaussian noise is added to each number. Otherwise nothing changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianNoise {
    /// Its standard deviation, finite and at least 0.
    pub deviation: f32,
}

impl LayerKind for GaussianNoise {
    fn name(&self) -> &'static str {
        "gaussian-noise"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        let deviation = self.deviation;
        match deviation >= 0.0 && deviation.is_finite() {
            true => Ok(input),
            false => {
                Err(format!("must have a finite deviation of at least 0, but found {deviation}"))
            }
        }
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::GaussianNoise { deviation: self.deviation }.into()
    }

    fn draws(&self, input: Shape) -> Option<Draws> {
        Some(Draws { distribution: Distribution::Normal, numbers: input.numbers() })
    }
}

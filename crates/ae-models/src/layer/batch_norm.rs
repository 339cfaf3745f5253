//! Batch normalisation.

use serde::{Deserialize, Serialize};

use super::kind::{Initial, LayerKind, LayerParameter};
use crate::Shape;

/// Batch normalisation of each channel (Ioffe and Szegedy, ICML 2015, algorithm 1): in training by the mean and the
/// variance of the batch, otherwise by running statistics, which are kept beside the parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchNorm {
    /// The part of the running statistics that a batch replaces, in (0, 1]; 0.1, as in PyTorch, if it is not written.
    #[serde(default = "momentum")]
    pub momentum: f32,
    /// Added to the variance; 1e-5 if it is not written.
    #[serde(default = "epsilon")]
    pub epsilon: f32,
}

fn momentum() -> f32 {
    0.1
}

fn epsilon() -> f32 {
    1e-5
}

impl LayerKind for BatchNorm {
    fn name(&self) -> &'static str {
        "batch-norm"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        if !(self.momentum > 0.0 && self.momentum <= 1.0) {
            let found = self.momentum;
            return Err(format!("must have a momentum above 0 and at most 1, but found {found}"));
        }
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return Err(format!("must have a finite epsilon above 0, but found {}", self.epsilon));
        }
        Ok(input)
    }

    fn for_kernels(&self, _input: Shape, offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        let norm = ae_kernels::BatchNorm {
            weight: offset("weight"),
            bias: offset("bias"),
            running_mean: offset("running_mean"),
            running_variance: offset("running_var"),
            momentum: self.momentum,
            epsilon: self.epsilon,
        };
        norm.into()
    }

    fn parameters(&self, input: Shape) -> Vec<LayerParameter> {
        let of_channels = |name, initial, is_trained| LayerParameter {
            name,
            shape: vec![input.channels],
            initial,
            is_trained,
        };
        vec![
            of_channels("weight", Initial::Ones, true),
            of_channels("bias", Initial::Zeros, true),
            of_channels("running_mean", Initial::Zeros, false),
            of_channels("running_var", Initial::Ones, false),
        ]
    }

    fn needs_batch_statistics(&self) -> bool {
        true
    }
}

//! Dense layers.

use serde::{Deserialize, Serialize};

use super::kind::{LayerKind, LayerParameter};
use crate::{Activation, Shape};

/// A dense layer: `y = activation(x W^T + b)` of all numbers of its input, channels first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Numbers of the output, at least 1.
    pub outputs: usize,
    /// The activation; linear if it is not written.
    #[serde(default = "super::activation::linear")]
    pub activation: Activation,
    /// The encoder's layer whose transposed weight this layer of the decoder uses (Vincent et al. 2010, section 2.2), by
    /// its position in the encoder counted from 0. The bias is the layer's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tied_to: Option<usize>,
}

impl LayerKind for Dense {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn output(&self, _input: Shape) -> Result<Shape, String> {
        match self.outputs {
            0 => Err("must have at least 1 output, but found 0".to_owned()),
            outputs => Ok(Shape::vector(outputs)),
        }
    }

    fn for_kernels(&self, input: Shape, offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        let weight = match self.tied_to {
            // The encoder's layers come first.
            Some(layer) => ae_kernels::Weight::TransposeOf { layer },
            None => ae_kernels::Weight::Own { offset: offset("weight") },
        };
        let dense = ae_kernels::Dense {
            inputs: input.numbers(),
            outputs: self.outputs,
            weight,
            bias: offset("bias"),
            activation: self.activation,
        };
        dense.into()
    }

    fn parameters(&self, input: Shape) -> Vec<LayerParameter> {
        let inputs = input.numbers();
        let weight = LayerParameter::weight(vec![self.outputs, inputs], inputs, self.outputs);
        let own = self.tied_to.is_none().then_some(weight);
        own.into_iter().chain([LayerParameter::bias(self.outputs)]).collect()
    }

    fn activation(&self) -> Option<Activation> {
        Some(self.activation)
    }
}

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
    /// The encoder's layer whose transposed weight this layer of the decoder uses (Vincent et al. 2010, section 2.2),
    /// by its position in the encoder counted from 0. The bias is the layer's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tied_to: Option<usize>,
}

impl LayerKind for Dense {
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

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;
    use candle_nn::{Linear, Module};

    use super::Dense;
    use crate::ModelError;
    use crate::candle::{LayerWeights, Pass, TensorKind, TensorLayer};

    impl TensorKind for Dense {
        fn over(&self, weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
            let weight = match self.tied_to {
                None => weights.get("weight")?,
                Some(position) => {
                    let shape = (weights.layer.input.numbers(), self.outputs);
                    let owner = weights.of_network.pp(format!("encoder.{position}"));
                    owner.get(shape, "weight")?.t()?
                }
            };
            Ok(Box::new(Product(Linear::new(weight, Some(weights.get("bias")?)))))
        }
    }

    /// `x W^T + b` of all numbers of an item.
    struct Product(Linear);

    impl TensorLayer for Product {
        fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
            let output = self.0.forward(&input.flatten_from(1)?)?;
            let (n, outputs) = output.dims2()?;
            Ok(output.reshape((n, outputs, 1, 1))?)
        }
    }
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::Dense;
    use crate::exchange::{Attribute, ExchangeError, Flow, LayerGraph, OnnxKind};

    impl OnnxKind for Dense {
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            let (weight, is_transposed) = match self.tied_to {
                None => (at.parameter("weight")?, 1),
                // The encoder's matrix, used the other way round.
                Some(position) => (at.parameter_of(&format!("encoder.{position}"), "weight")?, 0),
            };
            let bias = at.parameter("bias")?;
            let input = at.rows(input);
            let attributes = vec![Attribute::int("transB", is_transposed)];
            Ok(Flow::Rows(at.node("Gemm", &[&input, &weight, &bias], "linear", attributes)))
        }
    }
}

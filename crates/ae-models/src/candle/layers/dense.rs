//! Dense layers over tensors.

use candle_core::Tensor;
use candle_nn::{Linear, Module};

use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::{Dense, ModelError};

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

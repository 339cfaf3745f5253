//! Activations as layers: the chain applies them.

use candle_core::Tensor;

use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::{ActivationLayer, ModelError};

impl TensorKind for ActivationLayer {
    fn over(&self, _weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

impl TensorLayer for ActivationLayer {
    fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        Ok(input.clone())
    }
}

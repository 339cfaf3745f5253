//! Another shape of the same numbers, over tensors.

use candle_core::Tensor;

use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::{ModelError, Reshape};

impl TensorKind for Reshape {
    fn over(&self, _weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

impl TensorLayer for Reshape {
    fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        let [channels, height, width] = self.shape;
        Ok(input.reshape((input.dim(0)?, channels, height, width))?)
    }
}

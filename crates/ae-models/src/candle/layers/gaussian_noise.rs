//! Gaussian noise over tensors.

use candle_core::Tensor;

use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::{GaussianNoise, ModelError};

impl TensorKind for GaussianNoise {
    fn over(&self, _weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

impl TensorLayer for GaussianNoise {
    fn forward(&self, input: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        if !pass.is_training() {
            return Ok(input.clone());
        }
        let Some(drawn) = pass.drawn(input.dims())? else { return Ok(input.clone()) };
        let noise = (drawn.to_dtype(input.dtype())? * f64::from(self.deviation))?;
        Ok((input + noise)?)
    }
}

//! Dropout over tensors.

use candle_core::Tensor;

use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::{Dropout, ModelError};

impl TensorKind for Dropout {
    fn over(&self, _weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

impl TensorLayer for Dropout {
    fn forward(&self, input: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        if !pass.is_training() {
            return Ok(input.clone());
        }
        let Some(drawn) = pass.drawn(input.dims())? else { return Ok(input.clone()) };
        // Compared as it was drawn: in `f32`.
        let stays = drawn.ge(f64::from(self.rate))?.to_dtype(input.dtype())?;
        Ok((input * stays)?.affine(1.0 / f64::from(1.0 - self.rate), 0.0)?)
    }
}

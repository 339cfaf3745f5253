//! Nearest-neighbour upsampling over tensors.

use candle_core::Tensor;

use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::{ModelError, Upsample};

impl TensorKind for Upsample {
    fn over(&self, _weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

impl TensorLayer for Upsample {
    fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        // By broadcast: the gradient of candle's own upsampling takes the place of other gradients of its input, and
        // it has none for two factors.
        let (n, channels, height, width) = input.dims4()?;
        let [down, across] = self.factor;
        let apart = input.reshape(&[n, channels, height, 1, width, 1][..])?;
        let repeated = apart.broadcast_as(&[n, channels, height, down, width, across][..])?;
        Ok(repeated.reshape((n, channels, height * down, width * across))?)
    }
}

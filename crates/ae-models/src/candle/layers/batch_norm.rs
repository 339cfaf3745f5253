//! Batch normalisation over tensors.

use candle_core::Tensor;

use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::{BatchNorm, ModelError};

impl TensorKind for BatchNorm {
    fn over(&self, weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        let of_channels = |name: &str| -> Result<Tensor, ModelError> {
            Ok(weights.get(name)?.reshape((1, (), 1, 1))?)
        };
        Ok(Box::new(Normalisation {
            epsilon: f64::from(self.epsilon),
            weight: of_channels("weight")?,
            bias: of_channels("bias")?,
            mean: of_channels("running_mean")?,
            variance: of_channels("running_var")?,
        }))
    }
}

/// Batch normalisation with parameters of the shape `(1, channels, 1, 1)`.
struct Normalisation {
    epsilon: f64,
    weight: Tensor,
    bias: Tensor,
    mean: Tensor,
    variance: Tensor,
}

impl TensorLayer for Normalisation {
    fn forward(&self, input: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        let (centred, variance) = if pass.is_training() {
            let mean = input.mean_keepdim((0, 2, 3))?;
            let centred = input.broadcast_sub(&mean)?;
            let variance = centred.sqr()?.mean_keepdim((0, 2, 3))?;
            pass.keep_statistics(&mean, &variance, input)?;
            (centred, variance)
        } else {
            // Running statistics are constants.
            (input.broadcast_sub(&self.mean.detach())?, self.variance.detach())
        };
        let deviation = (variance + self.epsilon)?.sqrt()?;
        let scaled = centred.broadcast_div(&deviation)?.broadcast_mul(&self.weight)?;
        Ok(scaled.broadcast_add(&self.bias)?)
    }
}

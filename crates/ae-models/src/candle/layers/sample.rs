//! Samples of variational codes over tensors.

use candle_core::Tensor;

use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::{ModelError, Posterior, Sample};

impl TensorKind for Sample {
    fn over(&self, _weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

impl TensorLayer for Sample {
    fn forward(&self, input: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        let channels = input.dim(1)? / 2;
        let mean = input.narrow(1, 0, channels)?;
        let log_variance = input.narrow(1, channels, channels)?;
        let sample = match pass.drawn(mean.dims())? {
            Some(drawn) => {
                let deviation = (&log_variance * 0.5)?.exp()?;
                (&mean + (deviation * drawn.to_dtype(input.dtype())?)?)?
            }
            None => mean.contiguous()?,
        };
        let (mean, log_variance) = (mean.flatten_from(1)?, log_variance.flatten_from(1)?);
        pass.keep_posterior(Posterior { mean, log_variance });
        Ok(sample)
    }
}

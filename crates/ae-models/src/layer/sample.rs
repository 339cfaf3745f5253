//! A sample of a variational code.

use serde::{Deserialize, Serialize};

use super::kind::{Distribution, Draws, LayerKind};
use crate::Shape;

/// A sample of a Gaussian with independent numbers (Kingma and Welling, ICLR 2014, section 2.4). The first half of the
/// channels is the mean, the second the logarithm of the variance. In training the output is
/// `mean + exp(log variance / 2) e` for a drawn standard normal `e`, otherwise the mean.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {}

impl LayerKind for Sample {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        match input.channels % 2 {
            0 => Ok(Shape { channels: input.channels / 2, ..input }),
            _ => Err(format!(
                "needs an even number of channels, means and log-variances, but found {}",
                input.channels
            )),
        }
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::Sample.into()
    }

    fn draws(&self, input: Shape) -> Option<Draws> {
        Some(Draws { distribution: Distribution::Normal, numbers: input.numbers() / 2 })
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;

    use super::Sample;
    use crate::candle::{Pass, TensorLayer};
    use crate::{ModelError, Posterior};

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
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::Sample;
    use crate::exchange::{ExchangeError, Flow, LayerGraph, OnnxKind};

    impl OnnxKind for Sample {
        /// The mean: the first half of the channels, which are the first numbers of a row.
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            let input = at.rows(input);
            let start = at.integers("start", &[0]);
            let end = at.integers("end", &[at.layer.output.numbers()]);
            let axis = at.integers("axis", &[1]);
            let inputs = [input.as_str(), &start, &end, &axis];
            Ok(Flow::Rows(at.node("Slice", &inputs, "mean", vec![])))
        }
    }
}

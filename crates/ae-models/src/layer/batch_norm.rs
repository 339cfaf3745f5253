//! Batch normalisation.

use serde::{Deserialize, Serialize};

use super::kind::{Initial, LayerKind, LayerParameter, Slide};
use crate::Shape;

/// Batch normalisation of each channel (Ioffe and Szegedy, ICML 2015, algorithm 1): in training by the mean and the
/// variance of the batch, otherwise by running statistics, which are kept beside the parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchNorm {
    /// The part of the running statistics that a batch replaces, in (0, 1]; 0.1, as in PyTorch, if it is not written.
    #[serde(default = "momentum")]
    pub momentum: f32,
    /// Added to the variance; 1e-5 if it is not written.
    #[serde(default = "epsilon")]
    pub epsilon: f32,
}

fn momentum() -> f32 {
    0.1
}

fn epsilon() -> f32 {
    1e-5
}

impl LayerKind for BatchNorm {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        if !(self.momentum > 0.0 && self.momentum <= 1.0) {
            let found = self.momentum;
            return Err(format!("must have a momentum above 0 and at most 1, but found {found}"));
        }
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return Err(format!("must have a finite epsilon above 0, but found {}", self.epsilon));
        }
        Ok(input)
    }

    fn for_kernels(&self, _input: Shape, offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        let norm = ae_kernels::BatchNorm {
            weight: offset("weight"),
            bias: offset("bias"),
            running_mean: offset("running_mean"),
            running_variance: offset("running_var"),
            momentum: self.momentum,
            epsilon: self.epsilon,
        };
        norm.into()
    }

    fn parameters(&self, input: Shape) -> Vec<LayerParameter> {
        let of_channels = |name, initial, is_trained| LayerParameter {
            name,
            shape: vec![input.channels],
            initial,
            is_trained,
        };
        vec![
            of_channels("weight", Initial::Ones, true),
            of_channels("bias", Initial::Zeros, true),
            of_channels("running_mean", Initial::Zeros, false),
            of_channels("running_var", Initial::Ones, false),
        ]
    }

    fn needs_batch_statistics(&self) -> bool {
        true
    }

    fn slides(&self) -> Option<[Slide; 2]> {
        Some([Slide::POINT; 2])
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;

    use super::BatchNorm;
    use crate::ModelError;
    use crate::candle::{LayerWeights, Pass, TensorKind, TensorLayer};

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
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::BatchNorm;
    use crate::exchange::{Attribute, ExchangeError, Flow, LayerGraph, OnnxKind};

    impl OnnxKind for BatchNorm {
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            let input = at.maps(input);
            let [weight, bias] = [at.parameter("weight")?, at.parameter("bias")?];
            let [mean, variance] = [at.parameter("running_mean")?, at.parameter("running_var")?];
            let inputs = [input.as_str(), &weight, &bias, &mean, &variance];
            let attributes = vec![Attribute::float("epsilon", self.epsilon)];
            Ok(Flow::Maps(at.node("BatchNormalization", &inputs, "normalised", attributes)))
        }
    }
}

//! Gaussian noise within a network.

use serde::{Deserialize, Serialize};

use super::kind::{Distribution, Draws, LayerKind, Slide};
use crate::Shape;

/// In training Gaussian noise is added to each number. Otherwise nothing changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GaussianNoise {
    /// Its standard deviation, finite and at least 0.
    pub deviation: f32,
}

impl LayerKind for GaussianNoise {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        let deviation = self.deviation;
        match deviation >= 0.0 && deviation.is_finite() {
            true => Ok(input),
            false => {
                Err(format!("must have a finite deviation of at least 0, but found {deviation}"))
            }
        }
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::GaussianNoise { deviation: self.deviation }.into()
    }

    fn draws(&self, input: Shape) -> Option<Draws> {
        Some(Draws { distribution: Distribution::Normal, numbers: input.numbers() })
    }

    fn slides(&self) -> Option<[Slide; 2]> {
        Some([Slide::POINT; 2])
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;

    use super::GaussianNoise;
    use crate::ModelError;
    use crate::candle::{Pass, TensorLayer};

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
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::GaussianNoise;
    use crate::exchange::{ExchangeError, Flow, LayerGraph, OnnxKind};

    impl OnnxKind for GaussianNoise {
        /// It acts in training alone.
        fn add(&self, _at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            Ok(input)
        }
    }
}

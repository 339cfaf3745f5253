//! Dropout.

use serde::{Deserialize, Serialize};

use super::kind::{Distribution, Draws, LayerKind, Slide};
use crate::Shape;

/// In training each number becomes 0 with the probability `rate`, and the others are divided by `1 - rate` (Srivastava
/// et al., JMLR 15, 2014, section 10). Otherwise nothing changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dropout {
    /// The probability, at least 0 and below 1.
    pub rate: f32,
}

impl LayerKind for Dropout {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        match self.rate >= 0.0 && self.rate < 1.0 {
            true => Ok(input),
            false => {
                Err(format!("must have a rate of at least 0 and below 1, but found {}", self.rate))
            }
        }
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::Dropout { rate: self.rate }.into()
    }

    fn draws(&self, input: Shape) -> Option<Draws> {
        Some(Draws { distribution: Distribution::Uniform, numbers: input.numbers() })
    }

    fn slides(&self) -> Option<[Slide; 2]> {
        Some([Slide::POINT; 2])
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;

    use super::Dropout;
    use crate::ModelError;
    use crate::candle::{Pass, TensorLayer};

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
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::Dropout;
    use crate::exchange::{ExchangeError, Flow, LayerGraph, OnnxKind};

    impl OnnxKind for Dropout {
        /// It acts in training alone.
        fn add(&self, _at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            Ok(input)
        }
    }
}

//! Activations as layers of their own.

use serde::{Deserialize, Serialize};

use super::kind::{LayerKind, Slide};
use crate::{Activation, Shape};

/// An activation of every number: after a batch normalisation, say. Dense layers and convolutions have their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivationLayer {
    /// The activation.
    pub activation: Activation,
}

/// The activation of a layer that names none.
pub(super) fn linear() -> Activation {
    Activation::Linear
}

impl LayerKind for ActivationLayer {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        self.activation.into()
    }

    fn activation(&self) -> Option<Activation> {
        Some(self.activation)
    }

    fn slides(&self) -> Option<[Slide; 2]> {
        Some([Slide::POINT; 2])
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;

    use super::ActivationLayer;
    use crate::ModelError;
    use crate::candle::{Pass, TensorLayer};

    impl TensorLayer for ActivationLayer {
        fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
            Ok(input.clone())
        }
    }
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::ActivationLayer;
    use crate::exchange::{ExchangeError, Flow, LayerGraph, OnnxKind};

    impl OnnxKind for ActivationLayer {
        /// The activation itself is added after the nodes of every layer.
        fn add(&self, _at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            Ok(input)
        }
    }
}

//! Another shape of the same numbers.

use serde::{Deserialize, Serialize};

use super::kind::LayerKind;
use crate::Shape;

/// The same numbers, channels first, in another shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reshape {
    /// Channels, height and width.
    pub shape: [usize; 3],
}

impl LayerKind for Reshape {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        let [channels, height, width] = self.shape;
        let output = Shape { channels, height, width };
        if output.numbers() != input.numbers() {
            return Err(format!(
                "must have a shape of {} numbers, as its input {input}, but found {output}",
                input.numbers()
            ));
        }
        Ok(output)
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        let [channels, height, width] = self.shape;
        ae_kernels::Reshape { shape: Shape { channels, height, width } }.into()
    }

    fn is_permutation(&self) -> bool {
        true
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;

    use super::Reshape;
    use crate::ModelError;
    use crate::candle::{Pass, TensorLayer};

    impl TensorLayer for Reshape {
        fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
            let [channels, height, width] = self.shape;
            Ok(input.reshape((input.dim(0)?, channels, height, width))?)
        }
    }
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::Reshape;
    use crate::exchange::{ExchangeError, Flow, LayerGraph, OnnxKind};

    impl OnnxKind for Reshape {
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            // A later layer gives the rows the shape that it needs.
            Ok(Flow::Rows(at.rows(input)))
        }
    }
}

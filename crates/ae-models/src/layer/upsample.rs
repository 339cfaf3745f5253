//! Nearest-neighbour upsampling.

use serde::{Deserialize, Serialize};

use super::geometry::{Window, check_window, extent, window};
use super::kind::{LayerKind, Slide};
use crate::Shape;

/// Repeats every number `factor` times down and across.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upsample {
    /// How many times, down and across.
    #[serde(deserialize_with = "window")]
    pub factor: Window,
}

impl LayerKind for Upsample {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        check_window("factor", self.factor)?;
        Ok(Shape {
            height: input.height.saturating_mul(self.factor[0]),
            width: input.width.saturating_mul(self.factor[1]),
            ..input
        })
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::Upsampling { factor: extent(self.factor) }.into()
    }

    fn slides(&self) -> Option<[Slide; 2]> {
        Some(Slide::spread(self.factor, self.factor))
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;

    use super::Upsample;
    use crate::ModelError;
    use crate::candle::{Pass, TensorLayer};

    impl TensorLayer for Upsample {
        fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
            // By broadcast: the gradient of candle's own upsampling takes the place of other gradients of its input,
            // and it has none for two factors.
            let (n, channels, height, width) = input.dims4()?;
            let [down, across] = self.factor;
            let apart = input.reshape(&[n, channels, height, 1, width, 1][..])?;
            let repeated = apart.broadcast_as(&[n, channels, height, down, width, across][..])?;
            Ok(repeated.reshape((n, channels, height * down, width * across))?)
        }
    }
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::Upsample;
    use crate::exchange::{Attribute, ExchangeError, Flow, LayerGraph, OnnxKind};

    impl OnnxKind for Upsample {
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            let input = at.maps(input);
            let [down, across] = self.factor.map(|factor| factor as f32);
            let scales = at.floats("scales", &[1.0, 1.0, down, across]);
            let attributes = vec![
                Attribute::string("coordinate_transformation_mode", "asymmetric"),
                Attribute::string("mode", "nearest"),
                Attribute::string("nearest_mode", "floor"),
            ];
            Ok(Flow::Maps(at.node("Resize", &[&input, "", &scales], "upsampled", attributes)))
        }
    }
}

//! Convolutions.

use serde::{Deserialize, Serialize};

use super::geometry::{Window, after_window, check_channels, extent, same, unit, window};
use super::kind::{LayerKind, LayerParameter, Slide};
use crate::{Activation, Padding, Shape};

/// A convolution (cross-correlation, as in PyTorch and Keras) with a bias for each channel and an activation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv {
    /// Channels of the output, at least 1.
    pub channels: usize,
    /// Height and width of the kernel.
    #[serde(deserialize_with = "window")]
    pub kernel: Window,
    /// The step from one place of the kernel to the next, down and across; 1 if it is not written.
    #[serde(default = "unit", deserialize_with = "window")]
    pub stride: Window,
    /// How the map is extended; `same` if it is not written.
    #[serde(default = "same")]
    pub padding: Padding,
    /// The activation; linear if it is not written.
    #[serde(default = "super::activation::linear")]
    pub activation: Activation,
}

impl LayerKind for Conv {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        check_channels(self.channels)?;
        after_window(input, self.channels, ("kernel", self.kernel), self.stride, self.padding)
    }

    fn for_kernels(&self, _input: Shape, offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        let convolution = ae_kernels::Convolution {
            direction: ae_kernels::Direction::Forward,
            channels: self.channels,
            kernel: extent(self.kernel),
            stride: extent(self.stride),
            padding: self.padding,
            weight: offset("weight"),
            bias: offset("bias"),
            activation: self.activation,
        };
        convolution.into()
    }

    fn parameters(&self, input: Shape) -> Vec<LayerParameter> {
        let (inputs, outputs) = (input.channels, self.channels);
        LayerParameter::of_convolution([outputs, inputs], self.kernel, inputs, outputs)
    }

    fn activation(&self) -> Option<Activation> {
        Some(self.activation)
    }

    fn slides(&self) -> Option<[Slide; 2]> {
        let slides = || Slide::windows(self.kernel, self.stride);
        (self.padding == Padding::Same).then(slides)
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;

    use super::Conv;
    use crate::ModelError;
    use crate::candle::{LayerWeights, Pass, TensorKind, TensorLayer, fitted, places, taps};
    use crate::layer::{Axis, Window, axes};

    impl TensorKind for Conv {
        fn over(&self, weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
            let (input, output) = (weights.layer.input, weights.layer.output);
            Ok(Box::new(Convolution {
                weight: weights.get("weight")?,
                bias: weights.get("bias")?.reshape((1, (), 1, 1))?,
                axes: axes(input, output, self.kernel, self.stride),
            }))
        }
    }

    /// A convolution with a weight `(out, in, height, width)` and a bias `(1, out, 1, 1)`.
    struct Convolution {
        weight: Tensor,
        bias: Tensor,
        axes: [Axis; 2],
    }

    impl TensorLayer for Convolution {
        fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
            let [(top, height), (left, width)] = self.axes.map(|axis| axis.padded());
            // Exactly the places that the kernel meets: candle's gradient takes what is left over from the height
            // alone.
            let input = fitted(&fitted(input, 2, top, height)?, 3, left, width)?;
            let weight = taps(&self.weight, &self.axes)?;
            let output = convolve(&input.contiguous()?, &weight, &self.axes)?;
            Ok(output.broadcast_add(&self.bias)?)
        }
    }

    fn convolve(input: &Tensor, weight: &Tensor, axes: &[Axis; 2]) -> candle_core::Result<Tensor> {
        let [down, across]: Window = [axes[0].stride, axes[1].stride];
        if down == across {
            return input.conv2d(weight, 0, down, 1, 1);
        }
        // candle has one stride for both axes.
        let mut output = input.conv2d(weight, 0, 1, 1, 1)?;
        for (dim, axis) in [(2, &axes[0]), (3, &axes[1])] {
            output = places(&output, dim, (0..axis.places).map(|place| place * axis.stride))?;
        }
        Ok(output)
    }
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::Conv;
    use crate::exchange::{ExchangeError, Flow, LayerGraph, OnnxKind, window_attributes};
    use crate::layer::axes;

    impl OnnxKind for Conv {
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            let axes = axes(at.layer.input, at.layer.output, self.kernel, self.stride);
            at.convolution(input, "Conv", window_attributes(&axes))
        }
    }
}

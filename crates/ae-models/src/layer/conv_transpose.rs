//! Transposed convolutions.

use serde::{Deserialize, Serialize};

use super::geometry::{Window, check_channels, check_window, extent, same, unit, window};
use super::kind::{LayerKind, LayerParameter, Slide};
use crate::{Activation, Padding, Shape};

/// A transposed convolution: the adjoint of the convolution with this kernel, stride and padding that leads from the
/// output's size to the input's; with a bias for each channel and an activation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConvTranspose {
    /// Channels of the output, at least 1.
    pub channels: usize,
    /// Height and width of the kernel.
    #[serde(deserialize_with = "window")]
    pub kernel: Window,
    /// The step of the output from one place of the input to the next, down and across; 1 if it is not written.
    #[serde(default = "unit", deserialize_with = "window")]
    pub stride: Window,
    /// `same` gives `n * stride` places, `valid` gives `(n - 1) * stride + kernel`; `same` if it is not written.
    #[serde(default = "same")]
    pub padding: Padding,
    /// The activation; linear if it is not written.
    #[serde(default = "super::activation::linear")]
    pub activation: Activation,
}

impl LayerKind for ConvTranspose {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        check_channels(self.channels)?;
        check_window("kernel", self.kernel)?;
        check_window("stride", self.stride)?;
        let length = |n: usize, axis: usize| {
            self.padding.transposed_length(n, self.kernel[axis], self.stride[axis])
        };
        Ok(Shape {
            channels: self.channels,
            height: length(input.height, 0),
            width: length(input.width, 1),
        })
    }

    fn for_kernels(&self, _input: Shape, offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        let convolution = ae_kernels::Convolution {
            direction: ae_kernels::Direction::Transposed,
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
        LayerParameter::of_convolution([inputs, outputs], self.kernel, inputs, outputs)
    }

    fn activation(&self) -> Option<Activation> {
        Some(self.activation)
    }

    fn slides(&self) -> Option<[Slide; 2]> {
        let slides = || Slide::spread(self.kernel, self.stride);
        (self.padding == Padding::Same).then(slides)
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::Tensor;

    use super::ConvTranspose;
    use crate::candle::{LayerWeights, Pass, TensorKind, TensorLayer, fitted, taps};
    use crate::layer::{Axis, axes};
    use crate::{MAX_NUMBERS, ModelError, Shape};

    impl TensorKind for ConvTranspose {
        fn over(&self, weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
            let (input, output) = (weights.layer.input, weights.layer.output);
            let axes = axes(output, input, self.kernel, self.stride);
            let [height, width] = axes.map(|axis| axis.spread());
            let numbers = Shape { height, width, ..input }.numbers();
            if !is_square(&axes) && numbers > MAX_NUMBERS {
                return Err(weights.layer.refused(format!(
                    "must have one stride for both axes or spread its input over at most {MAX_NUMBERS} numbers an item, as \
                     candle computes it, but found {numbers}"
                )));
            }
            Ok(Box::new(TransposedConvolution {
                weight: weights.get("weight")?,
                bias: weights.get("bias")?.reshape((1, (), 1, 1))?,
                axes,
            }))
        }
    }

    /// A transposed convolution with a weight `(in, out, height, width)` and a bias `(1, out, 1, 1)`.
    struct TransposedConvolution {
        weight: Tensor,
        bias: Tensor,
        axes: [Axis; 2],
    }

    impl TensorLayer for TransposedConvolution {
        fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
            let mut output = spread(input, &taps(&self.weight, &self.axes)?, &self.axes)?;
            for (dim, axis) in [(2, &self.axes[0]), (3, &self.axes[1])] {
                // What the convolution's padding would meet is cut off; places that it never meets are 0.
                let (cut, extent) = axis.padded();
                let kept = output.narrow(dim, cut, (extent - cut).min(axis.map))?;
                output = fitted(&kept, dim, 0, axis.map)?;
            }
            Ok(output.broadcast_add(&self.bias)?)
        }
    }

    fn is_square([down, across]: &[Axis; 2]) -> bool {
        down.stride == across.stride
    }

    /// The whole extent of the windows.
    fn spread(input: &Tensor, weight: &Tensor, axes: &[Axis; 2]) -> candle_core::Result<Tensor> {
        if is_square(axes) {
            return input.conv_transpose2d(weight, 0, 0, axes[0].stride, 1);
        }
        // candle has one stride for both axes: zeros between the numbers make it 1.
        let mut apart = input.clone();
        for (dim, axis) in [(2, &axes[0]), (3, &axes[1])] {
            // The step from the only place to the next may be far longer than the map.
            let step = if axis.places == 1 { 1 } else { axis.stride };
            let columns = fitted(&apart.unsqueeze(dim + 1)?, dim + 1, 0, step)?;
            apart = columns.flatten(dim, dim + 1)?.narrow(dim, 0, axis.spread())?;
        }
        apart.contiguous()?.conv_transpose2d(weight, 0, 0, 1, 1)
    }
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::ConvTranspose;
    use crate::exchange::{
        Attribute, ExchangeError, Flow, LayerGraph, OnnxKind, window_attributes,
    };
    use crate::layer::axes;

    impl OnnxKind for ConvTranspose {
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            let axes = axes(at.layer.output, at.layer.input, self.kernel, self.stride);
            let mut attributes = window_attributes(&axes);
            // Places after the last window, which a stride beyond the kernel leaves.
            let beyond = axes.map(|axis| axis.map.saturating_sub(axis.extent()));
            if beyond != [0, 0] {
                attributes.push(Attribute::ints("output_padding", &beyond));
            }
            at.convolution(input, "ConvTranspose", attributes)
        }
    }
}

//! Transposed convolutions.

use serde::{Deserialize, Serialize};

use super::geometry::{Window, check_channels, check_window, extent, same, unit, window};
use super::kind::{LayerKind, LayerParameter};
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
    fn name(&self) -> &'static str {
        "conv-transpose"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        check_channels(self.channels)?;
        check_window("kernel", self.kernel)?;
        check_window("stride", self.stride)?;
        let length = |n: usize, axis: usize| match self.padding {
            Padding::Same => n.saturating_mul(self.stride[axis]),
            Padding::Valid => {
                let first = n.saturating_sub(1).saturating_mul(self.stride[axis]);
                first.saturating_add(self.kernel[axis])
            }
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
        let [height, width] = self.kernel;
        let area = height.saturating_mul(width);
        let shape = vec![input.channels, self.channels, height, width];
        let fan_in = input.channels.saturating_mul(area);
        let fan_out = self.channels.saturating_mul(area);
        vec![LayerParameter::weight(shape, fan_in, fan_out), LayerParameter::bias(self.channels)]
    }

    fn activation(&self) -> Option<Activation> {
        Some(self.activation)
    }
}

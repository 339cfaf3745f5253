//! Convolutions.

use serde::{Deserialize, Serialize};

use super::geometry::{Window, after_window, extent, same, unit, window};
use super::kind::{LayerKind, LayerParameter};
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
    fn name(&self) -> &'static str {
        "conv"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        super::geometry::check_channels(self.channels)?;
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
        let [height, width] = self.kernel;
        let area = height.saturating_mul(width);
        let shape = vec![self.channels, input.channels, height, width];
        let fan_in = input.channels.saturating_mul(area);
        let fan_out = self.channels.saturating_mul(area);
        vec![LayerParameter::weight(shape, fan_in, fan_out), LayerParameter::bias(self.channels)]
    }

    fn activation(&self) -> Option<Activation> {
        Some(self.activation)
    }
}

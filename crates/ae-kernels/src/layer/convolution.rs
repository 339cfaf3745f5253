//! A convolution.

use super::{Context, Kind, Padding, Place, Refusal, Role};
use crate::chain::{ConvolutionOperation, NeededOrder, Operation, Order};
use crate::convolution::GeometryError;
use crate::{Activation, ConvolutionGeometry, Extent, Shape};

/// A convolution (cross-correlation, as in PyTorch and TensorFlow) with an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convolution {
    /// Channels of the output.
    pub channels: usize,
    /// Rows and columns of the kernel, each at least 1.
    pub kernel: Extent,
    /// Positions from one window to the next, down and across, each at least 1.
    pub stride: Extent,
    /// What lies beyond the edges: zeros or nothing.
    pub padding: Padding,
    /// Index of the first number of the weight in the flat parameter buffer: (channels, input channels, kernel rows,
    /// kernel columns).
    pub weight: usize,
    /// Index of the first number of the bias, a number for each channel of the output.
    pub bias: usize,
    /// The activation.
    pub activation: Activation,
}

impl Convolution {
    fn geometry(&self, input: Shape) -> Result<ConvolutionGeometry, GeometryError> {
        ConvolutionGeometry::new(input, self.channels, self.kernel, self.stride, self.padding)
    }
}

impl Kind for Convolution {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        let geometry = self.geometry(input).map_err(|error| refusal(error, input))?;
        Ok(geometry.output())
    }

    fn places(&self, input: Shape) -> Vec<Place> {
        let length = weight_length(input.channels, self.channels, self.kernel);
        let weight = Place::new(Role::PerSlice, self.weight, length);
        vec![weight, Place::new(Role::PerSlice, self.bias, self.channels)]
    }

    fn activation(&self) -> Activation {
        self.activation
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsLast)
    }

    fn is_spatial(&self) -> bool {
        true
    }

    fn takes_what_follows(&self) -> bool {
        self.activation == Activation::Linear
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let geometry = self.geometry(context.input).ok()?;
        Some(Box::new(ConvolutionOperation::new(geometry, self.weight, self.bias, context)))
    }
}

pub(super) fn refusal(error: GeometryError, input: Shape) -> Refusal {
    Refusal::new(format!("a convolution that fits ({error})"), input)
}

/// Numbers of a weight.
pub(super) fn weight_length(inputs: usize, outputs: usize, kernel: Extent) -> usize {
    inputs.saturating_mul(outputs).saturating_mul(kernel.area())
}

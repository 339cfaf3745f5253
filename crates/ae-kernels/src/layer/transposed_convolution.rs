//! A transposed convolution.

use super::convolution::{refusal, weight_length};
use super::{Context, Kind, Padding, Place, Refusal, Role};
use crate::chain::{ConvolutionOperation, NeededOrder, Operation, Order};
use crate::convolution::GeometryError;
use crate::{Activation, ConvolutionGeometry, Extent, Shape};

/// A transposed convolution with an activation: the adjoint of a [`Convolution`](crate::Convolution) from its output to
/// its input, plus a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransposedConvolution {
    /// Channels of the output.
    pub channels: usize,
    /// Rows and columns of the kernel, each at least 1.
    pub kernel: Extent,
    /// Positions of the output from the window of a position of the input to that of its neighbour, down and across, each
    /// at least 1.
    pub stride: Extent,
    /// `same` gives `n stride` positions along an axis, `valid` gives `(n - 1) stride + kernel`.
    pub padding: Padding,
    /// Index of the first number of the weight in the flat parameter buffer: (input channels, channels, kernel rows,
    /// kernel columns).
    pub weight: usize,
    /// Index of the first number of the bias, a number for each channel of the output.
    pub bias: usize,
    /// The activation.
    pub activation: Activation,
}

impl TransposedConvolution {
    fn geometry(&self, input: Shape) -> Result<ConvolutionGeometry, GeometryError> {
        let Self { channels, kernel, stride, padding, .. } = *self;
        ConvolutionGeometry::transposed(input, channels, kernel, stride, padding)
    }
}

impl Kind for TransposedConvolution {
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

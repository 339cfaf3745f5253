//! A convolution.

use super::{Context, Kind, Padding, Place, Refusal, Role};
use crate::chain::{ConvolutionOperation, NeededOrder, Operation, Order};
use crate::convolution::Geometry;
use crate::{Activation, Extent, Shape};

/// Which way numbers flow through a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the map to its windows.
    Forward,
    /// From the windows to the map: a transposed convolution, the adjoint of the convolution of that size.
    Transposed,
}

/// A convolution (cross-correlation, as in PyTorch and TensorFlow), or a transposed one, with a bias and an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convolution {
    /// Whether it is transposed.
    pub direction: Direction,
    /// Channels of the output.
    pub channels: usize,
    /// Rows and columns of the kernel, each at least 1.
    pub kernel: Extent,
    /// Positions of the map from one window to the next, down and across, each at least 1.
    pub stride: Extent,
    /// What lies beyond the edges of the map: zeros or nothing ([`Padding::windows`], [`Padding::transposed_length`]).
    pub padding: Padding,
    /// Index of the first number of the weight in the flat parameter buffer: (channels, input channels, kernel rows,
    /// kernel columns), and of a transposed convolution (input channels, channels, kernel rows, kernel columns).
    pub weight: usize,
    /// Index of the first number of the bias, a number for each channel of the output.
    pub bias: usize,
    /// The activation.
    pub activation: Activation,
}

impl Kind for Convolution {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        let make = match self.direction {
            Direction::Forward => Geometry::new,
            Direction::Transposed => Geometry::transposed,
        };
        let geometry = make(input, self.channels, self.kernel, self.stride, self.padding);
        let refused = |error| Refusal::new(format!("a convolution that fits ({error})"), input);
        geometry.map(|geometry| geometry.output()).map_err(refused)
    }

    fn places(&self, input: Shape) -> Vec<Place> {
        let kernels = input.channels.saturating_mul(self.channels);
        let length = kernels.saturating_mul(self.kernel.area());
        let weight = Place::new(Role::PerSlice, self.weight, length);
        vec![weight, Place::new(Role::PerSlice, self.bias, self.channels)]
    }

    fn activation(&self) -> Activation {
        self.activation
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsLast)
    }

    fn has_small_slices(&self) -> bool {
        true
    }

    fn takes_what_follows(&self) -> bool {
        self.activation == Activation::Linear
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let (shapes, sizes) = ([context.input, context.output], [self.kernel, self.stride]);
        let geometry = Geometry::between(self.direction, shapes, sizes, self.padding);
        Some(Box::new(ConvolutionOperation::new(geometry, self.weight, self.bias, context)))
    }
}

//! A transposed convolution.

use super::convolution::{check_window, weight_length};
use super::{Kind, Padding, Place, Refusal, Role};
use crate::{Activation, Shape};

/// A transposed convolution with a square kernel, and an activation: the adjoint of a [`Convolution`](crate::Convolution)
/// from its output to its input, plus a bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransposedConvolution {
    /// Channels of the output.
    pub channels: usize,
    /// Rows and columns of the kernel, at least 1.
    pub kernel: usize,
    /// Positions of the output between the windows of two neighbouring positions of the input, at least 1.
    pub stride: usize,
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
    /// Positions of the output along an axis.
    fn length(&self, length: usize) -> usize {
        match self.padding {
            Padding::Same => length.saturating_mul(self.stride),
            Padding::Valid => {
                let last = length.saturating_sub(1).saturating_mul(self.stride);
                last.saturating_add(self.kernel)
            }
        }
    }
}

impl Kind for TransposedConvolution {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        check_window(self.kernel, self.stride)?;
        Ok(Shape::new(self.channels, self.length(input.height), self.length(input.width)))
    }

    fn places(&self, input: Shape) -> Vec<Place> {
        let length = weight_length(input.channels, self.channels, self.kernel);
        let weight = Place::new(Role::PerSlice, self.weight, length);
        vec![weight, Place::new(Role::PerSlice, self.bias, self.channels)]
    }

    fn activation(&self) -> Activation {
        self.activation
    }
}

//! A convolution.

use super::{Kind, Padding, Place, Refusal, Role};
use crate::{Activation, Shape};

/// A convolution (cross-correlation, as in PyTorch and TensorFlow) with a square kernel, and an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convolution {
    /// Channels of the output.
    pub channels: usize,
    /// Rows and columns of the kernel, at least 1.
    pub kernel: usize,
    /// Positions between two windows, at least 1.
    pub stride: usize,
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

impl Kind for Convolution {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        check_window(self.kernel, self.stride)?;
        let windows = |length| self.padding.windows(length, self.kernel, self.stride);
        match (windows(input.height), windows(input.width)) {
            (Some(rows), Some(columns)) => Ok(Shape::new(self.channels, rows.count, columns.count)),
            _ => Err(smaller_than_window(input, self.kernel)),
        }
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

/// Numbers of a weight.
pub(super) fn weight_length(inputs: usize, outputs: usize, kernel: usize) -> usize {
    inputs.saturating_mul(outputs).saturating_mul(kernel).saturating_mul(kernel)
}

/// Checks the sizes of a window.
pub(super) fn check_window(size: usize, stride: usize) -> Result<(), Refusal> {
    if size == 0 || stride == 0 {
        let found = format!("a window of {size} and a stride of {stride}");
        return Err(Refusal::new("a window and a stride of at least 1", found));
    }
    Ok(())
}

pub(super) fn smaller_than_window(input: Shape, size: usize) -> Refusal {
    Refusal::new(format!("a map of at least {size} x {size} positions, or padding `same`"), input)
}

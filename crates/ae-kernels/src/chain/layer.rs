//! The description of a layer.

use crate::Activation;

/// Where the weight of a layer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The layer has its own weight, (outputs, inputs) row-major, in the flat parameter buffer.
    Own {
        /// Index of its first number.
        offset: usize,
    },
    /// The weight is tied: the transpose of the weight of an earlier layer, which has its own.
    TransposeOf {
        /// Index of that layer.
        layer: usize,
    },
}

/// A dense layer: `y = activation(x W^T + b)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Width of an input row, at least 1.
    pub inputs: usize,
    /// Width of an output row, at least 1.
    pub outputs: usize,
    /// The weight `W`, (outputs, inputs).
    pub weight: Weight,
    /// Index of the first number of the bias `b` in the flat parameter buffer.
    pub bias: usize,
    /// The activation.
    pub activation: Activation,
}

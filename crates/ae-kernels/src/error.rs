//! Why layers do not make a stack.

use thiserror::Error;

/// Why layers do not make a stack.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StackError {
    /// A stack needs a layer, every layer needs inputs and outputs, and the code needs a layer.
    #[error("layer {layer}: expected at least one input and one output")]
    Empty {
        /// Index of the layer.
        layer: usize,
    },
    /// A layer does not take what the one before it gives.
    #[error(
        "layer {layer}: expected {expected} inputs, the outputs of the layer before, found {found}"
    )]
    Width {
        /// Index of the layer.
        layer: usize,
        /// Outputs of the layer before.
        expected: usize,
        /// Inputs of this layer.
        found: usize,
    },
    /// A weight is the transpose of something else than an earlier layer's own mirrored weight.
    #[error(
        "layer {layer}: expected the transpose of an earlier layer's own weight of mirrored shape, found layer {found}"
    )]
    Tie {
        /// Index of the layer.
        layer: usize,
        /// The layer that it names.
        found: usize,
    },
    /// Weights and biases overlap, leave gaps or go beyond the buffer.
    #[error(
        "expected parameters to fill the buffer without gaps or overlaps, found {found} where {expected} was next"
    )]
    Parameters {
        /// Where the next parameter should begin (or the buffer should end).
        expected: usize,
        /// Where it begins (or the buffer ends).
        found: usize,
    },
    /// The layer named as the code's does not exist.
    #[error("expected the code to be the output of one of {layers} layers, found {found}")]
    Code {
        /// Layers in the stack.
        layers: usize,
        /// The index named.
        found: usize,
    },
    /// Binary cross-entropy needs probabilities.
    #[error("binary cross-entropy is taken from logits: expected a last layer with the sigmoid")]
    LossOfNoProbability,
}

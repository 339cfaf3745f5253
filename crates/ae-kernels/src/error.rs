//! Why layers do not make a stack, or numbers do not fit one.

use thiserror::Error;

/// Why layers do not make a stack, or numbers do not fit one.
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
    /// A slice does not have as many numbers as the stack or another slice asks for.
    #[error("{what}: expected {expected} numbers, found {found}")]
    Length {
        /// What the numbers are.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A slice does not consist of whole rows.
    #[error("{what}: expected whole rows of {width} numbers, found {found} numbers")]
    PartialRow {
        /// What the numbers are.
        what: &'static str,
        /// Numbers of a row.
        width: usize,
        /// How many there are.
        found: usize,
    },
    /// A slice has no rows, or more than the batch that it is of.
    #[error("expected from 1 row to the {batch} of the batch, found {slice}")]
    Rows {
        /// Rows of the slice.
        slice: usize,
        /// Rows of the batch.
        batch: usize,
    },
    /// A stack that ends with its code cannot decode.
    #[error("expected a layer after the code, found none")]
    NoDecoder,
    /// Binary cross-entropy needs probabilities.
    #[error("binary cross-entropy is taken from logits: expected a last layer with the sigmoid")]
    LossOfNoProbability,
}

/// Checks that a slice has as many numbers as it must have.
pub(crate) fn check_length(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), StackError> {
    if found == expected { Ok(()) } else { Err(StackError::Length { what, expected, found }) }
}

/// The number of rows of this width in a slice, if there are only whole ones.
pub(crate) fn whole_rows(
    what: &'static str,
    width: usize,
    found: usize,
) -> Result<usize, StackError> {
    match found.checked_div(width) {
        Some(rows) if rows * width == found => Ok(rows),
        _ => Err(StackError::PartialRow { what, width, found }),
    }
}

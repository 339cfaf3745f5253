//! Errors: layers that do not make a stack, and slices whose lengths do not fit it.

use thiserror::Error;

/// Why layers do not make a stack, or why numbers do not fit one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StackError {
    /// A layer has no inputs or no outputs.
    #[error("layer {layer}: expected at least one input and one output")]
    Empty {
        /// Index of the layer.
        layer: usize,
    },
    /// A layer's number of inputs differs from the number of outputs of the layer before it.
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
    /// A tied weight does not name an earlier layer that has a weight of its own and of the transposed shape.
    #[error(
        "layer {layer}: expected the transpose of an earlier layer's own weight of mirrored shape, found layer {found}"
    )]
    Tie {
        /// Index of the layer.
        layer: usize,
        /// Index of the layer that it names.
        found: usize,
    },
    /// Weights and biases overlap, leave gaps, or end before or beyond the end of the buffer.
    #[error(
        "expected parameters to fill the buffer without gaps or overlaps, found {found} where {expected} was next"
    )]
    Parameters {
        /// Index at which the next weight or bias must begin, or the length that the buffer must have.
        expected: usize,
        /// Index at which it begins, or the length of the buffer.
        found: usize,
    },
    /// The stack has no layer of the index that is named as the code's, or the code has a penalty and is the last
    /// layer's output.
    #[error("expected the code to be the output of one of {layers} layers, found {found}")]
    Code {
        /// Layers that can have the code as output.
        layers: usize,
        /// Index of the layer that is named.
        found: usize,
    },
    /// A slice has another length than the stack or another slice requires.
    #[error("{what}: expected {expected} numbers, found {found}")]
    Length {
        /// What the slice holds.
        what: &'static str,
        /// The length that it must have.
        expected: usize,
        /// The length that it has.
        found: usize,
    },
    /// The length of a slice is not a multiple of the width of a row.
    #[error("{what}: expected whole rows of {width} numbers, found {found} numbers")]
    PartialRow {
        /// What the slice holds.
        what: &'static str,
        /// Numbers of a row.
        width: usize,
        /// The length that it has.
        found: usize,
    },
    /// A stack that ends with its code cannot decode.
    #[error("expected a layer after the code, found none")]
    NoDecoder,
    /// Binary cross-entropy needs a sigmoid as the last activation.
    #[error("binary cross-entropy is taken from logits: expected a last layer with the sigmoid")]
    LossOfNoProbability,
}

/// Checks the length of a slice.
pub(crate) fn check_length(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), StackError> {
    if found == expected { Ok(()) } else { Err(StackError::Length { what, expected, found }) }
}

/// The number of rows of `width` numbers in a slice of `found` numbers. A partial row is an error.
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

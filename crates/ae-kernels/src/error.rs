//! Errors: layers that do not make a chain, and slices whose lengths do not fit it.

use thiserror::Error;

use crate::PeersError;
use crate::layer::Refusal;

/// Why layers do not make a chain, or why numbers do not fit one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// A layer does not fit the shape before it, or an option of it is out of range.
    #[error("layer {layer}: expected {expected}, found {found}")]
    Layer {
        /// Index of the layer.
        layer: usize,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A tied weight does not name an earlier dense layer that has a weight of its own and of the transposed shape.
    #[error(
        "layer {layer}: expected the transpose of an earlier dense layer's own weight of mirrored shape, found layer {found}"
    )]
    Tie {
        /// Index of the layer.
        layer: usize,
        /// Index of the layer that it names.
        found: usize,
    },
    /// Parameters overlap, leave gaps, or end before or beyond the end of the buffer.
    #[error(
        "expected parameters to fill the buffer without gaps or overlaps, found {found} where {expected} was next"
    )]
    Parameters {
        /// Index at which the next parameters must begin, or the length that the buffer must have.
        expected: usize,
        /// Index at which they begin, or the length of the buffer.
        found: usize,
    },
    /// The chain has no layer of the index that is named as the code's, or the code has a penalty and is the last
    /// layer's output.
    #[error("expected the code to be the output of one of {layers} layers, found {found}")]
    Code {
        /// Layers that can have the code as output.
        layers: usize,
        /// Index of the layer that is named.
        found: usize,
    },
    /// A residual chain's output has more numbers than its input.
    #[error(
        "expected an output of at most the input's {expected} numbers to add them, found {found}"
    )]
    Residual {
        /// Numbers of the input.
        expected: usize,
        /// Numbers of the output.
        found: usize,
    },
    /// A penalty does not suit the chain, or an option of it is out of range.
    #[error("the penalty {penalty}: expected {expected}, found {found}")]
    Penalty {
        /// Its name.
        penalty: &'static str,
        /// What it needs.
        expected: String,
        /// What there is.
        found: String,
    },
    /// A slice has another length than the chain or another slice requires.
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
    /// A chain that ends with its code cannot decode.
    #[error("expected a layer after the code, found none")]
    NoDecoder,
    /// A chain has no layer that samples a code.
    #[error("expected a layer that samples, found none")]
    NoSample,
    /// A layer draws random numbers, and the batch has no source of them.
    #[error("layer {layer}: expected a source of random draws in the batch, found none")]
    NoDraws {
        /// Index of the layer.
        layer: usize,
    },
    /// Binary cross-entropy needs a sigmoid as the last activation.
    #[error("binary cross-entropy is taken from logits: expected a last layer with the sigmoid")]
    LossOfNoProbability,
    /// Softmax cross-entropy needs logits as output.
    #[error("softmax cross-entropy is taken from logits: expected a last layer without activation")]
    LossOfNoLogits,
    /// A batch counts some numbers of its targets, and the loss is not the squared error, or the number is out of
    /// range.
    #[error(
        "masked targets are for mean squared error and count 1 to {outputs} numbers of a row, found {loss} and {counted}"
    )]
    Masked {
        /// Numbers of an output.
        outputs: usize,
        /// The loss.
        loss: crate::Loss,
        /// The numbers that are counted.
        counted: usize,
    },
    /// Another process of the training cannot be worked with.
    #[error(transparent)]
    Peers(#[from] PeersError),
    /// A name that no value has.
    #[error("{what}: expected one of {expected}; found {found}")]
    Name {
        /// What is named.
        what: &'static str,
        /// The names.
        expected: String,
        /// The name.
        found: String,
    },
}

impl ChainError {
    pub(crate) fn layer(layer: usize, Refusal { expected, found }: Refusal) -> Self {
        Self::Layer { layer, expected, found }
    }
}

/// Checks the length of a slice.
pub(crate) fn check_length(
    what: &'static str,
    expected: usize,
    found: usize,
) -> Result<(), ChainError> {
    if found == expected { Ok(()) } else { Err(ChainError::Length { what, expected, found }) }
}

/// The number of rows of `width` numbers in a slice of `found` numbers. A partial row is an error.
pub(crate) fn whole_rows(
    what: &'static str,
    width: usize,
    found: usize,
) -> Result<usize, ChainError> {
    match found.checked_div(width) {
        Some(rows) if rows * width == found => Ok(rows),
        _ => Err(ChainError::PartialRow { what, width, found }),
    }
}

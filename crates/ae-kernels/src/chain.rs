//! A chain of layers: its description, and the operations that run it.
//!
//! | file | what |
//! |---|---|
//! | `description.rs` | a checked chain of layers |
//! | `parameters.rs` | where each weight and bias lies in the flat parameter buffer |
//! | `program.rs` | a chain compiled to operations |
//! | `serving.rs` | a chain compiled to operations for inference |
//! | `operation.rs` | what every layer does when it runs |
//! | `dense.rs`, `packed_dense.rs` | a dense layer that runs, and its products |
//! | `convolution.rs` | a convolution or a transposed one that runs |
//! | `order.rs` | the order of a map's numbers |
//! | `normalisation.rs` | statistics of a whole batch |

mod convolution;
mod dense;
mod description;
mod normalisation;
mod operation;
mod order;
mod packed_dense;
mod parameters;
mod program;
mod serving;

pub(crate) use convolution::ConvolutionOperation;
pub(crate) use dense::DenseOperation;
pub use description::{Chain, Connection, LayerDraws, MAX_NUMBERS};
pub(crate) use normalisation::{Normalisation, add_moments};
pub(crate) use operation::{
    Affine, Backward, Draws, Epilogue, LayerNonzeros, Memory, Operation, PackTask, Part, Pass,
    Passes, Scratch,
};
pub(crate) use order::{Moves, NeededOrder, Order, Permutation, from_channels_first};
pub(crate) use packed_dense::PackedDense;
pub(crate) use parameters::WeightView;
pub(crate) use program::{Barrier, Boundary, CodeMeans, Program};
pub(crate) use serving::{InferenceProgram, Stage};

/// Rows of a slice: the rows that a thread takes through all layers while they are in its cache.
///
/// In training it is part of the results, because it fixes the order in which gradients are summed, for any number of
/// threads. In inference it is not.
pub const SLICE_ROWS: usize = 64;

/// Rows of a small slice ([`Chain::has_small_slices`]): the gradient of parameters that are shared over positions is
/// summed over them. It is part of the results of training too.
pub(crate) const SMALL_SLICE_ROWS: usize = 8;

/// Numbers of the items that a thread takes through maps together: 512 KiB of a second-level cache.
const NUMBERS_TOGETHER: usize = 1 << 17;

/// Items of so many numbers that a thread takes through maps together: from 1 to 64.
pub(crate) fn rows_together(numbers_of_item: usize) -> usize {
    (NUMBERS_TOGETHER / numbers_of_item.max(1)).clamp(1, SLICE_ROWS)
}

impl Chain {
    /// Whether slices have 8 rows, and few items go through the chain together: a layer works on maps or is a batch
    /// normalisation.
    pub(crate) fn has_small_slices(&self) -> bool {
        self.layers().iter().any(|layer| layer.kind().has_small_slices())
    }
}

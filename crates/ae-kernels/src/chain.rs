//! A chain of layers: its description, and its pass forward and backward over a slice of rows.
//!
//! | file | what |
//! |---|---|
//! | `stack.rs` | a checked chain of layers |
//! | `layer.rs` | the description of a layer |
//! | `parameters.rs` | where each weight and bias lies in the flat parameter buffer |
//! | `objective.rs` | the reconstruction loss and the penalty |
//! | `dense.rs` | a dense layer's computation; another kind of layer is a file beside it |
//! | `slice.rs` | the objective of a slice and its gradient at every layer |
//! | `workspace.rs` | the memory of a slice between layers |

mod dense;
mod layer;
mod objective;
mod parameters;
mod slice;
mod stack;
mod workspace;

pub(crate) use dense::{Epilogue, PackedDense, pack_for_training};
pub use layer::{Layer, Weight};
pub use objective::{Objective, ReconstructionLoss};
pub use slice::SLICE_ROWS;
pub(crate) use slice::{Rows, SliceLoss, SlicePass, backpropagate};
pub use stack::Stack;
pub(crate) use workspace::Workspace;

//! A chain of layers: its description, and its pass forward and backward over a slice of rows.
//!
//! | file | what |
//! |---|---|
//! | `description.rs` | a checked chain of layers |
//! | `stack.rs` | a chain of dense layers alone |
//! | `parameters.rs` | where each weight and bias lies in the flat parameter buffer |
//! | `dense.rs` | a dense layer's computation; another kind of layer is a file beside it |
//! | `slice.rs` | the objective of a slice and its gradient at every layer |
//! | `workspace.rs` | the memory of a slice between layers |

mod dense;
mod description;
mod parameters;
mod slice;
mod stack;
mod workspace;

pub(crate) use dense::{Epilogue, PackedDense, pack_for_training};
pub use description::{Chain, LayerDraws};
pub use slice::SLICE_ROWS;
pub(crate) use slice::{Rows, SliceLoss, SlicePass, backpropagate};
pub(crate) use stack::Stack;
pub(crate) use workspace::Workspace;

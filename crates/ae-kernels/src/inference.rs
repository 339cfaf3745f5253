//! Inference with a packed stack.
//!
//! | file | what |
//! |---|---|
//! | `packed_stack.rs` | encode, decode, reconstruct, score |
//! | `buffers.rs` | memory that is reused from call to call |

mod buffers;
mod packed_stack;

pub use packed_stack::PackedStack;

//! Inference with a packed chain.
//!
//! | file | what |
//! |---|---|
//! | `packed_chain.rs` | encode, decode, reconstruct, score |
//! | `buffers.rs` | memory that is reused from call to call |

mod buffers;
mod packed_chain;

pub use packed_chain::PackedChain;

//! The memory of inference between layers, which calls lend each other.

use std::sync::{Mutex, PoisonError};

use crate::aligned::AlignedBuffer;
use crate::chain::Scratch;

/// The memory that a slice of rows needs.
#[derive(Debug, Default)]
pub(super) struct SliceBuffers {
    /// The input and the output of a layer.
    pub(super) values: [AlignedBuffer; 2],
    /// The output of the chain, if it is compared with targets only.
    pub(super) outputs: AlignedBuffer,
    pub(super) scratch: Scratch,
}

/// Buffers of finished calls.
#[derive(Debug, Default)]
pub(super) struct BufferPool(Mutex<Vec<SliceBuffers>>);

impl BufferPool {
    /// Lends buffers to `work`. The lock is not held meanwhile, so `work` may borrow others.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut SliceBuffers) -> R) -> R {
        let pool = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut buffers = pool().pop().unwrap_or_default();
        let result = work(&mut buffers);
        pool().push(buffers);
        result
    }
}

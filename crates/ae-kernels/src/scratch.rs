//! Numbers brought together in the first cache.

/// Numbers of a block: half of the first cache.
pub(crate) const BLOCK: usize = 4096;

/// A block of numbers, if one is needed: to clear it takes a while.
#[derive(Default)]
pub(crate) struct Memory(Option<Block>);

#[repr(align(64))]
struct Block([f32; BLOCK]);

impl Block {
    fn zeros() -> Self {
        Self([0.0; BLOCK])
    }
}

impl Memory {
    pub(crate) fn numbers(&mut self) -> &mut [f32; BLOCK] {
        &mut self.0.get_or_insert_with(Block::zeros).0
    }
}

/// Copies the first `width` numbers of each of some rows, which are so far apart here and there.
#[inline(always)]
pub(crate) fn copy_rows(
    rows: usize,
    width: usize,
    (from, of_from): (&[f32], usize),
    (to, of_to): (&mut [f32], usize),
) {
    for (to, from) in to.chunks_mut(of_to).zip(from.chunks(of_from)).take(rows) {
        to[..width].copy_from_slice(&from[..width]);
    }
}

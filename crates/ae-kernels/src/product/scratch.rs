//! Scratch memory of half a first-level cache.

/// Numbers of a scratch block: half of a first-level cache of 32 KiB.
pub(super) const SCRATCH_LENGTH: usize = 4096;

/// A scratch block on the stack. It is cleared when it is first used, because many products need none.
#[derive(Default)]
pub(super) struct Scratch(Option<Block>);

#[repr(align(64))]
struct Block([f32; SCRATCH_LENGTH]);

impl Scratch {
    pub(super) fn numbers(&mut self) -> &mut [f32; SCRATCH_LENGTH] {
        &mut self.0.get_or_insert_with(Block::zeros).0
    }
}

impl Block {
    fn zeros() -> Self {
        Self([0.0; SCRATCH_LENGTH])
    }
}

//! Memory that begins at a cache line.

/// Bytes of a cache line, which is also the width of the widest vector.
const CACHE_LINE: usize = 64;

/// Numbers that begin at a cache line: a vector that straddles two lines costs twice, and an allocator
/// aligns `f32` to 4 bytes only.
#[derive(Debug, Default)]
pub(crate) struct AlignedBuffer {
    memory: Vec<f32>,
    start: usize,
    length: usize,
}

impl AlignedBuffer {
    /// The first `length` numbers. The buffer grows to hold them; its contents are lost if it does.
    #[inline]
    pub(crate) fn first(&mut self, length: usize) -> &mut [f32] {
        if self.length < length {
            self.memory = vec![0.0; length + CACHE_LINE / size_of::<f32>()];
            let start = self.memory.as_ptr().align_offset(CACHE_LINE);
            // `align_offset` may refuse to answer (`usize::MAX`). Unaligned memory is slower, not wrong.
            self.start = start.min(CACHE_LINE / size_of::<f32>());
            self.length = length;
        }
        &mut self.memory[self.start..self.start + length]
    }

    /// All numbers.
    #[inline]
    pub(crate) fn all(&self) -> &[f32] {
        &self.memory[self.start..self.start + self.length]
    }
}

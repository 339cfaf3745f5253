//! Memory that begins at a cache line.

/// Bytes of a cache line, and of the widest vector.
const LINE: usize = 64;

/// Numbers that begin at a cache line. A vector across two lines costs twice, and where an allocation
/// begins is chance.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    memory: Vec<f32>,
    start: usize,
    length: usize,
}

impl Buffer {
    /// The first `length` numbers. The buffer grows to hold them and loses what it had if it does.
    pub(crate) fn first(&mut self, length: usize) -> &mut [f32] {
        if self.length < length {
            self.memory = vec![0.0; length + LINE / size_of::<f32>()];
            let start = self.memory.as_ptr().align_offset(LINE);
            // An allocator that cannot say where the line is costs speed alone.
            self.start = start.min(LINE / size_of::<f32>());
            self.length = length;
        }
        &mut self.memory[self.start..self.start + length]
    }

    /// All numbers.
    pub(crate) fn all(&self) -> &[f32] {
        &self.memory[self.start..self.start + self.length]
    }
}

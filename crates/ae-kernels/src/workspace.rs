//! Memory for the numbers between layers, kept from one slice to the next.

use crate::Stack;
use crate::buffer::Buffer;
use crate::occupied::Occupied;
use crate::panels::Panels;

/// Buffers for slices of rows of a stack; they grow to the largest slice seen and stay.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Of each layer: what it has before its activation, then the gradient there.
    pub(crate) logits: Vec<Buffer>,
    /// Of each layer but the last: what it has after its activation.
    pub(crate) values: Vec<Buffer>,
    /// Of each layer: the gradient of its bias, from each slice.
    pub(crate) biases: Vec<Buffer>,
    /// The gradient at the values of a layer.
    pub(crate) gradient: Buffer,
    /// Of each layer: where its input differs from 0, and the gradient at its logits.
    pub(crate) occupied: Vec<[Occupied; 2]>,
    /// The parameters, if a slice is differentiated alone.
    pub(crate) panels: Vec<Panels>,
}

impl Workspace {
    /// A workspace without memory: the first slice allocates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes room for these rows in training, with empty sums for so many slices.
    pub(crate) fn reserve(&mut self, stack: &Stack, rows: usize, slices: usize) {
        let layers = stack.layers();
        self.logits.resize_with(layers.len(), Buffer::default);
        self.values.resize_with(layers.len(), Buffer::default);
        self.biases.resize_with(layers.len(), Buffer::default);
        self.occupied.resize_with(layers.len(), Default::default);
        let mut widest = 0;
        for (index, layer) in layers.iter().enumerate() {
            let numbers = rows * layer.outputs;
            self.logits[index].first(numbers);
            self.biases[index].first(slices * layer.outputs).fill(0.0);
            if index + 1 < layers.len() {
                self.values[index].first(numbers);
                widest = widest.max(numbers);
            }
        }
        self.gradient.first(widest);
    }
}

//! The memory of a slice between layers, which is reused from slice to slice.

use super::stack::Stack;
use crate::aligned::AlignedBuffer;
use crate::product::Nonzeros;

/// Buffers of neighbouring slices, a layer's at its index. They grow to the largest slices and stay.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// The logits of each layer, replaced by the gradient at them in the backward pass.
    pub(crate) logits: Vec<AlignedBuffer>,
    /// The activations of each layer but the last.
    pub(super) values: Vec<AlignedBuffer>,
    /// The gradient of each bias, for each slice.
    pub(crate) bias_gradients: Vec<AlignedBuffer>,
    /// The gradient at the activations of the layer that the backward pass has reached.
    pub(super) value_gradient: AlignedBuffer,
    /// What differs from 0 on both sides of each layer.
    pub(crate) nonzeros: Vec<LayerNonzeros>,
}

/// The nonzeros of a layer's input and of the gradient at its logits.
#[derive(Debug, Default)]
pub(crate) struct LayerNonzeros {
    pub(crate) input: Nonzeros,
    pub(crate) logit_gradient: Nonzeros,
}

impl Workspace {
    /// Makes room for `rows` rows, with bias gradients of 0 for `slices` slices.
    pub(super) fn reserve(&mut self, stack: &Stack, rows: usize, slices: usize) {
        let layers = stack.layers();
        self.logits.resize_with(layers.len(), AlignedBuffer::default);
        self.values.resize_with(layers.len(), AlignedBuffer::default);
        self.bias_gradients.resize_with(layers.len(), AlignedBuffer::default);
        self.nonzeros.resize_with(layers.len(), LayerNonzeros::default);
        let mut widest = 0;
        for (index, layer) in layers.iter().enumerate() {
            let numbers = rows * layer.outputs;
            self.logits[index].first(numbers);
            self.bias_gradients[index].first(slices * layer.outputs).fill(0.0);
            if index + 1 < layers.len() {
                self.values[index].first(numbers);
                widest = widest.max(numbers);
            }
        }
        self.value_gradient.first(widest);
    }

    /// The input of a layer; `inputs` is that of the first.
    pub(crate) fn input_of<'a>(&'a self, layer: usize, inputs: &'a [f32]) -> &'a [f32] {
        if layer == 0 { inputs } else { self.values[layer - 1].all() }
    }
}

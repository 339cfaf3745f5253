//! A layer's weight laid out for products with rows.
//!
//! The order of a product's sums (`product.rs`) does not depend on the rows, so a row has the same
//! bits alone and in any batch.

use std::ops::Range;

use crate::Activation;
use crate::activation::{Function, with_function};
use crate::buffer::Buffer;
use crate::product::{PANEL, Product, Right, Shape, Start, Strides};
use crate::share::share;
use crate::simd::{Dispatch, vectorised};
use crate::stack::{Layer, Stack, WeightView};
use crate::terms::Terms;
use crate::transpose::transpose;

/// Numbers of a block of the product that its activation is applied to while they are in the first
/// cache.
const BLOCK: usize = 4096;

/// What follows the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// The layer's activation.
    Activation,
    /// Nothing: logits.
    Logits,
}

/// A layer with its weight in panels of 32 outputs: of each panel the 32 weights of the first input,
/// then those of the second, and so on. The last panel is filled up with zeros.
#[derive(Debug)]
pub(crate) struct Panels {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) activation: Activation,
    weights: Buffer,
    bias: Buffer,
}

impl Panels {
    pub(crate) fn new(stack: &Stack, layer: &Layer, parameters: &[f32]) -> Self {
        let Layer { inputs, outputs, activation, .. } = *layer;
        let (weights, bias) = (Buffer::default(), Buffer::default());
        let mut panels = Self { inputs, outputs, activation, weights, bias };
        panels.pack(stack, layer, parameters);
        panels
    }

    /// Lays other parameters of the same layer out.
    fn pack(&mut self, stack: &Stack, layer: &Layer, parameters: &[f32]) {
        share(self.parts(stack, layer, parameters), Part::lay_out);
    }

    /// The panels, and what each is to be laid out from.
    fn parts<'a>(
        &'a mut self,
        stack: &Stack,
        layer: &Layer,
        parameters: &'a [f32],
    ) -> impl Iterator<Item = Part<'a>> {
        let (inputs, width) = (self.inputs, self.outputs);
        let padded = width.next_multiple_of(PANEL);
        self.bias.first(padded)[..width]
            .copy_from_slice(&parameters[layer.bias..layer.bias + width]);
        let WeightView { offset, own } = stack.weight(layer);
        let weight = &parameters[offset..][..inputs * width];
        let panels = self.weights.first(padded * inputs).chunks_exact_mut(inputs * PANEL);
        panels.enumerate().map(move |(index, panel)| {
            let outputs = index * PANEL..width.min((index + 1) * PANEL);
            Part { panel, weight, own, inputs, width, outputs }
        })
    }

    /// Writes `activation(x W^T + b)` of every row of `input`: (rows, inputs) to (rows, outputs).
    /// Terms that are left out must be 0 in `input`.
    ///
    /// # Panics
    /// If a slice has another length.
    pub(crate) fn apply(
        &self,
        of_rows: (usize, Terms<'_>),
        input: &[f32],
        output: &mut [f32],
        finish: Finish,
    ) {
        self.apply_with(Dispatch::Widest, of_rows, input, output, finish);
    }

    fn apply_with(
        &self,
        dispatch: Dispatch,
        (rows, terms): (usize, Terms<'_>),
        input: &[f32],
        output: &mut [f32],
        finish: Finish,
    ) {
        assert_eq!(input.len(), rows * self.inputs, "whole rows of inputs");
        assert_eq!(output.len(), rows * self.outputs, "whole rows of outputs");
        if rows == 0 {
            return;
        }
        let columns = (BLOCK / rows / PANEL).max(1) * PANEL;
        for first in (0..self.outputs).step_by(columns) {
            let width = columns.min(self.outputs - first);
            let padded = width.next_multiple_of(PANEL);
            dispatch.run(Product {
                shape: Shape { rows, inner: self.inputs, columns: width },
                start: Start::Bias(&self.bias.all()[first..][..padded]),
                left: (input, Strides::row_major(self.inputs)),
                right: Right {
                    numbers: &self.weights.all()[first * self.inputs..][..padded * self.inputs],
                    of_panel: PANEL * self.inputs,
                    of_row: PANEL,
                },
                output: &mut output[first..],
                stride: self.outputs,
                terms,
            });
            if finish == Finish::Activation {
                activate_block(self.activation, &mut output[first..], self.outputs, width);
            }
        }
    }
}

/// Lays parameters out as the forward pass needs them, in the memory of the panels if they fit.
pub(crate) fn pack(panels: &mut Vec<Panels>, stack: &Stack, parameters: &[f32]) {
    let layers = stack.layers();
    let fits = |(panels, layer): (&Panels, &Layer)| {
        (panels.inputs, panels.outputs, panels.activation)
            == (layer.inputs, layer.outputs, layer.activation)
    };
    if panels.len() == layers.len() && panels.iter().zip(layers).all(fits) {
        let layers = panels.iter_mut().zip(layers);
        let parts = layers.flat_map(|(panels, layer)| panels.parts(stack, layer, parameters));
        share(parts, Part::lay_out);
    } else {
        *panels = layers.iter().map(|layer| Panels::new(stack, layer, parameters)).collect();
    }
}

/// A panel and the weight that some of its outputs come from.
struct Part<'a> {
    panel: &'a mut [f32],
    /// (width, inputs), or (inputs, width) if it is not the layer's own.
    weight: &'a [f32],
    own: bool,
    inputs: usize,
    width: usize,
    outputs: Range<usize>,
}

impl Part<'_> {
    fn lay_out(self) {
        let Self { panel, weight, own, inputs, width, outputs } = self;
        if own {
            let rows = &weight[outputs.start * inputs..outputs.end * inputs];
            return transpose(rows, inputs, (panel, PANEL));
        }
        for (to, from) in panel.chunks_exact_mut(PANEL).zip(weight.chunks_exact(width)) {
            to[..outputs.len()].copy_from_slice(&from[outputs.clone()]);
        }
    }
}

/// Applies the activation to the first `width` of every `stride` numbers.
fn activate_block(activation: Activation, values: &mut [f32], stride: usize, width: usize) {
    if activation != Activation::Linear {
        with_function!(activation, F => activate_block_with::<F>(values, stride, width));
    }
}

fn activate_block_with<F: Function>(values: &mut [f32], stride: usize, width: usize) {
    vectorised(
        #[inline(always)]
        || {
            for row in values.chunks_mut(stride) {
                for x in &mut row[..width] {
                    *x = F::value(*x);
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use pulp::Arch;

    use super::*;
    use crate::Weight;

    /// The product of a layer in the order of sums that the file promises.
    fn plain(layer: &Layer, parameters: &[f32], input: &[f32], fused: bool) -> Vec<f32> {
        let mut output = Vec::new();
        for row in input.chunks(layer.inputs) {
            for column in 0..layer.outputs {
                let mut sum = parameters[layer.bias + column];
                for (x, w) in row.iter().zip(&parameters[column * layer.inputs..]) {
                    sum = if fused { x.mul_add(*w, sum) } else { x * w + sum };
                }
                output.push(sum);
            }
        }
        output
    }

    #[test]
    fn every_instruction_set_adds_up_in_the_same_order() {
        let fused = cfg!(target_arch = "aarch64") || !matches!(Arch::new(), Arch::Scalar);
        for (rows, inputs, outputs) in [
            (1, 1, 1),
            (1, 784, 32),
            (2, 5, 16),
            (3, 7, 33),
            (8, 31, 15),
            (13, 40, 100),
            (70, 9, 65),
        ] {
            let layer = Layer {
                inputs,
                outputs,
                weight: Weight::Own { offset: 0 },
                bias: inputs * outputs,
                activation: Activation::Sigmoid,
            };
            let numbers = |count: usize, step: usize| -> Vec<f32> {
                (0..count).map(|i| ((i * step) % 1009) as f32 / 1009.0 - 0.5).collect()
            };
            let (parameters, input) =
                (numbers((inputs + 1) * outputs, 613), numbers(rows * inputs, 389));
            let stack = Stack::new(vec![layer], 0, parameters.len()).unwrap();
            let panels = Panels::new(&stack, &layer, &parameters);
            let found = |dispatch| {
                let mut output = vec![f32::NAN; rows * outputs];
                panels.apply_with(
                    dispatch,
                    (rows, Terms::All),
                    &input,
                    &mut output,
                    Finish::Logits,
                );
                output
            };
            let shape = format!("{rows} x {inputs} x {outputs}");
            assert_eq!(
                found(Dispatch::Widest),
                plain(&layer, &parameters, &input, fused),
                "{shape}"
            );
            assert_eq!(
                found(Dispatch::Scalar),
                plain(&layer, &parameters, &input, false),
                "{shape}"
            );
            #[cfg(target_arch = "x86_64")]
            assert_eq!(found(Dispatch::Avx2), plain(&layer, &parameters, &input, fused), "{shape}");
        }
    }
}

//! A layer's weight laid out for products with rows.
//!
//! The order of a product's sums (`product.rs`) does not depend on the rows, so a row has the same
//! bits alone and in any batch.

use std::ops::Range;

use crate::Activation;
use crate::activation::activate_columns;
use crate::buffer::Buffer;
use crate::product::{Left, PANEL, Product, Right, Start};
use crate::share::share;
use crate::simd::Dispatch;
use crate::stack::{Layer, Stack, WeightView};
use crate::terms::Bits;
use crate::transpose::transpose;

/// Numbers of a block of the product that its activation is applied to while they are in the first
/// cache.
const BLOCK: usize = 8192;

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
    /// For the way back: the same weight in panels of 32 inputs.
    back: Buffer,
}

/// The products that a weight is laid out for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ways {
    Forward,
    Both,
}

impl Panels {
    /// For the way forward.
    pub(crate) fn new(stack: &Stack, layer: &Layer, parameters: &[f32]) -> Self {
        let mut panels = Self::empty(layer);
        share(panels.parts(stack, layer, parameters, Ways::Forward), Part::lay_out);
        panels
    }

    fn empty(layer: &Layer) -> Self {
        let Layer { inputs, outputs, activation, .. } = *layer;
        let [weights, bias, back] = Default::default();
        Self { inputs, outputs, activation, weights, bias, back }
    }

    /// The panels, and what each is to be laid out from. The bias is copied.
    fn parts<'a>(
        &'a mut self,
        stack: &Stack,
        layer: &Layer,
        parameters: &'a [f32],
        ways: Ways,
    ) -> impl Iterator<Item = Part<'a>> {
        let (inputs, outputs) = (self.inputs, self.outputs);
        self.bias.first(outputs).copy_from_slice(&parameters[layer.bias..][..outputs]);
        let WeightView { offset, own } = stack.weight(layer);
        let weight = &parameters[offset..][..inputs * outputs];
        let forward = parts(&mut self.weights, (inputs, outputs), (weight, own));
        let back = match ways {
            Ways::Forward => None,
            Ways::Both => Some(parts(&mut self.back, (outputs, inputs), (weight, !own))),
        };
        forward.chain(back.into_iter().flatten())
    }

    /// Writes `activation(x W^T + b)` of every row of `input`: (rows, inputs) to (rows, outputs).
    /// `occupied` says which numbers of `input` differ from 0.
    ///
    /// # Panics
    /// If a slice has another length.
    pub(crate) fn apply(
        &self,
        of_rows: (usize, Option<Bits<'_>>),
        input: &[f32],
        output: &mut [f32],
        finish: Finish,
    ) {
        self.apply_with(Dispatch::Widest, of_rows, input, output, finish);
    }

    fn apply_with(
        &self,
        dispatch: Dispatch,
        (rows, occupied): (usize, Option<Bits<'_>>),
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
            let left = Left::row_major(input, rows, self.inputs);
            let weights = &self.weights.all()[first * self.inputs..];
            let product = Product::new(
                left,
                Right::panels(weights, self.inputs, width),
                Start::Bias(&self.bias.all()[first..][..width]),
                (&mut output[first..], self.outputs),
            );
            dispatch.run(product.with_terms(occupied));
            if finish == Finish::Activation {
                activate_columns(self.activation, &mut output[first..], self.outputs, width);
            }
        }
    }

    /// Writes `g W` of every row's gradient at the logits: (rows, outputs) to (rows, inputs).
    /// `occupied` says which numbers of the gradient differ from 0.
    ///
    /// # Panics
    /// If a slice has another length, or the weight is laid out for the way forward alone.
    pub(crate) fn apply_back(
        &self,
        (rows, occupied): (usize, Option<Bits<'_>>),
        of_logits: &[f32],
        of_values: &mut [f32],
    ) {
        assert_eq!(of_logits.len(), rows * self.outputs, "whole rows at the logits");
        assert_eq!(of_values.len(), rows * self.inputs, "whole rows at the inputs");
        let left = Left::row_major(of_logits, rows, self.outputs);
        let right = Right::panels(self.back.all(), self.outputs, self.inputs);
        let product = Product::new(left, right, Start::Zero, (of_values, self.inputs));
        Dispatch::Widest.run(product.with_terms(occupied));
    }
}

/// Lays parameters out as a training needs them, in the memory of the panels if they fit.
pub(crate) fn pack(panels: &mut Vec<Panels>, stack: &Stack, parameters: &[f32]) {
    let layers = stack.layers();
    let fits = |(panels, layer): (&Panels, &Layer)| {
        (panels.inputs, panels.outputs, panels.activation)
            == (layer.inputs, layer.outputs, layer.activation)
    };
    if panels.len() != layers.len() || !panels.iter().zip(layers).all(fits) {
        *panels = layers.iter().map(Panels::empty).collect();
    }
    let parts = panels.iter_mut().zip(layers).enumerate().flat_map(|(index, (panels, layer))| {
        // The gradient of the inputs is not needed.
        let ways = if index == 0 { Ways::Forward } else { Ways::Both };
        panels.parts(stack, layer, parameters, ways)
    });
    share(parts, Part::lay_out);
}

/// A panel of a right factor of (inner, columns) numbers, and what it is to be laid out from.
struct Part<'a> {
    panel: &'a mut [f32],
    weight: &'a [f32],
    /// Whether the weight is (columns, inner), not (inner, columns).
    by_column: bool,
    inner: usize,
    width: usize,
    columns: Range<usize>,
}

/// A right factor's panels in this memory.
fn parts<'a>(
    memory: &'a mut Buffer,
    (inner, width): (usize, usize),
    (weight, by_column): (&'a [f32], bool),
) -> impl Iterator<Item = Part<'a>> {
    let numbers = memory.first(inner * width.next_multiple_of(PANEL));
    numbers.chunks_exact_mut(inner * PANEL).enumerate().map(move |(index, panel)| {
        let columns = index * PANEL..width.min((index + 1) * PANEL);
        Part { panel, weight, by_column, inner, width, columns }
    })
}

impl Part<'_> {
    fn lay_out(self) {
        let Self { panel, weight, by_column, inner, width, columns } = self;
        if by_column {
            let rows = &weight[columns.start * inner..columns.end * inner];
            return transpose(rows, inner, (panel, PANEL));
        }
        for (to, from) in panel.chunks_exact_mut(PANEL).zip(weight.chunks_exact(width)) {
            to[..columns.len()].copy_from_slice(&from[columns.clone()]);
        }
    }
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
                panels.apply_with(dispatch, (rows, None), &input, &mut output, Finish::Logits);
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

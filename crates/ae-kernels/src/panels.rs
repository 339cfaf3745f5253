//! A layer's weight laid out for inference, and its product with rows.
//!
//! A number of the product is `bias + x_0 w_0 + x_1 w_1 + ...`, added up in this order whatever the
//! rows beside it, so a row has the same bits alone and in any batch. Each term is a fused
//! multiply-add where the machine has one (AVX2, AVX-512, NEON: the same bits on all three).

use pulp::{Simd, WithSimd};

use crate::activation::{Function, with_function};
use crate::buffer::Buffer;
use crate::simd::{Dispatch, vectorised};
use crate::stack::{Layer, Stack};
use crate::{Activation, Weight};

/// Columns of a panel: two vectors of AVX-512.
const PANEL: usize = 32;
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
        let panels = outputs.div_ceil(PANEL);
        let (mut weights, mut bias) = (Buffer::default(), Buffer::default());
        let (view, strides) = (stack.weight(layer), stack.weight(layer).strides());
        let own = matches!(layer.weight, Weight::Own { .. });
        for (index, panel) in
            weights.first(panels * inputs * PANEL).chunks_exact_mut(inputs * PANEL).enumerate()
        {
            let first = index * PANEL;
            for lane in 0..PANEL.min(outputs - first) {
                let column = &parameters[view.offset + (first + lane) * strides.of_row..];
                let of_input = if own { 1 } else { strides.of_column };
                for (input, of_lanes) in panel.chunks_exact_mut(PANEL).enumerate() {
                    of_lanes[lane] = column[input * of_input];
                }
            }
        }
        bias.first(panels * PANEL)[..outputs]
            .copy_from_slice(&parameters[layer.bias..layer.bias + outputs]);
        Self { inputs, outputs, activation, weights, bias }
    }

    /// Writes `activation(x W^T + b)` of every row of `input`: (rows, inputs) to (rows, outputs).
    ///
    /// # Panics
    /// If a slice has another length.
    pub(crate) fn apply(&self, rows: usize, input: &[f32], output: &mut [f32], finish: Finish) {
        self.apply_with(Dispatch::Widest, rows, input, output, finish);
    }

    fn apply_with(
        &self,
        dispatch: Dispatch,
        rows: usize,
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
                inner: self.inputs,
                stride: self.outputs,
                width,
                weights: &self.weights.all()[first * self.inputs..][..padded * self.inputs],
                bias: &self.bias.all()[first..][..padded],
                input,
                output: &mut output[first..],
            });
            if finish == Finish::Activation {
                activate_block(self.activation, &mut output[first..], self.outputs, width);
            }
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

/// Some panels' product with rows.
struct Product<'a> {
    /// Numbers of an input row.
    inner: usize,
    /// From a row of the output to the next.
    stride: usize,
    /// Columns that are written of each row.
    width: usize,
    weights: &'a [f32],
    bias: &'a [f32],
    input: &'a [f32],
    output: &'a mut [f32],
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many sums as registers hold beside the weights.
        match S::F32_LANES {
            16 => self.run::<S, 8, 2>(simd),
            8 => self.run::<S, 6, 2>(simd),
            4 => self.run::<S, 6, 4>(simd),
            _ => self.run::<S, 2, 4>(simd),
        }
    }
}

impl Product<'_> {
    /// In tiles of `R` rows and `P` vectors, then the rows left over one by one.
    #[inline(always)]
    fn run<S: Simd, const R: usize, const P: usize>(mut self, simd: S) {
        let rows = self.input.len() / self.inner;
        let tiled = rows - rows % R;
        let tile = P * S::F32_LANES;
        for column in (0..self.width).step_by(tile) {
            let mut row = 0;
            while row < tiled {
                self.tile::<S, R, P>(simd, row, column);
                row += R;
            }
            while row < rows {
                self.tile::<S, 1, P>(simd, row, column);
                row += 1;
            }
        }
    }

    /// Writes a tile of the product.
    #[inline(always)]
    fn tile<S: Simd, const R: usize, const P: usize>(
        &mut self,
        simd: S,
        row: usize,
        column: usize,
    ) {
        let mut sums = [[simd.splat_f32s(0.0); P]; R];
        let (bias, _) = S::as_simd_f32s(&self.bias[column..]);
        for sums in &mut sums {
            sums.copy_from_slice(&bias[..P]);
        }
        let panel = &self.weights[column / PANEL * PANEL * self.inner..][..PANEL * self.inner];
        let input = &self.input[row * self.inner..][..R * self.inner];
        add_products::<S, R, P>(simd, self.inner, &panel[column % PANEL..], input, &mut sums);
        for (r, sums) in sums.iter().enumerate() {
            let first = (row + r) * self.stride + column;
            let count = (P * S::F32_LANES).min(self.width - column);
            let output = &mut self.output[first..first + count];
            let (whole, rest) = S::as_mut_simd_f32s(output);
            for (to, sum) in whole.iter_mut().zip(sums) {
                *to = *sum;
            }
            if !rest.is_empty() {
                simd.partial_store_f32s(rest, sums[whole.len()]);
            }
        }
    }
}

/// Adds the products of `R` rows of `input` with the `P` vectors at the head of each `PANEL` numbers
/// of `weights`.
#[inline(always)]
#[expect(unsafe_code, reason = "bounds checks in the innermost loop halve its speed")]
fn add_products<S: Simd, const R: usize, const P: usize>(
    simd: S,
    inner: usize,
    weights: &[f32],
    input: &[f32],
    sums: &mut [[S::f32s; P]; R],
) {
    assert!(inner > 0 && input.len() >= R * inner);
    assert!(weights.len() >= (inner - 1) * PANEL + P * S::F32_LANES);
    let mut sum = *sums;
    for k in 0..inner {
        let mut of_input = [simd.splat_f32s(0.0); P];
        for (vector, weight) in of_input.iter_mut().enumerate() {
            // SAFETY: `k < inner` and `vector < P`, so the vector ends at most at
            // `(inner - 1) * PANEL + P * LANES`, which is within the weights (asserted above); an
            // unaligned read of plain numbers.
            *weight = unsafe {
                let place = weights.as_ptr().add(k * PANEL + vector * S::F32_LANES);
                place.cast::<S::f32s>().read_unaligned()
            };
        }
        for (r, sum) in sum.iter_mut().enumerate() {
            // SAFETY: `r < R` and `k < inner`, so the place is within `R * inner` (asserted above).
            let x = simd.splat_f32s(unsafe { *input.get_unchecked(r * inner + k) });
            for (sum, weight) in sum.iter_mut().zip(of_input) {
                *sum = simd.mul_add_e_f32s(x, weight, *sum);
            }
        }
    }
    *sums = sum;
}

#[cfg(test)]
mod tests {
    use pulp::Arch;

    use super::*;

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
                panels.apply_with(dispatch, rows, &input, &mut output, Finish::Logits);
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

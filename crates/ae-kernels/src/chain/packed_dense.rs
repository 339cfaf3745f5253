//! A dense layer's products, with its weight rearranged for them.
//!
//! The order of a product's sums does not depend on the number of rows, so a row has the same bits alone and in any
//! batch.

use super::operation::{Affine, Epilogue, Passes};
use super::parameters::WeightView;
use crate::Activation;
use crate::activation::activate_columns;
use crate::aligned::AlignedBuffer;
use crate::product::{
    Operand, Orientation, Output, PANEL, PanelCopy, PanelMatrix, Product, RowMajor, Start,
    multiply, multiply_with,
};
use crate::simd::Dispatch;

/// Numbers of the output that are computed before the activation is applied to them, in the first-level cache.
const ACTIVATION_BLOCK: usize = 8192;

/// A dense layer with its weight in panels.
#[derive(Debug)]
pub(crate) struct PackedDense {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) activation: Activation,
    /// The right factor of the forward product, (inputs, outputs).
    forward: PanelMatrix,
    /// The right factor of the backward product, (outputs, inputs).
    backward: PanelMatrix,
    bias: AlignedBuffer,
}

impl PackedDense {
    /// A layer without a weight.
    pub(crate) fn new(inputs: usize, outputs: usize, activation: Activation) -> Self {
        let [forward, backward] = Default::default();
        Self { inputs, outputs, activation, forward, backward, bias: AlignedBuffer::default() }
    }

    /// Copies the bias, and returns the copies that the weight's panels need.
    pub(super) fn copies<'a>(
        &'a mut self,
        weight: WeightView,
        bias: usize,
        parameters: &'a [f32],
        passes: Passes,
    ) -> impl Iterator<Item = PanelCopy<'a>> {
        let bias = &parameters[bias..][..self.outputs];
        self.bias.first(self.outputs).copy_from_slice(bias);
        let matrix = weight.matrix(parameters);
        let forward = self.forward.copies(matrix, weight.forward);
        let backward = match passes {
            Passes::Forward => None,
            Passes::ForwardAndBackward => {
                Some(self.backward.copies(matrix, weight.forward.reversed()))
            }
        };
        forward.chain(backward.into_iter().flatten())
    }

    /// Packs the layer for the forward product, with a scale and a shift of its outputs.
    pub(super) fn pack_scaled(
        &mut self,
        weight: WeightView,
        bias: usize,
        parameters: &[f32],
        affine: &Affine,
    ) {
        let Affine { scale, shift } = affine;
        let biases = parameters[bias..].iter().zip(scale).zip(shift);
        let to = self.bias.first(self.outputs).iter_mut();
        to.zip(biases).for_each(|(to, ((bias, scale), shift))| *to = bias * scale + shift);
        let matrix = weight.matrix(parameters);
        let scale = |place: usize| match weight.forward {
            Orientation::Transposed => scale[place / matrix.columns()],
            Orientation::AsStored => scale[place % matrix.columns()],
        };
        let count = matrix.rows() * matrix.columns();
        let numbers = matrix.numbers()[..count].iter().enumerate();
        let scaled: Vec<f32> = numbers.map(|(place, number)| number * scale(place)).collect();
        let matrix = RowMajor::new(&scaled, matrix.rows(), matrix.columns());
        self.forward.copies(matrix, weight.forward).for_each(PanelCopy::run);
    }

    /// Writes `activation(x W^T + b)`, or the logits without the activation, of every row of `input`: (rows, inputs)
    /// to (rows, outputs).
    ///
    /// # Panics
    /// If a slice has another length.
    pub(crate) fn forward(&self, input: Operand<'_>, output: &mut [f32], epilogue: Epilogue) {
        self.forward_with(Dispatch::Widest, input, output, epilogue);
    }

    fn forward_with(
        &self,
        dispatch: Dispatch,
        input: Operand<'_>,
        output: &mut [f32],
        epilogue: Epilogue,
    ) {
        let rows = input.rows();
        assert_eq!(input.width(), self.inputs, "rows of inputs");
        assert_eq!(output.len(), rows * self.outputs, "whole rows of outputs");
        if rows == 0 {
            return;
        }
        let columns = (ACTIVATION_BLOCK / rows / PANEL).max(1) * PANEL;
        for first in (0..self.outputs).step_by(columns) {
            let width = columns.min(self.outputs - first);
            let right = self.forward.columns(first, width);
            let start = Start::Bias(&self.bias.all()[first..][..width]);
            let target = Output::new(&mut output[first..], self.outputs, rows, width);
            multiply_with(dispatch, Product::new(input.left(), right, start, target));
            if epilogue == Epilogue::Activation {
                activate_columns(self.activation, &mut output[first..], self.outputs, width);
            }
        }
    }

    /// Writes `g W` of every row `g` of the gradient at the logits: (rows, outputs) to (rows, inputs).
    ///
    /// # Panics
    /// If a slice has another length, or the layer was packed for inference.
    pub(crate) fn backward(&self, logit_gradient: Operand<'_>, input_gradient: &mut [f32]) {
        let rows = logit_gradient.rows();
        assert_eq!(logit_gradient.width(), self.outputs, "rows of the gradient at the logits");
        assert_eq!(input_gradient.len(), rows * self.inputs, "whole rows at the inputs");
        let (left, right) = (logit_gradient.left(), self.backward.all());
        let output = Output::new(input_gradient, self.inputs, rows, self.inputs);
        multiply(Product::new(left, right, Start::Zero, output));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Weight;
    use crate::product::{Nonzeros, ScannedAxes};
    use crate::simd::has_fused_multiply_add;
    use crate::{Activation, Dense};

    /// The layer in the order of sums that `product` promises.
    fn plain(layer: &Dense, parameters: &[f32], input: &[f32], fused: bool) -> Vec<f32> {
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
        let fused = has_fused_multiply_add();
        for (rows, inputs, outputs) in [
            (1, 1, 1),
            (1, 784, 32),
            (2, 5, 16),
            (3, 7, 33),
            (8, 31, 15),
            (13, 40, 100),
            (70, 9, 65),
        ] {
            let layer = Dense {
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
            let mut packed = PackedDense::new(inputs, outputs, layer.activation);
            let weight = WeightView::new(&[layer.into()], &layer);
            packed
                .copies(weight, layer.bias, &parameters, Passes::Forward)
                .for_each(PanelCopy::run);
            let mut nonzeros = Nonzeros::default();
            nonzeros.scan(&input, inputs, ScannedAxes::Rows);
            let found = |dispatch| {
                let mut output = vec![f32::NAN; rows * outputs];
                let operand = Operand::scanned(&input, &nonzeros);
                packed.forward_with(dispatch, operand, &mut output, Epilogue::None);
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

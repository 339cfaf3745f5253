//! The objective of a slice of rows and its gradient at every layer, computed in cache.

use std::ops::Range;

use super::dense::{Epilogue, PackedDense};
use super::parameters::WeightView;
use super::stack::Stack;
use super::workspace::{LayerNonzeros, Workspace};
use crate::Loss;
use crate::activation::{activate_values, differentiate};
use crate::loss::{
    cross_entropy_of_rows, magnitude_sum, softmax_cross_entropy_of_rows, squared_error_of_rows,
};
use crate::product::{Operand, Orientation, ScannedAxes};

/// Rows of a slice: the rows that a thread takes through all layers while they are in its cache.
///
/// In training it is part of the results, because it fixes the order in which gradients are summed, for any number of
/// threads. In inference it is not.
pub const SLICE_ROWS: usize = 64;

/// The summands of a batch's objective that come from one slice.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct SliceLoss {
    /// Of the mean reconstruction loss.
    pub(crate) reconstruction: f64,
    /// Of the penalty, with its weight.
    pub(crate) penalty: f64,
}

/// Rows of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// (rows, inputs) numbers.
    pub(crate) inputs: &'a [f32],
    /// (rows, outputs) numbers; they may be the inputs.
    pub(crate) targets: &'a [f32],
}

/// What all slices of a batch have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlicePass<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) loss: Loss,
    pub(crate) code_l1: f32,
    pub(crate) layers: &'a [PackedDense],
    pub(crate) slice_rows: usize,
    pub(crate) rows_in_batch: usize,
}

/// Takes neighbouring slices forward and backward together. The workspace then holds the gradient at the logits of
/// every layer and the gradient of every bias for each slice. Returns the loss of each slice.
///
/// # Panics
/// If the inputs are not whole rows, or there are not as many rows of targets.
pub(crate) fn backpropagate(
    pass: SlicePass<'_>,
    rows: Rows<'_>,
    workspace: &mut Workspace,
) -> Vec<SliceLoss> {
    let stack = pass.stack;
    let count = rows.inputs.len() / stack.inputs();
    assert_eq!(rows.inputs.len(), count * stack.inputs(), "whole rows of inputs");
    assert_eq!(rows.targets.len(), count * stack.outputs(), "a row of targets for each of inputs");
    workspace.reserve(stack, count, count.div_ceil(pass.slice_rows));
    let mut slices = Slices { pass, count, workspace };
    slices.forward(rows.inputs);
    let losses = slices.differentiate_loss(rows.targets);
    slices.backward();
    losses
}

/// Neighbouring slices of `count` rows in all.
struct Slices<'a> {
    pass: SlicePass<'a>,
    count: usize,
    workspace: &'a mut Workspace,
}

impl Slices<'_> {
    /// Computes logits and activations of every layer.
    fn forward(&mut self, inputs: &[f32]) {
        let Workspace { logits, values, nonzeros, .. } = &mut *self.workspace;
        let layers = self.pass.layers;
        for (index, layer) in layers.iter().enumerate() {
            let (before, values) = values.split_at_mut(index);
            let input = before.last().map_or(inputs, |values| values.all());
            let input = &input[..self.count * layer.inputs];
            let logits = logits[index].first(self.count * layer.outputs);
            let LayerNonzeros { input: nonzeros, .. } = &mut nonzeros[index];
            let axes = axes_of_input(index, self.pass.stack);
            let input = Operand::scan(input, layer.inputs, axes, nonzeros);
            layer.forward(input, logits, Epilogue::None);
            if index + 1 < layers.len() {
                activate_values(layer.activation, logits, values[0].first(logits.len()));
            }
        }
    }

    /// The rows of each slice.
    fn rows(&self) -> impl ExactSizeIterator<Item = Range<usize>> + Clone + use<> {
        let (count, slice_rows) = (self.count, self.pass.slice_rows);
        (0..count).step_by(slice_rows).map(move |first| first..count.min(first + slice_rows))
    }

    /// Replaces the logits of the last layer by the gradient at them. Returns the loss of each slice.
    fn differentiate_loss(&mut self, targets: &[f32]) -> Vec<SliceLoss> {
        let SlicePass { stack, loss, rows_in_batch, .. } = self.pass;
        let penalties: Vec<f64> = self.rows().map(|rows| self.penalty(rows)).collect();
        let slices = self.rows();
        let Workspace { logits, bias_gradients, .. } = &mut *self.workspace;
        let (Some(layer), Some(logits), Some(bias_gradients)) =
            (stack.layers().last(), logits.last_mut(), bias_gradients.last_mut())
        else {
            return Vec::new();
        };
        let width = layer.outputs;
        // The softmax's is a mean over items, the others' are means over numbers.
        let terms = if loss == Loss::SoftmaxCrossEntropy { 1 } else { width };
        let scale = 1.0 / (rows_in_batch as f64 * terms as f64);
        let logits = logits.first(self.count * width);
        let bias_gradients = bias_gradients.first(slices.len() * width).chunks_exact_mut(width);
        let mut losses = Vec::with_capacity(slices.len());
        for ((rows, penalty), bias_gradient) in slices.zip(penalties).zip(bias_gradients) {
            let numbers = rows.start * width..rows.end * width;
            let (targets, logits) = (&targets[numbers.clone()], &mut logits[numbers]);
            let sum = match loss {
                Loss::BinaryCrossEntropy => {
                    cross_entropy_of_rows(targets, scale as f32, logits, bias_gradient)
                }
                Loss::SoftmaxCrossEntropy => {
                    softmax_cross_entropy_of_rows(targets, scale as f32, logits, bias_gradient)
                }
                Loss::MeanSquaredError => {
                    let activation = layer.activation;
                    squared_error_of_rows(activation, targets, scale as f32, logits, bias_gradient)
                }
            };
            losses.push(SliceLoss { reconstruction: sum * scale, penalty });
        }
        losses
    }

    /// The penalty on the codes of these rows.
    fn penalty(&self, rows: Range<usize>) -> f64 {
        let SlicePass { stack, code_l1, rows_in_batch, .. } = self.pass;
        if code_l1 == 0.0 {
            return 0.0;
        }
        let (codes, width) = (self.workspace.values[stack.code()].all(), stack.code_width());
        let sum = magnitude_sum(&codes[rows.start * width..rows.end * width]);
        sum * f64::from(code_l1) / rows_in_batch as f64
    }

    /// Replaces the logits of every layer by the gradient at them, last to first.
    fn backward(&mut self) {
        let SlicePass { stack, code_l1, rows_in_batch, .. } = self.pass;
        let (layers, slices) = (stack.layers(), self.rows());
        let penalty = code_l1 / rows_in_batch as f32;
        let Workspace { logits, values, bias_gradients, value_gradient, nonzeros } =
            &mut *self.workspace;
        for (index, layer) in layers.iter().enumerate().rev() {
            let (before, current) = logits.split_at_mut(index);
            let logit_gradient = &current[0].all()[..self.count * layer.outputs];
            let LayerNonzeros { logit_gradient: nonzeros, .. } = &mut nonzeros[index];
            let axes = ScannedAxes::RowsAndColumns;
            let logit_gradient = Operand::scan(logit_gradient, layer.outputs, axes, nonzeros);
            let Some(previous) = before.last_mut() else { continue };
            let below = &layers[index - 1];
            let numbers = self.count * layer.inputs;
            let value_gradient = value_gradient.first(numbers);
            self.pass.layers[index].backward(logit_gradient, value_gradient);
            let values = &values[index - 1].all()[..numbers];
            if index == stack.code() + 1 && penalty != 0.0 {
                add_penalty_gradient(penalty, values, value_gradient);
            }
            let previous = previous.first(numbers);
            let bias_gradients = bias_gradients[index - 1].first(slices.len() * below.outputs);
            let bias_gradients = bias_gradients.chunks_exact_mut(below.outputs);
            for (rows, bias_gradient) in slices.clone().zip(bias_gradients) {
                let range = rows.start * layer.inputs..rows.end * layer.inputs;
                let (values, gradient) = (&values[range.clone()], &value_gradient[range.clone()]);
                let logits = &mut previous[range];
                differentiate(below.activation, logits, values, gradient, bias_gradient);
            }
        }
    }
}

/// The axes along which a layer's input is scanned. The gradient of its weight skips the zeros of the input's columns
/// or those of the gradient at the logits, whichever are more. The input's are more in the first layer (background
/// pixels) and in the last (whose gradient has no zeros); for a tied weight the input is the left factor.
fn axes_of_input(index: usize, stack: &Stack) -> ScannedAxes {
    let layers = stack.layers();
    let tied = WeightView::new(layers, &layers[index]).forward == Orientation::AsStored;
    if index == 0 || index + 1 == layers.len() || tied {
        ScannedAxes::RowsAndColumns
    } else {
        ScannedAxes::Rows
    }
}

/// Adds the gradient of `penalty * sum |code|`.
fn add_penalty_gradient(penalty: f32, codes: &[f32], gradient: &mut [f32]) {
    for (g, &code) in gradient.iter_mut().zip(codes) {
        let sign = f32::from(code > 0.0) - f32::from(code < 0.0);
        *g += penalty * sign;
    }
}

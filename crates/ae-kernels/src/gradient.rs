//! The objective of a slice of rows and its gradient, in cache.

use std::ops::AddAssign;

use crate::activation::{activate_values, differentiate};
use crate::blocks::{Differentiated, gradients};
use crate::buffer::Buffer;
use crate::loss::{binary_cross_entropy, magnitude_sum, squared_error};
use crate::panels::{Finish, Panels, pack};
use crate::product::{PANEL, Product, Right, Shape, Start, Strides};
use crate::simd::Dispatch;
use crate::stack::{Layer, Loss, Objective, Stack, WeightView};
use crate::terms::{Look, Terms as ProductTerms};
use crate::transpose::transpose;
use crate::workspace::Workspace;

/// What a slice adds to the terms of a batch's objective.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Terms {
    /// The slice's share of the mean loss.
    pub reconstruction: f64,
    /// The slice's share of the penalty, with its weight.
    pub penalty: f64,
}

impl AddAssign for Terms {
    fn add_assign(&mut self, other: Self) {
        self.reconstruction += other.reconstruction;
        self.penalty += other.penalty;
    }
}

/// Rows of a batch: what the stack sees and what it should answer.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// `rows x stack.inputs()` numbers.
    pub inputs: &'a [f32],
    /// `rows x stack.outputs()` numbers; the same memory as the inputs will do.
    pub targets: &'a [f32],
}

/// What happens to the gradient that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accumulate {
    /// It is replaced.
    Replace,
    /// The slice's is added to it.
    Add,
}

/// Computes the objective's gradient over a slice of a batch of `rows_in_batch` rows, and the slice's
/// share of the objective: those of all slices of a batch add up to the batch's.
///
/// # Panics
/// If a slice's length does not fit the stack, or the loss does not suit it
/// (see [`Stack::check_objective`]).
pub fn loss_and_gradient(
    stack: &Stack,
    objective: Objective,
    parameters: &[f32],
    rows: Rows<'_>,
    rows_in_batch: usize,
    (gradient, accumulate): (&mut [f32], Accumulate),
    workspace: &mut Workspace,
) -> Terms {
    assert_eq!(gradient.len(), stack.parameters(), "a gradient for each parameter");
    let mut panels = std::mem::take(&mut workspace.panels);
    pack(&mut panels, stack, parameters);
    let of_rows = (rows, rows_in_batch);
    let terms = backpropagate((stack, objective), (parameters, &panels), of_rows, workspace);
    workspace.panels = panels;
    let count = rows.inputs.len() / stack.inputs();
    let slice = Differentiated { rows: count, inputs: rows.inputs, workspace };
    gradients(stack, (1, |_| slice), (gradient, accumulate), None);
    terms
}

/// Takes a slice forward and back. The workspace then holds the gradient at every layer's logits and of
/// every bias: what the weights' gradients are computed from.
pub(crate) fn backpropagate(
    (stack, objective): (&Stack, Objective),
    (parameters, panels): (&[f32], &[Panels]),
    (rows, rows_in_batch): (Rows<'_>, usize),
    workspace: &mut Workspace,
) -> Terms {
    let count = rows.inputs.len() / stack.inputs();
    assert_eq!(rows.inputs.len(), count * stack.inputs(), "whole rows of inputs");
    assert_eq!(rows.targets.len(), count * stack.outputs(), "a row of targets for each of inputs");
    assert_eq!(parameters.len(), stack.parameters(), "as many parameters as the stack has");
    if let Err(error) = stack.check_objective(objective) {
        panic!("{error}");
    }
    let mut pass = Pass { stack, objective, parameters, panels, count, rows_in_batch, workspace };
    pass.workspace.reserve(stack, count);
    pass.forward(rows.inputs);
    let terms =
        Terms { reconstruction: pass.differentiate_loss(rows.targets), penalty: pass.penalty() };
    pass.backward();
    terms
}

struct Pass<'a> {
    stack: &'a Stack,
    objective: Objective,
    parameters: &'a [f32],
    panels: &'a [Panels],
    count: usize,
    rows_in_batch: usize,
    workspace: &'a mut Workspace,
}

impl Pass<'_> {
    /// Fills logits and values of every layer.
    fn forward(&mut self, inputs: &[f32]) {
        let Workspace { logits, values, occupied, is_sparse, .. } = &mut *self.workspace;
        *is_sparse = occupied.find(inputs, self.stack.inputs(), Look::Both);
        for (index, layer) in self.panels.iter().enumerate() {
            let (before, values) = values.split_at_mut(index);
            let input = before.last().map_or(inputs, Buffer::all);
            let logits = logits[index].first(self.count * layer.outputs);
            let input = &input[..self.count * layer.inputs];
            let terms = match index {
                0 if *is_sparse => ProductTerms::OfRows(occupied),
                _ => ProductTerms::All,
            };
            layer.apply((self.count, terms), input, logits, Finish::Logits);
            if index + 1 < self.panels.len() {
                activate_values(layer.activation, logits, values[0].first(logits.len()));
            }
        }
    }

    /// Turns the last layer's logits into the gradient there.
    fn differentiate_loss(&mut self, targets: &[f32]) -> f64 {
        let Workspace { logits, biases, .. } = &mut *self.workspace;
        let (Some(layer), Some(logits), Some(of_bias)) =
            (self.stack.layers().last(), logits.last_mut(), biases.last_mut())
        else {
            return 0.0;
        };
        let share = 1.0 / (self.rows_in_batch as f64 * layer.outputs as f64);
        let logits = logits.first(self.count * layer.outputs);
        let of_bias = of_bias.first(layer.outputs);
        let sum = match self.objective.loss {
            Loss::BinaryCrossEntropy => {
                binary_cross_entropy(targets, share as f32, logits, of_bias)
            }
            Loss::MeanSquaredError => {
                squared_error(layer.activation, targets, share as f32, logits, of_bias)
            }
        };
        sum * share
    }

    fn penalty(&self) -> f64 {
        if self.objective.code_l1 == 0.0 {
            return 0.0;
        }
        let codes = self.workspace.values[self.stack.code()].all();
        let sum = magnitude_sum(&codes[..self.count * self.stack.code_width()]);
        sum * f64::from(self.objective.code_l1) / self.rows_in_batch as f64
    }

    /// From the gradient at the last logits to that at every layer's before them.
    fn backward(&mut self) {
        let layers = self.stack.layers();
        let penalty = self.objective.code_l1 / self.rows_in_batch as f32;
        let Workspace { logits, values, biases, gradient: of_values, transposed, .. } =
            &mut *self.workspace;
        for (index, layer) in layers.iter().enumerate().rev() {
            let (before, at) = logits.split_at_mut(index);
            let weight = self.stack.weight(layer);
            let Some(previous) = before.last_mut() else { continue };
            let below = &layers[index - 1];
            let numbers = self.count * layer.inputs;
            let of_values = of_values.first(numbers);
            multiply_back(
                self.count,
                layer,
                weight,
                self.parameters,
                at[0].all(),
                of_values,
                transposed,
            );
            let values = &values[index - 1].all()[..numbers];
            if index == self.stack.code() + 1 && penalty != 0.0 {
                add_penalty_gradient(penalty, values, of_values);
            }
            let of_bias = biases[index - 1].first(below.outputs);
            differentiate(below.activation, previous.first(numbers), values, of_values, of_bias);
        }
    }
}

/// `of_values = of_logits W`: (rows, outputs) to (rows, inputs), a panel of columns after the other.
fn multiply_back(
    rows: usize,
    layer: &Layer,
    weight: WeightView,
    parameters: &[f32],
    of_logits: &[f32],
    of_values: &mut [f32],
    memory: &mut Buffer,
) {
    let numbers = &parameters[weight.offset..][..layer.inputs * layer.outputs];
    let mut multiply = |first: usize, columns: usize, right: Right<'_>| {
        Dispatch::Widest.run(Product {
            shape: Shape { rows, inner: layer.outputs, columns },
            start: Start::Zero,
            left: (of_logits, Strides::row_major(layer.outputs)),
            right,
            output: &mut of_values[first..],
            stride: layer.inputs,
            terms: ProductTerms::All,
        });
    };
    if !weight.own {
        let to = memory.first(numbers.len());
        transpose(numbers, layer.outputs, (&mut *to, layer.inputs));
        return multiply(0, layer.inputs, Right::row_major(to, layer.inputs));
    }
    // Rows that are far apart are brought together first: to all tiles of rows they are in the cache.
    let panel = memory.first(layer.outputs * PANEL);
    for first in (0..layer.inputs).step_by(PANEL) {
        let columns = PANEL.min(layer.inputs - first);
        let rows = numbers.chunks_exact(layer.inputs);
        for (to, from) in panel.chunks_exact_mut(PANEL).zip(rows) {
            to[..columns].copy_from_slice(&from[first..first + columns]);
        }
        multiply(first, columns, Right::row_major(panel, PANEL));
    }
}

fn add_penalty_gradient(penalty: f32, codes: &[f32], gradient: &mut [f32]) {
    for (g, &code) in gradient.iter_mut().zip(codes) {
        let sign = f32::from(code > 0.0) - f32::from(code < 0.0);
        *g += penalty * sign;
    }
}

//! The objective of a slice of rows and its gradient, in cache.

use std::ops::{AddAssign, Range};

use crate::activation::{activate_values, differentiate};
use crate::blocks::{Differentiated, gradients};
use crate::buffer::Buffer;
use crate::cross_entropy::cross_entropy_of_rows;
use crate::error::{StackError, check_length, whole_rows};
use crate::loss::{magnitude_sum, squared_error};
use crate::occupied::Look;
use crate::panels::{Finish, Panels, pack};
use crate::stack::{Loss, Objective, Stack};
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
/// # Errors
/// If there are no rows or more than in the batch, a slice's length does not fit the stack, or the loss does not suit
/// it (see [`Stack::check_objective`]). The gradient is then left as it was.
pub fn loss_and_gradient(
    stack: &Stack,
    objective: Objective,
    parameters: &[f32],
    rows: Rows<'_>,
    rows_in_batch: usize,
    (gradient, accumulate): (&mut [f32], Accumulate),
    workspace: &mut Workspace,
) -> Result<Terms, StackError> {
    check_length("the gradient", stack.parameters(), gradient.len())?;
    check_length("the parameters", stack.parameters(), parameters.len())?;
    let count = whole_rows("the inputs", stack.inputs(), rows.inputs.len())?;
    check_length("the targets", count * stack.outputs(), rows.targets.len())?;
    if count == 0 || rows_in_batch < count {
        return Err(StackError::Rows { slice: count, batch: rows_in_batch });
    }
    stack.check_objective(objective)?;
    let mut panels = std::mem::take(&mut workspace.panels);
    pack(&mut panels, stack, parameters);
    let of_rows = (rows, count, rows_in_batch);
    let terms = backpropagate((stack, objective), &panels, of_rows, workspace);
    workspace.panels = panels;
    let slice = Differentiated { rows: count, slices: terms.len(), inputs: rows.inputs, workspace };
    gradients(stack, (1, |_| slice), (gradient, accumulate), None);
    let mut sum = Terms::default();
    terms.into_iter().for_each(|terms| sum += terms);
    Ok(sum)
}

/// Takes neighbouring slices of `slice_rows` rows forward and back together. The workspace then holds the
/// gradient at every layer's logits and, from each slice, of every bias: what the weights' gradients are
/// computed from. Returns what each slice adds to the objective.
///
/// The objective must suit the stack, and there must be whole rows of inputs and as many of targets.
pub(crate) fn backpropagate(
    (stack, objective): (&Stack, Objective),
    panels: &[Panels],
    (rows, slice_rows, rows_in_batch): (Rows<'_>, usize, usize),
    workspace: &mut Workspace,
) -> Vec<Terms> {
    let count = rows.inputs.len() / stack.inputs();
    assert_eq!(rows.inputs.len(), count * stack.inputs(), "whole rows of inputs");
    assert_eq!(rows.targets.len(), count * stack.outputs(), "a row of targets for each of inputs");
    let mut pass = Pass { stack, objective, panels, count, slice_rows, rows_in_batch, workspace };
    pass.workspace.reserve(stack, count, count.div_ceil(slice_rows));
    pass.forward(rows.inputs);
    let terms = pass.differentiate_loss(rows.targets);
    pass.backward();
    terms
}

struct Pass<'a> {
    stack: &'a Stack,
    objective: Objective,
    panels: &'a [Panels],
    count: usize,
    slice_rows: usize,
    rows_in_batch: usize,
    workspace: &'a mut Workspace,
}

impl Pass<'_> {
    /// Fills logits and values of every layer.
    fn forward(&mut self, inputs: &[f32]) {
        let Workspace { logits, values, occupied, .. } = &mut *self.workspace;
        for (index, layer) in self.panels.iter().enumerate() {
            let (before, values) = values.split_at_mut(index);
            let input = before.last().map_or(inputs, Buffer::all);
            let logits = logits[index].first(self.count * layer.outputs);
            let input = &input[..self.count * layer.inputs];
            let [of_input, _] = &mut occupied[index];
            of_input.find(input, layer.inputs, look_at_input(index, self.stack));
            layer.apply((self.count, of_input.of_rows()), input, logits, Finish::Logits);
            if index + 1 < self.panels.len() {
                activate_values(layer.activation, logits, values[0].first(logits.len()));
            }
        }
    }

    /// The rows of each slice.
    fn slices(&self) -> impl ExactSizeIterator<Item = Range<usize>> + Clone + use<> {
        let (count, slice_rows) = (self.count, self.slice_rows);
        (0..count).step_by(slice_rows).map(move |first| first..count.min(first + slice_rows))
    }

    /// Turns the last layer's logits into the gradient there. Returns the terms of every slice.
    fn differentiate_loss(&mut self, targets: &[f32]) -> Vec<Terms> {
        let penalties: Vec<f64> = self.slices().map(|rows| self.penalty(rows)).collect();
        let slices = self.slices();
        let Workspace { logits, biases, .. } = &mut *self.workspace;
        let (Some(layer), Some(logits), Some(of_bias)) =
            (self.stack.layers().last(), logits.last_mut(), biases.last_mut())
        else {
            return Vec::new();
        };
        let width = layer.outputs;
        let share = 1.0 / (self.rows_in_batch as f64 * width as f64);
        let logits = logits.first(self.count * width);
        let of_biases = of_bias.first(slices.len() * width).chunks_exact_mut(width);
        let mut terms = Vec::with_capacity(slices.len());
        for ((rows, penalty), of_bias) in slices.zip(penalties).zip(of_biases) {
            let numbers = rows.start * width..rows.end * width;
            let (targets, logits) = (&targets[numbers.clone()], &mut logits[numbers]);
            let sum = match self.objective.loss {
                Loss::BinaryCrossEntropy => {
                    cross_entropy_of_rows(targets, share as f32, logits, of_bias)
                }
                Loss::MeanSquaredError => {
                    squared_error(layer.activation, targets, share as f32, logits, of_bias)
                }
            };
            terms.push(Terms { reconstruction: sum * share, penalty });
        }
        terms
    }

    fn penalty(&self, rows: Range<usize>) -> f64 {
        if self.objective.code_l1 == 0.0 {
            return 0.0;
        }
        let (codes, width) =
            (self.workspace.values[self.stack.code()].all(), self.stack.code_width());
        let sum = magnitude_sum(&codes[rows.start * width..rows.end * width]);
        sum * f64::from(self.objective.code_l1) / self.rows_in_batch as f64
    }

    /// From the gradient at the last logits to that at every layer's before them.
    fn backward(&mut self) {
        let (layers, slices) = (self.stack.layers(), self.slices());
        let penalty = self.objective.code_l1 / self.rows_in_batch as f32;
        let Workspace { logits, values, biases, gradient: of_values, occupied, .. } =
            &mut *self.workspace;
        for (index, layer) in layers.iter().enumerate().rev() {
            let (before, at) = logits.split_at_mut(index);
            let of_logits = &at[0].all()[..self.count * layer.outputs];
            let [_, of_gradient] = &mut occupied[index];
            of_gradient.find(of_logits, layer.outputs, Look::Both);
            let Some(previous) = before.last_mut() else { continue };
            let below = &layers[index - 1];
            let numbers = self.count * layer.inputs;
            let of_values = of_values.first(numbers);
            let of_rows = (self.count, of_gradient.of_rows());
            self.panels[index].apply_back(of_rows, of_logits, of_values);
            let values = &values[index - 1].all()[..numbers];
            if index == self.stack.code() + 1 && penalty != 0.0 {
                add_penalty_gradient(penalty, values, of_values);
            }
            let previous = previous.first(numbers);
            let of_biases = biases[index - 1].first(slices.len() * below.outputs);
            let of_biases = of_biases.chunks_exact_mut(below.outputs);
            for (rows, of_bias) in slices.clone().zip(of_biases) {
                let of_slice = rows.start * layer.inputs..rows.end * layer.inputs;
                let [values, of_values] = [values, of_values].map(|all| &all[of_slice.clone()]);
                let previous = &mut previous[of_slice];
                differentiate(below.activation, previous, values, of_values, of_bias);
            }
        }
    }
}

/// What a layer's input is looked through for. Its columns matter to the weight's gradient: those of
/// pixels, which have more zeros than the gradient at the logits, of what comes before the last logits,
/// where the gradient has none, and of a tied weight's, a product of them.
fn look_at_input(index: usize, stack: &Stack) -> Look {
    let layers = stack.layers();
    let own = stack.weight(&layers[index]).own;
    if index == 0 || index + 1 == layers.len() || !own { Look::Both } else { Look::Rows }
}

fn add_penalty_gradient(penalty: f32, codes: &[f32], gradient: &mut [f32]) {
    for (g, &code) in gradient.iter_mut().zip(codes) {
        let sign = f32::from(code > 0.0) - f32::from(code < 0.0);
        *g += penalty * sign;
    }
}

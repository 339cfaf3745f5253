//! From inputs to codes, logits and outputs.

use crate::activation::activate_in_place;
use crate::gradient::{bias_of, multiply_by_weight};
use crate::{Activation, Stack, Workspace};

/// Which results of a forward pass are wanted, and where.
#[derive(Debug, Default)]
pub struct Outputs<'a> {
    /// `rows x stack.code_width()`.
    pub codes: Option<&'a mut [f32]>,
    /// `rows x stack.outputs()`, before the last activation.
    pub logits: Option<&'a mut [f32]>,
    /// `rows x stack.outputs()`.
    pub outputs: Option<&'a mut [f32]>,
}

/// Runs the whole stack: (rows, inputs) to (rows, outputs).
///
/// # Panics
/// If a slice's length does not fit the stack and the rows.
pub fn forward(
    stack: &Stack,
    parameters: &[f32],
    inputs: &[f32],
    outputs: Outputs<'_>,
    workspace: &mut Workspace,
) {
    run(stack, parameters, inputs, 0..stack.layers().len(), outputs, workspace);
}

/// Runs the layers up to the code: (rows, inputs) to (rows, code width).
///
/// # Panics
/// If a slice's length does not fit the stack and the rows.
pub fn encode(
    stack: &Stack,
    parameters: &[f32],
    inputs: &[f32],
    codes: &mut [f32],
    workspace: &mut Workspace,
) {
    let outputs = Outputs { codes: Some(codes), ..Outputs::default() };
    run(stack, parameters, inputs, 0..stack.code() + 1, outputs, workspace);
}

/// Runs the layers after the code: (rows, code width) to (rows, outputs).
///
/// # Panics
/// If a slice's length does not fit the stack and the rows.
pub fn decode(
    stack: &Stack,
    parameters: &[f32],
    codes: &[f32],
    outputs: Outputs<'_>,
    workspace: &mut Workspace,
) {
    let layers = stack.code() + 1..stack.layers().len();
    run(stack, parameters, codes, layers, outputs, workspace);
}

fn run(
    stack: &Stack,
    parameters: &[f32],
    inputs: &[f32],
    range: std::ops::Range<usize>,
    mut wanted: Outputs<'_>,
    workspace: &mut Workspace,
) {
    assert_eq!(parameters.len(), stack.parameters(), "as many parameters as the stack has");
    let Some(first) = stack.layers().get(range.start) else { return };
    let rows = inputs.len() / first.inputs;
    assert_eq!(inputs.len(), rows * first.inputs, "whole rows of inputs");
    workspace.reserve_values(stack, rows);
    let last = stack.layers().len() - 1;
    for index in range.clone() {
        let layer = &stack.layers()[index];
        let (before, at) = workspace.values.split_at_mut(index);
        let input = if index == range.start { inputs } else { before[index - 1].all() };
        let values = at[0].first(rows * layer.outputs);
        let bias = bias_of(layer, parameters);
        multiply_by_weight(rows, layer, stack.weight(layer), parameters, input, values);
        if let Some(logits) = wanted.logits.as_deref_mut().filter(|_| index == last) {
            logits.copy_from_slice(values);
            activate_in_place(Activation::Linear, bias, logits);
        }
        if index < last || wanted.outputs.is_some() || index == stack.code() {
            activate_in_place(layer.activation, bias, values);
        }
        if let Some(codes) = wanted.codes.as_deref_mut().filter(|_| index == stack.code()) {
            codes.copy_from_slice(values);
        }
        if let Some(outputs) = wanted.outputs.as_deref_mut().filter(|_| index == last) {
            outputs.copy_from_slice(values);
        }
    }
}

//! The loss of a task's rows and the backward pass through a segment of the chain.

use super::batch::Target;
use super::run::{Piece, Run, Workspace};
use super::task::{BoundaryMemory, Task, input_of};
use crate::Loss;
use crate::aligned::AlignedBuffer;
use crate::chain::{Backward, LayerNonzeros, Memory, Normalisation, Part, Program};
use crate::loss::{differentiate_rows, masked_squared_error_of_rows};
use crate::product::ScannedAxes;

/// Both sides of a dense layer.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) input: AlignedBuffer,
    pub(super) logit_gradient: AlignedBuffer,
    pub(super) nonzeros: LayerNonzeros,
}

/// How the gradient before a barrier follows from that after it.
pub(super) enum Finish<'a> {
    BatchNorm {
        normalisation: &'a Normalisation,
        weight: &'a [f32],
        /// Over the whole batch.
        sums: &'a [f64],
        /// Numbers of an item.
        width: usize,
    },
    /// The derivative of the penalties by each unit of an item's code.
    Code { slopes: &'a [f32] },
}

impl Task {
    /// Replaces logits by the gradient at them. Says whether they are the last operation's own, and not the workspace's
    /// first gradient.
    pub(super) fn differentiate_loss<F>(
        &mut self,
        run: &Run<'_, F>,
        piece: &Piece,
        workspace: &mut Workspace,
    ) -> bool {
        let Workspace { memories, gradients: [gradient, _], scratch } = workspace;
        let (Some(op), Some(memory)) = (run.program.ops.last(), memories.last_mut()) else {
            return false;
        };
        let width = op.outputs;
        let count = piece.rows.len();
        let is_at_logits = op.operation.gives_logits();
        let logits = if is_at_logits {
            memory.logits.first(count * width)
        } else {
            let logits = gradient.first(count * width);
            logits.copy_from_slice(&memory.values.all()[..count * width]);
            logits
        };
        let targets = if run.has_targets() { &self.targets } else { &self.inputs };
        let targets = &targets.all()[piece.rows.start * width..piece.rows.end * width];
        let scale = scale_of(run, width);
        let unused = scratch.numbers.first(if is_at_logits { 0 } else { width });
        unused.fill(0.0);
        let biases = self.slice_gradients.last_mut();
        let mut biases = biases.map(|of_op| of_op.first(self.slices * op.slice_numbers));
        for (slice, Part { rows, .. }) in (piece.first_slice..).zip(&piece.parts) {
            let range = rows.start * width..rows.end * width;
            let bias = match &mut biases {
                Some(biases) if is_at_logits => &mut biases[slice * width..][..width],
                _ => &mut *unused,
            };
            let (targets, logits) = (&targets[range.clone()], &mut logits[range]);
            self.losses[slice] += differentiate(run, targets, scale as f32, logits, bias) * scale;
        }
        is_at_logits
    }

    /// Takes a piece back through a segment. The gradient at its end is in the workspace's first gradient, or at the
    /// last operation's logits. That at its beginning goes to the boundary before it.
    pub(super) fn backward_piece<F>(
        &mut self,
        run: &Run<'_, F>,
        segment: usize,
        piece: &Piece,
        workspace: &mut Workspace,
        mut is_at_logits: bool,
    ) {
        let program = run.program;
        let ops = program.segments[segment].clone();
        let count = piece.rows.len();
        let Workspace { memories, gradients: [current, next], scratch } = workspace;
        let (mut current, mut next) = (current, next);
        for index in ops.clone().rev() {
            let op = &program.ops[index];
            let (before, rest) = memories.split_at_mut(index);
            let (memory, numbers) = (&mut rest[0], count * op.outputs);
            if !is_at_logits {
                let (values, gradient) = (memory.values.all(), current.first(numbers));
                add_penalty_gradients(run, index + 1, values, gradient);
            }
            let pass = self.pass(run, piece);
            let mut slice_gradients = std::mem::take(&mut self.slice_gradients[index]);
            let of_slices = slice_gradients.first(self.slices * op.slice_numbers);
            let first_input = self.input(program, segment, piece);
            let input = input_of(before, first_input, &ops, count * op.inputs);
            let backward = Backward {
                input,
                gradient: (!is_at_logits).then(|| &current.all()[..numbers]),
                input_gradient: op.needs_input_gradient.then(|| next.first(count * op.inputs)),
                slice_gradients: &mut of_slices[piece.first_slice * op.slice_numbers..],
            };
            op.operation.backward(&pass, backward, memory, scratch);
            self.slice_gradients[index] = slice_gradients;
            if run.shape.together.is_some() && op.operation.dense().is_some() {
                let input = input_of(before, &[], &ops, count * op.inputs);
                let input = (index > ops.start).then_some(input);
                self.keep_dense(program, segment, index, piece, input, memory);
            }
            if !op.needs_input_gradient {
                return;
            }
            std::mem::swap(&mut current, &mut next);
            is_at_logits = false;
        }
        if let Some(boundary) = segment.checked_sub(1) {
            let width = program.boundary_numbers(boundary);
            let kept = self.boundaries[boundary].gradient.first(self.rows.len() * width);
            let kept = &mut kept[piece.rows.start * width..piece.rows.end * width];
            kept.copy_from_slice(&current.all()[..kept.len()]);
        }
    }

    /// Keeps both sides of a dense operation for the gradient of its weight.
    fn keep_dense(
        &mut self,
        program: &Program,
        segment: usize,
        index: usize,
        piece: &Piece,
        input: Option<&[f32]>,
        memory: &Memory,
    ) {
        let op = &program.ops[index];
        self.kept.resize_with(program.ops.len(), Kept::default);
        let mut kept = std::mem::take(&mut self.kept[index]);
        let rows = self.rows.len();
        let input = input.unwrap_or_else(|| self.input(program, segment, piece));
        for (to, numbers, width) in [
            (&mut kept.input, input, op.inputs),
            (&mut kept.logit_gradient, memory.logits.all(), op.outputs),
        ] {
            let range = piece.rows.start * width..piece.rows.end * width;
            let to = &mut to.first(rows * width)[range];
            to.copy_from_slice(&numbers[..to.len()]);
        }
        self.kept[index] = kept;
    }

    /// Searches what was kept of dense operations for zeros.
    pub(super) fn scan_kept<F>(&mut self, run: &Run<'_, F>, segment: usize) {
        if run.shape.together.is_none() {
            return;
        }
        let (rows, axes) = (self.rows.len(), ScannedAxes::RowsAndColumns);
        for index in run.program.segments[segment].clone() {
            let op = &run.program.ops[index];
            if op.operation.dense().is_some()
                && let Some(Kept { input, logit_gradient, nonzeros }) = self.kept.get_mut(index)
            {
                nonzeros.input.scan(input.first(rows * op.inputs), op.inputs, axes);
                let gradient = logit_gradient.first(rows * op.outputs);
                nonzeros.logit_gradient.scan(gradient, op.outputs, axes);
            }
        }
    }

    /// Replaces the gradient after a barrier by that before it.
    pub(super) fn finish_boundary(&mut self, segment: usize, finish: &Finish<'_>) {
        let BoundaryMemory { values, gradient, .. } = &mut self.boundaries[segment];
        match finish {
            Finish::BatchNorm { normalisation, weight, sums, width } => {
                let numbers = self.rows.len() * width;
                let values = &values.all()[..numbers];
                normalisation.finish(weight, sums, values, gradient.first(numbers));
            }
            Finish::Code { slopes } => {
                for row in gradient.first(self.rows.len() * slopes.len()).chunks_mut(slopes.len()) {
                    row.iter_mut().zip(*slopes).for_each(|(g, slope)| *g += slope);
                }
            }
        }
    }
}

fn add_penalty_gradients<F>(run: &Run<'_, F>, op: usize, values: &[f32], gradient: &mut [f32]) {
    for indexed in run.terms.iter().filter(|indexed| indexed.term.at.op == op) {
        indexed.term.of_items.add_gradient(&values[..gradient.len()], gradient);
    }
}

/// Replaces rows of logits by the gradient of `scale` times the loss, over the numbers that the batch counts; adds the
/// rows to `bias`, and returns the sum of the loss.
fn differentiate<F>(
    run: &Run<'_, F>,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias: &mut [f32],
) -> f64 {
    let (loss, activation) = (run.objective.loss, run.program.last_activation);
    match run.batch.target {
        Target::Masked { .. } => {
            masked_squared_error_of_rows(activation, targets, scale, logits, bias)
        }
        _ => differentiate_rows(loss, activation, targets, scale, logits, bias),
    }
}

/// What a sum over the numbers that the batch counts is multiplied by for the mean; `width` is that of a row.
fn scale_of<F>(run: &Run<'_, F>, width: usize) -> f64 {
    let rows = run.shape.rows_in_batch;
    let width = match run.batch.target {
        Target::Masked { counted } => counted,
        _ => width,
    };
    match run.objective.loss {
        Loss::SoftmaxCrossEntropy => 1.0 / rows as f64,
        _ => 1.0 / (rows as f64 * width as f64),
    }
}

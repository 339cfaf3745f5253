//! Neighbouring slices of a batch that are a task: forward, loss and backward.

use std::ops::Range;

use super::batch::Target;
use super::run::{Piece, Run, Workspace};
use crate::aligned::AlignedBuffer;
use crate::chain::{
    Backward, LayerNonzeros, Memory, Normalisation, Part, Pass, Program, add_moments,
};
use crate::loss::differentiate_rows;
use crate::penalty::add_squared_slopes;
use crate::product::ScannedAxes;
use crate::{Loss, Objective};

/// Neighbouring slices and what the batch needs of them.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Rows within the batch.
    pub(super) rows: Range<usize>,
    pub(super) slices: usize,
    /// The first operation of each segment.
    starts: Vec<usize>,
    pub(super) inputs: AlignedBuffer,
    targets: AlignedBuffer,
    /// Before each barrier.
    pub(super) boundaries: Vec<BoundaryMemory>,
    /// The gradient that each operation computes slice by slice, for each slice.
    pub(super) slice_gradients: Vec<AlignedBuffer>,
    /// What dense operations have on both sides, where the workspace is a thread's.
    pub(super) kept: Vec<Kept>,
    /// The sums that a contraction needs, for each slice.
    pub(super) slopes: AlignedBuffer,
    /// The share of each slice in the loss.
    pub(super) losses: Vec<f64>,
    /// The share of each slice in each penalty.
    pub(super) penalties: Vec<f64>,
    pub(super) workspace: Workspace,
}

/// The numbers before a barrier, the gradient there, and sums for each slice.
#[derive(Debug, Default)]
pub(super) struct BoundaryMemory {
    values: AlignedBuffer,
    gradient: AlignedBuffer,
    pub(super) sums: Vec<f64>,
}

/// Both sides of a dense layer.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) input: AlignedBuffer,
    pub(super) logit_gradient: AlignedBuffer,
    pub(super) nonzeros: LayerNonzeros,
}

type Fill<'a> = dyn Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync + 'a;

impl Group {
    /// Fills the group with rows of the batch.
    pub(super) fn fill<F>(&mut self, run: &Run<'_, F>, rows: Range<usize>)
    where
        F: Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
    {
        let (shape, program) = (run.shape, run.program);
        let (count, slices) = (rows.len(), rows.len().div_ceil(shape.slice_rows));
        (self.rows, self.slices) = (rows.clone(), slices);
        let inputs = self.inputs.first(count * shape.inputs);
        let outputs = if run.has_targets() { count * shape.outputs } else { 0 };
        let targets = self.targets.first(outputs);
        let fill: &Fill<'_> = &run.batch.fill;
        match run.batch.target {
            Target::Input => fill(rows, inputs, &mut []),
            Target::Separate => fill(rows, inputs, targets),
        }
        if shape.is_residual {
            // What the layers must give: the target without the input.
            match run.batch.target {
                Target::Input => targets.fill(0.0),
                Target::Separate => targets.iter_mut().zip(inputs).for_each(|(t, x)| *t -= *x),
            }
        }
        self.slice_gradients.resize_with(program.ops.len(), AlignedBuffer::default);
        for (gradients, op) in self.slice_gradients.iter_mut().zip(&program.ops) {
            gradients.first(slices * op.slice_numbers).fill(0.0);
        }
        self.starts = program.segments.iter().map(|segment| segment.start).collect();
        if shape.together.is_none() {
            self.kept.clear();
        }
        self.boundaries.resize_with(program.barriers.len(), BoundaryMemory::default);
        for (memory, barrier) in self.boundaries.iter_mut().zip(&program.barriers) {
            memory.sums.clear();
            memory.sums.resize(slices * 2 * barrier.width(), 0.0);
        }
        if run.contraction().is_some() {
            self.slopes.first(slices * program.code.shape.numbers()).fill(0.0);
        }
        for (sums, numbers) in [(&mut self.losses, 1), (&mut self.penalties, shape.penalties)] {
            sums.clear();
            sums.resize(slices * numbers, 0.0);
        }
    }

    /// Takes the rows forward through a segment that ends at a barrier.
    pub(super) fn forward<F>(&mut self, run: &Run<'_, F>, segment: usize) {
        self.with_workspace(run, |group, workspace| {
            for piece in run.shape.pieces(group.rows.len()) {
                group.forward_piece(run, segment, &piece, workspace);
                group.add_penalties(run, segment, &piece, workspace);
                group.keep_boundary(run, segment, &piece, workspace);
            }
        });
    }

    /// Takes the rows forward through the last segment, and back.
    pub(super) fn forward_and_backward<F>(&mut self, run: &Run<'_, F>) {
        let last = run.program.segments.len() - 1;
        self.with_workspace(run, |group, workspace| {
            for piece in run.shape.pieces(group.rows.len()) {
                group.forward_piece(run, last, &piece, workspace);
                group.add_penalties(run, last, &piece, workspace);
                let is_at_logits = group.differentiate_loss(run, &piece, workspace);
                group.backward_piece(run, last, &piece, workspace, is_at_logits);
            }
            group.scan_kept(run, last);
        });
    }

    /// Takes the rows back through a segment that ends at a barrier, whose gradient is that at its output.
    pub(super) fn backward<F>(&mut self, run: &Run<'_, F>, segment: usize, finish: &Finish<'_>) {
        self.finish_boundary(segment, finish);
        self.with_workspace(run, |group, workspace| {
            for piece in run.shape.pieces(group.rows.len()) {
                // A workspace of the group's own still has the forward pass.
                if run.shape.together.is_some() {
                    group.forward_piece(run, segment, &piece, workspace);
                }
                let width = run.program.boundary_numbers(segment);
                let range = piece.rows.start * width..piece.rows.end * width;
                let gradient = &group.boundaries[segment].gradient.all()[range];
                workspace.gradients[0].first(gradient.len()).copy_from_slice(gradient);
                group.backward_piece(run, segment, &piece, workspace, false);
            }
            group.scan_kept(run, segment);
        });
    }

    /// All rows of an operation's input, where the workspace is the group's own.
    pub(super) fn input_of(&self, index: usize) -> &[f32] {
        match self.starts.iter().rposition(|&start| start == index) {
            None => self.workspace.memories[index - 1].values.all(),
            Some(0) => self.inputs.all(),
            Some(segment) => self.boundaries[segment - 1].values.all(),
        }
    }

    fn with_workspace<F>(
        &mut self,
        run: &Run<'_, F>,
        work: impl FnOnce(&mut Self, &mut Workspace),
    ) {
        let rows = run.shape.together.unwrap_or(self.rows.len());
        if let Some(mut workspace) = run.workspace() {
            workspace.reserve(run.program, rows);
            work(self, &mut workspace);
        } else {
            let mut workspace = std::mem::take(&mut self.workspace);
            workspace.reserve(run.program, rows);
            work(self, &mut workspace);
            self.workspace = workspace;
        }
    }

    /// The rows of a piece before a segment.
    fn input<'a>(&'a self, program: &Program, segment: usize, piece: &Piece) -> &'a [f32] {
        let (numbers, width) = match segment.checked_sub(1) {
            None => (&self.inputs, program.ops.first().map_or(0, |op| op.inputs)),
            Some(before) => (&self.boundaries[before].values, program.boundary_numbers(before)),
        };
        &numbers.all()[piece.rows.start * width..piece.rows.end * width]
    }

    fn pass<'a, F>(&self, run: &'a Run<'_, F>, piece: &'a Piece) -> Pass<'a> {
        let rows = self.rows.start + piece.rows.start..self.rows.start + piece.rows.end;
        let (draws, normalisations) = (run.batch.draws, run.normalisations);
        Pass { rows, parts: &piece.parts, draws, normalisations }
    }

    fn forward_piece<F>(
        &self,
        run: &Run<'_, F>,
        segment: usize,
        piece: &Piece,
        workspace: &mut Workspace,
    ) {
        let ops = run.program.segments[segment].clone();
        let first_input = self.input(run.program, segment, piece);
        let pass = self.pass(run, piece);
        let Workspace { memories, scratch, .. } = workspace;
        for index in ops.clone() {
            let op = &run.program.ops[index];
            let (before, rest) = memories.split_at_mut(index);
            let input = input_of(before, first_input, &ops, op.inputs * pass.count());
            op.operation.forward(&pass, input, &mut rest[0], scratch);
        }
    }

    /// Adds the penalties of the values that a segment computed.
    fn add_penalties<F>(
        &mut self,
        run: &Run<'_, F>,
        segment: usize,
        piece: &Piece,
        workspace: &Workspace,
    ) {
        let ops = run.program.segments[segment].clone();
        let (mut penalties, mut slopes) =
            (std::mem::take(&mut self.penalties), std::mem::take(&mut self.slopes));
        for indexed in run.terms {
            let at = indexed.term.at;
            let is_here = (ops.start < at.op || segment == 0) && at.op <= ops.end;
            if !is_here {
                continue;
            }
            let values = match at.op.checked_sub(1) {
                Some(op) => workspace.memories[op].values.all(),
                None => self.input(run.program, 0, piece),
            };
            let width = at.shape.numbers();
            for (slice, part) in (piece.first_slice..).zip(&piece.parts) {
                let values = &values[part.rows.start * width..part.rows.end * width];
                let place = slice * run.shape.penalties + indexed.index;
                penalties[place] += indexed.term.of_items.value(values);
                if indexed.term.of_items.contraction().is_some() {
                    let slopes = slopes.first((slice + 1) * width);
                    add_squared_slopes(values, &mut slopes[slice * width..]);
                }
            }
        }
        (self.penalties, self.slopes) = (penalties, slopes);
    }

    /// Keeps the numbers before the barrier after a segment, and adds them to the statistics.
    fn keep_boundary<F>(
        &mut self,
        run: &Run<'_, F>,
        segment: usize,
        piece: &Piece,
        workspace: &Workspace,
    ) {
        let ops = run.program.segments[segment].clone();
        let width = run.program.boundary_numbers(segment);
        let rows = self.rows.len();
        let mut values = std::mem::take(&mut self.boundaries[segment].values);
        let kept =
            &mut values.first(rows * width)[piece.rows.start * width..piece.rows.end * width];
        let computed = if ops.is_empty() {
            self.input(run.program, segment, piece)
        } else {
            &workspace.memories[ops.end - 1].values.all()[..kept.len()]
        };
        kept.copy_from_slice(computed);
        let columns = 2 * run.program.barriers[segment].width();
        let sums = &mut self.boundaries[segment].sums;
        for (slice, part) in (piece.first_slice..).zip(&piece.parts) {
            let numbers = &kept[part.rows.start * width..part.rows.end * width];
            add_moments(numbers, &mut sums[slice * columns..][..columns]);
        }
        self.boundaries[segment].values = values;
    }

    /// Replaces logits by the gradient at them. Says whether they are the last operation's own, and not the workspace's
    /// first gradient.
    fn differentiate_loss<F>(
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
        let scale = scale_of(run.objective, run.shape.rows_in_batch, width);
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
            let (loss, activation) = (run.objective.loss, run.program.last_activation);
            let sum = differentiate_rows(loss, activation, targets, scale as f32, logits, bias);
            self.losses[slice] += sum * scale;
        }
        is_at_logits
    }

    /// Takes a piece back through a segment. The gradient at its end is in the workspace's first gradient, or at the last
    /// operation's logits. That at its beginning goes to the boundary before it.
    fn backward_piece<F>(
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
    fn scan_kept<F>(&mut self, run: &Run<'_, F>, segment: usize) {
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
    fn finish_boundary(&mut self, segment: usize, finish: &Finish<'_>) {
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

impl Program {
    /// Numbers of an item before the barrier after a segment.
    pub(super) fn boundary_numbers(&self, segment: usize) -> usize {
        let end = self.segments[segment].end;
        match self.ops.get(end) {
            Some(op) => op.inputs,
            None => self.ops.last().map_or(0, |op| op.outputs),
        }
    }

    /// Whether an operation before the end of a segment is trained.
    pub(super) fn is_trained_before(&self, segment: usize) -> bool {
        let end = self.segments[segment].end;
        self.ops.get(end).is_none_or(|op| op.needs_input_gradient)
    }
}

impl<F> Run<'_, F> {
    pub(super) fn contraction(&self) -> Option<&crate::penalty::Contraction> {
        self.terms.iter().find_map(|indexed| indexed.term.of_items.contraction())
    }
}

/// The input of the operation after these memories; `first` is that of the segment's first operation.
fn input_of<'a>(
    before: &'a [Memory],
    first: &'a [f32],
    ops: &Range<usize>,
    numbers: usize,
) -> &'a [f32] {
    match before.last() {
        Some(memory) if before.len() > ops.start => &memory.values.all()[..numbers],
        _ => first,
    }
}

fn add_penalty_gradients<F>(run: &Run<'_, F>, op: usize, values: &[f32], gradient: &mut [f32]) {
    for indexed in run.terms.iter().filter(|indexed| indexed.term.at.op == op) {
        indexed.term.of_items.add_gradient(&values[..gradient.len()], gradient);
    }
}

/// What a sum over numbers is multiplied by for the mean.
fn scale_of(objective: &Objective, rows: usize, width: usize) -> f64 {
    match objective.loss {
        Loss::SoftmaxCrossEntropy => 1.0 / rows as f64,
        Loss::BinaryCrossEntropy | Loss::MeanSquaredError => 1.0 / (rows as f64 * width as f64),
    }
}

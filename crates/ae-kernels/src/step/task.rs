//! Neighbouring slices of a batch that are a task: forward, loss and backward.

use std::ops::Range;

use super::backward::{Finish, Kept};
use super::batch::Target;
use super::run::{Piece, Run, Workspace};
use crate::aligned::AlignedBuffer;
use crate::chain::{Memory, Pass, Program};

/// Neighbouring slices and what the batch needs of them.
#[derive(Debug, Default)]
pub(super) struct Task {
    /// Rows within the batch.
    pub(super) rows: Range<usize>,
    pub(super) slices: usize,
    /// The first operation of each segment.
    starts: Vec<usize>,
    pub(super) inputs: AlignedBuffer,
    pub(super) targets: AlignedBuffer,
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
    pub(super) values: AlignedBuffer,
    pub(super) gradient: AlignedBuffer,
    pub(super) sums: Vec<f64>,
}

type Fill<'a> = dyn Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync + 'a;

impl Task {
    /// Fills the task with rows of the batch.
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
            Target::Separate | Target::Masked { .. } => fill(rows, inputs, targets),
        }
        if shape.is_residual {
            // What the layers must give: the target without the input.
            match run.batch.target {
                Target::Input => targets.fill(0.0),
                Target::Separate | Target::Masked { .. } => {
                    let rows = targets.chunks_exact_mut(shape.outputs);
                    for (target, input) in rows.zip(inputs.chunks_exact(shape.inputs)) {
                        target.iter_mut().zip(input).for_each(|(t, x)| *t -= *x);
                    }
                }
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
        self.with_workspace(run, |task, workspace| {
            for piece in run.shape.pieces(task.rows.len()) {
                task.forward_piece(run, segment, &piece, workspace);
                task.add_penalties(run, segment, &piece, workspace);
                task.keep_boundary(run, segment, &piece, workspace);
            }
        });
    }

    /// Takes the rows forward through the last segment, and back.
    pub(super) fn forward_and_backward<F>(&mut self, run: &Run<'_, F>) {
        let last = run.program.segments.len() - 1;
        self.with_workspace(run, |task, workspace| {
            for piece in run.shape.pieces(task.rows.len()) {
                task.forward_piece(run, last, &piece, workspace);
                task.add_penalties(run, last, &piece, workspace);
                let is_at_logits = task.differentiate_loss(run, &piece, workspace);
                task.backward_piece(run, last, &piece, workspace, is_at_logits);
            }
            task.scan_kept(run, last);
        });
    }

    /// Takes the rows back through a segment that ends at a barrier, whose gradient is that at its output.
    pub(super) fn backward<F>(&mut self, run: &Run<'_, F>, segment: usize, finish: &Finish<'_>) {
        self.finish_boundary(segment, finish);
        self.with_workspace(run, |task, workspace| {
            for piece in run.shape.pieces(task.rows.len()) {
                // A workspace of the task's own still has the forward pass.
                if run.shape.together.is_some() {
                    task.forward_piece(run, segment, &piece, workspace);
                }
                let width = run.program.boundary_numbers(segment);
                let range = piece.rows.start * width..piece.rows.end * width;
                let gradient = &task.boundaries[segment].gradient.all()[range];
                workspace.gradients[0].first(gradient.len()).copy_from_slice(gradient);
                task.backward_piece(run, segment, &piece, workspace, false);
            }
            task.scan_kept(run, segment);
        });
    }

    /// All rows of an operation's input, where the workspace is the task's own.
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
    pub(super) fn input<'a>(
        &'a self,
        program: &Program,
        segment: usize,
        piece: &Piece,
    ) -> &'a [f32] {
        let (numbers, width) = match segment.checked_sub(1) {
            None => (&self.inputs, program.ops.first().map_or(0, |op| op.inputs)),
            Some(before) => (&self.boundaries[before].values, program.boundary_numbers(before)),
        };
        &numbers.all()[piece.rows.start * width..piece.rows.end * width]
    }

    pub(super) fn pass<'a, F>(&self, run: &'a Run<'_, F>, piece: &'a Piece) -> Pass<'a> {
        let rows = self.rows.start + piece.rows.start..self.rows.start + piece.rows.end;
        let (draws, normalisations) = (run.batch.draws, run.normalisations);
        Pass { rows, parts: &piece.parts, draws, normalisations }
    }
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
pub(super) fn input_of<'a>(
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

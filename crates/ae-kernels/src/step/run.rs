//! What all tasks of a batch have in common.

use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::batch::{Batch, Target};
use super::tree::GROUP_ROWS;
use crate::Objective;
use crate::aligned::AlignedBuffer;
use crate::chain::{Memory, Normalisation, Part, Program, Scratch};
use crate::penalty::Term;

/// The most slices that a thread takes through the layers together, if there are enough for all threads. They share
/// the loads of the weights, but leave the second-level cache earlier.
const SLICES_TOGETHER: usize = 2;

/// A batch on its way through a program.
pub(super) struct Run<'a, F> {
    pub(super) program: &'a Program,
    pub(super) objective: &'a Objective,
    /// The terms of the objective's penalties with their index among these.
    pub(super) terms: &'a [IndexedTerm],
    /// The statistics that are known by now.
    pub(super) normalisations: &'a [Normalisation],
    pub(super) shape: RunShape,
    pub(super) batch: &'a Batch<'a, F>,
    /// Memory that tasks use one after the other, for each thread. Empty if each task has its own.
    pub(super) workspaces: &'a [Mutex<Workspace>],
}

/// A penalty's term.
#[derive(Debug)]
pub(super) struct IndexedTerm {
    /// Among the objective's penalties.
    pub(super) index: usize,
    pub(super) term: Term,
}

/// Sizes that are fixed for a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunShape {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) is_residual: bool,
    pub(super) slice_rows: usize,
    /// Rows that go through the operations together; `None` for all rows of a task.
    pub(super) together: Option<usize>,
    pub(super) rows_in_batch: usize,
    pub(super) penalties: usize,
}

/// Memory of the operations for the rows that go through them together.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    pub(super) memories: Vec<Memory>,
    /// The gradient at the output and at the input of an operation.
    pub(super) gradients: [AlignedBuffer; 2],
    pub(super) scratch: Scratch,
}

impl Workspace {
    /// Makes room for so many rows.
    pub(super) fn reserve(&mut self, program: &Program, rows: usize) {
        self.memories.resize_with(program.ops.len(), Memory::default);
        let widest = program.ops.iter().map(|op| op.inputs.max(op.outputs)).max().unwrap_or(0);
        for gradient in &mut self.gradients {
            gradient.first(rows * widest);
        }
    }
}

impl<F> Run<'_, F> {
    /// The memory of the calling thread.
    pub(super) fn workspace(&self) -> Option<MutexGuard<'_, Workspace>> {
        let thread = rayon::current_thread_index().unwrap_or(0);
        let workspace = self.workspaces.get(thread % self.workspaces.len().max(1))?;
        Some(workspace.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether targets are kept apart from inputs.
    pub(super) fn has_targets(&self) -> bool {
        self.batch.target != Target::Input || self.shape.is_residual
    }
}

/// Rows of a task that go through the operations together.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Within the task.
    pub(super) rows: Range<usize>,
    /// The slice of the task that the first row is of.
    pub(super) first_slice: usize,
    pub(super) parts: Vec<Part>,
}

impl RunShape {
    /// The rows of each task: whole slices of one group. A window begins with a group, or lies within one.
    pub(super) fn task_ranges(self, window: Range<usize>) -> Vec<Range<usize>> {
        let slices = window.len().div_ceil(self.slice_rows);
        let most = match self.together {
            None => SLICES_TOGETHER,
            Some(rows) => (rows / self.slice_rows).max(1),
        };
        let together = slices.div_ceil(rayon::current_num_threads()).clamp(1, most);
        let rows = self.slice_rows * together;
        let groups = window.clone().step_by(GROUP_ROWS);
        let of_group = |group: usize| {
            let end = window.end.min(group + GROUP_ROWS);
            (group..end).step_by(rows).map(move |first| first..end.min(first + rows))
        };
        groups.flat_map(of_group).collect()
    }

    /// Cuts the rows of a task into pieces, and these into parts of one slice each.
    pub(super) fn pieces(self, rows: usize) -> impl Iterator<Item = Piece> {
        let step = self.together.unwrap_or(rows).max(1);
        (0..rows).step_by(step).map(move |first| {
            let piece = first..rows.min(first.saturating_add(step));
            let first_slice = first / self.slice_rows;
            let slices = first_slice..piece.end.div_ceil(self.slice_rows);
            let part = |slice: usize| {
                let start = slice * self.slice_rows;
                let slice = start..rows.min(start + self.slice_rows);
                let part = piece.start.max(slice.start)..piece.end.min(slice.end);
                Part {
                    starts: part.start == slice.start,
                    ends: part.end == slice.end,
                    rows: part.start - piece.start..part.end - piece.start,
                }
            };
            let parts = slices.map(part).collect();
            Piece { first_slice, parts, rows: piece }
        })
    }
}

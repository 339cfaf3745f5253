//! The forward pass of a task's rows through a segment of the chain.

use super::run::{Piece, Run, Workspace};
use super::task::{Task, input_of};
use crate::chain::add_moments;
use crate::penalty::add_squared_slopes;

impl Task {
    pub(super) fn forward_piece<F>(
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
    pub(super) fn add_penalties<F>(
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
    pub(super) fn keep_boundary<F>(
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
}

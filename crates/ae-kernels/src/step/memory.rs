//! How much memory a training takes.

use super::tree::GROUP_ROWS;
use crate::chain::{CodeMeans, Program, SLICE_ROWS};
use crate::convolution::ConvolutionScratch;
use crate::{Chain, Objective};

impl Chain {
    /// Bytes that a [`Trainer`](crate::Trainer) takes for batches of so many rows on so many threads, beside
    /// parameters, moments and the gradient: rearranged weights, the numbers of the rows that are in memory, and the
    /// gradients that wait to be added. It is an estimate from above for the numbers, without bookkeeping.
    ///
    /// In a chain with maps a thread holds all numbers of so many items as fit into 512 KiB, at least one and at most
    /// 64.
    ///
    /// Where batch normalisation or the objective needs statistics of the whole batch, all rows are in memory at the
    /// cuts of the chain.
    pub fn working_bytes(&self, objective: &Objective, rows: usize, threads: usize) -> usize {
        let program = Program::for_training(self, CodeMeans::of(objective));
        let times = usize::saturating_mul;
        let sum =
            |parts: &[usize]| parts.iter().fold(0, |sum: usize, part| sum.saturating_add(*part));
        let rows_in_memory = if program.barriers.is_empty() { rows.min(GROUP_ROWS) } else { rows };
        let item = program.numbers_of_item();
        let (in_threads, of_row) = match program.rows_together() {
            None => (0, item),
            Some(together) => {
                let scratch = 2 * ConvolutionScratch::BLOCK;
                let dense = program.ops.iter().filter(|op| op.operation.dense().is_some());
                let kept = dense.map(|op| op.inputs + op.outputs).sum();
                (times(threads, sum(&[times(together, item), scratch])), kept)
            }
        };
        let boundaries = 0..program.barriers.len();
        let boundaries = boundaries.map(|segment| 2 * program.boundary_numbers(segment)).sum();
        let of_row = sum(&[of_row, boundaries, self.inputs(), self.outputs()]);
        let slices = rows_in_memory.div_ceil(program.slice_rows(SLICE_ROWS));
        let of_slice = program.ops.iter().map(|op| op.slice_numbers).sum();
        let levels =
            rows.div_ceil(GROUP_ROWS).max(1).ilog2() as usize + usize::from(rows > GROUP_ROWS);
        let of_parameters = times(2 + levels, self.parameters());
        let numbers =
            [in_threads, times(rows_in_memory, of_row), times(slices, of_slice), of_parameters];
        times(size_of::<f32>(), sum(&numbers))
    }
}

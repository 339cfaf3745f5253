//! From images to codes and reconstructions.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::activation::activate_values;
use crate::buffer::Buffer;
use crate::error::{check_length, whole_rows};
use crate::loss::{RowLosses, losses_of_row, squared_error_between, squared_error_of_row_in_f64};
use crate::occupied::{Look, Occupied};
use crate::panels::{Finish, Panels};
use crate::{Activation, Stack, StackError};

/// Rows that a thread takes through all layers while they are in its cache. No part of the results.
const SLICE_ROWS: usize = 64;

/// A stack with its parameters, laid out for inference.
///
/// Up to 64 rows are computed on the calling thread and, once as many were seen, without allocating;
/// more are shared out among the threads of rayon's current pool. The results of a row have the same
/// bits alone and in any batch, for any number of threads.
#[derive(Debug)]
pub struct PackedStack {
    layers: Vec<Panels>,
    code: usize,
    /// Memory of the calls that are over, for those to come.
    spare: Mutex<Vec<Memory>>,
}

/// What a slice of rows leaves between layers.
#[derive(Debug, Default)]
struct Memory {
    values: [Buffer; 2],
    outputs: Buffer,
    occupied: Occupied,
}

impl PackedStack {
    /// Copies the parameters.
    ///
    /// # Errors
    /// If there are not as many parameters as the stack has.
    pub fn new(stack: &Stack, parameters: &[f32]) -> Result<Self, StackError> {
        check_length("the parameters", stack.parameters(), parameters.len())?;
        let layers = stack.layers().par_iter().map(|layer| Panels::new(stack, layer, parameters));
        Ok(Self { layers: layers.collect(), code: stack.code(), spare: Mutex::default() })
    }

    /// Numbers in an input row.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// Numbers in an output row.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// Numbers in a code.
    pub fn code_width(&self) -> usize {
        self.layers.get(self.code).map_or(0, |layer| layer.outputs)
    }

    /// Whether the last activation is the sigmoid.
    pub fn output_is_probability(&self) -> bool {
        self.layers.last().is_some_and(|layer| layer.activation == Activation::Sigmoid)
    }

    /// Runs the layers up to the code: (rows, inputs) to (rows, code width).
    ///
    /// # Errors
    /// If the slices are not as many whole rows.
    pub fn encode(&self, inputs: &[f32], codes: &mut [f32]) -> Result<(), StackError> {
        self.run(0..self.code + 1, inputs, codes)
    }

    /// Runs the layers after the code: (rows, code width) to (rows, outputs).
    ///
    /// # Errors
    /// If the slices are not as many whole rows, or no layer follows the code.
    pub fn decode(&self, codes: &[f32], outputs: &mut [f32]) -> Result<(), StackError> {
        self.run(self.code + 1..self.layers.len(), codes, outputs)
    }

    /// Runs the whole stack: (rows, inputs) to (rows, outputs).
    ///
    /// # Errors
    /// If the slices are not as many whole rows.
    pub fn reconstruct(&self, inputs: &[f32], outputs: &mut [f32]) -> Result<(), StackError> {
        self.run(0..self.layers.len(), inputs, outputs)
    }

    /// Runs the whole stack and keeps what is before the last activation: (rows, inputs) to twice
    /// (rows, outputs).
    ///
    /// # Errors
    /// If the slices are not as many whole rows.
    pub fn forward(
        &self,
        inputs: &[f32],
        logits: &mut [f32],
        outputs: &mut [f32],
    ) -> Result<(), StackError> {
        self.check(0..self.layers.len(), inputs, logits)?;
        self.check(0..self.layers.len(), inputs, outputs)?;
        let slices = inputs.par_chunks(SLICE_ROWS * self.inputs());
        let results = logits
            .par_chunks_mut(SLICE_ROWS * self.outputs())
            .zip(outputs.par_chunks_mut(SLICE_ROWS * self.outputs()));
        slices.zip(results).for_each(|(inputs, (logits, outputs))| {
            self.with_memory(|memory| {
                self.run_slice(0..self.layers.len(), Finish::Logits, inputs, logits, memory);
            });
            if let Some(layer) = self.layers.last() {
                activate_values(layer.activation, logits, outputs);
            }
        });
        Ok(())
    }

    /// The losses of each row's output against its target: (rows, inputs) and (rows, outputs) to
    /// (rows). Sums are in `f32` within a row.
    ///
    /// # Errors
    /// If the slices are not as many whole rows.
    pub fn losses(
        &self,
        inputs: &[f32],
        targets: &[f32],
        losses: &mut [RowLosses],
    ) -> Result<(), StackError> {
        let finish = if self.output_is_probability() { Finish::Logits } else { Finish::Activation };
        self.compare(inputs, targets, losses, finish, |output, target| match finish {
            Finish::Logits => losses_of_row(output, target),
            Finish::Activation => RowLosses {
                cross_entropy: None,
                squared_error: squared_error_between(output, target),
            },
        })
    }

    /// The squared difference between each row's output and its target, summed over the row in
    /// `f64`: (rows, inputs) and (rows, outputs) to (rows).
    ///
    /// # Errors
    /// If the slices are not as many whole rows.
    pub fn squared_errors(
        &self,
        inputs: &[f32],
        targets: &[f32],
        errors: &mut [f64],
    ) -> Result<(), StackError> {
        self.compare(inputs, targets, errors, Finish::Activation, squared_error_of_row_in_f64)
    }

    /// Compares each row's output with its target.
    fn compare<R: Send>(
        &self,
        inputs: &[f32],
        targets: &[f32],
        results: &mut [R],
        finish: Finish,
        of_row: impl Fn(&[f32], &[f32]) -> R + Sync,
    ) -> Result<(), StackError> {
        let rows = whole_rows("the inputs", self.inputs(), inputs.len())?;
        check_length("the targets", rows * self.outputs(), targets.len())?;
        check_length("the results", rows, results.len())?;
        let slices = inputs
            .par_chunks(SLICE_ROWS * self.inputs())
            .zip(targets.par_chunks(SLICE_ROWS * self.outputs()));
        slices.zip(results.par_chunks_mut(SLICE_ROWS)).for_each(|((inputs, targets), results)| {
            self.with_memory(|memory| {
                let mut outputs = std::mem::take(&mut memory.outputs);
                let to = outputs.first(targets.len());
                self.run_slice(0..self.layers.len(), finish, inputs, to, memory);
                let rows = to.chunks(self.outputs()).zip(targets.chunks(self.outputs()));
                for (result, (output, target)) in results.iter_mut().zip(rows) {
                    *result = of_row(output, target);
                }
                memory.outputs = outputs;
            });
        });
        Ok(())
    }

    fn run(
        &self,
        range: Range<usize>,
        inputs: &[f32],
        outputs: &mut [f32],
    ) -> Result<(), StackError> {
        let (of_input, of_output) = self.check(range.clone(), inputs, outputs)?;
        let run = |inputs: &[f32], outputs: &mut [f32]| {
            self.with_memory(|memory| {
                self.run_slice(range.clone(), Finish::Activation, inputs, outputs, memory);
            });
        };
        if inputs.len() <= SLICE_ROWS * of_input {
            run(inputs, outputs);
            return Ok(());
        }
        inputs
            .par_chunks(SLICE_ROWS * of_input)
            .zip(outputs.par_chunks_mut(SLICE_ROWS * of_output))
            .for_each(|(inputs, outputs)| run(inputs, outputs));
        Ok(())
    }

    /// The widths of a row before and after some layers, if the slices are as many whole rows.
    fn check(
        &self,
        range: Range<usize>,
        from: &[f32],
        to: &[f32],
    ) -> Result<(usize, usize), StackError> {
        let layers = &self.layers[range];
        let (Some(first), Some(last)) = (layers.first(), layers.last()) else {
            return Err(StackError::NoDecoder);
        };
        let rows = whole_rows("the inputs", first.inputs, from.len())?;
        check_length("the outputs", rows * last.outputs, to.len())?;
        Ok((first.inputs, last.outputs))
    }

    /// Runs layers over a slice of rows; `finish` is the last one's.
    fn run_slice(
        &self,
        range: Range<usize>,
        finish: Finish,
        inputs: &[f32],
        outputs: &mut [f32],
        memory: &mut Memory,
    ) {
        let Some((last, before)) = self.layers[range].split_last() else { return };
        let rows = outputs.len() / last.outputs;
        let Memory { values: [from, to], occupied, .. } = memory;
        let (mut from, mut to) = (from, to);
        let mut apply = |layer: &Panels, input: &[f32], output: &mut [f32], finish| {
            occupied.find(input, layer.inputs, Look::Rows);
            layer.apply((rows, occupied.of_rows()), input, output, finish);
        };
        let mut read = None;
        for layer in before {
            let values = to.first(rows * layer.outputs);
            let input = read.map_or(inputs, |length| &from.all()[..length]);
            apply(layer, input, values, Finish::Activation);
            read = Some(rows * layer.outputs);
            std::mem::swap(&mut from, &mut to);
        }
        let input = read.map_or(inputs, |length| &from.all()[..length]);
        apply(last, input, outputs, finish);
    }

    /// Lends memory. The lock is not held meanwhile, so that work in it may call this again.
    fn with_memory<R>(&self, work: impl FnOnce(&mut Memory) -> R) -> R {
        let spare = || self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = spare().pop().unwrap_or_default();
        let result = work(&mut memory);
        spare().push(memory);
        result
    }
}

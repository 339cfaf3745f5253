//! A stack for inference: encoding, decoding, reconstruction and scores.

use std::ops::Range;

use rayon::prelude::*;

use super::buffers::{BufferPool, SliceBuffers};
use crate::activation::{Activation, activate_values};
use crate::chain::{Epilogue, PackedDense, SLICE_ROWS, Stack};
use crate::error::{ChainError, check_length, whole_rows};
use crate::loss::{RowLosses, losses_of_row, squared_error_between, squared_error_in_f64};
use crate::product::{Operand, ScannedAxes};
use crate::{Chain, Dense};

/// A stack with its parameters, packed for inference: the entry for inference.
///
/// Up to [`SLICE_ROWS`] rows are computed on the calling thread, and without an allocation once as many rows were seen.
/// More rows are divided among the threads of rayon's current pool. A row has the same bits alone and in any batch, for
/// any number of threads.
#[derive(Debug)]
pub struct PackedChain {
    layers: Vec<PackedDense>,
    code: usize,
    buffers: BufferPool,
}

impl PackedChain {
    /// Packs a copy of the parameters.
    ///
    /// # Errors
    /// If the parameters do not have the stack's length.
    pub fn new(chain: &Chain, parameters: &[f32]) -> Result<Self, ChainError> {
        check_length("the parameters", chain.parameters(), parameters.len())?;
        let stack = Stack::new(chain)?;
        let pack = |layer: &Dense| PackedDense::for_inference(&stack, layer, parameters);
        let layers = stack.layers().par_iter().map(pack).collect();
        Ok(Self { layers, code: stack.code(), buffers: BufferPool::default() })
    }

    /// The width of an input row.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.inputs)
    }

    /// The width of an output row.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.outputs)
    }

    /// The width of a code.
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
    /// If the slices do not have the same number of whole rows.
    pub fn encode(&self, inputs: &[f32], codes: &mut [f32]) -> Result<(), ChainError> {
        self.run(0..self.code + 1, inputs, codes)
    }

    /// Runs the layers after the code: (rows, code width) to (rows, outputs).
    ///
    /// # Errors
    /// If the slices do not have the same number of whole rows, or no layer follows the code.
    pub fn decode(&self, codes: &[f32], outputs: &mut [f32]) -> Result<(), ChainError> {
        self.run(self.code + 1..self.layers.len(), codes, outputs)
    }

    /// Runs the whole stack: (rows, inputs) to (rows, outputs).
    ///
    /// # Errors
    /// If the slices do not have the same number of whole rows.
    pub fn reconstruct(&self, inputs: &[f32], outputs: &mut [f32]) -> Result<(), ChainError> {
        self.run(0..self.layers.len(), inputs, outputs)
    }

    /// Runs the whole stack and keeps the logits of the last layer too: (rows, inputs) to twice (rows, outputs).
    ///
    /// # Errors
    /// If the slices do not have the same number of whole rows.
    pub fn forward(
        &self,
        inputs: &[f32],
        logits: &mut [f32],
        outputs: &mut [f32],
    ) -> Result<(), ChainError> {
        self.check(0..self.layers.len(), inputs, logits)?;
        self.check(0..self.layers.len(), inputs, outputs)?;
        let slices = inputs.par_chunks(SLICE_ROWS * self.inputs());
        let results = logits
            .par_chunks_mut(SLICE_ROWS * self.outputs())
            .zip(outputs.par_chunks_mut(SLICE_ROWS * self.outputs()));
        slices.zip(results).for_each(|(inputs, (logits, outputs))| {
            self.buffers.with(|buffers| {
                self.run_slice(0..self.layers.len(), Epilogue::None, inputs, logits, buffers);
            });
            if let Some(layer) = self.layers.last() {
                activate_values(layer.activation, logits, outputs);
            }
        });
        Ok(())
    }

    /// The losses of each row's output against its target: (rows, inputs) and (rows, outputs) to (rows). Sums are in
    /// `f32` within a row.
    ///
    /// # Errors
    /// If the slices do not have the same number of whole rows.
    pub fn losses(
        &self,
        inputs: &[f32],
        targets: &[f32],
        losses: &mut [RowLosses],
    ) -> Result<(), ChainError> {
        let epilogue =
            if self.output_is_probability() { Epilogue::None } else { Epilogue::Activation };
        self.compare(inputs, targets, losses, epilogue, |output, target| match epilogue {
            Epilogue::None => losses_of_row(output, target),
            Epilogue::Activation => RowLosses {
                cross_entropy: None,
                squared_error: squared_error_between(output, target),
            },
        })
    }

    /// The squared error of each row's output against its target, summed over the row in `f64`: (rows, inputs) and
    /// (rows, outputs) to (rows).
    ///
    /// # Errors
    /// If the slices do not have the same number of whole rows.
    pub fn squared_errors(
        &self,
        inputs: &[f32],
        targets: &[f32],
        errors: &mut [f64],
    ) -> Result<(), ChainError> {
        self.compare(inputs, targets, errors, Epilogue::Activation, squared_error_in_f64)
    }

    /// Compares each row's output with its target.
    fn compare<R: Send>(
        &self,
        inputs: &[f32],
        targets: &[f32],
        results: &mut [R],
        epilogue: Epilogue,
        compare_row: impl Fn(&[f32], &[f32]) -> R + Sync,
    ) -> Result<(), ChainError> {
        let rows = whole_rows("the inputs", self.inputs(), inputs.len())?;
        check_length("the targets", rows * self.outputs(), targets.len())?;
        check_length("the results", rows, results.len())?;
        let slices = inputs
            .par_chunks(SLICE_ROWS * self.inputs())
            .zip(targets.par_chunks(SLICE_ROWS * self.outputs()));
        slices.zip(results.par_chunks_mut(SLICE_ROWS)).for_each(|((inputs, targets), results)| {
            self.buffers.with(|buffers| {
                let mut outputs = std::mem::take(&mut buffers.outputs);
                let computed = outputs.first(targets.len());
                self.run_slice(0..self.layers.len(), epilogue, inputs, computed, buffers);
                let rows = computed.chunks(self.outputs()).zip(targets.chunks(self.outputs()));
                for (result, (output, target)) in results.iter_mut().zip(rows) {
                    *result = compare_row(output, target);
                }
                buffers.outputs = outputs;
            });
        });
        Ok(())
    }

    fn run(
        &self,
        range: Range<usize>,
        inputs: &[f32],
        outputs: &mut [f32],
    ) -> Result<(), ChainError> {
        let RowWidths { input, output } = self.check(range.clone(), inputs, outputs)?;
        let run = |inputs: &[f32], outputs: &mut [f32]| {
            self.buffers.with(|buffers| {
                self.run_slice(range.clone(), Epilogue::Activation, inputs, outputs, buffers);
            });
        };
        if inputs.len() <= SLICE_ROWS * input {
            run(inputs, outputs);
            return Ok(());
        }
        inputs
            .par_chunks(SLICE_ROWS * input)
            .zip(outputs.par_chunks_mut(SLICE_ROWS * output))
            .for_each(|(inputs, outputs)| run(inputs, outputs));
        Ok(())
    }

    /// Checks that the slices have the same number of whole rows, for these layers.
    fn check(
        &self,
        range: Range<usize>,
        inputs: &[f32],
        outputs: &[f32],
    ) -> Result<RowWidths, ChainError> {
        let layers = &self.layers[range];
        let (Some(first), Some(last)) = (layers.first(), layers.last()) else {
            return Err(ChainError::NoDecoder);
        };
        let rows = whole_rows("the inputs", first.inputs, inputs.len())?;
        check_length("the outputs", rows * last.outputs, outputs.len())?;
        Ok(RowWidths { input: first.inputs, output: last.outputs })
    }

    /// Runs layers over a slice of rows, the last with this epilogue.
    fn run_slice(
        &self,
        range: Range<usize>,
        epilogue: Epilogue,
        inputs: &[f32],
        outputs: &mut [f32],
        buffers: &mut SliceBuffers,
    ) {
        let Some((last, before)) = self.layers[range].split_last() else { return };
        let rows = outputs.len() / last.outputs;
        let SliceBuffers { values: [current, next], nonzeros, .. } = buffers;
        let (mut current, mut next) = (current, next);
        let mut apply = |layer: &PackedDense, input: &[f32], output: &mut [f32], epilogue| {
            let input = Operand::scan(input, layer.inputs, ScannedAxes::Rows, nonzeros);
            layer.forward(input, output, epilogue);
        };
        let mut computed = None;
        for layer in before {
            let values = next.first(rows * layer.outputs);
            let input = computed.map_or(inputs, |length| &current.all()[..length]);
            apply(layer, input, values, Epilogue::Activation);
            computed = Some(rows * layer.outputs);
            std::mem::swap(&mut current, &mut next);
        }
        let input = computed.map_or(inputs, |length| &current.all()[..length]);
        apply(last, input, outputs, epilogue);
    }
}

/// The widths of a row before and after some layers.
struct RowWidths {
    input: usize,
    output: usize,
}

//! A chain for inference: encoding, decoding, reconstruction and scores.

use std::ops::Range;

use rayon::prelude::*;

use super::buffers::{BufferPool, SliceBuffers};
use crate::activation::activate_values;
use crate::chain::{Boundary, Epilogue, InferenceProgram, Order, SLICE_ROWS, Stage, rows_together};
use crate::error::{ChainError, check_length, whole_rows};
use crate::loss::{RowLosses, losses_between, losses_of_row, squared_error_in_f64};
use crate::{Activation, Chain, Shape};

/// A chain with its parameters, packed for inference: the entry for inference.
///
/// Rows are items with channels first. Batch normalisation uses the running statistics, dropout and noise do nothing,
/// and a layer that samples gives the mean.
///
/// Up to [`SLICE_ROWS`] rows (in a chain with maps, as many as fit into 512 KiB, at least one) are computed on the
/// calling thread, and without an allocation once as many rows were seen. More rows are divided among the threads of
/// rayon's current pool. A row has the same bits alone and in any batch, for any number of threads.
#[derive(Debug)]
pub struct PackedChain {
    program: InferenceProgram,
    inputs: usize,
    outputs: usize,
    code_width: usize,
    has_decoder: bool,
    is_residual: bool,
    activation: Activation,
    is_probability: bool,
    /// Rows that a task takes together.
    rows_together: usize,
    buffers: BufferPool,
}

impl PackedChain {
    /// Packs a copy of the parameters.
    ///
    /// # Errors
    /// If the parameters do not have the chain's length.
    pub fn new(chain: &Chain, parameters: &[f32]) -> Result<Self, ChainError> {
        check_length("the parameters", chain.parameters(), parameters.len())?;
        let program = InferenceProgram::new(chain, parameters);
        let rows_together = match chain.has_small_slices() {
            true => rows_together(program.numbers_of_item()),
            false => SLICE_ROWS,
        };
        Ok(Self {
            program,
            inputs: chain.inputs(),
            outputs: chain.outputs(),
            code_width: chain.code_width(),
            has_decoder: chain.has_decoder(),
            is_residual: chain.is_residual(),
            activation: chain.last_activation(),
            is_probability: chain.output_is_probability(),
            rows_together,
            buffers: BufferPool::default(),
        })
    }

    /// The numbers of an input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The numbers of an output.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The numbers of a code.
    pub fn code_width(&self) -> usize {
        self.code_width
    }

    /// Whether outputs are probabilities: the last activation is the sigmoid, and nothing is added to it.
    pub fn output_is_probability(&self) -> bool {
        self.is_probability
    }

    /// Runs the layers up to the code: (rows, inputs) to (rows, code width).
    ///
    /// # Errors
    /// If the slices do not have the same number of whole rows.
    pub fn encode(&self, inputs: &[f32], codes: &mut [f32]) -> Result<(), ChainError> {
        self.run(Stage::Encoder, Epilogue::Activation, inputs, codes)
    }

    /// Runs the layers after the code: (rows, code width) to (rows, outputs). The input of a residual chain is not
    /// added, because it is not known.
    ///
    /// # Errors
    /// If the slices do not have the same number of whole rows, or no layer follows the code.
    pub fn decode(&self, codes: &[f32], outputs: &mut [f32]) -> Result<(), ChainError> {
        self.run_decoder(Epilogue::Activation, codes, outputs)
    }

    /// As [`decode`](Self::decode), without the last activation.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_logits(&self, codes: &[f32], logits: &mut [f32]) -> Result<(), ChainError> {
        self.run_decoder(Epilogue::None, codes, logits)
    }

    fn run_decoder(
        &self,
        epilogue: Epilogue,
        codes: &[f32],
        outputs: &mut [f32],
    ) -> Result<(), ChainError> {
        if !self.has_decoder {
            return Err(ChainError::NoDecoder);
        }
        self.run(Stage::Decoder, epilogue, codes, outputs)
    }

    /// Runs the whole chain: (rows, inputs) to (rows, outputs).
    ///
    /// # Errors
    /// If the slices do not have the same number of whole rows.
    pub fn reconstruct(&self, inputs: &[f32], outputs: &mut [f32]) -> Result<(), ChainError> {
        self.run(Stage::Whole, Epilogue::Activation, inputs, outputs)
    }

    /// Runs the whole chain and keeps the logits of the last layer too: (rows, inputs) to twice (rows, outputs). In a
    /// residual chain the first numbers of the input are added to both.
    ///
    /// # Errors
    /// If the slices do not have the same number of whole rows.
    pub fn forward(
        &self,
        inputs: &[f32],
        logits: &mut [f32],
        outputs: &mut [f32],
    ) -> Result<(), ChainError> {
        self.check(Stage::Whole, inputs, logits)?;
        self.check(Stage::Whole, inputs, outputs)?;
        let rows = self.rows_together;
        let slices = inputs.par_chunks(rows * self.inputs);
        let results = logits
            .par_chunks_mut(rows * self.outputs)
            .zip(outputs.par_chunks_mut(rows * self.outputs));
        slices.zip(results).for_each(|(inputs, (logits, outputs))| {
            self.buffers.with(|buffers| {
                self.run_slice(Stage::Whole, Epilogue::None, inputs, logits, buffers);
            });
            activate_values(self.activation, logits, outputs);
            if self.is_residual {
                for results in [logits, outputs] {
                    self.add_inputs(inputs, results);
                }
            }
        });
        Ok(())
    }

    /// The Gaussian that a code is sampled from: (rows, inputs) to twice (rows, code width), the means and the
    /// log-variances.
    ///
    /// # Errors
    /// If the chain has not one layer that samples, or the slices do not have the same number of whole rows.
    pub fn posterior(
        &self,
        inputs: &[f32],
        means: &mut [f32],
        log_variances: &mut [f32],
    ) -> Result<(), ChainError> {
        let boundary = self.program.sample.ok_or(ChainError::NoSample)?;
        let width = boundary.shape.numbers() / 2;
        let rows = whole_rows("the inputs", self.inputs, inputs.len())?;
        check_length("the means", rows * width, means.len())?;
        check_length("the log-variances", rows * width, log_variances.len())?;
        let rows = self.rows_together;
        let results =
            means.par_chunks_mut(rows * width).zip(log_variances.par_chunks_mut(rows * width));
        inputs.par_chunks(rows * self.inputs).zip(results).for_each(
            |(inputs, (means, variances))| {
                self.buffers.with(|buffers| {
                    let mut moments = std::mem::take(&mut buffers.outputs);
                    let computed = moments.first(2 * means.len());
                    self.run_ops(0..boundary.op, Epilogue::Activation, inputs, computed, buffers);
                    let items =
                        means.chunks_exact_mut(width).zip(variances.chunks_exact_mut(width));
                    for (moments, (means, variances)) in computed.chunks_exact(2 * width).zip(items)
                    {
                        copy_channels_first(boundary, moments, means, variances);
                    }
                    buffers.outputs = moments;
                });
            },
        );
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
        let epilogue = if self.is_probability { Epilogue::None } else { Epilogue::Activation };
        self.compare(inputs, targets, losses, epilogue, |output, target| match epilogue {
            Epilogue::None => losses_of_row(output, target),
            Epilogue::Activation => losses_between(output, target),
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
        let rows = whole_rows("the inputs", self.inputs, inputs.len())?;
        check_length("the targets", rows * self.outputs, targets.len())?;
        check_length("the results", rows, results.len())?;
        let slices = inputs
            .par_chunks(self.rows_together * self.inputs)
            .zip(targets.par_chunks(self.rows_together * self.outputs));
        slices.zip(results.par_chunks_mut(self.rows_together)).for_each(
            |((inputs, targets), results)| {
                self.buffers.with(|buffers| {
                    let mut outputs = std::mem::take(&mut buffers.outputs);
                    let computed = outputs.first(targets.len());
                    self.run_slice(Stage::Whole, epilogue, inputs, computed, buffers);
                    let rows = computed.chunks(self.outputs).zip(targets.chunks(self.outputs));
                    for (result, (output, target)) in results.iter_mut().zip(rows) {
                        *result = compare_row(output, target);
                    }
                    buffers.outputs = outputs;
                });
            },
        );
        Ok(())
    }

    fn run(
        &self,
        stage: Stage,
        epilogue: Epilogue,
        inputs: &[f32],
        outputs: &mut [f32],
    ) -> Result<(), ChainError> {
        let RowWidths { input, output } = self.check(stage, inputs, outputs)?;
        let run = |inputs: &[f32], outputs: &mut [f32]| {
            self.buffers.with(|buffers| {
                self.run_slice(stage, epilogue, inputs, outputs, buffers);
            });
        };
        if inputs.len() <= self.rows_together * input {
            run(inputs, outputs);
            return Ok(());
        }
        inputs
            .par_chunks(self.rows_together * input)
            .zip(outputs.par_chunks_mut(self.rows_together * output))
            .for_each(|(inputs, outputs)| run(inputs, outputs));
        Ok(())
    }

    /// Checks that the slices have the same number of whole rows, for these layers.
    fn check(
        &self,
        stage: Stage,
        inputs: &[f32],
        outputs: &[f32],
    ) -> Result<RowWidths, ChainError> {
        let (input, output) = match stage {
            Stage::Encoder => (self.inputs, self.code_width),
            Stage::Decoder => (self.code_width, self.outputs),
            Stage::Whole => (self.inputs, self.outputs),
        };
        let rows = whole_rows("the inputs", input, inputs.len())?;
        check_length("the outputs", rows * output, outputs.len())?;
        Ok(RowWidths { input, output })
    }

    /// Runs layers over a slice of rows, the last activation with this epilogue.
    fn run_slice(
        &self,
        stage: Stage,
        epilogue: Epilogue,
        inputs: &[f32],
        outputs: &mut [f32],
        buffers: &mut SliceBuffers,
    ) {
        self.run_ops(self.program.stage(stage), epilogue, inputs, outputs, buffers);
        if self.is_residual && stage == Stage::Whole && epilogue == Epilogue::Activation {
            self.add_inputs(inputs, outputs);
        }
    }

    /// Adds to each row the first numbers of its input.
    fn add_inputs(&self, inputs: &[f32], outputs: &mut [f32]) {
        let rows = outputs.chunks_exact_mut(self.outputs).zip(inputs.chunks_exact(self.inputs));
        for (output, input) in rows {
            output.iter_mut().zip(input).for_each(|(y, x)| *y += x);
        }
    }

    fn run_ops(
        &self,
        ops: Range<usize>,
        epilogue: Epilogue,
        inputs: &[f32],
        outputs: &mut [f32],
        buffers: &mut SliceBuffers,
    ) {
        let Some(last) = ops.clone().next_back() else {
            outputs.copy_from_slice(inputs);
            return;
        };
        let rows = outputs.len() / self.program.ops[last].outputs;
        let SliceBuffers { values: [current, next], scratch, .. } = buffers;
        let (mut current, mut next) = (current, next);
        let mut computed = None;
        for index in ops {
            let op = &self.program.ops[index];
            let epilogue = self.program.epilogue(index, epilogue);
            let input = computed.map_or(inputs, |length| &current.all()[..length]);
            if index == last {
                op.operation.infer(input, outputs, epilogue, scratch);
                return;
            }
            op.operation.infer(input, next.first(rows * op.outputs), epilogue, scratch);
            computed = Some(rows * op.outputs);
            std::mem::swap(&mut current, &mut next);
        }
    }
}

/// Separates the means and log-variances of an item.
fn copy_channels_first(
    Boundary { shape, order, .. }: Boundary,
    moments: &[f32],
    means: &mut [f32],
    log_variances: &mut [f32],
) {
    let Shape { channels, .. } = shape;
    if order == Order::ChannelsFirst || shape.has_one_order() {
        let (first, second) = moments.split_at(means.len());
        means.copy_from_slice(first);
        log_variances.copy_from_slice(second);
        return;
    }
    let positions = shape.positions();
    let halves = [(means, 0), (log_variances, channels / 2)];
    for (to, first) in halves {
        for (channel, to) in to.chunks_exact_mut(positions).enumerate() {
            let numbers = moments[first + channel..].iter().step_by(channels);
            to.iter_mut().zip(numbers).for_each(|(to, number)| *to = *number);
        }
    }
}

/// The numbers of a row before and after some layers.
struct RowWidths {
    input: usize,
    output: usize,
}

//! A batch on all threads, with results that do not depend on the number of threads.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::batch::{Batch, BatchStatistics, BatchSummary, Problem, Target};
use super::blocks::{Addends, Given, Parameters, Update, gradient_and_update};
use super::optimizer::Step;
use super::peers::Peers;
use super::run::{IndexedTerm, Run, RunShape, Workspace};
use super::segments::{add_losses, counted, through_segments};
use super::task::Task;
use super::together::{Memory, share_batch};
use super::tree::{GROUP_ROWS, Tree};
use crate::chain::{CodeMeans, Program, SLICE_ROWS};
use crate::error::{ChainError, check_length};
use crate::penalty::{Contraction, TermContext};
use crate::threads::run_all;
use crate::{Chain, Loss, Objective, Penalty};

/// Computes gradients of batches and takes optimizer steps: the entry for training.
///
/// A batch is cut into groups of 256 rows, a group into slices of a fixed number of rows (64; 8 in a chain with maps).
/// Slices go forward and backward on all threads. Then the gradient of the group is summed over its rows in order,
/// block by block. The gradients of groups are added in pairs, then the pairs in pairs, and so on.
///
/// # Memory
/// It grows to the largest batch seen and stays: [`Chain::working_bytes`] says how large it is. In a chain with maps a
/// thread holds the activations of so many items as fit into 512 KiB, at least one and at most 64. Batch normalisation
/// and [`KlSparsity`](crate::KlSparsity) need statistics of the whole batch: the chain is cut there, the numbers at the
/// cuts are kept for all items, and those between the cuts are computed again in the backward pass.
///
/// # Threads
/// Everything runs on rayon's current pool. Call it from a thread of the pool (`ThreadPool::install` around the whole
/// training): to enter the pool from outside puts the caller to sleep and costs 15 microseconds.
#[derive(Debug)]
pub struct Trainer {
    slice_rows: usize,
    compiled: Option<Compiled>,
    tasks: Vec<Task>,
    workspaces: Vec<Mutex<Workspace>>,
    tree: Tree,
    peers: Option<Arc<dyn Peers>>,
    /// The rows of other processes.
    remote: Vec<Task>,
}

/// The program of a chain.
#[derive(Debug)]
struct Compiled {
    chain: Chain,
    code_means: CodeMeans,
    program: Program,
}

impl Default for Trainer {
    fn default() -> Self {
        Self::new()
    }
}

impl Trainer {
    /// A trainer with slices of [`SLICE_ROWS`] rows.
    pub fn new() -> Self {
        Self::with_slice_rows(SLICE_ROWS)
    }

    /// A trainer with slices of this many rows, from 1 to 256. The number is part of the results: it fixes the order of
    /// the sums of losses and of gradients of biases. Chains with maps have slices of 8 rows.
    pub fn with_slice_rows(slice_rows: usize) -> Self {
        let slice_rows = slice_rows.clamp(1, GROUP_ROWS);
        let (compiled, tasks, workspaces, tree, peers, remote) = Default::default();
        Self { slice_rows, compiled, tasks, workspaces, tree, peers, remote }
    }

    /// A trainer that is one of several processes: each computes a part of every batch. All of them call the same
    /// functions with the same arguments, and have the same results, with the bits that one process has.
    ///
    /// [`Trainer::step`] then writes the gradient, and changes the moments, of this process's parameters alone:
    /// [`Chain::parameters_of_ranks`].
    #[must_use]
    pub fn with_peers(mut self, peers: Arc<dyn Peers>) -> Self {
        self.peers = Some(peers).filter(|peers| peers.ranks() > 1);
        self
    }

    /// Writes the gradient of the objective over a batch to `gradient`, which is as long as the parameters.
    ///
    /// # Errors
    /// If the parameters or the gradient do not have the chain's length, the objective does not suit the chain, or a
    /// layer draws random numbers and the batch has no source of them.
    ///
    /// # Panics
    /// If `fill` or `draws` panics.
    pub fn gradient(
        &mut self,
        problem: Problem<'_>,
        parameters: &[f32],
        batch: Batch<'_, impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync>,
        gradient: &mut [f32],
    ) -> Result<BatchSummary, ChainError> {
        self.differentiate(problem, Parameters::Kept(parameters), &batch, gradient)
    }

    /// Writes the gradient and takes an optimizer's step: each block of parameters is updated while its gradient is in
    /// a core's cache. Running statistics are updated too.
    ///
    /// The step is taken whatever the gradient is. If the squared norm is not finite, the parameters are lost.
    ///
    /// # Errors
    /// As [`Trainer::gradient`], and if a moment has another length than the parameters.
    ///
    /// # Panics
    /// If `fill` or `draws` panics.
    pub fn step(
        &mut self,
        problem: Problem<'_>,
        parameters: &mut [f32],
        step: Step<'_>,
        batch: Batch<'_, impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync>,
        gradient: &mut [f32],
    ) -> Result<BatchSummary, ChainError> {
        step.check(parameters.len())?;
        let update = Update { parameters: &mut *parameters, step };
        let summary = self.differentiate(problem, Parameters::Updated(update), &batch, gradient)?;
        problem.chain.update_running_statistics(parameters, &summary.statistics)?;
        Ok(summary)
    }

    fn differentiate<F: Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync>(
        &mut self,
        Problem { chain, objective }: Problem<'_>,
        parameters: Parameters<'_>,
        batch: &Batch<'_, F>,
        gradient: &mut [f32],
    ) -> Result<BatchSummary, ChainError> {
        check_length("the gradient", chain.parameters(), gradient.len())?;
        check_length("the parameters", chain.parameters(), parameters.values().len())?;
        chain.check_objective(objective)?;
        if batch.target == Target::Input {
            check_length("an input that is its own target", chain.outputs(), chain.inputs())?;
        }
        if let Target::Masked { counted } = batch.target {
            let (outputs, loss) = (chain.outputs(), objective.loss);
            if loss != Loss::MeanSquaredError || !(1..=outputs).contains(&counted) {
                return Err(ChainError::Masked { outputs, loss, counted });
            }
        }
        if let (None, Some(draws)) = (batch.draws, chain.draws().next()) {
            return Err(ChainError::NoDraws { layer: draws.layer });
        }
        let penalties = vec![0.0; objective.penalties.len()];
        let mut summary = BatchSummary { penalties, ..BatchSummary::default() };
        if batch.rows == 0 {
            gradient.fill(0.0);
            if let Parameters::Updated(Update { parameters, step }) = parameters {
                step.apply_except(chain.untrained(), parameters, gradient)?;
            }
            return Ok(summary);
        }
        let Self { slice_rows, compiled, tasks, workspaces, tree, peers, remote } = self;
        let program = compile(compiled, chain, objective);
        program.pack(parameters.values());
        let terms = terms(chain, program, objective, parameters.values(), batch.rows);
        let shape = RunShape {
            inputs: chain.inputs(),
            outputs: chain.outputs(),
            is_residual: chain.is_residual(),
            slice_rows: program.slice_rows(*slice_rows),
            together: program.rows_together(),
            rows_in_batch: batch.rows,
            penalties: objective.penalties.len(),
        };
        let threads = if shape.together.is_some() { rayon::current_num_threads() } else { 0 };
        workspaces.resize_with(threads, Mutex::default);
        let mut normalisations = Vec::new();
        let mut run = Run {
            program,
            objective,
            terms: &terms,
            normalisations: &[],
            shape,
            batch,
            workspaces,
        };
        if let Some(peers) = peers {
            let memory = Memory { tasks, remote, gradient, parameters };
            return Ok(share_batch(run, peers.as_ref(), memory)?);
        }
        // Statistics need all rows at once.
        let rows_at_once = if program.barriers.is_empty() { GROUP_ROWS } else { batch.rows };
        let mut updated = Some(parameters);
        for first in (0..batch.rows).step_by(rows_at_once) {
            let window = first..batch.rows.min(first + rows_at_once);
            let ranges = shape.task_ranges(window.clone());
            if tasks.len() < ranges.len() {
                tasks.resize_with(ranges.len(), Task::default);
            }
            let tasks = &mut tasks[..ranges.len()];
            run_all(tasks.iter_mut().zip(ranges), |(task, rows)| task.fill(&run, rows));
            let values = updated.as_ref().map_or(&[][..], Parameters::values);
            through_segments(&mut run, tasks, &mut normalisations, values, &mut summary, None)?;
            add_losses(tasks, shape, &mut summary);
            let groups = Groups { program, tasks, contraction: run.contraction(), tree };
            let norm = groups.add(window, batch.rows, gradient, &mut updated);
            summary.squared_norm = norm.unwrap_or(summary.squared_norm);
        }
        summary.statistics = normalisations.into_iter().map(BatchStatistics::from).collect();
        Ok(summary)
    }
}

/// Tasks after their backward pass, whose gradient is to be added group by group.
struct Groups<'a> {
    program: &'a Program,
    tasks: &'a [Task],
    contraction: Option<&'a Contraction>,
    tree: &'a mut Tree,
}

impl Groups<'_> {
    /// Adds the gradient of the rows of a window, and takes the step after the last row. Returns the squared norm then.
    fn add(
        self,
        window: Range<usize>,
        rows: usize,
        gradient: &mut [f32],
        parameters: &mut Option<Parameters<'_>>,
    ) -> Option<f64> {
        let Self { program, tasks, contraction, tree } = self;
        for group in window.clone().step_by(GROUP_ROWS) {
            let end = rows.min(group + GROUP_ROWS);
            let (index, is_last) = (group / GROUP_ROWS, end == rows);
            let of_group = tasks.iter().filter(|task| (group..end).contains(&task.rows.start));
            let trees = tree.addends(index, is_last, gradient.len());
            let given = Given::Nothing;
            let addends = Addends { of_group, trees: &trees, contraction, given };
            if !is_last {
                let values = parameters.as_ref().map_or(&[][..], Parameters::values);
                gradient_and_update(program, addends, gradient, values, None);
                tree.keep(index, gradient);
                continue;
            }
            return match parameters.take()? {
                Parameters::Updated(update) => {
                    Some(gradient_and_update(program, addends, gradient, &[], Some(update)))
                }
                Parameters::Kept(values) => {
                    Some(gradient_and_update(program, addends, gradient, values, None))
                }
            };
        }
        None
    }
}

/// The program of a chain, which is kept from step to step.
fn compile<'a>(
    compiled: &'a mut Option<Compiled>,
    chain: &Chain,
    objective: &Objective,
) -> &'a mut Program {
    let code_means = CodeMeans::of(objective);
    let fits = |compiled: &Compiled| compiled.code_means == code_means && compiled.chain == *chain;
    if !compiled.as_ref().is_some_and(fits) {
        *compiled = None;
    }
    let compile = || Compiled {
        chain: chain.clone(),
        code_means,
        program: Program::for_training(chain, code_means),
    };
    &mut compiled.get_or_insert_with(compile).program
}

fn terms(
    chain: &Chain,
    program: &Program,
    objective: &Objective,
    parameters: &[f32],
    rows: usize,
) -> Vec<IndexedTerm> {
    let context = TermContext { chain, program, parameters, rows };
    let term = |(index, penalty): (usize, &Penalty)| {
        let term = penalty.kind().term(&context)?;
        Some(IndexedTerm { index, term })
    };
    counted(objective).filter_map(term).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::forcing::forced;
    use crate::simd::{Dispatch, has_fused_multiply_add};
    use crate::{Activation, AdamStep, CodeL1, Dense, Loss, Target, Weight};

    /// The FNV-1a hash of the numbers' bits.
    fn digest(numbers: &[f32]) -> u64 {
        let bytes = numbers.iter().flat_map(|number| number.to_bits().to_le_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    }

    /// Images of bars on black: integers divided by 255, which is exactly rounded on every machine.
    fn bars(rows: usize, width: usize) -> Vec<f32> {
        let level = |row: usize, column: usize| {
            let inside = (column / 9 + row).is_multiple_of(4);
            if inside { ((row * 37 + column * 11) % 256) as f32 / 255.0 } else { 0.0 }
        };
        (0..rows * width).map(|place| level(place / width, place % width)).collect()
    }

    /// The digest of the parameters after 20 steps of Adam on batches of 150 rows, with weights of 2^17 numbers.
    fn trained() -> u64 {
        let [inputs, hidden, code] = [660, 200, 12];
        let mut offset = 0;
        let widths = [inputs, hidden, code, hidden, inputs];
        let layers = widths.windows(2).enumerate().map(|(index, pair)| {
            let weight = Weight::Own { offset };
            let bias = offset + pair[0] * pair[1];
            offset = bias + pair[1];
            let activation = if index == 3 { Activation::Sigmoid } else { Activation::Relu };
            Dense { inputs: pair[0], outputs: pair[1], weight, bias, activation }
        });
        let layers = layers.collect();
        let chain = Chain::of_dense(layers, 1, offset).unwrap();
        let objective = Objective::new(Loss::BinaryCrossEntropy).with(CodeL1 { weight: 1e-4 });
        let start = |place: usize| ((place * 7919) % 2003) as f32 / 20_030.0 - 0.05;
        let mut parameters: Vec<f32> = (0..offset).map(start).collect();
        let [mut gradient, mut mean, mut variance] = [(); 3].map(|()| vec![0.0; offset]);
        let rows = bars(300, inputs);
        let mut trainer = Trainer::new();
        for step in 1..=20 {
            let first = (step as usize % 2) * 150;
            let fill = |range: Range<usize>, to: &mut [f32], _: &mut [f32]| {
                let range = (first + range.start) * inputs..(first + range.end) * inputs;
                to.copy_from_slice(&rows[range]);
            };
            let step = AdamStep::new(1e-3, 0.9, 0.999, 1e-7, step);
            let step = Step::Adam { step, mean: &mut mean, variance: &mut variance };
            let batch = Batch::new(150, Target::Input, fill);
            let problem = Problem { chain: &chain, objective: &objective };
            trainer.step(problem, &mut parameters, step, batch, &mut gradient).unwrap();
        }
        digest(&parameters)
    }

    /// One digest for machines with fused multiply-adds (AVX2, AVX-512, NEON) and one for those without: weights that
    /// people keep depend on it.
    #[test]
    fn a_small_training_has_pinned_bits_with_and_without_fused_multiply_adds() {
        const WITH: u64 = 0x65c2_d0b3_ad86_154d;
        const WITHOUT: u64 = 0x751e_1ee9_435c_600d;
        let with_fma = has_fused_multiply_add();
        let widest = if with_fma { WITH } else { WITHOUT };
        let found = [trained(), forced(Dispatch::Scalar, trained)];
        assert_eq!(found, [widest, WITHOUT], "{found:#x?}");
        #[cfg(target_arch = "x86_64")]
        assert_eq!(forced(Dispatch::Avx2, trained), widest);
    }
}

//! A batch on all threads, slice by slice, with results that do not depend on the number of threads.

use std::fmt;
use std::ops::Range;

use super::blocks::{Differentiated, Update, gradient_and_update};
use super::optimizer::Step;
use crate::aligned::AlignedBuffer;
use crate::chain::{
    PackedDense, Rows, SLICE_ROWS, SliceLoss, SlicePass, Stack, Workspace, backpropagate,
    pack_for_training,
};
use crate::error::{ChainError, check_length};
use crate::product::Start;
use crate::threads::run_all;
use crate::{Chain, Objective, Penalty};

/// Slices that are in memory at once, which bounds the memory of a large batch.
const SLICES_IN_MEMORY: usize = 16;
/// The most slices that a thread takes through the layers together, if there are enough for all threads. They share
/// the loads of the weights, but leave the second-level cache earlier.
const SLICES_TOGETHER: usize = 2;

/// What a chain is trained to output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Its input.
    Input,
    /// Rows of their own: the clean image of a corrupted one.
    Separate,
}

/// What is minimised over which chain.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    /// The layers.
    pub chain: &'a Chain,
    /// The objective, which must suit the chain (see [`Chain::check_objective`]).
    pub objective: &'a Objective,
}

/// A source of random numbers: `draws(layer, rows, numbers)`.
type Draws<'a> = dyn Fn(usize, Range<usize>, &mut [f32]) + Sync + 'a;

/// The rows of a batch.
#[derive(Clone, Copy)]
pub struct Batch<'a, F> {
    rows: usize,
    target: Target,
    fill: F,
    draws: Option<&'a Draws<'a>>,
}

impl<F> fmt::Debug for Batch<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let draws = self.draws.is_some();
        f.debug_struct("Batch").field("rows", &self.rows).field("draws", &draws).finish()
    }
}

impl<'a, F: Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync> Batch<'a, F> {
    /// A batch of so many rows. The gradient of no rows is 0.
    ///
    /// `fill(range, inputs, targets)` writes the rows of the range: (rows, inputs) and (rows, outputs) numbers. With
    /// [`Target::Input`] the targets are empty. It is called on any thread and in any order, once for each row and for
    /// neighbouring rows together.
    pub fn new(rows: usize, target: Target, fill: F) -> Self {
        Self { rows, target, fill, draws: None }
    }

    /// The same batch with a source of random numbers, which layers that draw need ([`Chain::draws`]).
    ///
    /// `draws(layer, rows, numbers)` writes the numbers of the layer with this index for these rows: as many for each
    /// row as [`Chain::draws`] says, channels first; uniform ones in [0, 1) for [`Dropout`](crate::Dropout), standard
    /// normal ones for [`GaussianNoise`](crate::GaussianNoise) and [`Sample`](crate::Sample). It is called on any thread,
    /// in any order, and possibly more than once for a row, for which it must write the same numbers again.
    #[must_use]
    pub fn with_draws(mut self, draws: &'a Draws<'a>) -> Self {
        self.draws = Some(draws);
        self
    }
}

/// The objective of a batch and the size of its gradient.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchSummary {
    /// The loss of the reconstruction, a mean (see [`Loss`](crate::Loss)).
    pub reconstruction: f64,
    /// Each penalty of the objective with its weight, in the objective's order.
    pub penalties: Vec<f64>,
    /// The squared norm of the gradient: [`squared_norm`](crate::squared_norm), but summed block by block.
    pub squared_norm: f64,
    /// The statistics of the batch before each layer of batch normalisation, in their order.
    pub statistics: Vec<BatchStatistics>,
}

impl BatchSummary {
    /// The sum of the loss and the penalties: what is minimised.
    pub fn objective(&self) -> f64 {
        self.reconstruction + self.penalties.iter().sum::<f64>()
    }
}

/// The statistics of a batch before a layer of batch normalisation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchStatistics {
    /// Index of the layer.
    pub layer: usize,
    /// Numbers of a channel: items times positions.
    pub count: usize,
    /// The mean of each channel.
    pub mean: Vec<f32>,
    /// The variance of each channel, with the divisor `count`.
    pub variance: Vec<f32>,
}

/// Computes gradients of batches and takes optimizer steps: the entry for training.
///
/// A batch is cut into slices of a fixed number of rows. Up to 16 slices at a time go forward and backward, one or two
/// on a thread. Then the gradient is summed over their rows in order, block by block. The memory grows to the largest
/// batch seen and stays.
///
/// Everything runs on rayon's current pool. Call it from a thread of the pool (`ThreadPool::install` around the whole
/// training): to enter the pool from outside puts the caller to sleep and costs 15 microseconds.
#[derive(Debug)]
pub struct Trainer {
    slice_rows: usize,
    groups: Vec<Group>,
    layers: Vec<PackedDense>,
}

/// The parameters of a batch, and whether its gradient changes them.
enum Parameters<'a> {
    Kept(&'a [f32]),
    Updated(Update<'a>),
}

impl<'a> Parameters<'a> {
    fn values(&self) -> &[f32] {
        match self {
            Self::Kept(parameters) => parameters,
            Self::Updated(update) => update.parameters,
        }
    }

    /// Takes the update out, if there is one.
    fn take_update(&mut self) -> Option<Update<'a>> {
        match std::mem::replace(self, Self::Kept(&[])) {
            Self::Kept(_) => None,
            Self::Updated(update) => Some(update),
        }
    }
}

/// Neighbouring slices that go through the layers together.
#[derive(Debug, Default)]
struct Group {
    rows: usize,
    inputs: AlignedBuffer,
    targets: AlignedBuffer,
    workspace: Workspace,
    /// The loss of each slice.
    losses: Vec<SliceLoss>,
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

    /// A trainer with slices of this many rows, at least 1. The number is part of the results: it fixes the order of
    /// the sums of losses and of gradients of biases.
    pub fn with_slice_rows(slice_rows: usize) -> Self {
        Self { slice_rows: slice_rows.max(1), groups: Vec::new(), layers: Vec::new() }
    }

    /// Writes the gradient of the objective over a batch to `gradient`, which is as long as the parameters.
    ///
    /// # Errors
    /// If the parameters or the gradient do not have the chain's length, or the objective does not suit the chain.
    ///
    /// # Panics
    /// If `fill` panics.
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
    /// a core's cache.
    ///
    /// The step is taken whatever the gradient is. If the squared norm is not finite, the parameters are lost.
    ///
    /// # Errors
    /// As [`Trainer::gradient`], and if a moment has another length than the parameters.
    ///
    /// # Panics
    /// If `fill` panics.
    pub fn step(
        &mut self,
        problem: Problem<'_>,
        parameters: &mut [f32],
        step: Step<'_>,
        batch: Batch<'_, impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync>,
        gradient: &mut [f32],
    ) -> Result<BatchSummary, ChainError> {
        step.check(parameters.len())?;
        let update = Update { parameters, step };
        self.differentiate(problem, Parameters::Updated(update), &batch, gradient)
    }

    fn differentiate(
        &mut self,
        problem: Problem<'_>,
        mut parameters: Parameters<'_>,
        batch: &Batch<'_, impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync>,
        gradient: &mut [f32],
    ) -> Result<BatchSummary, ChainError> {
        let (chain, rows) = (problem.chain, batch.rows);
        let stack = &Stack::new(chain)?;
        check_length("the gradient", stack.parameters(), gradient.len())?;
        check_length("the parameters", stack.parameters(), parameters.values().len())?;
        chain.check_objective(problem.objective)?;
        let penalties = &problem.objective.penalties;
        if let Some(other) = penalties.iter().find(|penalty| !matches!(penalty, Penalty::CodeL1(_)))
        {
            let (penalty, found) = (other.name(), format!("{other:?}"));
            let expected = "another penalty".to_owned();
            return Err(ChainError::Penalty { penalty, expected, found });
        }
        pack_for_training(&mut self.layers, stack, parameters.values());
        let mut summary =
            BatchSummary { penalties: vec![0.0; penalties.len()], ..Default::default() };
        let penalty = &mut 0.0;
        if rows == 0 {
            gradient.fill(0.0);
            if let Some(Update { parameters, step }) = parameters.take_update() {
                step.apply(parameters, gradient)?;
            }
        }
        let mut start = Start::Zero;
        let rows_in_memory = self.slice_rows.saturating_mul(SLICES_IN_MEMORY);
        for first in (0..rows).step_by(rows_in_memory) {
            let range = first..rows.min(first.saturating_add(rows_in_memory));
            let is_last = range.end == rows;
            let groups = self.backpropagate(stack, problem.objective, range, batch);
            for loss in groups.iter().flat_map(|group| &group.losses) {
                summary.reconstruction += loss.reconstruction;
                *penalty += loss.penalty;
            }
            let differentiated = groups.iter().map(|group| group.differentiated(stack));
            let update = if is_last { parameters.take_update() } else { None };
            summary.squared_norm =
                gradient_and_update(stack, differentiated, gradient, start, update);
            start = Start::Output;
        }
        summary.penalties.first_mut().into_iter().for_each(|first| *first = *penalty);
        Ok(summary)
    }

    /// Takes rows of a batch forward and backward, a group of slices in each task.
    fn backpropagate(
        &mut self,
        stack: &Stack,
        objective: &Objective,
        range: Range<usize>,
        batch: &Batch<'_, impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync>,
    ) -> &[Group] {
        let Self { slice_rows, groups, layers } = self;
        let (slice_rows, rows_in_batch) = (*slice_rows, batch.rows);
        let (loss, code_l1) =
            (objective.loss, objective.penalties.iter().map(Penalty::weight).sum());
        let pass = SlicePass { stack, loss, code_l1, layers, slice_rows, rows_in_batch };
        let slices = range.len().div_ceil(slice_rows);
        let together = slices.div_ceil(rayon::current_num_threads()).clamp(1, SLICES_TOGETHER);
        let count = slices.div_ceil(together);
        if groups.len() < count {
            groups.resize_with(count, Group::default);
        }
        let groups = &mut groups[..count];
        run_all(groups.iter_mut().enumerate(), |(index, group)| {
            let rows_of_group = slice_rows.saturating_mul(together);
            let first = range.start + index * rows_of_group;
            let rows = first..range.end.min(first.saturating_add(rows_of_group));
            group.backpropagate(pass, rows, batch);
        });
        groups
    }
}

impl Group {
    /// Fills the group with rows of a batch and takes them forward and backward.
    fn backpropagate(
        &mut self,
        pass: SlicePass<'_>,
        range: Range<usize>,
        batch: &Batch<'_, impl Fn(Range<usize>, &mut [f32], &mut [f32])>,
    ) {
        self.rows = range.len();
        let inputs = self.inputs.first(self.rows * pass.stack.inputs());
        let targets = match batch.target {
            Target::Input => self.targets.first(0),
            Target::Separate => self.targets.first(self.rows * pass.stack.outputs()),
        };
        (batch.fill)(range, inputs, targets);
        let (inputs, targets): (&[f32], &[f32]) = (inputs, targets);
        let targets = match batch.target {
            Target::Input => inputs,
            Target::Separate => targets,
        };
        self.losses = backpropagate(pass, Rows { inputs, targets }, &mut self.workspace);
    }

    fn differentiated(&self, stack: &Stack) -> Differentiated<'_> {
        let inputs = &self.inputs.all()[..self.rows * stack.inputs()];
        Differentiated { slices: self.losses.len(), inputs, workspace: &self.workspace }
    }
}

#[cfg(test)]
mod tests {
    use pulp::Arch;

    use super::*;
    use crate::simd::Dispatch;
    use crate::simd::forcing::forced;
    use crate::{Activation, AdamStep, CodeL1, Dense, Loss, Weight};

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
        let with_fma = cfg!(target_arch = "aarch64") || !matches!(Arch::new(), Arch::Scalar);
        let widest = if with_fma { WITH } else { WITHOUT };
        let found = [trained(), forced(Dispatch::Scalar, trained)];
        assert_eq!(found, [widest, WITHOUT], "{found:#x?}");
        #[cfg(target_arch = "x86_64")]
        assert_eq!(forced(Dispatch::Avx2, trained), widest);
    }
}

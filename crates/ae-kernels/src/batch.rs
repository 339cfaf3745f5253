//! A batch in slices on all threads, with results that do not depend on how many there are.

use std::ops::Range;

use rayon::prelude::*;

use crate::blocks::{Differentiated, gradients};
use crate::buffer::Buffer;
use crate::error::{StackError, check_length};
use crate::gradient::{Accumulate, Rows, Terms, backpropagate};
use crate::optimizer::Step;
use crate::panels::{Panels, pack};
use crate::share::share;
use crate::simd::{LANES, vectorised};
use crate::stack::{Objective, Stack};
use crate::workspace::Workspace;

/// Slices that are in memory at once: what bounds the memory of a large batch.
const SLICES: usize = 16;
/// Slices that a thread takes through the layers together, at most, if there are enough for all threads:
/// they share what is read of the weights, but leave the second cache sooner.
const SLICES_TOGETHER: usize = 2;
/// Numbers of a gradient whose squares a thread adds up at a time.
const CHUNK: usize = 4096;

/// What a stack is trained to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Its input.
    Input,
    /// Something else: the clean image behind a corrupted one.
    Separate,
}

/// Works through batches slice by slice.
///
/// A batch is cut into slices of a fixed number of rows. Up to 16 of them at a time go forward and
/// back, one or two on a thread; then the gradient is summed over their rows in order, block by
/// block. The memory grows to the largest batch seen and stays.
#[derive(Debug)]
pub struct Batches {
    slice_rows: usize,
    target: Target,
    groups: Vec<Group>,
    panels: Vec<Panels>,
}

/// What [`Batches::gradient`] returns beside the gradient.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BatchTerms {
    /// The objective's terms.
    pub terms: Terms,
    /// The gradient's squared norm, as [`squared_norm`] but added up block by block.
    pub squared_norm: f64,
}

/// The parameters of a batch, and whether its gradient changes them.
enum Parameters<'a> {
    Kept(&'a [f32]),
    Updated(&'a mut [f32], Step<'a>),
}

impl<'a> Parameters<'a> {
    fn values(&self) -> &[f32] {
        match self {
            Self::Kept(parameters) => parameters,
            Self::Updated(parameters, _) => parameters,
        }
    }

    /// What is to be updated, once.
    fn update(&mut self) -> Option<(&'a mut [f32], Step<'a>)> {
        match std::mem::replace(self, Self::Kept(&[])) {
            Self::Kept(_) => None,
            Self::Updated(parameters, step) => Some((parameters, step)),
        }
    }
}

/// Neighbouring slices that go through the layers together.
#[derive(Debug, Default)]
struct Group {
    rows: usize,
    inputs: Buffer,
    targets: Buffer,
    workspace: Workspace,
    /// Of each slice.
    terms: Vec<Terms>,
}

impl Batches {
    /// For slices of this many rows, at least 1.
    pub fn new(slice_rows: usize, target: Target) -> Self {
        let (groups, panels) = (Vec::new(), Vec::new());
        Self { slice_rows: slice_rows.max(1), target, groups, panels }
    }

    /// Writes the gradient of the objective's mean over `rows` rows into `gradient` and returns the
    /// objective's terms and the gradient's squared norm.
    ///
    /// `fill(range, inputs, targets)` writes these rows of the batch; with [`Target::Input`] the
    /// targets are empty. It is called on any thread, in any order, once for each row and for neighbours
    /// together.
    ///
    /// The gradient of no rows is 0, and so are their terms.
    ///
    /// # Errors
    /// If the parameters or the gradient are not as many as the stack's, or the loss does not suit it.
    ///
    /// # Panics
    /// If `fill` panics.
    pub fn gradient(
        &mut self,
        problem: (&Stack, Objective),
        parameters: &[f32],
        rows: usize,
        fill: impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
        gradient: &mut [f32],
    ) -> Result<BatchTerms, StackError> {
        self.differentiate(problem, Parameters::Kept(parameters), rows, fill, gradient)
    }

    /// Does the same and takes an optimizer's step: each block of parameters is updated while its
    /// gradient is in a core's cache.
    ///
    /// The step is taken whatever the gradient is: where the squared norm is not finite, the
    /// parameters are of no more use.
    ///
    /// # Errors
    /// As [`Batches::gradient`], and if a moment has another length than the parameters.
    ///
    /// # Panics
    /// If `fill` panics.
    pub fn step(
        &mut self,
        problem: (&Stack, Objective),
        (parameters, step): (&mut [f32], Step<'_>),
        rows: usize,
        fill: impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
        gradient: &mut [f32],
    ) -> Result<BatchTerms, StackError> {
        step.check(parameters.len())?;
        self.differentiate(problem, Parameters::Updated(parameters, step), rows, fill, gradient)
    }

    fn differentiate(
        &mut self,
        (stack, objective): (&Stack, Objective),
        mut parameters: Parameters<'_>,
        rows: usize,
        fill: impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
        gradient: &mut [f32],
    ) -> Result<BatchTerms, StackError> {
        check_length("the gradient", stack.parameters(), gradient.len())?;
        check_length("the parameters", stack.parameters(), parameters.values().len())?;
        stack.check_objective(objective)?;
        pack(&mut self.panels, stack, parameters.values());
        let (mut found, mut accumulate) = (BatchTerms::default(), Accumulate::Replace);
        if rows == 0 {
            gradient.fill(0.0);
            if let Some((parameters, step)) = parameters.update() {
                step.apply(parameters, gradient)?;
            }
        }
        let rows_at_once = self.slice_rows.saturating_mul(SLICES);
        for first in (0..rows).step_by(rows_at_once) {
            let range = first..rows.min(first.saturating_add(rows_at_once));
            let is_last = range.end == rows;
            let of_rows = (range, rows);
            let groups = self.backpropagate((stack, objective), of_rows, &fill);
            let terms = groups.iter().flat_map(|group| &group.terms);
            terms.for_each(|&terms| found.terms += terms);
            let differentiated = |index: usize| groups[index].differentiated(stack);
            let update = if is_last { parameters.update() } else { None };
            let of_groups = (groups.len(), differentiated);
            found.squared_norm = gradients(stack, of_groups, (gradient, accumulate), update);
            accumulate = Accumulate::Add;
        }
        Ok(found)
    }

    /// Takes some rows of a batch forward and back, a group of slices a task.
    fn backpropagate(
        &mut self,
        problem: (&Stack, Objective),
        (range, rows_in_batch): (Range<usize>, usize),
        fill: &(impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync),
    ) -> &[Group] {
        let Self { slice_rows, target, .. } = *self;
        let (stack, panels) = (problem.0, &self.panels);
        let slices = range.len().div_ceil(slice_rows);
        let together = slices.div_ceil(rayon::current_num_threads()).clamp(1, SLICES_TOGETHER);
        let count = slices.div_ceil(together);
        if self.groups.len() < count {
            self.groups.resize_with(count, Group::default);
        }
        let groups = &mut self.groups[..count];
        share(groups.iter_mut().enumerate(), |(index, group)| {
            let rows_of_group = slice_rows.saturating_mul(together);
            let first = range.start + index * rows_of_group;
            let rows = first..range.end.min(first.saturating_add(rows_of_group));
            group.fill(stack, target, rows, fill);
            let Group { rows, inputs, targets, workspace, terms } = group;
            let inputs = &inputs.all()[..*rows * stack.inputs()];
            let targets = match target {
                Target::Input => inputs,
                Target::Separate => &targets.all()[..*rows * stack.outputs()],
            };
            let of_rows = (Rows { inputs, targets }, slice_rows, rows_in_batch);
            *terms = backpropagate(problem, panels, of_rows, workspace);
        });
        groups
    }
}

impl Group {
    fn fill(
        &mut self,
        stack: &Stack,
        target: Target,
        range: Range<usize>,
        fill: &impl Fn(Range<usize>, &mut [f32], &mut [f32]),
    ) {
        self.rows = range.len();
        let inputs = range.len() * stack.inputs();
        let targets = match target {
            Target::Input => 0,
            Target::Separate => range.len() * stack.outputs(),
        };
        fill(range, self.inputs.first(inputs), self.targets.first(targets));
    }

    fn differentiated(&self, stack: &Stack) -> Differentiated<'_> {
        let inputs = &self.inputs.all()[..self.rows * stack.inputs()];
        let (rows, slices) = (self.rows, self.terms.len());
        Differentiated { rows, slices, inputs, workspace: &self.workspace }
    }
}

/// The sum of squares in `f64`, in an order that the number of threads does not change. It is finite
/// if and only if all numbers are.
pub fn squared_norm(gradient: &[f32]) -> f64 {
    let chunks: Vec<f64> = gradient.par_chunks(CHUNK).map(squared_norm_of_chunk).collect();
    chunks.iter().sum()
}

pub(crate) fn squared_norm_of_chunk(chunk: &[f32]) -> f64 {
    vectorised(
        #[inline(always)]
        || {
            let (groups, rest) = chunk.as_chunks::<LANES>();
            let mut lanes = [0.0_f64; LANES];
            for group in groups {
                for lane in 0..LANES {
                    lanes[lane] += f64::from(group[lane]) * f64::from(group[lane]);
                }
            }
            for (lane, &value) in rest.iter().enumerate() {
                lanes[lane] += f64::from(value) * f64::from(value);
            }
            lanes.iter().sum()
        },
    )
}

#[cfg(test)]
mod tests {
    use pulp::Arch;

    use super::*;
    use crate::simd::Dispatch;
    use crate::simd::forcing::forced;
    use crate::{Activation, AdamStep, Layer, Loss, Weight};

    /// An FNV-1a hash of numbers' bits.
    fn digest(numbers: &[f32]) -> u64 {
        let bytes = numbers.iter().flat_map(|number| number.to_bits().to_le_bytes());
        bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    }

    /// Images of bars on black: whole numbers over 255, which every machine divides alike.
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
            Layer { inputs: pair[0], outputs: pair[1], weight, bias, activation }
        });
        let layers = layers.collect();
        let stack = Stack::new(layers, 1, offset).unwrap();
        let objective = Objective { loss: Loss::BinaryCrossEntropy, code_l1: 1e-4 };
        let start = |place: usize| ((place * 7919) % 2003) as f32 / 20_030.0 - 0.05;
        let mut parameters: Vec<f32> = (0..offset).map(start).collect();
        let [mut gradient, mut mean, mut variance] = [(); 3].map(|()| vec![0.0; offset]);
        let rows = bars(300, inputs);
        let mut batches = Batches::new(64, Target::Input);
        for step in 1..=20 {
            let first = (step as usize % 2) * 150;
            let fill = |range: Range<usize>, to: &mut [f32], _: &mut [f32]| {
                let range = (first + range.start) * inputs..(first + range.end) * inputs;
                to.copy_from_slice(&rows[range]);
            };
            let step = AdamStep::new(1e-3, 0.9, 0.999, 1e-7, step);
            let step = Step::Adam { step, mean: &mut mean, variance: &mut variance };
            let update = (parameters.as_mut_slice(), step);
            batches.step((&stack, objective), update, 150, fill, &mut gradient).unwrap();
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

//! A batch in slices on all threads, with results that do not depend on how many there are.

use std::ops::Range;

use rayon::prelude::*;

use crate::blocks::{Differentiated, gradients};
use crate::buffer::Buffer;
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
    /// # Panics
    /// As [`loss_and_gradient`](crate::loss_and_gradient) does, and if `fill` panics.
    pub fn gradient(
        &mut self,
        problem: (&Stack, Objective),
        parameters: &[f32],
        rows: usize,
        fill: impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
        gradient: &mut [f32],
    ) -> BatchTerms {
        self.differentiate(problem, Parameters::Kept(parameters), rows, fill, gradient)
    }

    /// Does the same and takes an optimizer's step: each block of parameters is updated while its
    /// gradient is in a core's cache.
    ///
    /// The step is taken whatever the gradient is: where the squared norm is not finite, the
    /// parameters are of no more use.
    ///
    /// # Panics
    /// As [`Batches::gradient`] does, and if a moment has another length than the parameters.
    pub fn step(
        &mut self,
        problem: (&Stack, Objective),
        (parameters, step): (&mut [f32], Step<'_>),
        rows: usize,
        fill: impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
        gradient: &mut [f32],
    ) -> BatchTerms {
        step.check(parameters.len());
        self.differentiate(problem, Parameters::Updated(parameters, step), rows, fill, gradient)
    }

    fn differentiate(
        &mut self,
        (stack, objective): (&Stack, Objective),
        mut parameters: Parameters<'_>,
        rows: usize,
        fill: impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
        gradient: &mut [f32],
    ) -> BatchTerms {
        assert_eq!(gradient.len(), stack.parameters(), "a gradient for each parameter");
        let count = parameters.values().len();
        assert_eq!(count, stack.parameters(), "as many parameters as the stack has");
        pack(&mut self.panels, stack, parameters.values());
        let (mut found, mut accumulate) = (BatchTerms::default(), Accumulate::Replace);
        if rows == 0 {
            gradient.fill(0.0);
            if let Some((parameters, step)) = parameters.update() {
                step.apply(parameters, gradient);
            }
        }
        for first in (0..rows).step_by(SLICES * self.slice_rows) {
            let range = first..rows.min(first + SLICES * self.slice_rows);
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
        found
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
            let first = range.start + index * together * slice_rows;
            let rows = first..range.end.min(first + together * slice_rows);
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

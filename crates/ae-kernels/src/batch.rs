//! A batch in slices on all threads, with results that do not depend on how many there are.

use std::ops::Range;

use rayon::prelude::*;

use crate::buffer::Buffer;
use crate::gradient::{Accumulate, Rows, Terms, gradient_of_slice, pack};
use crate::panels::Panels;
use crate::simd::{LANES, vectorised};
use crate::stack::{Objective, Stack};
use crate::workspace::Workspace;

/// Gradients that a batch is summed up in at most: what bounds the memory of a large batch.
const PARTS: usize = 16;
/// Numbers of a gradient that a thread adds up at a time.
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
/// A batch is cut into slices of a fixed number of rows, and the slices, in order, into at most 16
/// parts. A part's slices are added up one after the other, and the parts' gradients in order: the
/// cut depends on the number of rows alone. The memory grows to the largest batch seen and stays.
#[derive(Debug)]
pub struct Batches {
    slice_rows: usize,
    target: Target,
    parts: Vec<Part>,
    panels: Vec<Panels>,
    /// The squared norm of each chunk of the gradient.
    norms: Vec<f64>,
}

/// What [`Batches::gradient`] returns beside the gradient.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BatchTerms {
    /// The objective's terms.
    pub terms: Terms,
    /// The gradient's [`squared_norm`].
    pub squared_norm: f64,
}

#[derive(Debug, Default)]
struct Part {
    inputs: Buffer,
    targets: Buffer,
    gradient: Buffer,
    workspace: Workspace,
    terms: Terms,
}

impl Batches {
    /// For slices of this many rows, at least 1.
    pub fn new(slice_rows: usize, target: Target) -> Self {
        Self {
            slice_rows: slice_rows.max(1),
            target,
            parts: Vec::new(),
            panels: Vec::new(),
            norms: Vec::new(),
        }
    }

    /// Writes the gradient of the objective's mean over `rows` rows into `gradient` and returns the
    /// objective's terms and the gradient's squared norm.
    ///
    /// `fill(range, inputs, targets)` writes these rows of the batch; with [`Target::Input`] the
    /// targets are empty. It is called on any thread, in any order, once for each slice.
    ///
    /// # Panics
    /// As [`loss_and_gradient`](crate::loss_and_gradient) does, and if `fill` panics.
    pub fn gradient(
        &mut self,
        (stack, objective): (&Stack, Objective),
        parameters: &[f32],
        rows: usize,
        fill: impl Fn(Range<usize>, &mut [f32], &mut [f32]) + Sync,
        gradient: &mut [f32],
    ) -> BatchTerms {
        assert_eq!(gradient.len(), stack.parameters(), "a gradient for each parameter");
        let (slice_rows, target) = (self.slice_rows, self.target);
        assert_eq!(parameters.len(), stack.parameters(), "as many parameters as the stack has");
        let mut panels = std::mem::take(&mut self.panels);
        pack(&mut panels, stack, parameters);
        let mut norms = std::mem::take(&mut self.norms);
        norms.resize(gradient.len().div_ceil(CHUNK), 0.0);
        let (parts, part_rows) = self.parts(rows);
        parts.par_iter_mut().enumerate().with_max_len(1).for_each(|(index, part)| {
            part.terms = Terms::default();
            let mut accumulate = Accumulate::Replace;
            for range in slices(part_rows, slice_rows, index, rows) {
                let count = range.len();
                part.fill(stack, target, range, &fill);
                let inputs = &part.inputs.all()[..count * stack.inputs()];
                let targets = match target {
                    Target::Input => inputs,
                    Target::Separate => &part.targets.all()[..count * stack.outputs()],
                };
                part.terms += gradient_of_slice(
                    (stack, objective),
                    (parameters, &panels),
                    (Rows { inputs, targets }, rows),
                    (part.gradient.first(stack.parameters()), accumulate),
                    &mut part.workspace,
                );
                accumulate = Accumulate::Add;
            }
        });
        let parts = &*parts;
        let chunks = gradient.par_chunks_mut(CHUNK).zip(&mut norms).enumerate();
        chunks.for_each(|(index, (sum, norm))| {
            let place = index * CHUNK..index * CHUNK + sum.len();
            add_up(sum, parts.iter().map(|part| &part.gradient.all()[place.clone()]));
            *norm = squared_norm_of_chunk(sum);
        });
        let mut terms = Terms::default();
        parts.iter().for_each(|part| terms += part.terms);
        let squared_norm = norms.iter().sum();
        (self.panels, self.norms) = (panels, norms);
        BatchTerms { terms, squared_norm }
    }

    /// The parts of a batch and the rows of each but the last: whole slices.
    fn parts(&mut self, rows: usize) -> (&mut [Part], usize) {
        let slices = rows.div_ceil(self.slice_rows);
        let part_rows = slices.div_ceil(PARTS).max(1) * self.slice_rows;
        let parts = rows.div_ceil(part_rows);
        if self.parts.len() < parts {
            self.parts.resize_with(parts, Part::default);
        }
        (&mut self.parts[..parts], part_rows)
    }
}

impl Part {
    fn fill(
        &mut self,
        stack: &Stack,
        target: Target,
        range: Range<usize>,
        fill: &impl Fn(Range<usize>, &mut [f32], &mut [f32]),
    ) {
        let inputs = range.len() * stack.inputs();
        let targets = match target {
            Target::Input => 0,
            Target::Separate => range.len() * stack.outputs(),
        };
        fill(range, self.inputs.first(inputs), self.targets.first(targets));
    }
}

/// The slices of a part.
fn slices(
    part_rows: usize,
    slice_rows: usize,
    part: usize,
    rows: usize,
) -> impl Iterator<Item = Range<usize>> {
    let end = rows.min((part + 1) * part_rows);
    (part * part_rows..end).step_by(slice_rows).map(move |first| first..end.min(first + slice_rows))
}

/// The sum of squares in `f64`, in an order that the number of threads does not change. It is finite
/// if and only if all numbers are.
pub fn squared_norm(gradient: &[f32]) -> f64 {
    let chunks: Vec<f64> = gradient.par_chunks(CHUNK).map(squared_norm_of_chunk).collect();
    chunks.iter().sum()
}

fn squared_norm_of_chunk(chunk: &[f32]) -> f64 {
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

/// Adds terms up in order.
fn add_up<'a>(sum: &mut [f32], mut terms: impl Iterator<Item = &'a [f32]>) {
    match terms.next() {
        Some(first) => sum.copy_from_slice(first),
        None => sum.fill(0.0),
    }
    for term in terms {
        vectorised(
            #[inline(always)]
            || {
                for (sum, term) in sum.iter_mut().zip(term) {
                    *sum += term;
                }
            },
        );
    }
}

//! The gradient of the parameters after the backward pass, and the optimizer's update, block by block.
//!
//! A block of the flat buffer stays in a core's cache while the rows of all slices are added to its gradient and its
//! parameters are updated, so a large gradient goes through memory once. Rows are added in order, whatever the number
//! of threads.

use super::backward::Kept;
use super::norm::squared_norm_of_chunk;
use super::optimizer::Step;
use super::task::Task;
use crate::chain::{DenseOperation, LayerNonzeros, Program};
use crate::layer::Role;
use crate::penalty::Contraction;
use crate::product::{Operand, Orientation, OuterProduct, Start, add_outer_products};
use crate::threads::run_all;

/// Parameters of a block: few enough for many blocks, enough that the rows are read seldom.
const BLOCK_LENGTH: usize = 4096;
/// The fewest rows of a block. A transposed block has as many columns, which keep the arithmetic units busy.
const LEAST_ROWS: usize = 32;
/// Rows of a tile of the product kernel, of which a block has a multiple.
const TILE_ROWS: usize = 8;
/// Weights with at least this many parameters have large blocks, because every thread still gets several.
const LARGE_WEIGHT: usize = 1 << 17;
/// Rows of a large block, which share the loads of the other factor.
const LARGE_BLOCK_ROWS: usize = 64;

/// What is added up to the gradient of a group of the batch.
pub(super) struct Addends<'a, I> {
    /// The tasks of the group, in order.
    pub(super) of_group: I,
    /// The sums of earlier groups.
    pub(super) trees: &'a [&'a [f32]],
    pub(super) contraction: Option<&'a Contraction>,
    pub(super) given: Given,
}

/// What the gradient's blocks hold already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Nothing,
    /// Those that are summed slice by slice hold the sums of the group.
    SliceSums,
    /// All of them hold the sums of the batch.
    All,
}

/// The parameters of a batch, and whether its gradient changes them.
pub(super) enum Parameters<'a> {
    Kept(&'a [f32]),
    Updated(Update<'a>),
}

impl Parameters<'_> {
    pub(super) fn values(&self) -> &[f32] {
        match self {
            Self::Kept(parameters) => parameters,
            Self::Updated(update) => update.parameters,
        }
    }
}

/// Parameters, and the step that is to be taken against their gradient.
#[derive(Debug)]
pub(super) struct Update<'a> {
    pub(super) parameters: &'a mut [f32],
    pub(super) step: Step<'a>,
}

impl Update<'_> {
    /// The same for a shorter time.
    pub(super) fn again(&mut self) -> Update<'_> {
        Update { parameters: self.parameters, step: self.step.again() }
    }
}

/// A part of the flat buffer: rows of a weight, a bias, or another layer's parameters.
pub(super) struct Block<'a> {
    pub(super) place: BlockPlace,
    pub(super) gradient: &'a mut [f32],
    pub(super) update: Option<Update<'a>>,
}

/// Where a block lies in the flat buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockPlace {
    pub(super) offset: usize,
    pub(super) length: usize,
    pub(super) owner: BlockOwner,
}

/// What the parameters of a block are.
#[derive(Debug, Clone, Copy)]
pub(super) enum BlockOwner {
    /// Rows of the weight that this operation owns.
    Weight { op: usize, first_row: usize },
    /// Numbers of the gradient that this operation computes slice by slice, from this one on.
    PerSlice { op: usize, first: usize },
    /// They have no gradient.
    Untrained,
}

/// Computes the gradient of every parameter over the tasks of a group, in their order, adds the sums of earlier groups,
/// and takes the step. `parameters` are those of a gradient without a step. Returns the squared norm, summed block by
/// block.
pub(super) fn gradient_and_update<'a>(
    program: &Program,
    addends: Addends<'_, impl Iterator<Item = &'a Task> + Clone + Sync>,
    gradient: &mut [f32],
    parameters: &[f32],
    update: Option<Update<'_>>,
) -> f64 {
    let mut blocks = blocks(places(program), gradient, update);
    run_blocks(program, &addends, parameters, blocks.iter_mut()).iter().sum()
}

/// The same for some of the blocks. Returns the squared norm of each.
pub(super) fn run_blocks<'a, 'b, 'c: 'b>(
    program: &Program,
    addends: &Addends<'_, impl Iterator<Item = &'a Task> + Clone + Sync>,
    parameters: &[f32],
    blocks: impl Iterator<Item = &'b mut Block<'c>>,
) -> Vec<f64> {
    let Addends { of_group: tasks, trees, contraction, given } = addends;
    let blocks: Vec<&mut Block<'_>> = blocks.collect();
    let mut norms = vec![0.0; blocks.len()];
    run_all(blocks.into_iter().zip(&mut norms), |(Block { place, gradient, update }, norm)| {
        match place.owner {
            BlockOwner::Untrained => {
                gradient.fill(0.0);
                return;
            }
            _ if *given == Given::All => {}
            BlockOwner::PerSlice { .. } if *given == Given::SliceSums => {}
            BlockOwner::Weight { op, first_row } => {
                add_weight_gradient(program, op, first_row, tasks.clone(), gradient);
                if let Some(contraction) = contraction {
                    let values = match &update {
                        Some(update) => &*update.parameters,
                        None => &parameters[place.offset..][..place.length],
                    };
                    let owner = (program, op, first_row);
                    contract(**contraction, owner, tasks.clone(), values, gradient);
                }
            }
            BlockOwner::PerSlice { op, first } => {
                gradient.fill(0.0);
                add_slice_gradients(program, op, first, tasks.clone(), gradient);
            }
        }
        for tree in *trees {
            let summand = &tree[place.offset..][..place.length];
            gradient.iter_mut().zip(summand).for_each(|(sum, summand)| *sum += summand);
        }
        *norm = squared_norm_of_chunk(gradient);
        if let Some(update) = update {
            let Update { parameters, step } = update.again();
            step.update(parameters, gradient);
        }
    });
    norms
}

/// Cuts the flat buffers into blocks.
pub(super) fn blocks<'a>(
    places: Vec<BlockPlace>,
    mut gradient: &'a mut [f32],
    mut update: Option<Update<'a>>,
) -> Vec<Block<'a>> {
    let cut = |place: BlockPlace| {
        let of_block;
        (of_block, gradient) = std::mem::take(&mut gradient).split_at_mut(place.length);
        let now = update.take().map(|Update { parameters, step }| {
            let (parameters, other_parameters) = parameters.split_at_mut(place.length);
            let (step, other_step) = step.split_at(place.length);
            update = Some(Update { parameters: other_parameters, step: other_step });
            Update { parameters, step }
        });
        Block { place, gradient: of_block, update: now }
    };
    places.into_iter().map(cut).collect()
}

/// The places of all blocks, in the order of the flat buffer.
pub(super) fn places(program: &Program) -> Vec<BlockPlace> {
    let mut places = Vec::new();
    for (index, op) in program.ops.iter().enumerate() {
        let mut first = 0;
        for place in &op.places {
            let (offset, length) = (place.offset, place.length);
            match place.role {
                Role::Untrained => {
                    places.push(BlockPlace { offset, length, owner: BlockOwner::Untrained });
                }
                Role::PerSlice => {
                    let owner = BlockOwner::PerSlice { op: index, first };
                    places.push(BlockPlace { offset, length, owner });
                    first += length;
                }
                Role::DenseWeight => {
                    let rows = match length {
                        LARGE_WEIGHT.. => LARGE_BLOCK_ROWS,
                        _ => (BLOCK_LENGTH / op.inputs).next_multiple_of(TILE_ROWS).max(LEAST_ROWS),
                    };
                    for first_row in (0..op.outputs).step_by(rows) {
                        let owner = BlockOwner::Weight { op: index, first_row };
                        let length = rows.min(op.outputs - first_row) * op.inputs;
                        let offset = offset + first_row * op.inputs;
                        places.push(BlockPlace { offset, length, owner });
                    }
                }
            }
        }
    }
    places.sort_unstable_by_key(|place| place.offset);
    places
}

/// Writes the gradient of rows of the weight that an operation owns, from every operation that uses it, last to first.
fn add_weight_gradient<'a>(
    program: &Program,
    owner: usize,
    first_row: usize,
    tasks: impl Iterator<Item = &'a Task> + Clone,
    gradient: &mut [f32],
) {
    let mut start = Start::Zero;
    let weight = |op: usize| program.ops[op].operation.dense().map(|dense| dense.weight.offset);
    let width = program.ops[owner].inputs;
    for index in (0..program.ops.len()).rev() {
        let Some(dense) = program.ops[index].operation.dense() else { continue };
        if Some(dense.weight.offset) != weight(owner) {
            continue;
        }
        let summands = tasks.clone().map(|task| outer_product(index, dense, task, first_row));
        add_outer_products(summands, gradient, width, start);
        start = Start::Output;
    }
}

/// Adds what an operation computed slice by slice, from `first` on.
pub(super) fn add_slice_gradients<'a>(
    program: &Program,
    op: usize,
    first: usize,
    tasks: impl Iterator<Item = &'a Task>,
    gradient: &mut [f32],
) {
    let numbers = program.ops[op].slice_numbers;
    for task in tasks {
        let of_slices = task.slice_gradients[op].all().chunks_exact(numbers);
        for of_slice in of_slices.take(task.slices) {
            let summands = gradient.iter_mut().zip(&of_slice[first..]);
            summands.for_each(|(sum, summand)| *sum += summand);
        }
    }
}

/// Adds the part of a weight's gradient that comes from a penalty on the weight: each row times a sum over items.
fn contract<'a>(
    contraction: Contraction,
    (program, op, first_row): (&Program, usize, usize),
    tasks: impl Iterator<Item = &'a Task> + Clone,
    weight: &[f32],
    gradient: &mut [f32],
) {
    let dense = program.ops[op].operation.dense();
    if dense.is_none_or(|dense| dense.weight.offset != contraction.weight) {
        return;
    }
    let (inputs, outputs) = (program.ops[op].inputs, program.ops[op].outputs);
    let rows = gradient.chunks_exact_mut(inputs).zip(weight.chunks_exact(inputs));
    for (row, (gradient, weight)) in (first_row..).zip(rows) {
        let mut sum = 0.0;
        for task in tasks.clone() {
            let slopes = task.slopes.all().iter().skip(row).step_by(outputs);
            slopes.take(task.slices).for_each(|slope| sum += slope);
        }
        let factor = contraction.factor * sum;
        gradient.iter_mut().zip(weight).for_each(|(g, w)| *g += factor * w);
    }
}

/// The gradient of a weight from a task: `logit_gradient^T input`, (outputs, rows) times (rows, inputs), or
/// `input^T logit_gradient` where the weight is tied. Of the left factor, the columns from `first_row` on.
fn outer_product<'a>(
    index: usize,
    dense: &DenseOperation,
    task: &'a Task,
    first_row: usize,
) -> OuterProduct<'a> {
    let Sides { input, logit_gradient, nonzeros } = sides(index, task);
    let input = Operand::scanned(input, &nonzeros.input);
    let logit_gradient = Operand::scanned(logit_gradient, &nonzeros.logit_gradient);
    let (left, right) = match dense.weight.forward {
        Orientation::Transposed => (logit_gradient, input),
        Orientation::AsStored => (input, logit_gradient),
    };
    OuterProduct { left: left.columns_from(first_row), right: right.columns_from(0) }
}

/// What a task holds on both sides of a dense operation: at least as many rows as it has.
pub(super) struct Sides<'a> {
    pub(super) input: &'a [f32],
    pub(super) logit_gradient: &'a [f32],
    nonzeros: &'a LayerNonzeros,
}

pub(super) fn sides(index: usize, task: &Task) -> Sides<'_> {
    match task.kept.get(index) {
        Some(Kept { input, logit_gradient, nonzeros }) => {
            Sides { input: input.all(), logit_gradient: logit_gradient.all(), nonzeros }
        }
        None => {
            let memory = &task.workspace.memories[index];
            let (input, logit_gradient) = (task.input_of(index), memory.logits.all());
            Sides { input, logit_gradient, nonzeros: &memory.nonzeros }
        }
    }
}

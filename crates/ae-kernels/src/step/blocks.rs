//! The gradient of the parameters after the backward pass, and the optimizer's update, block by block.
//!
//! A block of the flat buffer stays in a core's cache while the rows of all slices are added to its gradient and its
//! parameters are updated, so a large gradient goes through memory once. Rows are added in order, whatever the number
//! of threads.

use super::norm::squared_norm_of_chunk;
use super::optimizer::Step;
use crate::aligned::AlignedBuffer;
use crate::chain::{Stack, Workspace};
use crate::product::{Operand, OuterProduct, Start, add_outer_products};
use crate::threads::run_all;
use crate::{Dense, Weight};

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

/// Neighbouring slices after their backward pass.
#[derive(Clone, Copy)]
pub(super) struct Differentiated<'a> {
    pub(super) slices: usize,
    pub(super) inputs: &'a [f32],
    pub(super) workspace: &'a Workspace,
}

/// Parameters, and the step that is to be taken against their gradient.
#[derive(Debug)]
pub(super) struct Update<'a> {
    pub(super) parameters: &'a mut [f32],
    pub(super) step: Step<'a>,
}

/// A part of the flat buffer: rows of a weight, or a bias.
struct Block<'a> {
    owner: BlockOwner,
    gradient: &'a mut [f32],
    update: Option<Update<'a>>,
}

/// What the parameters of a block are.
#[derive(Debug, Clone, Copy)]
enum BlockOwner {
    /// Rows of the weight that this layer owns.
    Weight { layer: usize, first_row: usize },
    /// The bias of this layer.
    Bias { layer: usize },
}

/// Computes the gradient of every parameter over groups of slices, in their order, and takes the step. `start` says
/// whether the gradient of earlier groups is in the buffer. Returns the squared norm, summed block by block.
pub(super) fn gradient_and_update<'a>(
    stack: &Stack,
    groups: impl Iterator<Item = Differentiated<'a>> + Clone + Sync,
    gradient: &mut [f32],
    start: Start<'_>,
    update: Option<Update<'_>>,
) -> f64 {
    let blocks = blocks(stack, gradient, update);
    let mut norms = vec![0.0; blocks.len()];
    run_all(blocks.into_iter().zip(&mut norms), |(Block { owner, gradient, update }, norm)| {
        match owner {
            BlockOwner::Weight { layer, first_row } => {
                add_weight_gradient(stack, layer, first_row, groups.clone(), gradient, start);
            }
            BlockOwner::Bias { layer } => {
                if let Start::Zero = start {
                    gradient.fill(0.0);
                }
                add_bias_gradient(layer, groups.clone(), gradient);
            }
        }
        *norm = squared_norm_of_chunk(gradient);
        if let Some(Update { parameters, step }) = update {
            step.update(parameters, gradient);
        }
    });
    norms.iter().sum()
}

/// Cuts the flat buffers into blocks.
fn blocks<'a>(
    stack: &Stack,
    mut gradient: &'a mut [f32],
    mut update: Option<Update<'a>>,
) -> Vec<Block<'a>> {
    let cut = |BlockPlace { owner, length, .. }: BlockPlace| {
        let of_block;
        (of_block, gradient) = std::mem::take(&mut gradient).split_at_mut(length);
        let now = update.take().map(|Update { parameters, step }| {
            let (parameters, other_parameters) = parameters.split_at_mut(length);
            let (step, other_step) = step.split_at(length);
            update = Some(Update { parameters: other_parameters, step: other_step });
            Update { parameters, step }
        });
        Block { owner, gradient: of_block, update: now }
    };
    places(stack).into_iter().map(cut).collect()
}

/// Where a block lies in the flat buffer.
struct BlockPlace {
    offset: usize,
    length: usize,
    owner: BlockOwner,
}

/// The places of all blocks, in the order of the flat buffer.
fn places(stack: &Stack) -> Vec<BlockPlace> {
    let mut places = Vec::new();
    for (index, &Dense { inputs, outputs, weight, bias, .. }) in stack.layers().iter().enumerate() {
        let owner = BlockOwner::Bias { layer: index };
        places.push(BlockPlace { offset: bias, length: outputs, owner });
        let Weight::Own { offset } = weight else { continue };
        let rows = match inputs * outputs {
            LARGE_WEIGHT.. => LARGE_BLOCK_ROWS,
            _ => (BLOCK_LENGTH / inputs).next_multiple_of(TILE_ROWS).max(LEAST_ROWS),
        };
        for first_row in (0..outputs).step_by(rows) {
            let owner = BlockOwner::Weight { layer: index, first_row };
            let length = rows.min(outputs - first_row) * inputs;
            places.push(BlockPlace { offset: offset + first_row * inputs, length, owner });
        }
    }
    places.sort_unstable_by_key(|place| place.offset);
    places
}

/// Adds the gradient of rows of the weight that layer `owner` owns, from every layer that uses it, last to first.
fn add_weight_gradient<'a>(
    stack: &Stack,
    owner: usize,
    first_row: usize,
    groups: impl Iterator<Item = Differentiated<'a>> + Clone,
    gradient: &mut [f32],
    mut start: Start<'_>,
) {
    let width = stack.layers()[owner].inputs;
    for (index, layer) in stack.layers().iter().enumerate().rev() {
        if weight_owner(index, layer) != owner {
            continue;
        }
        let summands = groups.clone().map(|group| outer_product(index, layer, group, first_row));
        add_outer_products(summands, gradient, width, start);
        start = Start::Output;
    }
}

/// Adds the gradient of a bias from every slice.
fn add_bias_gradient<'a>(
    layer: usize,
    groups: impl Iterator<Item = Differentiated<'a>>,
    gradient: &mut [f32],
) {
    for Differentiated { slices, workspace, .. } in groups {
        let of_slices = workspace.bias_gradients[layer].all().chunks_exact(gradient.len());
        for of_slice in of_slices.take(slices) {
            gradient.iter_mut().zip(of_slice).for_each(|(sum, summand)| *sum += summand);
        }
    }
}

/// The layer that owns the weight of a layer.
fn weight_owner(index: usize, layer: &Dense) -> usize {
    match layer.weight {
        Weight::Own { .. } => index,
        Weight::TransposeOf { layer } => layer,
    }
}

/// The gradient of a weight from a group of slices: `logit_gradient^T input`, (outputs, rows) times (rows, inputs), or
/// `input^T logit_gradient` where the weight is tied. Of the left factor, the columns from `first_row` on.
fn outer_product<'a>(
    index: usize,
    layer: &Dense,
    group: Differentiated<'a>,
    first_row: usize,
) -> OuterProduct<'a> {
    let Differentiated { inputs, workspace, .. } = group;
    let nonzeros = &workspace.nonzeros[index];
    let input = Operand::scanned(workspace.input_of(index, inputs), &nonzeros.input);
    let logits = AlignedBuffer::all(&workspace.logits[index]);
    let logit_gradient = Operand::scanned(logits, &nonzeros.logit_gradient);
    let (left, right) = match layer.weight {
        Weight::Own { .. } => (logit_gradient, input),
        Weight::TransposeOf { .. } => (input, logit_gradient),
    };
    OuterProduct { left: left.columns_from(first_row), right: right.columns_from(0) }
}

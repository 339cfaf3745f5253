//! Gradients of the weights, once a batch has gone forward and back.
//!
//! Each is a product over all rows of the batch, computed block by block: a block stays in a core's
//! cache until the last row was added, so a large gradient goes through memory once. The order of
//! the sums is that of the rows, whatever the number of threads.

use rayon::prelude::*;

use crate::batch::squared_norm_of_chunk;
use crate::buffer::Buffer;
use crate::gradient::Accumulate;
use crate::product::{Product, Right, Shape, Start, Strides};
use crate::simd::Dispatch;
use crate::stack::{Layer, Stack, Weight};
use crate::terms::Terms;
use crate::workspace::Workspace;

/// Numbers of a block: small enough to share out, large enough to read the rows seldom.
const BLOCK: usize = 16_384;
/// Rows of a block are a multiple of a tile's.
const TILE_ROWS: usize = 8;

/// A slice of rows after its backward pass.
#[derive(Clone, Copy)]
pub(crate) struct Differentiated<'a> {
    pub(crate) rows: usize,
    pub(crate) inputs: &'a [f32],
    pub(crate) workspace: &'a Workspace,
}

/// Some rows of a weight's gradient.
struct Block<'a> {
    /// The layer that owns the weight.
    layer: usize,
    first_row: usize,
    numbers: &'a mut [f32],
}

/// Writes the gradient of every weight over the slices, in their order, or adds it to what is there.
/// Returns the squared norm of each block, in order, taken while the block is in the cache.
pub(crate) fn weight_gradients<'a>(
    stack: &Stack,
    slices: usize,
    slice: impl Fn(usize) -> Differentiated<'a> + Sync,
    gradient: &mut [f32],
    accumulate: Accumulate,
) -> Vec<f64> {
    let blocks = blocks(stack, gradient).into_par_iter().with_max_len(1).map(|block| {
        let mut start = match accumulate {
            Accumulate::Replace => Start::Zero,
            Accumulate::Add => Start::Output,
        };
        for (index, layer) in stack.layers().iter().enumerate().rev() {
            if owner(index, layer) != block.layer {
                continue;
            }
            for slice in (0..slices).map(&slice) {
                add(index, layer, slice, start, block.first_row, &mut *block.numbers);
                start = Start::Output;
            }
        }
        squared_norm_of_chunk(block.numbers)
    });
    blocks.collect()
}

/// The layer whose weight a layer uses.
fn owner(index: usize, layer: &Layer) -> usize {
    match layer.weight {
        Weight::Own { .. } => index,
        Weight::TransposeOf { layer } => layer,
    }
}

/// The gradients of all weights, cut into blocks of whole rows.
fn blocks<'a>(stack: &Stack, mut gradient: &'a mut [f32]) -> Vec<Block<'a>> {
    let own = |(index, layer): (usize, &Layer)| match layer.weight {
        Weight::Own { offset } => Some((offset, index, layer.outputs, layer.inputs)),
        Weight::TransposeOf { .. } => None,
    };
    let mut weights: Vec<_> = stack.layers().iter().enumerate().filter_map(own).collect();
    weights.sort_unstable();
    let (mut blocks, mut passed) = (Vec::new(), 0);
    for (offset, layer, height, width) in weights {
        let (numbers, rest) = gradient[offset - passed..].split_at_mut(height * width);
        (gradient, passed) = (rest, offset + height * width);
        let rows = (BLOCK / width).next_multiple_of(TILE_ROWS).max(TILE_ROWS);
        let cut = numbers.chunks_mut(rows * width).enumerate();
        blocks.extend(cut.map(|(block, numbers)| Block {
            layer,
            first_row: block * rows,
            numbers,
        }));
    }
    blocks
}

/// `of_weight = of_logits^T input`: (outputs, rows) times (rows, inputs); of a transposed weight
/// `input^T of_logits`. Of the left factor, the columns from `first_row`.
fn add(
    index: usize,
    layer: &Layer,
    Differentiated { rows, inputs, workspace }: Differentiated<'_>,
    start: Start<'_>,
    first_row: usize,
    output: &mut [f32],
) {
    let input = if index == 0 { inputs } else { workspace.values[index - 1].all() };
    let of_logits = Buffer::all(&workspace.logits[index]);
    let (left, right, height, width) = match layer.weight {
        Weight::Own { .. } => (of_logits, input, layer.outputs, layer.inputs),
        Weight::TransposeOf { .. } => (input, of_logits, layer.inputs, layer.outputs),
    };
    let terms = match layer.weight {
        Weight::Own { .. } if index == 0 && workspace.is_sparse => {
            Terms::OfColumns(&workspace.occupied)
        }
        _ => Terms::All,
    };
    Dispatch::Widest.run(Product {
        shape: Shape { rows: output.len() / width, inner: rows, columns: width },
        start,
        left: (&left[first_row..], Strides::row_major(height).transposed()),
        right: Right::row_major(right, width),
        output,
        stride: width,
        terms,
    });
}

//! Gradients of the parameters, once a batch has gone forward and back, and the optimizer's step.
//!
//! Each is a sum over all rows of the batch, computed block by block: a block stays in a core's
//! cache until the last row was added and its parameters were updated, so a large gradient goes
//! through memory once. The order of the sums is that of the rows, whatever the number of threads.

use crate::batch::squared_norm_of_chunk;
use crate::buffer::Buffer;
use crate::factors::{Factor, Factors, add};
use crate::gradient::Accumulate;
use crate::occupied::Occupied;
use crate::optimizer::Step;
use crate::product::Start;
use crate::share::share;
use crate::stack::{Layer, Stack, Weight};
use crate::workspace::Workspace;

/// Numbers of a block: small enough to share out, large enough to read the rows seldom.
const BLOCK: usize = 4096;
/// Rows of a block at least, and a multiple of a tile's: a transposed block has as many columns, which
/// keep the arithmetic busy.
const LEAST_ROWS: usize = 32;
const TILE_ROWS: usize = 8;
/// Numbers of a weight that has blocks for everybody even if they are large.
const LARGE: usize = 1 << 17;
/// Rows of its blocks: they share what is read of the other factor.
const ROWS_OF_LARGE: usize = 64;

/// Slices of rows after their backward pass.
#[derive(Clone, Copy)]
pub(crate) struct Differentiated<'a> {
    pub(crate) rows: usize,
    pub(crate) slices: usize,
    pub(crate) inputs: &'a [f32],
    pub(crate) workspace: &'a Workspace,
}

/// Neighbours in the flat buffer: some rows of a weight, or a bias.
struct Block<'a> {
    part: Part,
    gradient: &'a mut [f32],
    update: Update<'a>,
}

/// What a block is of: the layer that owns it, and a weight's first row.
#[derive(Debug, Clone, Copy)]
enum Part {
    Weight { layer: usize, first_row: usize },
    Bias { layer: usize },
}

/// The parameters and the optimizer's step that their gradient is for, if it is to be taken.
type Update<'a> = Option<(&'a mut [f32], Step<'a>)>;

/// Writes the gradient of every parameter over groups of slices, in their order, or adds it to what is
/// there; then takes the step. Returns the gradient's squared norm, taken block by block.
pub(crate) fn gradients<'a>(
    stack: &Stack,
    (groups, group): (usize, impl Fn(usize) -> Differentiated<'a> + Sync),
    (gradient, accumulate): (&mut [f32], Accumulate),
    update: Update<'_>,
) -> f64 {
    let blocks = blocks(stack, gradient, update);
    let mut norms = vec![0.0; blocks.len()];
    share(blocks.into_iter().zip(&mut norms), |(Block { part, gradient, update }, norm)| {
        let groups = (0..groups).map(&group);
        match part {
            Part::Weight { layer, first_row } => {
                let start = match accumulate {
                    Accumulate::Replace => Start::Zero,
                    Accumulate::Add => Start::Output,
                };
                of_weight(stack, (layer, first_row), groups, gradient, start);
            }
            Part::Bias { layer } => {
                if accumulate == Accumulate::Replace {
                    gradient.fill(0.0);
                }
                of_bias(layer, groups, gradient);
            }
        }
        *norm = squared_norm_of_chunk(gradient);
        if let Some((parameters, step)) = update {
            step.apply_to_chunk(parameters, gradient);
        }
    });
    norms.iter().sum()
}

/// Cuts the flat buffers into blocks.
fn blocks<'a>(
    stack: &Stack,
    mut gradient: &'a mut [f32],
    mut update: Update<'a>,
) -> Vec<Block<'a>> {
    let cut = |(part, length): (Part, usize)| {
        let numbers;
        (numbers, gradient) = std::mem::take(&mut gradient).split_at_mut(length);
        let now = update.take().map(|(parameters, step)| {
            let (parameters, others) = parameters.split_at_mut(length);
            let (step, of_others) = step.split_at(length);
            update = Some((others, of_others));
            (parameters, step)
        });
        Block { part, gradient: numbers, update: now }
    };
    parts(stack).into_iter().map(cut).collect()
}

/// The blocks' parts and lengths, in the order of the flat buffer.
fn parts(stack: &Stack) -> Vec<(Part, usize)> {
    let mut places = Vec::new();
    for (index, layer) in stack.layers().iter().enumerate() {
        places.push((layer.bias, (Part::Bias { layer: index }, layer.outputs)));
        let Weight::Own { offset } = layer.weight else { continue };
        let rows = match layer.inputs * layer.outputs {
            LARGE.. => ROWS_OF_LARGE,
            _ => (BLOCK / layer.inputs).next_multiple_of(TILE_ROWS).max(LEAST_ROWS),
        };
        for first_row in (0..layer.outputs).step_by(rows) {
            let part = Part::Weight { layer: index, first_row };
            let length = rows.min(layer.outputs - first_row) * layer.inputs;
            places.push((offset + first_row * layer.inputs, (part, length)));
        }
    }
    places.sort_unstable_by_key(|(offset, _)| *offset);
    places.into_iter().map(|(_, part)| part).collect()
}

/// Adds the slices' gradients of some rows of a weight, in their order.
fn of_weight<'a>(
    stack: &Stack,
    (owned, first_row): (usize, usize),
    groups: impl Iterator<Item = Differentiated<'a>> + Clone,
    gradient: &mut [f32],
    mut start: Start<'_>,
) {
    for (index, layer) in stack.layers().iter().enumerate().rev() {
        if owner(index, layer) != owned {
            continue;
        }
        let products = groups.clone().map(|group| factors(index, layer, group, first_row));
        add(products, gradient, stack.layers()[owned].inputs, start);
        start = Start::Output;
    }
}

/// Adds the slices' gradients of a bias, in their order.
fn of_bias<'a>(
    layer: usize,
    groups: impl Iterator<Item = Differentiated<'a>>,
    gradient: &mut [f32],
) {
    for Differentiated { slices, workspace, .. } in groups {
        for parts in workspace.biases[layer].all().chunks_exact(gradient.len()).take(slices) {
            gradient.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
        }
    }
}

/// The layer whose weight a layer uses.
fn owner(index: usize, layer: &Layer) -> usize {
    match layer.weight {
        Weight::Own { .. } => index,
        Weight::TransposeOf { layer } => layer,
    }
}

/// `of_weight = of_logits^T input`: (outputs, rows) times (rows, inputs); of a transposed weight
/// `input^T of_logits`. Of the left factor, the columns from `first_row`.
fn factors<'a>(
    index: usize,
    layer: &Layer,
    Differentiated { rows, inputs, workspace, .. }: Differentiated<'a>,
    first_row: usize,
) -> Factors<'a> {
    let input = if index == 0 { inputs } else { workspace.values[index - 1].all() };
    let [of_input, of_gradient] = &workspace.occupied[index];
    let factor = |numbers, width, occupied: &'a Occupied| Factor {
        numbers,
        width,
        occupied: occupied.of_columns(),
    };
    let input = factor(input, layer.inputs, of_input);
    let logits = factor(Buffer::all(&workspace.logits[index]), layer.outputs, of_gradient);
    let (left, right) = match layer.weight {
        Weight::Own { .. } => (logits, input),
        Weight::TransposeOf { .. } => (input, logits),
    };
    Factors { rows, left: left.starting_at(first_row), right }
}

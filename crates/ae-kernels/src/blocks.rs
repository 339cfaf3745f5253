//! Gradients of the parameters, once a batch has gone forward and back, and the optimizer's step.
//!
//! Each is a sum over all rows of the batch, computed block by block: a block stays in a core's
//! cache until the last row was added and its parameters were updated, so a large gradient goes
//! through memory once. The order of the sums is that of the rows, whatever the number of threads.

use crate::batch::squared_norm_of_chunk;
use crate::buffer::Buffer;
use crate::gradient::Accumulate;
use crate::occupied::Occupied;
use crate::optimizer::Step;
use crate::product::{Product, Right, Shape, Start, Strides, Time};
use crate::scratch::{self, Memory};
use crate::share::share;
use crate::simd::Dispatch;
use crate::stack::{Layer, Stack, Weight};
use crate::terms::Bits;
use crate::transpose::transpose;
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

/// Writes the gradient of every parameter over the slices, in their order, or adds it to what is
/// there; then takes the step. Returns the gradient's squared norm, taken block by block.
pub(crate) fn gradients<'a>(
    stack: &Stack,
    (slices, slice): (usize, impl Fn(usize) -> Differentiated<'a> + Sync),
    (gradient, accumulate): (&mut [f32], Accumulate),
    update: Update<'_>,
) -> f64 {
    let blocks = blocks(stack, gradient, update);
    let mut norms = vec![0.0; blocks.len()];
    share(blocks.into_iter().zip(&mut norms), |(Block { part, gradient, update }, norm)| {
        let slices = (0..slices).map(&slice);
        match part {
            Part::Weight { layer, first_row } => {
                let start = match accumulate {
                    Accumulate::Replace => Start::Zero,
                    Accumulate::Add => Start::Output,
                };
                of_weight(stack, (layer, first_row), slices, gradient, start);
            }
            Part::Bias { layer } => {
                if accumulate == Accumulate::Replace {
                    gradient.fill(0.0);
                }
                of_bias(layer, slices, gradient);
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
    slices: impl Iterator<Item = Differentiated<'a>> + Clone,
    gradient: &mut [f32],
    mut start: Start<'_>,
) {
    for (index, layer) in stack.layers().iter().enumerate().rev() {
        if owner(index, layer) != owned {
            continue;
        }
        let products = slices.clone().map(|slice| factors(index, layer, slice, first_row));
        add(products, gradient, stack.layers()[owned].inputs, start);
        start = Start::Output;
    }
}

/// Adds the slices' gradients of a bias, in their order.
fn of_bias<'a>(
    layer: usize,
    slices: impl Iterator<Item = Differentiated<'a>>,
    gradient: &mut [f32],
) {
    for Differentiated { slices, workspace, .. } in slices {
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

/// `(rows, width)` numbers, and of each column the rows where they differ from 0.
#[derive(Clone, Copy)]
struct Factor<'a> {
    numbers: &'a [f32],
    width: usize,
    occupied: Option<Bits<'a>>,
}

impl Factor<'_> {
    /// The columns from this one on.
    fn starting_at(self, column: usize) -> Self {
        let occupied = self.occupied.map(|bits| bits.starting_at(column));
        Self { numbers: &self.numbers[column..], occupied, ..self }
    }
}

/// A slice's part of a gradient: `left^T right`.
#[derive(Clone, Copy)]
struct Factors<'a> {
    rows: usize,
    left: Factor<'a>,
    right: Factor<'a>,
}

impl Factors<'_> {
    /// For the transposed gradient.
    fn exchanged(self) -> Self {
        Self { left: self.right, right: self.left, ..self }
    }

    /// The time of the product with so many columns of the right factor, in that of all its terms.
    fn time(&self, columns: usize) -> f32 {
        Dispatch::Widest.run(Time { inner: self.rows, columns, occupied: self.left.occupied })
    }

    /// Adds the product to rows of `columns` numbers.
    fn add(self, start: Start<'_>, output: &mut [f32], columns: usize) {
        let Self { rows, left, right } = self;
        Dispatch::Widest.run(Product {
            shape: Shape { rows: output.len() / columns, inner: rows, columns },
            start,
            left: (left.numbers, Strides::row_major(left.width).transposed()),
            right: Right::row_major(right.numbers, right.width),
            output,
            stride: columns,
            occupied: left.occupied,
        });
    }
}

/// Adds products of slices to rows of `width` numbers of a gradient, in their order.
fn add<'a>(
    products: impl Iterator<Item = Factors<'a>> + Clone,
    gradient: &mut [f32],
    width: usize,
    mut start: Start<'_>,
) {
    let height = gradient.len() / width;
    // The first slice speaks for all.
    let is_quicker_exchanged =
        |factors: Factors<'_>| factors.exchanged().time(height) < factors.time(width);
    if products.clone().next().is_some_and(is_quicker_exchanged) {
        return add_exchanged(products.map(Factors::exchanged), gradient, width, start);
    }
    for factors in products {
        factors.add(start, gradient, width);
        start = Start::Output;
    }
}

/// The same from products that are the gradient's transpose: only a left factor's zeros can be left
/// out. Some columns of the gradient after the other, whose sums are in the first cache meanwhile.
fn add_exchanged<'a>(
    products: impl Iterator<Item = Factors<'a>> + Clone,
    gradient: &mut [f32],
    width: usize,
    start: Start<'_>,
) {
    let height = gradient.len() / width;
    let at_once = scratch::BLOCK / height;
    let mut memory = Memory::default();
    for first in (0..width).step_by(at_once) {
        let sums = &mut memory.numbers()[..at_once.min(width - first) * height];
        let mut start = start;
        if let Start::Output = start {
            for (column, sums) in sums.chunks_exact_mut(height).enumerate() {
                let numbers = gradient[first + column..].iter().step_by(width);
                sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum = *number);
            }
        }
        for factors in products.clone() {
            let left = factors.left.starting_at(first);
            Factors { left, ..factors }.add(start, sums, height);
            start = Start::Output;
        }
        transpose(sums, height, (&mut gradient[first..], width));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::occupied::Look;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 613) % 1009) as f32 / 1009.0 - 0.5).collect()
    }

    #[test]
    fn an_exchanged_product_is_the_same_gradient() {
        for (height, width) in [(32, 784), (64, 100), (5, 33), (100, 200)] {
            let slices: Vec<_> = [64, 64, 9]
                .map(|rows| {
                    let background =
                        |i: usize| if i.is_multiple_of(20) { (i % 17) as f32 } else { 0.0 };
                    let right: Vec<f32> = (0..rows * width).map(background).collect();
                    let mut occupied = Occupied::default();
                    occupied.find(&right, width, Look::Both);
                    (rows, numbers(rows * (height + 2)), right, occupied)
                })
                .into();
            let products = slices.iter().map(|(rows, left, right, occupied)| Factors {
                rows: *rows,
                left: Factor { numbers: &left[1..], width: height + 2, occupied: None },
                right: Factor { numbers: right, width, occupied: occupied.of_columns() },
            });
            let quicker = products.clone().next().map(|first| first.exchanged().time(height) < 0.9);
            assert_eq!(quicker, Some(true), "{height} x {width}");
            for mut start in [Start::Zero, Start::Output] {
                let mut found = numbers(height * width);
                let mut expected = found.clone();
                add(products.clone(), &mut found, width, start);
                for product in products.clone() {
                    product.add(start, &mut expected, width);
                    start = Start::Output;
                }
                assert_eq!(found, expected, "{height} x {width}");
            }
        }
    }
}

//! Max pooling.

use std::ops::Range;

use super::{Context, Kind, Padding, Refusal};
use crate::chain::{Backward, Epilogue, Memory, NeededOrder, Operation, Order, Pass, Scratch};
use crate::simd::vectorised;
use crate::{Extent, Shape};

/// The largest number of each window, in every channel. The first of equal ones, in row-major order, has the gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPooling {
    /// Rows and columns of a window, each at least 1. With `same` padding it may be larger than the map.
    pub size: Extent,
    /// Positions from one window to the next, down and across, each at least 1.
    pub stride: Extent,
    /// With `same`, what lies beyond the edges is less than any number.
    pub padding: Padding,
}

impl MaxPooling {
    /// The windows down and across, between checked shapes.
    fn axes(&self, input: Shape, output: Shape) -> [PoolingAxis; 2] {
        let Self { size, stride, padding } = *self;
        let axis = |length, count, size, stride| {
            let before = padding.before(length, count, size, stride);
            PoolingAxis { size, stride, length, before }
        };
        [
            axis(input.height, output.height, size.height, stride.height),
            axis(input.width, output.width, size.width, stride.width),
        ]
    }
}

impl Kind for MaxPooling {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        let Self { size, stride, .. } = *self;
        if !size.is_positive() || !stride.is_positive() {
            let found = format!("a window of {size} and a stride of {stride}");
            return Err(Refusal::new("a window and a stride of at least 1 x 1", found));
        }
        let rows = self.padding.windows(input.height, size.height, stride.height);
        let columns = self.padding.windows(input.width, size.width, stride.width);
        let (rows, columns) = rows.zip(columns).ok_or_else(|| {
            let smaller = format!("a map of at least {size} positions, or padding `same`");
            Refusal::new(smaller, input)
        })?;
        Ok(Shape::new(input.channels, rows.count, columns.count))
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsLast)
    }

    fn has_small_slices(&self) -> bool {
        true
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let Context { input, output, .. } = *context;
        let [rows, columns] = self.axes(input, output);
        Some(Box::new(MaxPoolingOperation { input, output, rows, columns }))
    }
}

/// Windows along an axis of a map.
#[derive(Debug, Clone, Copy)]
struct PoolingAxis {
    size: usize,
    stride: usize,
    /// Positions of the map.
    length: usize,
    /// Positions of the first window that lie before the map.
    before: usize,
}

impl PoolingAxis {
    /// The positions of a window that lie within the map: at least one.
    fn positions(&self, index: usize) -> Range<usize> {
        let (first, before) = (index * self.stride, self.before);
        let end = first.saturating_add(self.size).saturating_sub(before).min(self.length);
        first.saturating_sub(before)..end
    }
}

/// Max pooling of maps with channels last.
#[derive(Debug)]
struct MaxPoolingOperation {
    input: Shape,
    output: Shape,
    rows: PoolingAxis,
    columns: PoolingAxis,
}

impl MaxPoolingOperation {
    /// Calls `visit(output position, input positions of its window)`.
    fn for_each_window(&self, mut visit: impl FnMut(usize, Range<usize>, Range<usize>)) {
        for row in 0..self.output.height {
            let rows = self.rows.positions(row);
            for column in 0..self.output.width {
                let columns = self.columns.positions(column);
                visit(row * self.output.width + column, rows.clone(), columns);
            }
        }
    }

    /// The largest numbers of an item, and where they are if `places` is not empty.
    fn pool(&self, input: &[f32], output: &mut [f32], places: &mut [u32]) {
        let channels = self.input.channels;
        self.for_each_window(|window, rows, columns| {
            let output = &mut output[window * channels..][..channels];
            let mut positions = rows
                .flat_map(|row| columns.clone().map(move |column| row * self.input.width + column));
            let Some(first) = positions.next() else { return };
            output.copy_from_slice(&input[first * channels..][..channels]);
            if places.is_empty() {
                positions.for_each(|position| {
                    replace_smaller(&input[position * channels..][..channels], output);
                });
                return;
            }
            let places = &mut places[window * channels..][..channels];
            for (place, index) in places.iter_mut().zip(first * channels..) {
                *place = index as u32;
            }
            positions.for_each(|position| {
                let first = position * channels;
                replace_with_places(&input[first..][..channels], first as u32, output, places);
            });
        });
    }
}

/// Replaces numbers by larger ones.
fn replace_smaller(input: &[f32], largest: &mut [f32]) {
    vectorised(
        #[inline(always)]
        || {
            for (&x, y) in input.iter().zip(largest) {
                // A NaN must show.
                *y = if x > *y || x.is_nan() { x } else { *y };
            }
        },
    );
}

/// Replaces numbers by larger ones, and their places, which are counted from `first`.
fn replace_with_places(input: &[f32], first: u32, largest: &mut [f32], places: &mut [u32]) {
    vectorised(
        #[inline(always)]
        || {
            let numbers = input.iter().zip(largest).zip(places);
            for (place, ((&x, y), to)) in (first..).zip(numbers) {
                let is_larger = x > *y || x.is_nan();
                *y = if is_larger { x } else { *y };
                *to = if is_larger { place } else { *to };
            }
        },
    );
}

impl Operation for MaxPoolingOperation {
    fn numbers_kept(&self) -> usize {
        2 * self.output.numbers()
    }

    fn forward(&self, pass: &Pass<'_>, input: &[f32], memory: &mut Memory, _: &mut Scratch) {
        let (width, outputs) = (self.input.numbers(), self.output.numbers());
        let values = memory.values.first(pass.count() * outputs);
        memory.indices.resize(values.len(), 0);
        let places = memory.indices.chunks_exact_mut(outputs);
        let items = input.chunks_exact(width).zip(values.chunks_exact_mut(outputs));
        items.zip(places).for_each(|((input, output), places)| self.pool(input, output, places));
    }

    fn backward(&self, _: &Pass<'_>, at: Backward<'_>, memory: &mut Memory, _: &mut Scratch) {
        let Backward { gradient: Some(gradient), input_gradient: Some(to), .. } = at else {
            return;
        };
        to.fill(0.0);
        let outputs = self.output.numbers();
        let items = gradient.chunks_exact(outputs).zip(memory.indices.chunks_exact(outputs));
        for (to, (gradient, places)) in to.chunks_exact_mut(self.input.numbers()).zip(items) {
            for (number, &place) in gradient.iter().zip(places) {
                to[place as usize] += number;
            }
        }
    }

    fn infer(&self, input: &[f32], output: &mut [f32], _: Epilogue, _: &mut Scratch) {
        let outputs = output.chunks_exact_mut(self.output.numbers());
        let items = input.chunks_exact(self.input.numbers()).zip(outputs);
        items.for_each(|(input, output)| self.pool(input, output, &mut []));
    }
}

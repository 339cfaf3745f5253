//! Max pooling.

use std::ops::Range;

use super::convolution::{check_window, smaller_than_window};
use super::padding::Windows;
use super::{Context, Kind, Padding, Refusal};
use crate::Shape;
use crate::chain::{Backward, Epilogue, Memory, NeededOrder, Operation, Order, Pass, Scratch};
use crate::simd::vectorised;

/// The largest number of each window, in every channel. The first of equal ones, in row-major order, has the gradient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPooling {
    /// Rows and columns of a window, at least 1.
    pub size: usize,
    /// Positions between two windows, at least 1.
    pub stride: usize,
    /// With `same`, what lies beyond the edges is less than any number.
    pub padding: Padding,
}

impl Kind for MaxPooling {
    fn output(&self, input: Shape) -> Result<Shape, Refusal> {
        check_window(self.size, self.stride)?;
        let windows = |length| self.padding.windows(length, self.size, self.stride);
        match (windows(input.height), windows(input.width)) {
            (Some(rows), Some(columns)) => {
                Ok(Shape::new(input.channels, rows.count, columns.count))
            }
            _ => Err(smaller_than_window(input, self.size)),
        }
    }

    fn order(&self) -> NeededOrder {
        NeededOrder::This(Order::ChannelsLast)
    }

    fn is_spatial(&self) -> bool {
        true
    }

    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>> {
        let Self { size, stride, padding } = *self;
        let Context { input, output, .. } = *context;
        let rows = padding.windows(input.height, size, stride)?;
        let columns = padding.windows(input.width, size, stride)?;
        Some(Box::new(MaxPoolingOperation { size, stride, input, output, rows, columns }))
    }
}

/// Max pooling of maps with channels last.
#[derive(Debug)]
struct MaxPoolingOperation {
    size: usize,
    stride: usize,
    input: Shape,
    output: Shape,
    rows: Windows,
    columns: Windows,
}

impl MaxPoolingOperation {
    /// The positions of a window along an axis of this length.
    fn positions(&self, windows: Windows, index: usize, length: usize) -> Range<usize> {
        let first = index * self.stride;
        let end = (first + self.size).saturating_sub(windows.before).min(length);
        first.saturating_sub(windows.before)..end
    }

    /// Calls `visit(output position, input positions of its window)`.
    fn for_each_window(&self, mut visit: impl FnMut(usize, Range<usize>, Range<usize>)) {
        for row in 0..self.rows.count {
            let rows = self.positions(self.rows, row, self.input.height);
            for column in 0..self.columns.count {
                let columns = self.positions(self.columns, column, self.input.width);
                visit(row * self.columns.count + column, rows.clone(), columns);
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

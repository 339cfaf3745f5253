//! Blocks of target positions, and what their windows see of the source map.

use std::ops::Range;

use super::geometry::{Extent, Shape};
use super::phase::{Phase, PhaseAxis};
use crate::aligned::AlignedBuffer;
use crate::simd::{LANES, vectorised};

/// Target positions of a block at most.
const POSITIONS: usize = 512;

/// Memory that convolutions of any size use one after the other: at most [`Self::BLOCK`] numbers (or one window, if
/// that is larger), and as many positions as fit into 8 KiB.
#[derive(Debug, Default)]
pub(crate) struct ConvolutionScratch {
    pub(super) map: AlignedBuffer,
    pub(super) positions: Vec<Position>,
}

impl ConvolutionScratch {
    /// Numbers of a block of the source: a first-level cache of 32 KiB.
    pub(crate) const BLOCK: usize = 8192;
}

/// A window and the place of its sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// The window's first number in its block.
    pub(super) source: usize,
    /// The first sum in the target, from that of the block's first position on.
    pub(super) target: usize,
}

/// How the targets of a phase are cut into blocks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Blocks {
    pub(super) phase: Phase,
    pub(super) source: Shape,
    /// Targets of a block.
    extent: Extent,
    /// Whether the source is copied, because windows reach over its border.
    copied: bool,
}

/// A block: ranges of targets along both axes.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) y: Range<usize>,
    pub(super) x: Range<usize>,
}

/// What the windows of a block see: rows with a stride, with all channels of each pixel.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) numbers: &'a [f32],
    pub(super) row_stride: usize,
}

impl Blocks {
    pub(super) fn new(phase: Phase, source: Shape) -> Self {
        let Phase { y, x } = phase;
        let of_rows = |numbers: usize| numbers / source.channels;
        let width = longest(x, POSITIONS, of_rows(ConvolutionScratch::BLOCK) / y.taps);
        let columns = of_rows(ConvolutionScratch::BLOCK) / x.span(width);
        let height = longest(y, POSITIONS / width, columns);
        let copied = !(y.is_within(source.height) && x.is_within(source.width));
        Self { phase, source, extent: Extent { height, width }, copied }
    }

    /// Ranges of columns, and of rows, whose products are the blocks.
    pub(super) fn columns(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        ranges(self.phase.x.targets, self.extent.width)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        ranges(self.phase.y.targets, self.extent.height)
    }

    /// Numbers of a row of the source, or of its copy for a block of these columns.
    pub(super) fn row_stride(&self, columns: &Range<usize>) -> usize {
        let width = if self.copied { self.phase.x.span(columns.len()) } else { self.source.width };
        width * self.source.channels
    }

    /// The positions of the tallest block of these columns. Those of a lower block are the first of them.
    pub(super) fn list_positions(
        &self,
        columns: &Range<usize>,
        target: Shape,
        positions: &mut Vec<Position>,
    ) {
        let Phase { y, x } = self.phase;
        let row_stride = self.row_stride(columns);
        positions.clear();
        for row in 0..self.extent.height {
            for column in 0..columns.len() {
                let place = row * y.target_step * target.width + column * x.target_step;
                let source = row * y.step * row_stride + column * x.step * self.source.channels;
                positions.push(Position { source, target: place * target.channels });
            }
        }
    }

    /// The first sum of a block in the target.
    pub(super) fn first_target(&self, block: &Block, target: Shape) -> usize {
        let Phase { y, x } = self.phase;
        let row = y.first_target + block.y.start * y.target_step;
        (row * target.width + x.first_target + block.x.start * x.target_step) * target.channels
    }

    /// What a block sees of an item: the item itself, or a copy with zeros around it.
    #[inline]
    pub(super) fn view<'a>(
        &self,
        block: &Block,
        item: &'a [f32],
        memory: &'a mut AlignedBuffer,
    ) -> View<'a> {
        let row_stride = self.row_stride(&block.x);
        let Phase { y, x } = self.phase;
        let first_row = y.start + (block.y.start * y.step) as isize;
        let first_column = x.start + (block.x.start * x.step) as isize;
        if !self.copied {
            let first =
                first_row as usize * row_stride + first_column as usize * self.source.channels;
            return View { numbers: &item[first..], row_stride };
        }
        let rows = y.span(block.y.len());
        let numbers = memory.first(rows * row_stride);
        // Columns of the copy that lie within the map.
        let span = x.span(block.x.len());
        let within = within(first_column, span, self.source.width);
        let channels = self.source.channels;
        let source_column = (first_column + within.start as isize) as usize;
        vectorised(
            #[inline(always)]
            || {
                for (index, row) in numbers.chunks_exact_mut(row_stride).enumerate() {
                    let source_row = first_row + index as isize;
                    let is_within = (0..self.source.height as isize).contains(&source_row);
                    if !is_within || within.is_empty() {
                        fill(row);
                        continue;
                    }
                    let from = (source_row as usize * self.source.width + source_column) * channels;
                    let (left, rest) = row.split_at_mut(within.start * channels);
                    let (middle, right) = rest.split_at_mut(within.len() * channels);
                    fill(left);
                    copy(&item[from..][..middle.len()], middle);
                    fill(right);
                }
            },
        );
        View { numbers, row_stride }
    }
}

/// Copies numbers. (`copy_from_slice` calls a function of the C library, which takes longer for a few KiB.)
#[inline(always)]
fn copy(from: &[f32], to: &mut [f32]) {
    let (from, from_rest) = from.as_chunks::<LANES>();
    let (to, to_rest) = to.as_chunks_mut::<LANES>();
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
    for (to, from) in to_rest.iter_mut().zip(from_rest) {
        *to = *from;
    }
}

#[inline(always)]
fn fill(numbers: &mut [f32]) {
    let (vectors, rest) = numbers.as_chunks_mut::<LANES>();
    for vector in vectors {
        *vector = [0.0; LANES];
    }
    for number in rest {
        *number = 0.0;
    }
}

/// The part of `span` positions from `first` on that lies below `length` and not below 0.
fn within(first: isize, span: usize, length: usize) -> Range<usize> {
    let start = first.min(0).unsigned_abs().min(span);
    let end = length.saturating_add_signed(-first).min(span);
    start..end.max(start)
}

/// The most targets, at least one and at most `targets`, whose windows span at most `positions`; fewer, if the last
/// block is as long as the others then.
fn longest(axis: PhaseAxis, targets: usize, positions: usize) -> usize {
    let fitting = positions.checked_sub(axis.taps).map_or(1, |rest| rest / axis.step + 1);
    let most = fitting.min(targets).max(1);
    axis.targets.div_ceil(axis.targets.div_ceil(most))
}

/// Ranges of `step` numbers below `length`.
fn ranges(length: usize, step: usize) -> impl Iterator<Item = Range<usize>> {
    (0..length).step_by(step).map(move |first| first..length.min(first + step))
}

//! The gradients of a convolution's weight and bias.
//!
//! Gradients of the weight are summed in a layout of their own. Each block of an item is summed from 0, position after
//! position, and added to what is there. So the bits depend on the order of the items, not on how many a call has.

use super::block::{Block, Blocks, ConvolutionScratch, View};
use super::geometry::{Direction, Extent, Geometry, Shape};
use super::gradient_tile::{BlockGradient, GradientLayout, Lanes};
use super::phase::Phase;
use super::tile::PANEL_STEP;
use crate::simd::{Dispatch, vectorised};

/// Sums of a channel of which each adds other positions, so that additions do not wait for each other.
const BIAS_SUMS: usize = 64;

/// How the gradient of a weight is computed: sums over positions of a target map, each with the window of a source map.
#[derive(Debug)]
struct Plan {
    phase: Phase,
    source: Shape,
    target: Shape,
    roles: Roles,
    layout: GradientLayout,
}

/// Which side of the convolution the windows are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Roles {
    /// The convolution's own: windows of the map.
    Own,
    /// Those of the adjoint.
    Exchanged,
}

impl Plan {
    fn new(of: &Geometry) -> Self {
        let Geometry { map, windows, stride, .. } = *of;
        let fills_vectors = |shape: Shape| shape.channels.is_multiple_of(2 * PANEL_STEP);
        // With a stride of 1, the adjoint is a convolution too. It has more of its numbers side by side then.
        let exchanged =
            stride == Extent::square(1) && fills_vectors(map) && !fills_vectors(windows);
        let adjoint = if exchanged { Phase::adjoint(of).next() } else { None };
        let (phase, source, target, roles) = match adjoint {
            Some(phase) => (phase, windows, map, Roles::Exchanged),
            None => (Phase::forward(of), map, windows, Roles::Own),
        };
        let run = phase.x.taps * source.channels;
        let (rows, lanes, numbers) = if run.is_multiple_of(PANEL_STEP) && !fills_vectors(target) {
            (target.channels, Lanes::Run, run)
        } else {
            (run, Lanes::Target, target.channels)
        };
        let layout = GradientLayout { lanes, kernel_rows: phase.y.taps, rows, numbers };
        Self { phase, source, target, roles, layout }
    }
}

impl Geometry {
    /// Numbers of the gradient of the weight while it is summed.
    pub(crate) fn packed_gradient_count(&self) -> usize {
        Plan::new(self).layout.count()
    }

    /// Adds each item's gradient of the weight to `packed`, which has [`Self::packed_gradient_count`] numbers and
    /// begins with zeros, given the items of the input and the gradient at the logits.
    ///
    /// # Panics
    /// If a slice has another length.
    pub(crate) fn add_weight_gradient(
        &self,
        input: &[f32],
        logit_gradient: &[f32],
        packed: &mut [f32],
        scratch: &mut ConvolutionScratch,
    ) {
        self.add_weight_gradient_with(Dispatch::Widest, input, logit_gradient, packed, scratch);
    }

    pub(super) fn add_weight_gradient_with(
        &self,
        dispatch: Dispatch,
        input: &[f32],
        logit_gradient: &[f32],
        packed: &mut [f32],
        scratch: &mut ConvolutionScratch,
    ) {
        let Plan { phase, source, target, roles, layout } = Plan::new(self);
        let (of_source, of_target) = match (self.direction, roles) {
            (Direction::Forward, Roles::Own) | (Direction::Transposed, Roles::Exchanged) => {
                (input, logit_gradient)
            }
            _ => (logit_gradient, input),
        };
        let items = of_source.len() / source.numbers();
        assert_eq!(of_source.len(), items * source.numbers(), "whole items");
        assert_eq!(of_target.len(), items * target.numbers(), "as many items on the other side");
        assert_eq!(packed.len(), layout.count(), "numbers of the packed gradient");
        let blocks = Blocks::new(phase, source);
        let pairs = of_source.chunks_exact(source.numbers());
        for (of_source, of_target) in pairs.zip(of_target.chunks_exact(target.numbers())) {
            for columns in blocks.columns() {
                for rows in blocks.rows() {
                    let block = Block { y: rows, x: columns.clone() };
                    let numbers = &of_target[blocks.first_target(&block, target)..];
                    let row_stride = target.width * target.channels;
                    dispatch.run(BlockGradient {
                        layout,
                        source: blocks.view(&block, of_source, &mut scratch.map),
                        target: View { numbers, row_stride },
                        extent: Extent { height: block.y.len(), width: block.x.len() },
                        row_step: phase.y.step,
                        source_step: phase.x.step * source.channels,
                        target_step: target.channels,
                        packed,
                    });
                }
            }
        }
    }

    /// Adds a gradient that [`Self::add_weight_gradient`] made to one in PyTorch's layout.
    ///
    /// # Panics
    /// If a slice has another length.
    pub(crate) fn unpack_weight_gradient(&self, packed: &[f32], weight_gradient: &mut [f32]) {
        let Plan { phase, source, roles, layout, .. } = Plan::new(self);
        assert_eq!(packed.len(), layout.count(), "numbers of the packed gradient");
        assert_eq!(weight_gradient.len(), self.weight_count(), "numbers of the weight");
        let (run_step, target_step) = match layout.lanes {
            Lanes::Target => (layout.padded_lanes(), 1),
            Lanes::Run => (1, layout.padded_lanes()),
        };
        let (map_step, window_step) = match roles {
            Roles::Own => (run_step, target_step),
            Roles::Exchanged => (target_step, run_step),
        };
        let taps = self.kernel.height * self.kernel.width;
        let kernels = weight_gradient.chunks_exact_mut(taps);
        for (index, kernel) in kernels.enumerate() {
            let (window, channel) = (index / self.map.channels, index % self.map.channels);
            let place = window * window_step + channel * map_step;
            for y in 0..phase.y.taps {
                let numbers = &packed[layout.place(y, 0, 0) + place..];
                let row = &mut kernel[phase.y.tap(y) * self.kernel.width..][..self.kernel.width];
                for x in 0..phase.x.taps {
                    row[phase.x.tap(x)] += numbers[x * source.channels * run_step];
                }
            }
        }
    }

    /// Adds each item's sum of the gradient at the logits over all positions to one number a channel.
    ///
    /// # Panics
    /// If a slice has another length.
    pub(crate) fn add_bias_gradient(&self, logit_gradient: &[f32], bias_gradient: &mut [f32]) {
        let Shape { channels, .. } = self.output();
        let item = self.output().numbers();
        assert!(logit_gradient.len().is_multiple_of(item), "whole items of the output");
        assert_eq!(bias_gradient.len(), channels, "a number for each channel");
        for item in logit_gradient.chunks_exact(item) {
            if channels > BIAS_SUMS {
                add_rows(item, bias_gradient);
                continue;
            }
            let mut sums = [0.0; BIAS_SUMS];
            let width = BIAS_SUMS / channels * channels;
            if width == BIAS_SUMS {
                add_whole_rows(item, &mut sums);
            } else {
                add_rows(item, &mut sums[..width]);
            }
            for sums in sums[..width].chunks_exact(channels) {
                bias_gradient.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
            }
        }
    }
}

/// Adds rows, of which the last may be shorter, to the sums, which stay in registers.
fn add_whole_rows(rows: &[f32], sums: &mut [f32; BIAS_SUMS]) {
    vectorised(
        #[inline(always)]
        || {
            let (rows, rest) = rows.as_chunks::<BIAS_SUMS>();
            let mut added = *sums;
            for row in rows {
                for i in 0..BIAS_SUMS {
                    added[i] += row[i];
                }
            }
            for (sum, number) in added.iter_mut().zip(rest) {
                *sum += number;
            }
            *sums = added;
        },
    );
}

/// The same for rows of any length.
fn add_rows(rows: &[f32], sums: &mut [f32]) {
    vectorised(
        #[inline(always)]
        || {
            for row in rows.chunks(sums.len()) {
                for (sum, number) in sums.iter_mut().zip(row) {
                    *sum += number;
                }
            }
        },
    );
}

//! A convolution with its weight rearranged for the kernels: the forward pass and the gradient at the input.

use super::block::{Block, Blocks, ConvolutionScratch};
use super::geometry::{Convolution, Direction, Shape};
use super::phase::Phase;
use super::tile::{PANEL, PANEL_STEP, Panel, PanelSums};
use crate::Activation;
use crate::activation::activate_columns;
use crate::aligned::AlignedBuffer;
use crate::simd::Dispatch;

/// A convolution with its weight in panels. Begin with [`PackedConvolution::new`] and pack a weight; pack again when it
/// changes.
#[derive(Debug)]
pub struct PackedConvolution {
    geometry: Convolution,
    forward: PackedMap,
    backward: PackedMap,
}

impl PackedConvolution {
    /// Without a weight.
    pub fn new(geometry: Convolution) -> Self {
        let [of_map, of_windows] = [PackedMap::forward(&geometry), PackedMap::adjoint(&geometry)];
        let (forward, backward) = match geometry.direction {
            Direction::Forward => (of_map, of_windows),
            Direction::Transposed => (of_windows, of_map),
        };
        Self { geometry, forward, backward }
    }

    /// The shapes.
    pub fn geometry(&self) -> &Convolution {
        &self.geometry
    }

    /// Packs a weight (in PyTorch's layout, see [`Convolution::new`] and [`Convolution::transposed`]) and a bias of one
    /// number a channel for [`Self::forward`].
    ///
    /// # Panics
    /// If a slice has another length.
    pub fn pack_forward(&mut self, weight: &[f32], bias: &[f32]) {
        assert_eq!(weight.len(), self.geometry.weight_count(), "numbers of the weight");
        assert_eq!(bias.len(), self.geometry.output().channels, "a bias for each channel");
        self.forward.pack(weight);
        self.forward.bias.first(self.forward.padded_channels())[..bias.len()].copy_from_slice(bias);
    }

    /// Packs a weight for [`Self::input_gradient`].
    ///
    /// # Panics
    /// If the slice has another length.
    pub fn pack_backward(&mut self, weight: &[f32]) {
        assert_eq!(weight.len(), self.geometry.weight_count(), "numbers of the weight");
        self.backward.pack(weight);
        self.backward.bias.first(self.backward.padded_channels());
    }

    /// Writes the activation's values of each item; with [`Activation::Linear`], the logits. Items of the input, (height,
    /// width, channels) each, to items of the output.
    ///
    /// # Panics
    /// If a slice does not hold whole items, as many of the input as of the output, or no weight was packed.
    pub fn forward(
        &self,
        input: &[f32],
        output: &mut [f32],
        activation: Activation,
        scratch: &mut ConvolutionScratch,
    ) {
        self.forward.run(Dispatch::Widest, input, output, activation, scratch);
    }

    /// Writes the gradient at the input, given the gradient at the logits of each item.
    ///
    /// # Panics
    /// If a slice does not hold whole items, as many of the input as of the output, or no weight was packed.
    pub fn input_gradient(
        &self,
        logit_gradient: &[f32],
        input_gradient: &mut [f32],
        scratch: &mut ConvolutionScratch,
    ) {
        let linear = Activation::Linear;
        self.backward.run(Dispatch::Widest, logit_gradient, input_gradient, linear, scratch);
    }

    #[cfg(test)]
    pub(super) fn passes(&self) -> [&PackedMap; 2] {
        [&self.forward, &self.backward]
    }
}

/// Sums over windows of a source map, with the weight that they need.
#[derive(Debug)]
pub(super) struct PackedMap {
    source: Shape,
    target: Shape,
    phases: Vec<PackedPhase>,
    bias: AlignedBuffer,
    /// Numbers of the weight from one channel to the next.
    source_stride: usize,
    target_stride: usize,
    /// Numbers of a row of the kernel.
    tap_row: usize,
}

#[derive(Debug)]
struct PackedPhase {
    phase: Phase,
    panels: AlignedBuffer,
}

impl PackedPhase {
    fn new(phase: Phase) -> Self {
        Self { phase, panels: AlignedBuffer::default() }
    }
}

impl PackedMap {
    fn forward(of: &Convolution) -> Self {
        let taps = of.kernel.height * of.kernel.width;
        Self {
            source: of.map,
            target: of.windows,
            phases: vec![PackedPhase::new(Phase::forward(of))],
            bias: AlignedBuffer::default(),
            source_stride: taps,
            target_stride: taps * of.map.channels,
            tap_row: of.kernel.width,
        }
    }

    fn adjoint(of: &Convolution) -> Self {
        let taps = of.kernel.height * of.kernel.width;
        Self {
            source: of.windows,
            target: of.map,
            phases: Phase::adjoint(of).map(PackedPhase::new).collect(),
            bias: AlignedBuffer::default(),
            source_stride: taps * of.map.channels,
            target_stride: taps,
            tap_row: of.kernel.width,
        }
    }

    fn padded_channels(&self) -> usize {
        self.target.channels.next_multiple_of(PANEL_STEP)
    }

    fn pack(&mut self, weight: &[f32]) {
        let (channels, padded) = (self.target.channels, self.padded_channels());
        for PackedPhase { phase, panels } in &mut self.phases {
            let rows = phase.y.taps * phase.x.taps * self.source.channels;
            let panels = panels.first(rows * padded);
            for first in (0..channels).step_by(PANEL) {
                let (width, columns) = (PANEL.min(padded - first), PANEL.min(channels - first));
                let panel = &mut panels[first * rows..][..rows * width];
                let taps = (0..phase.y.taps).flat_map(|y| (0..phase.x.taps).map(move |x| (y, x)));
                let rows_of_tap = self.source.channels * width;
                for (panel, (y, x)) in panel.chunks_exact_mut(rows_of_tap).zip(taps) {
                    let tap = phase.y.tap(y) * self.tap_row + phase.x.tap(x);
                    let of_tap = &weight[first * self.target_stride + tap..];
                    for (channel, row) in panel.chunks_exact_mut(width).enumerate() {
                        let numbers = of_tap[channel * self.source_stride..]
                            .iter()
                            .step_by(self.target_stride);
                        for (to, number) in row[..columns].iter_mut().zip(numbers) {
                            *to = *number;
                        }
                    }
                }
            }
        }
    }

    pub(super) fn run(
        &self,
        dispatch: Dispatch,
        source: &[f32],
        target: &mut [f32],
        activation: Activation,
        scratch: &mut ConvolutionScratch,
    ) {
        let (of_source, of_target) = (self.source.count(), self.target.count());
        let items = source.len() / of_source;
        assert_eq!(source.len(), items * of_source, "whole items of the source");
        assert_eq!(target.len(), items * of_target, "as many items of the target");
        for packed in &self.phases {
            let blocks = Blocks::new(packed.phase, self.source);
            for columns in blocks.columns() {
                blocks.list_positions(&columns, self.target, &mut scratch.positions);
                let pairs = source.chunks_exact(of_source).zip(target.chunks_exact_mut(of_target));
                for (source, target) in pairs {
                    for rows in blocks.rows() {
                        let block = Block { y: rows, x: columns.clone() };
                        let place = blocks.first_target(&block, self.target);
                        self.block(
                            dispatch,
                            packed,
                            &blocks,
                            &block,
                            source,
                            &mut target[place..],
                            scratch,
                        );
                        if let [_] = self.phases.as_slice() {
                            let stride = self.target.width * self.target.channels;
                            let width = columns.len() * self.target.channels;
                            let end = (block.y.len() - 1) * stride + width;
                            activate_columns(
                                activation,
                                &mut target[place..][..end],
                                stride,
                                width,
                            );
                        }
                    }
                }
            }
        }
        if self.phases.len() > 1 {
            activate_columns(activation, target, of_target, of_target);
        }
    }

    /// The sums of a block's positions.
    #[expect(clippy::too_many_arguments, reason = "to be replaced")]
    fn block(
        &self,
        dispatch: Dispatch,
        packed: &PackedPhase,
        blocks: &Blocks,
        block: &Block,
        source: &[f32],
        target: &mut [f32],
        scratch: &mut ConvolutionScratch,
    ) {
        let (channels, padded) = (self.target.channels, self.padded_channels());
        let ConvolutionScratch { map, positions } = scratch;
        let view = blocks.view(block, source, map);
        let positions = &positions[..block.y.len() * block.x.len()];
        let Phase { y, x } = packed.phase;
        let run = x.taps * self.source.channels;
        for first in (0..channels).step_by(PANEL) {
            let (width, columns) = (PANEL.min(padded - first), PANEL.min(channels - first));
            let numbers = &packed.panels.all()[first * y.taps * run..];
            let bias = &self.bias.all()[first..];
            let panel = Panel { numbers, bias, rows: y.taps, run, width, columns };
            let target = &mut target[first..];
            dispatch.run(PanelSums { view, positions, panel, target });
        }
    }
}

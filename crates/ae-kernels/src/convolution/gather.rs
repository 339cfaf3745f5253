//! Sums over the windows of a source map: a convolution, or the adjoint of one.

use super::block::{Block, Blocks, ConvolutionScratch};
use super::geometry::{Geometry, Shape};
use super::phase::Phase;
use super::tile::PANEL_STEP;
use super::weight::{PackedWeight, WeightStrides};
use crate::Activation;
use crate::activation::activate_columns;
use crate::aligned::AlignedBuffer;
use crate::simd::Dispatch;

/// A convolution or the adjoint of one, with the weight that it needs.
#[derive(Debug)]
pub(super) struct Gather {
    source: Shape,
    target: Shape,
    strides: WeightStrides,
    /// Until a weight is packed.
    waiting: Waiting,
    phases: Vec<PackedWeight>,
    /// Of each channel of the target; padded.
    bias: AlignedBuffer,
}

/// What the phases are made of when the first weight is packed: an adjoint has one for each position of a stride, and
/// inference needs those of one direction alone.
#[derive(Debug)]
enum Waiting {
    Convolution(Geometry),
    Adjoint(Geometry),
    Nothing,
}

impl Gather {
    /// The convolution: from its map to its windows.
    pub(super) fn convolution(of: &Geometry) -> Self {
        let strides = WeightStrides::of_convolution(of);
        Self::new(of.map, of.windows, strides, Waiting::Convolution(*of))
    }

    /// Its adjoint: from its windows to its map.
    pub(super) fn adjoint(of: &Geometry) -> Self {
        let strides = WeightStrides::of_convolution(of).of_adjoint();
        Self::new(of.windows, of.map, strides, Waiting::Adjoint(*of))
    }

    fn new(source: Shape, target: Shape, strides: WeightStrides, waiting: Waiting) -> Self {
        let mut bias = AlignedBuffer::default();
        bias.first(target.channels.next_multiple_of(PANEL_STEP));
        Self { source, target, strides, waiting, phases: Vec::new(), bias }
    }

    /// Sets the first summand of each channel, which is 0 before.
    pub(super) fn set_bias(&mut self, bias: &[f32]) {
        self.bias.first(self.target.channels).copy_from_slice(bias);
    }

    /// Takes the weight from PyTorch's layout.
    pub(super) fn pack(&mut self, weight: &[f32]) {
        let (source, target) = (self.source.channels, self.target.channels);
        let packed = |phase| PackedWeight::new(phase, source, target);
        match std::mem::replace(&mut self.waiting, Waiting::Nothing) {
            Waiting::Convolution(of) => self.phases.push(packed(Phase::forward(&of))),
            Waiting::Adjoint(of) => self.phases.extend(Phase::adjoint(&of).map(packed)),
            Waiting::Nothing => {}
        }
        self.phases.iter_mut().for_each(|phase| phase.pack(weight, self.strides));
    }

    /// Writes the activation's values of all items of the target.
    pub(super) fn run(
        &self,
        dispatch: Dispatch,
        source: &[f32],
        target: &mut [f32],
        activation: Activation,
        scratch: &mut ConvolutionScratch,
    ) {
        let items = source.len() / self.source.numbers();
        assert_eq!(source.len(), items * self.source.numbers(), "whole items of the source");
        assert_eq!(target.len(), items * self.target.numbers(), "as many items of the target");
        assert!(!self.phases.is_empty(), "a weight was packed");
        let targets = |weight: &PackedWeight| {
            let Phase { y, x } = weight.phase();
            y.targets * x.targets
        };
        let pixels = self.target.height * self.target.width;
        if self.phases.iter().map(targets).sum::<usize>() < pixels {
            // No window reaches the others.
            for pixel in target.chunks_exact_mut(self.target.channels) {
                pixel.copy_from_slice(&self.bias.all()[..self.target.channels]);
            }
        }
        let is_dense = self.phases.iter().all(|weight| weight.phase().is_dense());
        // Where the targets are neighbours, they are activated while they are in the cache.
        let linear = Activation::Linear;
        let (at_once, later) = if is_dense { (activation, linear) } else { (linear, activation) };
        for phase in &self.phases {
            self.run_phase(dispatch, phase, source, target, at_once, scratch);
        }
        activate_columns(later, target, self.target.numbers(), self.target.numbers());
    }

    fn run_phase(
        &self,
        dispatch: Dispatch,
        weight: &PackedWeight,
        source: &[f32],
        target: &mut [f32],
        activation: Activation,
        scratch: &mut ConvolutionScratch,
    ) {
        let blocks = Blocks::new(weight.phase(), self.source);
        let ConvolutionScratch { map, positions } = scratch;
        for columns in blocks.columns() {
            blocks.list_positions(&columns, self.target, positions);
            let items = source.chunks_exact(self.source.numbers());
            for (source, target) in items.zip(target.chunks_exact_mut(self.target.numbers())) {
                for rows in blocks.rows() {
                    let block = Block { y: rows, x: columns.clone() };
                    let view = blocks.view(&block, source, map);
                    let positions = &positions[..block.y.len() * block.x.len()];
                    let target = &mut target[blocks.first_target(&block, self.target)..];
                    weight.sums(dispatch, view, positions, self.bias.all(), target);
                    if activation != Activation::Linear {
                        let stride = self.target.width * self.target.channels;
                        let width = columns.len() * self.target.channels;
                        let end = (block.y.len() - 1) * stride + width;
                        activate_columns(activation, &mut target[..end], stride, width);
                    }
                }
            }
        }
    }
}

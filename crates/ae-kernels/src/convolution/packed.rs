//! A convolution with its weight rearranged for the kernels: the forward pass and the gradient at the input.

use super::block::ConvolutionScratch;
use super::gather::Gather;
use super::geometry::{Direction, Geometry};
use crate::Activation;
use crate::simd::Dispatch;

/// A convolution with its weight in panels. Begin with [`PackedConvolution::new`] and pack a weight; pack again when it
/// changes.
#[derive(Debug)]
pub(crate) struct PackedConvolution {
    geometry: Geometry,
    forward: Gather,
    backward: Gather,
}

impl PackedConvolution {
    /// Without a weight.
    pub(crate) fn new(geometry: Geometry) -> Self {
        let (own, adjoint) = (Gather::convolution(&geometry), Gather::adjoint(&geometry));
        let (forward, backward) = match geometry.direction {
            Direction::Forward => (own, adjoint),
            Direction::Transposed => (adjoint, own),
        };
        Self { geometry, forward, backward }
    }

    /// The shapes.
    pub(crate) fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Packs a weight (in PyTorch's layout, see [`Geometry::new`] and [`Geometry::transposed`]) and a bias of one
    /// number a channel for [`Self::forward`].
    ///
    /// # Panics
    /// If a slice has another length.
    pub(crate) fn pack_forward(&mut self, weight: &[f32], bias: &[f32]) {
        self.forward.pack(weight);
        self.forward.set_bias(bias);
    }

    /// Packs a weight for [`Self::input_gradient`].
    ///
    /// # Panics
    /// If the slice has another length.
    pub(crate) fn pack_backward(&mut self, weight: &[f32]) {
        self.backward.pack(weight);
    }

    /// Writes the activation's values of each item; with [`Activation::Linear`], the logits. Items of the input,
    /// (height, width, channels) each, to items of the output.
    ///
    /// # Panics
    /// If a slice does not hold whole items, as many of the input as of the output, or no weight was packed.
    pub(crate) fn forward(
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
    pub(crate) fn input_gradient(
        &self,
        logit_gradient: &[f32],
        input_gradient: &mut [f32],
        scratch: &mut ConvolutionScratch,
    ) {
        let linear = Activation::Linear;
        self.backward.run(Dispatch::Widest, logit_gradient, input_gradient, linear, scratch);
    }

    /// The sums of the forward pass and of the gradient at the input.
    #[cfg(test)]
    pub(super) fn passes(&self) -> [&Gather; 2] {
        [&self.forward, &self.backward]
    }
}

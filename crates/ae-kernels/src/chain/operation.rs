//! What every layer does when it runs: forward, backward, inference.

use std::fmt::Debug;
use std::ops::Range;

use super::dense::DenseOperation;
use super::normalisation::Normalisation;
use crate::aligned::AlignedBuffer;
use crate::convolution::ConvolutionScratch;
use crate::product::{Nonzeros, PanelCopy};

/// A source of random numbers: `draws(layer, rows, numbers)`.
pub(crate) type Draws<'a> = dyn Fn(usize, Range<usize>, &mut [f32]) + Sync + 'a;

/// A layer that runs, over rows of items in a fixed order of channels.
pub(crate) trait Operation: Debug + Send + Sync {
    /// Rearranges the parameters. The work is done when each of the tasks was run.
    fn pack<'a>(&'a mut self, _: &'a [f32], _: Passes, _: &mut Vec<PackTask<'a>>) {}

    /// Numbers that the forward pass of an item keeps for the backward pass, its output included.
    fn numbers_kept(&self) -> usize;

    /// Writes the output of a training's forward pass to `memory.values`.
    fn forward(&self, pass: &Pass<'_>, input: &[f32], memory: &mut Memory, scratch: &mut Scratch);

    /// Computes the gradient at the input and adds the gradient of its parameters, after [`Operation::forward`] with
    /// the same memory.
    fn backward(
        &self,
        pass: &Pass<'_>,
        backward: Backward<'_>,
        memory: &mut Memory,
        scratch: &mut Scratch,
    );

    /// Writes the output of rows in inference.
    fn infer(&self, input: &[f32], output: &mut [f32], epilogue: Epilogue, scratch: &mut Scratch);

    /// The dense layer that it is, if it is one: its weight's gradient is computed after the backward pass.
    fn dense(&self) -> Option<&DenseOperation> {
        None
    }

    /// Whether the loss takes `memory.logits`, and the backward pass finds the gradient there.
    fn gives_logits(&self) -> bool {
        false
    }
}

/// What an operation applies to its output in inference, if it has an activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Epilogue {
    /// Its activation.
    Activation,
    /// Nothing: the caller wants the logits of the last activation.
    None,
}

/// The scale and the shift of each channel that follow an operation in inference and are computed with it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Affine {
    pub(crate) scale: Vec<f32>,
    pub(crate) shift: Vec<f32>,
}

/// Whether an operation is packed for the gradient at its input too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passes {
    Forward,
    ForwardAndBackward,
}

/// A part of the rearrangement of parameters.
pub(crate) enum PackTask<'a> {
    Panel(PanelCopy<'a>),
    Other(Box<dyn FnOnce() + Send + 'a>),
}

impl PackTask<'_> {
    pub(crate) fn run(self) {
        match self {
            Self::Panel(copy) => copy.run(),
            Self::Other(work) => work(),
        }
    }
}

/// The rows that go through the operations together.
pub(crate) struct Pass<'a> {
    /// Within the batch.
    pub(crate) rows: Range<usize>,
    /// The slices that they are of, in order.
    pub(crate) parts: &'a [Part],
    pub(crate) draws: Option<&'a Draws<'a>>,
    /// The statistics of the batch, for operations that need them.
    pub(crate) normalisations: &'a [Normalisation],
}

/// Rows of one slice.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Within the rows of the pass.
    pub(crate) rows: Range<usize>,
    /// Whether they are the first and the last of the slice.
    pub(crate) starts: bool,
    pub(crate) ends: bool,
}

impl Pass<'_> {
    pub(crate) fn count(&self) -> usize {
        self.rows.len()
    }

    /// Writes the random numbers of a layer, channels first.
    pub(crate) fn draw(&self, layer: usize, numbers: &mut [f32]) {
        match self.draws {
            Some(draws) => draws(layer, self.rows.clone(), numbers),
            None => numbers.fill(0.0),
        }
    }
}

/// What the backward pass of an operation reads and writes.
pub(crate) struct Backward<'a> {
    pub(crate) input: &'a [f32],
    /// The gradient at the output; `None` if the loss has written that at the logits to `memory.logits`.
    pub(crate) gradient: Option<&'a [f32]>,
    pub(crate) input_gradient: Option<&'a mut [f32]>,
    /// The gradient of the parameters that are trained per slice: a row for each part of the pass.
    pub(crate) slice_gradients: &'a mut [f32],
}

/// What an operation keeps between the forward and the backward pass.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The output.
    pub(crate) values: AlignedBuffer,
    /// The output before the activation, replaced by the gradient at it in the backward pass.
    pub(crate) logits: AlignedBuffer,
    /// Random numbers.
    pub(crate) numbers: AlignedBuffer,
    pub(crate) indices: Vec<u32>,
    /// The gradient of a slice in an order of the operation's own.
    pub(crate) sums: AlignedBuffer,
    /// What differs from 0 on both sides of a dense layer.
    pub(crate) nonzeros: LayerNonzeros,
}

/// The nonzeros of a layer's input and of the gradient at its logits.
#[derive(Debug, Default)]
pub(crate) struct LayerNonzeros {
    pub(crate) input: Nonzeros,
    pub(crate) logit_gradient: Nonzeros,
}

/// Memory that operations use one after the other.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) convolution: ConvolutionScratch,
    pub(crate) numbers: AlignedBuffer,
    pub(crate) indices: Vec<u32>,
    pub(crate) nonzeros: Nonzeros,
}

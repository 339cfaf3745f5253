//! A chain compiled to operations for inference.

use std::ops::Range;

use super::operation::{Affine, Epilogue, PackTask, Passes};
use super::order::Order;
use super::program::{Boundary, Compiler, LayerOptions, Op};
use crate::layer::{Layer, Purpose};
use crate::threads::run_all;
use crate::{Activation, Chain};

/// A part of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The layers up to the code.
    Encoder,
    /// The layers after it.
    Decoder,
    /// All layers.
    Whole,
}

/// A chain for inference: batch normalisation and activations are computed with the layer before them, and nothing
/// random happens.
#[derive(Debug)]
pub(crate) struct InferenceProgram {
    pub(crate) ops: Vec<Op>,
    /// Operations up to the code, which is given with channels first.
    code: usize,
    /// The means and log-variances of the layer that samples.
    pub(crate) sample: Option<Boundary>,
    /// The operation with the last activation: after it numbers only move.
    activated: Option<usize>,
}

impl InferenceProgram {
    /// The operations of a chain with these parameters, packed.
    pub(crate) fn new(chain: &Chain, parameters: &[f32]) -> Self {
        let purpose = Purpose::Inference { affine: None };
        let mut compiler = Compiler::new(chain, chain.input_shape(), purpose);
        let depth = chain.code() + 1;
        let mut sample = None;
        let plan = plan(chain, parameters);
        let (mut code, mut activated) = (0, None);
        for (index, planned) in plan.iter().enumerate() {
            if chain.sample() == Some(index) {
                sample = Some(compiler.boundary());
            }
            match planned {
                Planned::Done => compiler.shape = chain.shapes()[index + 1],
                Planned::Layer { activation, affine } => {
                    let (activation, affine) = (*activation, affine.as_ref());
                    let before = compiler.ops.len();
                    compiler.layer(index, LayerOptions { activation, is_last: false, affine });
                    // The layer's operation is the last one, after a change of order.
                    let last = chain.last_activated();
                    let done = plan[index + 1..].iter().take_while(|next| next.is_done()).count();
                    let is_here = last.is_some_and(|last| (index..=index + done).contains(&last));
                    if is_here && compiler.ops.len() > before {
                        activated = Some(compiler.ops.len() - 1);
                    }
                }
            }
            if index + 1 == depth || index + 1 == plan.len() {
                compiler.change_order(Order::ChannelsFirst);
            }
            if index + 1 == depth {
                code = compiler.ops.len();
            }
        }
        let mut program = Self { ops: compiler.ops, code, sample, activated };
        let mut tasks = Vec::new();
        for op in &mut program.ops {
            op.operation.pack(parameters, Passes::Forward, &mut tasks);
        }
        run_all(tasks, PackTask::run);
        program
    }

    /// The operations of a stage.
    pub(crate) fn stage(&self, stage: Stage) -> Range<usize> {
        match stage {
            Stage::Encoder => 0..self.code,
            Stage::Decoder => self.code..self.ops.len(),
            Stage::Whole => 0..self.ops.len(),
        }
    }

    /// What an operation applies to its output, if `last` is applied to the last activation's.
    pub(crate) fn epilogue(&self, op: usize, last: Epilogue) -> Epilogue {
        if self.activated == Some(op) { last } else { Epilogue::Activation }
    }

    /// Numbers of an item that are kept at once.
    pub(crate) fn numbers_of_item(&self) -> usize {
        2 * self.ops.iter().map(|op| op.inputs.max(op.outputs)).max().unwrap_or(0)
    }
}

/// How a layer is computed.
#[derive(Debug)]
enum Planned {
    /// With the layer before it.
    Done,
    Layer {
        activation: Activation,
        affine: Option<Affine>,
    },
}

impl Planned {
    fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

/// Lets layers compute the batch normalisation and the activation that follow, but not beyond the code.
fn plan(chain: &Chain, parameters: &[f32]) -> Vec<Planned> {
    let layers = chain.layers();
    let mut plan = Vec::new();
    while plan.len() < layers.len() {
        let index = plan.len();
        let end = if index <= chain.code() { chain.code() + 1 } else { layers.len() };
        let kind = layers[index].kind();
        let (mut activation, mut affine, mut next) = (kind.activation(), None, index + 1);
        let following = |next: usize| layers[..end].get(next).map(Layer::kind);
        if kind.takes_what_follows() {
            if let Some(norm) = following(next).and_then(|kind| kind.batch_norm()) {
                let channels = chain.shapes()[next].channels;
                affine = Some(norm.running(parameters, channels));
                next += 1;
            }
            if let Some(Layer::Activation(other)) = layers[..end].get(next) {
                activation = *other;
                next += 1;
            }
        }
        plan.push(Planned::Layer { activation, affine });
        plan.extend((index + 1..next).map(|_| Planned::Done));
    }
    plan
}

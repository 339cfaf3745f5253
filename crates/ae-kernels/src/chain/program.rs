//! A chain compiled to operations that run one after the other.

use std::ops::Range;

use super::operation::{Affine, Operation, PackTask, Passes};
use super::order::{Identity, NeededOrder, Order, Permutation, Transposition};
use super::{SMALL_SLICE_ROWS, rows_together};
use crate::layer::{Context, Place, Purpose, Role};
use crate::threads::run_all;
use crate::{Activation, Chain, Objective, Penalty, Shape};

/// An operation and its place in the chain.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) operation: Box<dyn Operation>,
    /// Numbers of an item before and after it.
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// The parameters of its layer.
    pub(crate) places: Vec<Place>,
    /// Numbers of the gradient that is computed slice by slice.
    pub(crate) slice_numbers: usize,
    /// Whether the gradient at its input is needed.
    pub(crate) needs_input_gradient: bool,
}

/// Whether the chain is cut after the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeMeans {
    /// A penalty is a function of the code's means over the batch.
    Needed,
    Unneeded,
}

impl CodeMeans {
    pub(crate) fn of(objective: &Objective) -> Self {
        let counted = |penalty: &&Penalty| penalty.weight() != 0.0;
        let mut counted = objective.penalties.iter().filter(counted);
        match counted.any(|penalty| penalty.kind().of_means().is_some()) {
            true => Self::Needed,
            false => Self::Unneeded,
        }
    }
}

/// What needs statistics of the whole batch before an operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Barrier {
    /// The operation after it is a batch normalisation: its place among these, the layer, its channels, its epsilon and
    /// where its weight begins.
    BatchNorm { index: usize, layer: usize, channels: usize, epsilon: f32, weight: usize },
    /// The code's means.
    Code { width: usize },
}

impl Barrier {
    /// Numbers of a row of the statistics.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::BatchNorm { channels, .. } => channels,
            Self::Code { width } => width,
        }
    }
}

/// Where a value of a chain is: the input of this operation, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Boundary {
    pub(crate) op: usize,
    pub(crate) shape: Shape,
    pub(crate) order: Order,
}

/// A chain for training.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) ops: Vec<Op>,
    /// Ranges of operations between barriers.
    pub(crate) segments: Vec<Range<usize>>,
    /// The barrier after each segment but the last.
    pub(crate) barriers: Vec<Barrier>,
    pub(crate) code: Boundary,
    pub(crate) sample: Option<Boundary>,
    /// The activation that the loss applies to the last operation's output.
    pub(crate) last_activation: Activation,
    /// See [`Chain::has_small_slices`].
    pub(crate) has_small_slices: bool,
}

/// The operations of layers, as they are made.
pub(crate) struct Compiler<'a> {
    chain: &'a Chain,
    pub(crate) ops: Vec<Op>,
    pub(crate) order: Order,
    pub(crate) shape: Shape,
    purpose: Purpose<'a>,
}

impl<'a> Compiler<'a> {
    /// Begins with channels first.
    pub(crate) fn new(chain: &'a Chain, shape: Shape, purpose: Purpose<'a>) -> Self {
        Self { chain, ops: Vec::new(), order: Order::ChannelsFirst, shape, purpose }
    }

    /// Changes the order of channels, if that is another.
    pub(crate) fn change_order(&mut self, order: Order) {
        if order != self.order && !self.shape.has_one_order() {
            let moves = Transposition::to_order(order, self.shape);
            let permutation = Permutation::new(self.shape.numbers(), moves);
            self.push(Box::new(permutation), self.shape, Vec::new());
        }
        self.order = order;
    }

    fn push(&mut self, operation: Box<dyn Operation>, output: Shape, places: Vec<Place>) {
        let per_slice = places.iter().filter(|place| place.role == Role::PerSlice);
        let slice_numbers = per_slice.map(|place| place.length).sum();
        let (inputs, outputs) = (self.shape.numbers(), output.numbers());
        let op =
            Op { operation, inputs, outputs, places, slice_numbers, needs_input_gradient: false };
        self.ops.push(op);
    }

    /// Adds the operation of a layer, with this activation and what is folded into it.
    pub(crate) fn layer(&mut self, index: usize, options: LayerOptions<'a>) {
        let LayerOptions { activation, is_last, affine } = options;
        let kind = self.chain.layers()[index].kind();
        if let NeededOrder::This(order) = kind.order() {
            self.change_order(order);
        }
        let purpose = match self.purpose {
            Purpose::Training => Purpose::Training,
            Purpose::Inference { .. } => Purpose::Inference { affine },
        };
        let output = self.chain.shapes()[index + 1];
        let context = Context {
            chain: self.chain,
            layer: index,
            input: self.shape,
            output,
            order: self.order,
            activation,
            is_first: self.ops.is_empty(),
            is_last,
            purpose,
        };
        if let Some(operation) = kind.operation(&context) {
            self.push(operation, output, kind.places(self.shape));
        }
        self.shape = output;
    }
}

/// How a layer's operation is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerOptions<'a> {
    pub(crate) activation: Activation,
    pub(crate) is_last: bool,
    pub(crate) affine: Option<&'a Affine>,
}

impl Program {
    /// The operations of a chain for training.
    pub(crate) fn for_training(chain: &Chain, code_means: CodeMeans) -> Self {
        let mut compiler = Compiler::new(chain, chain.input_shape(), Purpose::Training);
        let activated = chain.last_activated();
        let (mut barriers, mut norms) = (Vec::new(), 0);
        let [mut code, mut sample] = [None; 2];
        for (index, layer) in chain.layers().iter().enumerate() {
            let kind = layer.kind();
            let is_activated = activated == Some(index);
            let activation = if is_activated { Activation::Linear } else { kind.activation() };
            if let Some(norm) = kind.batch_norm() {
                compiler.change_order(Order::ChannelsLast);
                let (channels, epsilon, weight) =
                    (compiler.shape.channels, norm.epsilon, norm.weight);
                let layer = index;
                let of = Barrier::BatchNorm { index: norms, layer, channels, epsilon, weight };
                norms += 1;
                barriers.push((compiler.ops.len(), of));
            }
            if chain.sample() == Some(index) {
                sample = Some(compiler.boundary());
            }
            let is_last = is_activated && index + 1 == chain.layers().len();
            compiler.layer(index, LayerOptions { activation, is_last, affine: None });
            if index == chain.code() {
                let boundary = compiler.boundary();
                code = Some(boundary);
                if code_means == CodeMeans::Needed {
                    let barrier = Barrier::Code { width: boundary.shape.numbers() };
                    barriers.push((compiler.ops.len(), barrier));
                }
            }
        }
        compiler.change_order(Order::ChannelsFirst);
        let code = code.unwrap_or_else(|| compiler.boundary());
        if code.op == compiler.ops.len() && chain.has_decoder() {
            // Penalties and the loss need values apart.
            let same = Permutation::new(compiler.shape.numbers(), Identity);
            compiler.push(Box::new(same), compiler.shape, Vec::new());
        }
        let mut ops = compiler.ops;
        let mut is_trained = false;
        for op in &mut ops {
            op.needs_input_gradient = is_trained;
            is_trained |= op.places.iter().any(|place| place.role != Role::Untrained);
        }
        let ends = barriers.iter().map(|(op, _)| *op).chain([ops.len()]).collect::<Vec<_>>();
        let mut segments = Vec::new();
        let mut start = 0;
        for end in ends {
            segments.push(start..end);
            start = end;
        }
        Self {
            segments,
            barriers: barriers.into_iter().map(|(_, barrier)| barrier).collect(),
            code,
            sample,
            last_activation: activated
                .map_or(Activation::Linear, |index| chain.layers()[index].kind().activation()),
            has_small_slices: chain.has_small_slices(),
            ops,
        }
    }

    /// Rearranges the parameters for all operations.
    pub(crate) fn pack(&mut self, parameters: &[f32]) {
        let mut tasks = Vec::new();
        for op in &mut self.ops {
            let passes =
                if op.needs_input_gradient { Passes::ForwardAndBackward } else { Passes::Forward };
            op.operation.pack(parameters, passes, &mut tasks);
        }
        run_all(tasks, PackTask::run);
    }

    /// Rows of a slice: `slice_rows` where slices are not small.
    pub(crate) fn slice_rows(&self, slice_rows: usize) -> usize {
        if self.has_small_slices { SMALL_SLICE_ROWS } else { slice_rows }
    }

    /// Rows of small slices that a thread takes through the operations together, from the chain alone: a power of two.
    /// `None` where all rows of a task go together.
    pub(crate) fn rows_together(&self) -> Option<usize> {
        let rows = rows_together(self.numbers_of_item());
        self.has_small_slices.then(|| 1 << rows.ilog2())
    }

    /// Numbers that an item keeps between the forward and the backward pass, with two gradients.
    pub(crate) fn numbers_of_item(&self) -> usize {
        let kept = self.ops.iter().map(|op| op.operation.numbers_kept());
        let widest = self.ops.iter().map(|op| op.inputs.max(op.outputs)).max();
        kept.fold(0, usize::saturating_add).saturating_add(2 * widest.unwrap_or(0))
    }
}

impl Compiler<'_> {
    /// The place that is reached.
    pub(crate) fn boundary(&self) -> Boundary {
        Boundary { op: self.ops.len(), shape: self.shape, order: self.order }
    }
}

impl Chain {
    /// The layer that has the output's activation: the decoder's last one that does more than move numbers. `None`,
    /// which is a linear output, if the decoder only moves numbers. A chain that ends with its code is taken as a
    /// whole.
    pub(crate) fn last_activated(&self) -> Option<usize> {
        let first = if self.has_decoder() { self.code() + 1 } else { 0 };
        let candidates = &self.layers()[first..];
        let last = candidates.iter().rposition(|layer| !layer.kind().is_permutation())?;
        Some(first + last)
    }
}

//! The kinds of layers, each with the places of its parameters in the flat buffer.
//!
//! A kind is a file in this folder and its lines in `layer.rs`; nothing else in the crate names it. The file has the
//! description of the layer, its `Kind` (shapes, parameters, draws) and its `Operation` (forward, backward, inference).

mod activation;
mod batch_norm;
mod convolution;
mod dense;
mod dropout;
mod gaussian_noise;
mod max_pooling;
mod padding;
mod pixel_shuffle;
mod reshape;
mod sample;
mod top_k;
mod upsampling;

use std::fmt::Debug;

pub use batch_norm::BatchNorm;
pub use convolution::{Convolution, Direction};
pub use dense::{Dense, Weight};
pub use dropout::Dropout;
pub use gaussian_noise::GaussianNoise;
pub use max_pooling::MaxPooling;
pub use padding::{Padding, Windows};
pub use pixel_shuffle::{PixelShuffle, PixelUnshuffle};
pub use reshape::Reshape;
pub use sample::Sample;
pub(crate) use sample::half;
pub use top_k::TopK;
pub use upsampling::Upsampling;

use crate::chain::{Affine, NeededOrder, Operation, Order};
use crate::{Activation, Chain, Shape};

/// Why a layer does not fit what comes before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Refusal {
    pub(crate) fn new(expected: impl Into<String>, found: impl ToString) -> Self {
        Self { expected: expected.into(), found: found.to_string() }
    }
}

/// Parameters of a layer within the flat buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) role: Role,
}

/// How the gradient of parameters is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Each item multiplies the weight once: the gradient is a product over all rows of a group, computed after the
    /// backward pass.
    DenseWeight,
    /// The gradient is summed slice by slice in the backward pass.
    PerSlice,
    /// They have no gradient, and no optimizer changes them.
    Untrained,
}

impl Place {
    pub(crate) fn new(role: Role, offset: usize, length: usize) -> Self {
        Self { offset, length, role }
    }
}

/// Where a layer stands when its operation is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) chain: &'a Chain,
    /// Index of the layer.
    pub(crate) layer: usize,
    /// Shapes before and after it.
    pub(crate) input: Shape,
    pub(crate) output: Shape,
    /// The order of the numbers that come in and go out.
    pub(crate) order: Order,
    /// The activation that is computed with it.
    pub(crate) activation: Activation,
    /// Whether it is the first operation.
    pub(crate) is_first: bool,
    /// Whether the loss may be taken from its logits.
    pub(crate) is_last: bool,
    pub(crate) purpose: Purpose<'a>,
}

/// What an operation is made for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose<'a> {
    Training,
    Inference {
        /// The scale and shift of a batch normalisation that is computed with the layer.
        affine: Option<&'a Affine>,
    },
}

impl Purpose<'_> {
    pub(crate) fn is_training(&self) -> bool {
        matches!(self, Self::Training)
    }

    pub(crate) fn affine(&self) -> Option<Affine> {
        match self {
            Self::Training => None,
            Self::Inference { affine } => affine.cloned(),
        }
    }
}

/// What a kind of layer says about itself.
pub(crate) trait Kind: Debug {
    /// The shape of an item after the layer.
    fn output(&self, input: Shape) -> Result<Shape, Refusal>;

    /// Its parameters. Those that are trained per slice come in the order in which the operation sums their gradient.
    fn places(&self, _: Shape) -> Vec<Place> {
        Vec::new()
    }

    /// Its activation; [`Activation::Linear`] for none.
    fn activation(&self) -> Activation {
        Activation::Linear
    }

    /// Whether the layer only moves numbers, so that activations before and after it are the same.
    fn is_permutation(&self) -> bool {
        false
    }

    /// The order of channels that the operation needs.
    fn order(&self) -> NeededOrder {
        NeededOrder::Any
    }

    /// Whether a chain with it has small slices, of 8 rows: layers over maps, and batch normalisation.
    fn has_small_slices(&self) -> bool {
        false
    }

    /// Whether an activation or a batch normalisation that follows can be computed with it.
    fn takes_what_follows(&self) -> bool {
        false
    }

    /// The normalisation by statistics of the batch, if it is one.
    fn batch_norm(&self) -> Option<&BatchNorm> {
        None
    }

    /// The operation that runs; `None` if the numbers stay as they are.
    fn operation(&self, context: &Context<'_>) -> Option<Box<dyn Operation>>;

    /// Whether it draws random numbers in training, and how many for an item.
    fn draws(&self, _: Shape) -> usize {
        0
    }
}

/// Declares the list of layers.
macro_rules! layers {
    ($($(#[$documentation:meta])* $name:ident($type:ty),)*) => {
        /// A layer of a [`Chain`](crate::Chain).
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub enum Layer {
            $($(#[$documentation])* $name($type),)*
        }

        impl Layer {
            /// The names of all variants, so that a test can tell that it covers each.
            pub const VARIANTS: &[&str] = &[$(stringify!($name)),*];

            pub(crate) fn kind(&self) -> &dyn Kind {
                match self { $(Self::$name(layer) => layer,)* }
            }
        }

        $(impl From<$type> for Layer {
            fn from(layer: $type) -> Self {
                Self::$name(layer)
            }
        })*
    };
}

layers! {
    /// A dense layer over all numbers of an item, with an activation.
    Dense(Dense),
    /// A convolution or a transposed one, with an activation.
    Convolution(Convolution),
    /// Nearest-neighbour upsampling.
    Upsampling(Upsampling),
    /// Max pooling.
    MaxPooling(MaxPooling),
    /// Squares of positions to channels.
    PixelUnshuffle(PixelUnshuffle),
    /// Channels to squares of positions.
    PixelShuffle(PixelShuffle),
    /// The same numbers, channels first, in another shape.
    Reshape(Reshape),
    /// Batch normalisation of channels.
    BatchNorm(BatchNorm),
    /// An activation on its own.
    Activation(Activation),
    /// Dropout.
    Dropout(Dropout),
    /// Additive Gaussian noise.
    GaussianNoise(GaussianNoise),
    /// The largest numbers of an item; the others become 0.
    TopK(TopK),
    /// A sample of a Gaussian whose means and log-variances come in.
    Sample(Sample),
}

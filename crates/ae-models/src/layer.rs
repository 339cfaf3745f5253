//! The kinds of layers that a network is made of.
//!
//! A kind is one file of this folder and one line in each list below. It says which shape follows from which, which
//! parameters it has and how they begin, and how it is computed.

mod activation;
#[cfg(any(feature = "candle", feature = "exchange"))]
mod axis;
mod batch_norm;
mod conv;
mod conv_transpose;
mod dense;
mod dropout;
mod gaussian_noise;
mod geometry;
mod kind;
mod max_pool;
mod pixel_shuffle;
mod reshape;
mod sample;
mod top_k;
mod upsample;

use serde::{Deserialize, Serialize};

pub use activation::ActivationLayer;
#[cfg(any(feature = "candle", feature = "exchange"))]
pub(crate) use axis::{Axis, axes};
pub use batch_norm::BatchNorm;
pub use conv::Conv;
pub use conv_transpose::ConvTranspose;
pub use dense::Dense;
pub use dropout::Dropout;
pub use gaussian_noise::GaussianNoise;
pub use geometry::Window;
pub use kind::{Distribution, Draws};
pub(crate) use kind::{Initial, LayerKind, LayerParameter};
pub use max_pool::MaxPool;
pub use pixel_shuffle::{PixelShuffle, PixelUnshuffle};
pub use reshape::Reshape;
pub use sample::Sample;
pub use top_k::TopK;
pub use upsample::Upsample;

/// A layer of a network. In files it is a table whose key `layer` names the kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "layer", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Layer {
    /// A dense layer.
    Dense(Dense),
    /// A convolution.
    Conv(Conv),
    /// A transposed convolution.
    ConvTranspose(ConvTranspose),
    /// Nearest-neighbour upsampling.
    Upsample(Upsample),
    /// Max pooling.
    MaxPool(MaxPool),
    /// Blocks of pixels to channels.
    PixelUnshuffle(PixelUnshuffle),
    /// Channels to blocks of pixels.
    PixelShuffle(PixelShuffle),
    /// Another shape of the same numbers.
    Reshape(Reshape),
    /// Batch normalisation.
    BatchNorm(BatchNorm),
    /// An activation.
    Activation(ActivationLayer),
    /// Dropout.
    Dropout(Dropout),
    /// Gaussian noise.
    GaussianNoise(GaussianNoise),
    /// The largest numbers of a code.
    TopK(TopK),
    /// A sample of a variational code.
    Sample(Sample),
}

impl Layer {
    /// What its kind is called in files: `max-pool`.
    pub fn kind_name(&self) -> &'static str {
        self.kind().name()
    }

    /// What all kinds have in common.
    pub(crate) fn kind(&self) -> &dyn LayerKind {
        match self {
            Self::Dense(layer) => layer,
            Self::Conv(layer) => layer,
            Self::ConvTranspose(layer) => layer,
            Self::Upsample(layer) => layer,
            Self::MaxPool(layer) => layer,
            Self::PixelUnshuffle(layer) => layer,
            Self::PixelShuffle(layer) => layer,
            Self::Reshape(layer) => layer,
            Self::BatchNorm(layer) => layer,
            Self::Activation(layer) => layer,
            Self::Dropout(layer) => layer,
            Self::GaussianNoise(layer) => layer,
            Self::TopK(layer) => layer,
            Self::Sample(layer) => layer,
        }
    }
}

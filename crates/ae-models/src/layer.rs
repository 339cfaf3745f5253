//! The kinds of layers that a network is made of.
//!
//! A kind is a file of the folder `layer/`, and in `layer.rs` its `mod` and `pub use` and a line of the list. The file
//! says what is written of it, which shape follows from which, which parameters it has and how they begin, and how it
//! is computed: as the kernels' layer, over tensors and in an ONNX graph.

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

use crate::Activation;
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
pub(crate) use kind::{Initial, LayerKind, LayerParameter, Slide};
pub use max_pool::MaxPool;
pub use pixel_shuffle::{PixelShuffle, PixelUnshuffle};
pub use reshape::Reshape;
pub use sample::Sample;
pub use top_k::TopK;
pub use upsample::Upsample;

/// Declares the list of kinds: the variant, its description, and what the kind is called in files.
macro_rules! layers {
    ($($(#[$documentation:meta])* $kind:ident($type:ty) = $name:literal,)*) => {
        /// A layer of a network. In files it is a table whose key `layer` names the kind.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "layer")]
        #[non_exhaustive]
        pub enum Layer {
            $($(#[$documentation])* #[serde(rename = $name)] $kind($type),)*
        }

        impl Layer {
            /// What all kinds are called in files.
            pub const KINDS: &[&str] = &[$($name),*];

            /// What its kind is called in files: `max-pool`.
            pub fn kind_name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $name,)* }
            }

            /// What all kinds have in common.
            pub(crate) fn kind(&self) -> &dyn LayerKind {
                match self { $(Self::$kind(layer) => layer,)* }
            }
        }
    };
}

layers! {
    /// A dense layer.
    Dense(Dense) = "dense",
    /// A convolution.
    Conv(Conv) = "conv",
    /// A transposed convolution.
    ConvTranspose(ConvTranspose) = "conv-transpose",
    /// Nearest-neighbour upsampling.
    Upsample(Upsample) = "upsample",
    /// Max pooling.
    MaxPool(MaxPool) = "max-pool",
    /// Blocks of pixels to channels.
    PixelUnshuffle(PixelUnshuffle) = "pixel-unshuffle",
    /// Channels to blocks of pixels.
    PixelShuffle(PixelShuffle) = "pixel-shuffle",
    /// Another shape of the same numbers.
    Reshape(Reshape) = "reshape",
    /// Batch normalisation.
    BatchNorm(BatchNorm) = "batch-norm",
    /// An activation.
    Activation(ActivationLayer) = "activation",
    /// Dropout.
    Dropout(Dropout) = "dropout",
    /// Gaussian noise.
    GaussianNoise(GaussianNoise) = "gaussian-noise",
    /// The largest numbers of a code.
    TopK(TopK) = "top-k",
    /// A sample of a variational code.
    Sample(Sample) = "sample",
}

impl Layer {
    /// The activation at the end of the layer, if its kind has one.
    pub fn activation(&self) -> Option<Activation> {
        self.kind().activation()
    }
}

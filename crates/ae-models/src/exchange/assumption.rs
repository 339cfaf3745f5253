//! What an import had to assume, because weights do not say it.

use std::fmt;

use crate::{Activation, ModelKind};

/// How a matrix of weights is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightLayout {
    /// Rows are outputs, columns are inputs: PyTorch's and this project's.
    OutIn,
    /// Rows are inputs, columns are outputs: Keras'.
    InOut,
}

/// In which order the values of a colour image come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PixelOrder {
    /// Plane by plane, (channels, height, width): PyTorch's and this project's.
    ChannelsFirst,
    /// Pixel by pixel, (height, width, channels): Keras'.
    ChannelsLast,
}

/// Something that was assumed about a model, because its weights do not say it and the caller did not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assumption {
    /// The activation after every layer but the encoder's last and the decoder's last.
    HiddenActivation(Activation),
    /// The activation after the encoder's last layer.
    CodeActivation(Activation),
    /// The activation after the decoder's last layer.
    OutputActivation(Activation),
    /// What the network was shown in training.
    Kind(ModelKind),
    /// Where the encoder ends: at the narrowest output.
    Code {
        /// Layers of the encoder.
        encoder_layers: usize,
        /// Numbers in a code.
        latent_dim: usize,
    },
    /// The shape of an image.
    Image {
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
        /// 1 for grey, 3 for colour.
        channels: usize,
    },
    /// The order of the layers: by name, numbers by their value.
    LayerOrder(Vec<String>),
    /// How the matrices are laid out.
    WeightLayout(WeightLayout),
    /// The order of a colour image's values.
    PixelOrder(PixelOrder),
    /// A layer without a bias was given one of zeros.
    ZeroBias {
        /// The layer's name.
        layer: String,
    },
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HiddenActivation(activation) => write!(f, "hidden activation {activation}"),
            Self::CodeActivation(activation) => write!(f, "code activation {activation}"),
            Self::OutputActivation(activation) => write!(f, "output activation {activation}"),
            Self::Kind(kind) => write!(f, "a {kind} autoencoder"),
            Self::Code { encoder_layers: 1, latent_dim } => {
                write!(f, "code of {latent_dim} after the first layer")
            }
            Self::Code { encoder_layers, latent_dim } => {
                write!(f, "code of {latent_dim} after {encoder_layers} layers")
            }
            Self::Image { height, width, channels: 1 } => write!(f, "images of {height} x {width}"),
            Self::Image { height, width, .. } => write!(f, "colour images of {height} x {width}"),
            Self::LayerOrder(layers) => write!(f, "layers in the order {}", layers.join(", ")),
            Self::WeightLayout(WeightLayout::OutIn) => f.write_str("weights of shape (out, in)"),
            Self::WeightLayout(WeightLayout::InOut) => {
                f.write_str("weights of shape (in, out), as Keras has them")
            }
            Self::PixelOrder(PixelOrder::ChannelsFirst) => f.write_str("colours plane by plane"),
            Self::PixelOrder(PixelOrder::ChannelsLast) => {
                f.write_str("colours pixel by pixel, as Keras has them")
            }
            Self::ZeroBias { layer } => write!(f, "a bias of zeros in {layer}, which has none"),
        }
    }
}

//! The description of a network: a chain of layers, of which the first are the encoder.
//!
//! Everything else follows from it: shapes, parameters and their first values, the kernels' chain, the candle model,
//! ONNX graphs and what `ae inspect` shows.

mod architecture;
mod checked;
mod lowering;
mod presets;
mod spatial;

use serde::{Deserialize, Serialize};

pub(crate) use architecture::NetworkArchitecture;
pub use checked::{CheckedLayer, CheckedNetwork, MAX_LAYERS, MAX_PARAMETERS, NamedDraws, Part};
pub(crate) use checked::{check_item, require};
pub(crate) use lowering::chain;
pub use presets::{
    DenoiserConfig, convolutional_variational, denoiser, dense_layers, keras_conv,
    keras_conv_denoiser, variational,
};
pub use spatial::{Margins, Reach};

use crate::{Layer, Shape};

/// A network: an encoder and a decoder, each a list of layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Height and width of an item.
    pub image: [usize; 2],
    /// Planes of an item: 1 for grey, 3 for red, green and blue. It is written only if it is not 1.
    #[serde(default = "grey", skip_serializing_if = "is_grey")]
    pub channels: usize,
    /// The layers from an item to its code.
    pub encoder: Vec<Layer>,
    /// The layers from a code to an item.
    pub decoder: Vec<Layer>,
    /// Whether the image is added to the output, so that the layers learn the difference: for a denoiser, the noise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub residual: bool,
    /// Whether the input has one plane more than an item, the last: the standard deviation of the item's noise, in
    /// units of pixels, at every position (Zhang, Zuo and Zhang, FFDNet, IEEE Transactions on Image Processing 27,
    /// 2018).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub noise_level: bool,
    /// How weights begin.
    #[serde(default, skip_serializing_if = "is_glorot")]
    pub initialisation: Initialisation,
}

/// How the weights of a network begin: uniform in `[-limit, limit)`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initialisation {
    /// `limit = sqrt(6 / (fan_in + fan_out))` (Glorot and Bengio, AISTATS 2010, equation 16), Keras' default.
    #[default]
    Glorot,
    /// `limit = sqrt(6 / fan_in)` (He et al., ICCV 2015, equation 10), for deep networks of rectified units.
    He,
    /// As [`He`](Self::He), for residual networks alone. The weights of the last layer are 0, so that the network
    /// begins as the identity and does not first have to unlearn what it adds to the image (Zhang, Dauphin and Ma,
    /// "Fixup initialization", ICLR 2019). Each filter of the first layer, if that is a convolution or dense, has a
    /// mean of 0 over the image, so that the layers answer to contrast and not to brightness.
    Residual,
}

impl Initialisation {
    /// That of the preset [`denoiser`].
    pub const OF_DENOISER: Self = Self::Residual;
}

impl Network {
    /// The shape of an item, and of an output.
    pub fn item(&self) -> Shape {
        let [height, width] = self.image;
        Shape { channels: self.channels, height, width }
    }

    /// The shape of an input: an item, with the plane of [`noise_level`](Self::noise_level) if there is one.
    pub fn input(&self) -> Shape {
        let item = self.item();
        let planes = usize::from(self.noise_level);
        Shape { channels: item.channels.saturating_add(planes), ..item }
    }

    /// A network for items of this shape, without layers.
    pub(crate) fn empty(item: Shape) -> Self {
        Self {
            image: [item.height, item.width],
            channels: item.channels,
            encoder: Vec::new(),
            decoder: Vec::new(),
            residual: false,
            noise_level: false,
            initialisation: Initialisation::default(),
        }
    }

    /// The network with all shapes and parameters.
    ///
    /// # Errors
    /// [`ModelError::Layer`](crate::ModelError::Layer) with the first layer that does not fit,
    /// [`ModelError::Spec`](crate::ModelError::Spec) with the first other field.
    pub fn check(&self) -> Result<CheckedNetwork, crate::ModelError> {
        CheckedNetwork::new(self)
    }
}

/// The planes of an item that names none.
pub(crate) fn grey() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(crate) fn is_grey(channels: &usize) -> bool {
    *channels == grey()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_glorot(initialisation: &Initialisation) -> bool {
    *initialisation == Initialisation::default()
}

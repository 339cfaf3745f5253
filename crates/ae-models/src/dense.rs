//! The short description of a dense network: widths and activations.

use serde::{Deserialize, Serialize};

use crate::layer::Dense;
use crate::network::{MAX_LAYERS, require};
use crate::{
    Activation, Initialisation, Layer, ModelError, ModelKind, ModelSpec, Network, Part, Shape,
};

/// A dense network by its widths and activations: short for a [`Network`] whose layers are all dense.
///
/// The default is the network of the Keras blog's "Building Autoencoders in Keras": 28 x 28 pixels,
/// one layer of 32 rectified units, one layer back to 784 sigmoid units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenseConfig {
    /// Height and width of an image in pixels.
    pub image: [usize; 2],
    /// Planes of an image: 1 for grey, 3 for red, green and blue, one plane after the other. It is
    /// written only if it is not 1.
    #[serde(default = "grey", skip_serializing_if = "is_grey")]
    pub channels: usize,
    /// Widths from the image's values to the code, such as `[784, 128, 32]`.
    pub encoder: Vec<usize>,
    /// Widths from the code to the image's values, such as `[32, 128, 784]`.
    pub decoder: Vec<usize>,
    /// After every layer but the encoder's last and the decoder's last; ReLU if it is not written.
    #[serde(default = "relu")]
    pub hidden_activation: Activation,
    /// After the encoder's last layer; ReLU if it is not written.
    #[serde(default = "relu")]
    pub code_activation: Activation,
    /// After the decoder's last layer; the sigmoid if it is not written.
    #[serde(default = "sigmoid")]
    pub output_activation: Activation,
    /// Whether the decoder's weights are the encoder's, transposed (Vincent et al. 2010, section
    /// 2.2); the biases are its own. The widths must mirror each other. `false` if it is not written.
    #[serde(default)]
    pub tied_weights: bool,
}

impl Default for DenseConfig {
    fn default() -> Self {
        Self {
            image: [28, 28],
            channels: 1,
            encoder: vec![784, 32],
            decoder: vec![32, 784],
            hidden_activation: Activation::Relu,
            code_activation: Activation::Relu,
            output_activation: Activation::Sigmoid,
            tied_weights: false,
        }
    }
}

impl DenseConfig {
    /// The network.
    ///
    /// # Errors
    /// [`ModelError::Spec`] with the first field that does not fit: the widths must fit the image and each other, and the
    /// network must be within the bounds of [`Network::check`].
    pub fn network(&self) -> Result<Network, ModelError> {
        self.check()?;
        let network = Network {
            image: self.image,
            channels: self.channels,
            encoder: self.layers_of(Part::Encoder),
            decoder: self.layers_of(Part::Decoder),
            residual: false,
            initialisation: Initialisation::Glorot,
        };
        network.check()?;
        Ok(network)
    }

    /// The model of this kind with the network.
    ///
    /// # Errors
    /// As [`network`](Self::network).
    pub fn model(&self, kind: ModelKind) -> Result<ModelSpec, ModelError> {
        Ok(ModelSpec { kind, network: self.network()? })
    }

    /// The short description of a network, if it has one: all layers are dense, those between the ends have the same
    /// activation, and the decoder's weights are either its own or all tied to the encoder's in reverse.
    pub fn of(network: &Network) -> Option<Self> {
        let [encoder, decoder] = [&network.encoder, &network.decoder].map(|it| dense_only(it));
        let (encoder, decoder) = (encoder?, decoder?);
        let hidden =
            [&encoder, &decoder].into_iter().flat_map(|layers| layers.iter().rev().skip(1));
        let widths = |first: Option<usize>, layers: &[&Dense]| {
            first.into_iter().chain(layers.iter().map(|layer| layer.outputs)).collect::<Vec<_>>()
        };
        let code = encoder.last()?;
        let config = Self {
            image: network.image,
            channels: network.channels,
            encoder: widths(Some(network.input().numbers()), &encoder),
            decoder: widths(Some(code.outputs), &decoder),
            hidden_activation: hidden.map(|layer| layer.activation).next().unwrap_or_else(relu),
            code_activation: code.activation,
            output_activation: decoder.last()?.activation,
            tied_weights: decoder.iter().all(|layer| layer.tied_to.is_some()),
        };
        (config.network().ok().as_ref() == Some(network)).then_some(config)
    }

    /// Checks that the widths fit the image and each other.
    fn check(&self) -> Result<(), ModelError> {
        let pixels = self.pixels();
        require([1, 3].contains(&self.channels), "channels", "1 or 3", &self.channels)?;
        require(pixels > 0, "image", "at least one pixel", &self.image)?;
        check_widths("encoder", &self.encoder)?;
        check_widths("decoder", &self.decoder)?;
        require(
            self.encoder.first() == Some(&pixels),
            "encoder",
            &format!("a list that begins with the image's {pixels} pixels"),
            &self.encoder,
        )?;
        require(
            self.decoder.last() == Some(&pixels),
            "decoder",
            &format!("a list that ends with the image's {pixels} pixels"),
            &self.decoder,
        )?;
        require(
            self.decoder.first() == self.encoder.last(),
            "decoder",
            &format!("a list that begins with the code's width {}", self.latent_dim()),
            &self.decoder,
        )?;
        require(
            !self.tied_weights || self.decoder.iter().eq(self.encoder.iter().rev()),
            "decoder",
            &format!("the mirror image of the encoder {:?}, as the weights are tied", self.encoder),
            &self.decoder,
        )
    }

    /// The length of a code.
    pub(crate) fn latent_dim(&self) -> usize {
        self.encoder.last().copied().unwrap_or_default()
    }

    /// Values of an image: channels times height times width.
    pub(crate) fn pixels(&self) -> usize {
        let [height, width] = self.image;
        Shape { channels: self.channels, height, width }.numbers()
    }

    fn layers_of(&self, part: Part) -> Vec<Layer> {
        let (widths, last) = match part {
            Part::Encoder => (&self.encoder, self.code_activation),
            Part::Decoder => (&self.decoder, self.output_activation),
        };
        let depth = layers(widths).count();
        let layers = layers(widths).enumerate().map(|(index, (_, outputs))| {
            let is_tied = self.tied_weights && part == Part::Decoder;
            let tied_to = is_tied.then(|| depth.saturating_sub(index + 1));
            let activation = if index + 1 == depth { last } else { self.hidden_activation };
            Layer::Dense(Dense { outputs, activation, tied_to })
        });
        layers.collect()
    }
}

fn dense_only(layers: &[Layer]) -> Option<Vec<&Dense>> {
    let dense = layers.iter().map(|layer| match layer {
        Layer::Dense(dense) => Some(dense),
        _ => None,
    });
    dense.collect()
}

fn grey() -> usize {
    1
}

fn relu() -> Activation {
    Activation::Relu
}

fn sigmoid() -> Activation {
    Activation::Sigmoid
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_grey(channels: &usize) -> bool {
    *channels == grey()
}

/// The widths on either side of every layer.
fn layers(widths: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    widths.iter().copied().zip(widths.iter().copied().skip(1))
}

fn check_widths(field: &'static str, widths: &[usize]) -> Result<(), ModelError> {
    let layers = widths.len().saturating_sub(1);
    require(layers >= 1, field, "a list of two widths or more", &widths)?;
    require(layers <= MAX_LAYERS, field, &format!("at most {MAX_LAYERS} layers deep"), &layers)?;
    require(widths.iter().all(|&width| width > 0), field, "a list of widths above 0", &widths)
}

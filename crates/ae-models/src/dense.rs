//! The short description of a dense network: widths and activations.

use serde::{Deserialize, Serialize};

use crate::layer::Dense;
use crate::network::{MAX_LAYERS, check_item, require};
use crate::{Activation, Layer, ModelError, ModelKind, ModelSpec, Network, Shape, dense_layers};

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
    #[serde(default = "crate::network::grey", skip_serializing_if = "crate::network::is_grey")]
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
        let network = self.unchecked();
        network.check()?;
        Ok(network)
    }

    /// The network, whether it can be or not.
    pub(crate) fn unchecked(&self) -> Network {
        let mut decoder =
            dense_layers(&self.decoder, self.hidden_activation, self.output_activation);
        if self.tied_weights {
            for (layer, owner) in decoder.iter_mut().rev().zip(0..) {
                if let Layer::Dense(dense) = layer {
                    dense.tied_to = Some(owner);
                }
            }
        }
        Network {
            encoder: dense_layers(&self.encoder, self.hidden_activation, self.code_activation),
            decoder,
            ..Network::empty(self.item())
        }
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
            encoder: widths(Some(network.item().numbers()), &encoder),
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
        check_item(self.item())?;
        let pixels = self.item().numbers();
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
            &format!(
                "a list that begins with the code's width {}",
                self.encoder.last().copied().unwrap_or_default()
            ),
            &self.decoder,
        )?;
        require(
            !self.tied_weights || self.decoder.iter().eq(self.encoder.iter().rev()),
            "decoder",
            &format!("the mirror image of the encoder {:?}, as the weights are tied", self.encoder),
            &self.decoder,
        )
    }

    /// The shape of an item.
    fn item(&self) -> Shape {
        let [height, width] = self.image;
        Shape { channels: self.channels, height, width }
    }
}

fn dense_only(layers: &[Layer]) -> Option<Vec<&Dense>> {
    let dense = layers.iter().map(|layer| match layer {
        Layer::Dense(dense) => Some(dense),
        _ => None,
    });
    dense.collect()
}

fn relu() -> Activation {
    Activation::Relu
}

fn sigmoid() -> Activation {
    Activation::Sigmoid
}

fn check_widths(field: &'static str, widths: &[usize]) -> Result<(), ModelError> {
    let layers = widths.len().saturating_sub(1);
    require(layers >= 1, field, "a list of two widths or more", &widths)?;
    require(layers <= MAX_LAYERS, field, &format!("at most {MAX_LAYERS} layers deep"), &layers)?;
    require(widths.iter().all(|&width| width > 0), field, "a list of widths above 0", &widths)
}

//! The settings of a dense network, and their checks.

use serde::{Deserialize, Serialize};

use crate::{Activation, Layout, ModelError, OutputActivation};

/// The most layers of an encoder, and of a decoder.
pub const MAX_LAYERS: usize = 64;

/// The most parameters of a model: 1 GiB of `f32`.
pub const MAX_PARAMETERS: usize = 1 << 28;

/// The settings of a dense network: an encoder of dense layers, and a decoder of others.
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
    pub output_activation: OutputActivation,
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
            output_activation: OutputActivation::Sigmoid,
            tied_weights: false,
        }
    }
}

impl DenseConfig {
    /// Checks that the widths fit the image and each other, and that the network is not too large:
    /// at most [`MAX_LAYERS`] a side and [`MAX_PARAMETERS`] in all.
    ///
    /// # Errors
    /// [`ModelError::Spec`] with the first field that does not fit.
    pub fn check(&self) -> Result<(), ModelError> {
        let [height, width] = self.image;
        let pixels = height.saturating_mul(width).saturating_mul(self.channels);
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
        )?;
        let parameters = self.layout().len();
        require(
            parameters <= MAX_PARAMETERS,
            "encoder and decoder",
            &format!("so narrow that they have at most {MAX_PARAMETERS} parameters (1.1 GB)"),
            &format_args!("{parameters} ({:.1} GB)", 4e-9 * parameters as f64),
        )
    }

    /// The length of a code.
    pub(crate) fn latent_dim(&self) -> usize {
        self.encoder.last().copied().unwrap_or_default()
    }

    /// Values of an image: channels times height times width.
    pub(crate) fn pixels(&self) -> usize {
        self.encoder.first().copied().unwrap_or_default()
    }

    /// All parameters in the network's order.
    pub(crate) fn layout(&self) -> Layout {
        let mut parameters = self.encoder_parameters();
        for (index, (width_in, width_out)) in layers(&self.decoder).enumerate() {
            if !self.tied_weights {
                parameters.push((format!("decoder.{index}.weight"), vec![width_out, width_in]));
            }
            parameters.push((format!("decoder.{index}.bias"), vec![width_out]));
        }
        Layout::new(parameters)
    }

    /// The encoder's parameters alone.
    pub(crate) fn encoder_layout(&self) -> Layout {
        Layout::new(self.encoder_parameters())
    }

    fn encoder_parameters(&self) -> Vec<(String, Vec<usize>)> {
        let mut parameters = Vec::new();
        for (index, (width_in, width_out)) in layers(&self.encoder).enumerate() {
            parameters.push((format!("encoder.{index}.weight"), vec![width_out, width_in]));
            parameters.push((format!("encoder.{index}.bias"), vec![width_out]));
        }
        parameters
    }
}

fn grey() -> usize {
    1
}

fn relu() -> Activation {
    Activation::Relu
}

fn sigmoid() -> OutputActivation {
    OutputActivation::Sigmoid
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_grey(channels: &usize) -> bool {
    *channels == grey()
}

/// The widths on either side of every layer.
pub(crate) fn layers(widths: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    widths.iter().copied().zip(widths.iter().copied().skip(1))
}

fn check_widths(field: &'static str, widths: &[usize]) -> Result<(), ModelError> {
    let layers = widths.len().saturating_sub(1);
    require(layers >= 1, field, "a list of two widths or more", &widths)?;
    require(layers <= MAX_LAYERS, field, &format!("at most {MAX_LAYERS} layers deep"), &layers)?;
    require(widths.iter().all(|&width| width > 0), field, "a list of widths above 0", &widths)
}

fn require(
    holds: bool,
    field: &'static str,
    expected: &str,
    found: &impl std::fmt::Debug,
) -> Result<(), ModelError> {
    if holds {
        return Ok(());
    }
    Err(ModelError::Spec {
        field: field.to_owned(),
        expected: expected.to_owned(),
        found: format!("{found:?}"),
    })
}

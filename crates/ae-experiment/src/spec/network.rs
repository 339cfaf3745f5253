//! The network of a spec: one of the networks that have a name, or a list of layers.

use ae_dataset::{Dataset, ImageShape, Resize};
use ae_models::layer::TopK;
use ae_models::{
    Activation, DenoiserConfig, DenseConfig, Initialisation, Layer, MAX_LAYERS, ModelError,
    ModelKind, Network, Shape, convolutional_variational, denoiser, keras_conv,
    keras_conv_denoiser, variational,
};
use serde::{Deserialize, Serialize};

use super::model_table::ModelTable;
use super::network_name::NetworkName;
use crate::ExperimentError;

/// The network of an experiment; in a spec the flat table `[model]`, in which `network` says which keys there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ModelTable", into = "ModelTable")]
pub struct NetworkSpec {
    /// Regular or denoising.
    pub kind: ModelKind,
    /// The network.
    pub form: NetworkForm,
    /// How its weights begin.
    pub initialisation: Initialisation,
}

/// The networks that a spec can name, with their settings.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum NetworkForm {
    /// Dense layers by their widths.
    Dense(DenseForm),
    /// The convolutional autoencoder of the Keras blog.
    Conv(ConvForm),
    /// The convolutional denoiser of the Keras blog.
    ConvDenoiser(ConvForm),
    /// A variational autoencoder of dense layers.
    Vae(VaeForm),
    /// A variational autoencoder of convolutions.
    ConvVae(ConvVaeForm),
    /// A residual denoiser of convolutions for photographs of any size.
    Denoiser(DenoiserConfig),
    /// Any layers.
    Layers(LayersForm),
}

/// Dense layers by their widths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DenseForm {
    /// Widths from the image's pixels to the code: `[784, 32]`.
    pub encoder: Vec<usize>,
    /// Widths from the code to the image's pixels: `[32, 784]`.
    pub decoder: Vec<usize>,
    /// The activation of every layer but the code's and the last.
    pub hidden_activation: Activation,
    /// The activation of the encoder's last layer.
    pub code_activation: Activation,
    /// The activation of the decoder's last layer: sigmoid or linear.
    pub output_activation: Activation,
    /// Whether the decoder uses the encoder's weights, transposed.
    pub tied_weights: bool,
    /// How many numbers of the code stay, the largest ones; all if there is none.
    pub top_k: Option<usize>,
}

/// A convolutional network whose layers are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvForm {
    /// The activation of the decoder's last layer: sigmoid or linear.
    pub output_activation: Activation,
}

/// A variational autoencoder of dense layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaeForm {
    /// Widths between the image's pixels and the code; the decoder mirrors them.
    pub hidden: Vec<usize>,
    /// Numbers of the code.
    pub code: usize,
    /// The activation of the decoder's last layer: sigmoid or linear.
    pub output_activation: Activation,
}

/// A variational autoencoder of convolutions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConvVaeForm {
    /// Numbers of the code.
    pub code: usize,
    /// The activation of the decoder's last layer: sigmoid or linear.
    pub output_activation: Activation,
}

/// Any layers.
#[derive(Debug, Clone, PartialEq)]
pub struct LayersForm {
    /// The layers from an item to its code.
    pub encoder: Vec<Layer>,
    /// The layers from a code to an item.
    pub decoder: Vec<Layer>,
    /// Whether the image is added to the output.
    pub residual: bool,
    /// Whether the network is told the level of the noise.
    pub noise_level: bool,
}

impl NetworkSpec {
    /// The dense network of the Keras tutorial.
    pub(crate) fn tutorial() -> Self {
        let DenseConfig { encoder, decoder, .. } = DenseConfig::default();
        let form = NetworkForm::Dense(DenseForm {
            encoder,
            decoder,
            hidden_activation: Activation::Relu,
            code_activation: Activation::Relu,
            output_activation: Activation::Sigmoid,
            tied_weights: false,
            top_k: None,
        });
        Self { kind: ModelKind::Regular, form, initialisation: NetworkName::Dense.initialisation() }
    }

    /// The network's name.
    pub fn name(&self) -> NetworkName {
        match self.form {
            NetworkForm::Dense(_) => NetworkName::Dense,
            NetworkForm::Conv(_) => NetworkName::Conv,
            NetworkForm::ConvDenoiser(_) => NetworkName::ConvDenoiser,
            NetworkForm::Vae(_) => NetworkName::Vae,
            NetworkForm::ConvVae(_) => NetworkName::ConvVae,
            NetworkForm::Denoiser(_) => NetworkName::Denoiser,
            NetworkForm::Layers(_) => NetworkName::Layers,
        }
    }

    /// The settings of a dense network.
    pub fn dense(&self) -> Option<&DenseForm> {
        match &self.form {
            NetworkForm::Dense(dense) => Some(dense),
            _ => None,
        }
    }

    /// The settings of a dense network, to be changed.
    pub fn dense_mut(&mut self) -> Option<&mut DenseForm> {
        match &mut self.form {
            NetworkForm::Dense(dense) => Some(dense),
            _ => None,
        }
    }

    /// The settings of a denoiser, to be changed.
    pub fn denoiser_mut(&mut self) -> Option<&mut DenoiserConfig> {
        match &mut self.form {
            NetworkForm::Denoiser(denoiser) => Some(denoiser),
            _ => None,
        }
    }

    /// Sets the widths between the `numbers` of an item and the code, the code's last; the decoder mirrors them.
    ///
    /// # Errors
    /// [`ExperimentError::Setting`] if the network has no widths, or there are none.
    pub fn set_widths(&mut self, numbers: usize, widths: &[usize]) -> Result<(), ExperimentError> {
        let name = self.name();
        match (&mut self.form, widths) {
            (NetworkForm::Dense(dense), _) => {
                dense.encoder = [&[numbers], widths].concat();
                dense.decoder = dense.encoder.iter().rev().copied().collect();
            }
            (NetworkForm::Vae(vae), [hidden @ .., code]) => {
                vae.hidden = hidden.to_vec();
                vae.code = *code;
            }
            (NetworkForm::ConvVae(vae), [code]) => vae.code = *code,
            _ => {
                let expected =
                    "dense or vae where widths are given, or conv-vae where that of the code is";
                return Err(ExperimentError::setting("model.network", expected, name.as_str()));
            }
        }
        Ok(())
    }

    /// Numbers of a code, for items of this shape.
    ///
    /// # Errors
    /// As [`network`](Self::network).
    pub fn code_length(&self, shape: ImageShape) -> Result<usize, ExperimentError> {
        Ok(self.network(shape)?.check()?.code().numbers())
    }

    /// Sets the activation of the last layer, where it is a setting of its own.
    pub(crate) fn set_output_activation(&mut self, activation: Activation) {
        match &mut self.form {
            NetworkForm::Dense(dense) => dense.output_activation = activation,
            NetworkForm::Conv(conv) | NetworkForm::ConvDenoiser(conv) => {
                conv.output_activation = activation;
            }
            NetworkForm::Vae(vae) => vae.output_activation = activation,
            NetworkForm::ConvVae(vae) => vae.output_activation = activation,
            NetworkForm::Denoiser(_) | NetworkForm::Layers(_) => {}
        }
    }

    /// The network for items of this shape.
    ///
    /// # Errors
    /// If its layers or the shape do not fit.
    pub fn network(&self, shape: ImageShape) -> Result<Network, ExperimentError> {
        let network = self.unchecked(shape)?;
        network.check()?;
        Ok(network)
    }

    /// The network for the items of a data set.
    ///
    /// # Errors
    /// If its layers or the shape do not fit. For images of another size than the network can have, the error names the
    /// nearest sizes.
    pub(crate) fn network_for(
        &self,
        dataset: &Dataset,
        resize: Resize,
    ) -> Result<Network, ExperimentError> {
        let shape = dataset.train.shape();
        self.network(shape).map_err(|error| match error {
            // Rows of a table have no other size.
            ExperimentError::Model(model) if dataset.scaling.is_none() => {
                self.other_size(shape, resize, model)
            }
            error => error,
        })
    }

    fn unchecked(&self, shape: ImageShape) -> Result<Network, ExperimentError> {
        let ImageShape { channels, height, width } = shape;
        let input = Shape { channels, height, width };
        let network = match &self.form {
            NetworkForm::Dense(dense) => dense_network(dense, input)?,
            NetworkForm::Conv(conv) => keras_conv(input, conv.output_activation),
            NetworkForm::ConvDenoiser(conv) => keras_conv_denoiser(input, conv.output_activation),
            NetworkForm::Vae(vae) => {
                variational(input, &vae.hidden, vae.code, vae.output_activation)
            }
            NetworkForm::ConvVae(vae) => {
                convolutional_variational(input, vae.code, vae.output_activation)
            }
            NetworkForm::Denoiser(form) => {
                check_denoiser(form)?;
                denoiser(input, form)
            }
            NetworkForm::Layers(layers) => Network {
                image: [height, width],
                channels,
                encoder: layers.encoder.clone(),
                decoder: layers.decoder.clone(),
                residual: layers.residual,
                noise_level: layers.noise_level,
                initialisation: self.initialisation,
            },
        };
        Ok(Network { initialisation: self.initialisation, ..network })
    }

    /// The refusal of a size if the network fits others, or else that of the network.
    fn other_size(&self, shape: ImageShape, resize: Resize, error: ModelError) -> ExperimentError {
        let fits = |[height, width]: [usize; 2]| {
            let other = ImageShape { height, width, ..shape };
            self.unchecked(other).is_ok_and(|network| network.check().is_ok())
        };
        let nearest = nearest_sizes([shape.height, shape.width], fits);
        if nearest.is_empty() {
            return error.into();
        }
        let network = self.name();
        let is_own = matches!(network, NetworkName::Dense | NetworkName::Layers);
        let reason = is_own.then(|| Box::new(error));
        let found = [shape.height, shape.width];
        ExperimentError::ImageSize { network, found, resize, reason, nearest }
    }
}

/// How far a size is from those that are tried in its place, in pixels a side.
const FAR: usize = 16;

/// The nearest size that fits and is not larger, and the nearest one that is not smaller.
fn nearest_sizes(
    [height, width]: [usize; 2],
    fits: impl Fn([usize; 2]) -> bool,
) -> Vec<[usize; 2]> {
    let mut steps: Vec<[usize; 2]> =
        (0..=FAR).flat_map(|down| (0..=FAR).map(move |across| [down, across])).collect();
    steps.sort_by_key(|[down, across]| (down + across, down.abs_diff(*across)));
    let smaller = steps.iter().filter_map(|[down, across]| {
        let size = [height.checked_sub(*down)?, width.checked_sub(*across)?];
        (!size.contains(&0)).then_some(size)
    });
    let larger = steps
        .iter()
        .map(|[down, across]| [height.saturating_add(*down), width.saturating_add(*across)]);
    let found =
        [smaller.into_iter().find(|&size| fits(size)), larger.into_iter().find(|&size| fits(size))];
    found.into_iter().flatten().collect()
}

fn check_denoiser(
    &DenoiserConfig { features, depth, .. }: &DenoiserConfig,
) -> Result<(), ExperimentError> {
    if !(2..=MAX_LAYERS).contains(&depth) {
        let expected = format!("2 to {MAX_LAYERS}");
        return Err(ExperimentError::setting("model.depth", &expected, &depth.to_string()));
    }
    if features == 0 {
        return Err(ExperimentError::setting("model.features", "1 or more", "0"));
    }
    Ok(())
}

impl DenseForm {
    /// The same widths and activations for items of this shape.
    pub fn config(&self, input: Shape) -> DenseConfig {
        DenseConfig {
            image: [input.height, input.width],
            channels: input.channels,
            encoder: self.encoder.clone(),
            decoder: self.decoder.clone(),
            hidden_activation: self.hidden_activation,
            code_activation: self.code_activation,
            output_activation: self.output_activation,
            tied_weights: self.tied_weights,
        }
    }
}

/// The layers of a dense network, and that which keeps the largest numbers of the code alone.
fn dense_network(dense: &DenseForm, input: Shape) -> Result<Network, ExperimentError> {
    let mut network = dense.config(input).network()?;
    network.encoder.extend(dense.top_k.map(|k| Layer::TopK(TopK { k })));
    Ok(network)
}

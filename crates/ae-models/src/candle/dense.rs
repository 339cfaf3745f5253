//! Stacks of dense layers: `y = activation(x W^T + b)`, layer after layer.

use candle_core::Tensor;
use candle_nn::{Linear, Module, VarBuilder, linear};

use crate::dense::layers;
use crate::{
    Activation, Autoencoder, CheckedNetwork, Decoder, DenoisingAutoencoder, DenseConfig, Encoder,
    ModelError, RegularAutoencoder, TrainingInput,
};

/// The candle model of a network: a regular autoencoder if it is shown clean images, else a denoising one.
pub(crate) fn build(
    input: TrainingInput,
    network: &CheckedNetwork,
    vb: VarBuilder,
) -> Result<Box<dyn Autoencoder>, ModelError> {
    let network = DenseNetwork::new(&dense(network)?, vb)?;
    Ok(match input {
        TrainingInput::Clean => Box::new(RegularAutoencoder::new(network)),
        TrainingInput::Corrupted => Box::new(DenoisingAutoencoder::new(network)),
    })
}

pub(super) fn dense(network: &CheckedNetwork) -> Result<DenseConfig, ModelError> {
    DenseConfig::of(network.network()).ok_or(ModelError::NoTensorModel)
}

/// A dense encoder and a dense decoder.
#[derive(Debug, Clone)]
pub struct DenseNetwork {
    encoder: DenseEncoder,
    decoder: Vec<Linear>,
    hidden: Activation,
    output: Activation,
}

impl DenseNetwork {
    /// Builds the network over tensors named as PyTorch names them: `encoder.0.weight` of shape
    /// (out, in), `encoder.0.bias`, ..., `decoder.0.weight`, .... Tied weights have no
    /// `decoder.*.weight`.
    ///
    /// # Errors
    /// If the configuration does not hold together, or a tensor is missing or has another shape.
    pub fn new(config: &DenseConfig, vb: VarBuilder) -> Result<Self, ModelError> {
        let encoder = DenseEncoder::new(config, vb.pp("encoder"))?;
        let decoder = if config.tied_weights {
            tied_layers(&encoder.layers, vb.pp("decoder"))?
        } else {
            linear_layers(&config.decoder, vb.pp("decoder"))?
        };
        Ok(Self {
            encoder,
            decoder,
            hidden: config.hidden_activation,
            output: config.output_activation,
        })
    }
}

impl Encoder for DenseNetwork {
    fn latent_dim(&self) -> usize {
        self.encoder.latent_dim()
    }

    fn encode(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        self.encoder.encode(images)
    }
}

impl Decoder for DenseNetwork {
    fn decode_logits(&self, codes: &Tensor) -> Result<Tensor, ModelError> {
        check_batch(codes, self.latent_dim())?;
        Ok(forward(&self.decoder, self.hidden, codes)?)
    }

    fn activate(&self, logits: &Tensor) -> Result<Tensor, ModelError> {
        Ok(self.output.forward(logits)?)
    }

    fn output_is_probability(&self) -> bool {
        self.output == Activation::Sigmoid
    }
}

/// The encoder of a network.
#[derive(Debug, Clone)]
pub(super) struct DenseEncoder {
    layers: Vec<Linear>,
    hidden: Activation,
    code: Activation,
    pixels: usize,
    latent_dim: usize,
}

impl DenseEncoder {
    /// Builds the encoder over tensors named `0.weight`, `0.bias`, ....
    pub(super) fn new(config: &DenseConfig, vb: VarBuilder) -> Result<Self, ModelError> {
        config.network()?;
        Ok(Self {
            layers: linear_layers(&config.encoder, vb)?,
            hidden: config.hidden_activation,
            code: config.code_activation,
            pixels: config.pixels(),
            latent_dim: config.latent_dim(),
        })
    }
}

impl Encoder for DenseEncoder {
    fn latent_dim(&self) -> usize {
        self.latent_dim
    }

    fn encode(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        check_batch(images, self.pixels)?;
        Ok(self.code.forward(&forward(&self.layers, self.hidden, images)?)?)
    }
}

fn linear_layers(widths: &[usize], vb: VarBuilder) -> candle_core::Result<Vec<Linear>> {
    layers(widths)
        .enumerate()
        .map(|(index, (width_in, width_out))| linear(width_in, width_out, vb.pp(index)))
        .collect()
}

/// The encoder's layers in reverse order with transposed weights and biases of their own.
fn tied_layers(encoder: &[Linear], vb: VarBuilder) -> candle_core::Result<Vec<Linear>> {
    let weights = encoder.iter().rev().map(|layer| layer.weight().t());
    weights
        .enumerate()
        .map(|(index, weight)| {
            let weight = weight?;
            let bias = vb.pp(index).get(weight.dim(0)?, "bias")?;
            Ok(Linear::new(weight, Some(bias)))
        })
        .collect()
}

/// `(n, in)` to `(n, out)`: the layers with the hidden activation between them, none at the end.
fn forward(layers: &[Linear], hidden: Activation, batch: &Tensor) -> candle_core::Result<Tensor> {
    let mut values = batch.clone();
    for (index, layer) in layers.iter().enumerate() {
        if index > 0 {
            values = hidden.forward(&values)?;
        }
        values = layer.forward(&values)?;
    }
    Ok(values)
}

fn check_batch(batch: &Tensor, width: usize) -> Result<(), ModelError> {
    match batch.dims() {
        [_, found] if *found == width => Ok(()),
        found => Err(ModelError::Batch { expected: width, found: found.to_vec() }),
    }
}

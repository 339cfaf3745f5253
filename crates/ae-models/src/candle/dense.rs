//! Dense configurations as described networks.

use candle_nn::VarBuilder;

use super::chain::{NetworkAutoencoder, NetworkEncoder};
use crate::{
    Activation, Autoencoder, CheckedNetwork, DenseConfig, Initialisation, Layer, ModelError,
    Network, OutputActivation, TrainingInput, dense_layers,
};

/// The candle model of a dense network.
pub(crate) fn build_dense(
    input: TrainingInput,
    config: &DenseConfig,
    vb: &VarBuilder<'_>,
) -> Result<Box<dyn Autoencoder>, ModelError> {
    Ok(Box::new(NetworkAutoencoder::new(&described(config)?, input, vb)?))
}

/// The encoder of a dense network.
pub(super) fn dense_encoder(
    config: &DenseConfig,
    vb: &VarBuilder<'_>,
) -> Result<NetworkEncoder, ModelError> {
    NetworkEncoder::new(&described(config)?, vb)
}

fn described(config: &DenseConfig) -> Result<CheckedNetwork, ModelError> {
    config.check()?;
    let output = match config.output_activation {
        OutputActivation::Sigmoid => Activation::Sigmoid,
        OutputActivation::Linear => Activation::Linear,
    };
    let hidden = config.hidden_activation;
    let mut decoder = dense_layers(&config.decoder, hidden, output);
    let layers = decoder.len();
    for (index, layer) in decoder.iter_mut().enumerate().filter(|_| config.tied_weights) {
        if let Layer::Dense(dense) = layer {
            dense.tied_to = Some(layers - 1 - index);
        }
    }
    let network = Network {
        image: config.image,
        channels: config.channels,
        encoder: dense_layers(&config.encoder, hidden, config.code_activation),
        decoder,
        residual: false,
        initialisation: Initialisation::Glorot,
    };
    network.check()
}

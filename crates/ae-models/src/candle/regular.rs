//! The regular autoencoder: clean images in, the same images out.

use super::network::HasNetwork;
use crate::{Autoencoder, Decoder, Encoder, TrainingInput};

/// Learns to reproduce the clean images that it is shown (Hinton and Salakhutdinov, Science 313, 2006).
#[derive(Debug, Clone)]
pub struct RegularAutoencoder<N> {
    network: N,
}

impl<N> RegularAutoencoder<N> {
    /// An autoencoder over any network that encodes and decodes.
    pub fn new(network: N) -> Self {
        Self { network }
    }
}

impl<N: Encoder + Decoder> HasNetwork for RegularAutoencoder<N> {
    type Network = N;

    fn network(&self) -> &N {
        &self.network
    }
}

impl<N: Encoder + Decoder + Send + Sync> Autoencoder for RegularAutoencoder<N> {
    fn input(&self) -> TrainingInput {
        TrainingInput::Clean
    }
}

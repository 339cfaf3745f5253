//! The denoising autoencoder: corrupted images in, the clean images out.

use super::network::HasNetwork;
use crate::{Autoencoder, Decoder, Encoder, TrainingInput};

/// Learns to reproduce clean images from corrupted ones (Vincent et al., ICML 2008, section 2.3).
#[derive(Debug, Clone)]
pub struct DenoisingAutoencoder<N> {
    network: N,
}

impl<N> DenoisingAutoencoder<N> {
    /// An autoencoder over any network that encodes and decodes.
    pub fn new(network: N) -> Self {
        Self { network }
    }
}

impl<N: Encoder + Decoder> HasNetwork for DenoisingAutoencoder<N> {
    type Network = N;

    fn network(&self) -> &N {
        &self.network
    }
}

impl<N: Encoder + Decoder + Send + Sync> Autoencoder for DenoisingAutoencoder<N> {
    fn input(&self) -> TrainingInput {
        TrainingInput::Corrupted
    }
}

//! Implements [`Encoder`] and [`Decoder`] for autoencoders that wrap a network.

use candle_core::Tensor;

use crate::{Decoder, Encoder, ModelError};

/// An autoencoder that wraps a network, and encodes and decodes as the network does.
pub(crate) trait HasNetwork {
    /// The type of the network.
    type Network: Encoder + Decoder;

    /// The network.
    fn network(&self) -> &Self::Network;
}

impl<A: HasNetwork> Encoder for A {
    fn latent_dim(&self) -> usize {
        self.network().latent_dim()
    }

    fn encode(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        self.network().encode(images)
    }
}

impl<A: HasNetwork> Decoder for A {
    fn decode_logits(&self, codes: &Tensor) -> Result<Tensor, ModelError> {
        self.network().decode_logits(codes)
    }

    fn activate(&self, logits: &Tensor) -> Result<Tensor, ModelError> {
        self.network().activate(logits)
    }

    fn output_is_probability(&self) -> bool {
        self.network().output_is_probability()
    }
}

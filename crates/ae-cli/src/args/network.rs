//! The network of a training and its penalties.

use ae_experiment::NetworkName;
use ae_models::Initialisation;
use clap::ValueEnum;

use super::parse::{count, epochs, fraction_in_single, not_negative, one_of};

/// The names of the networks that need no list of layers.
fn networks() -> impl Iterator<Item = &'static str> {
    let without_list = NetworkName::ALL.into_iter().filter(|name| *name != NetworkName::Layers);
    without_list.map(NetworkName::as_str)
}

/// What a network is, and what is added to its loss.
#[derive(Debug, clap::Args)]
pub(crate) struct NetworkFlags {
    /// dense (default), conv, conv-denoiser, vae, conv-vae or denoiser
    ///
    /// conv and conv-denoiser are the convolutional networks of the Keras blog, for pictures; vae and conv-vae are
    /// variational autoencoders of dense layers and of convolutions, which can also make new pictures (`ae sample`);
    /// denoiser removes noise from photographs of any size. Any other chain of layers is written in a spec.
    #[arg(long, value_name = "NETWORK", value_parser = one_of::<NetworkName>(networks()), hide_possible_values = true)]
    pub(crate) network: Option<NetworkName>,
    /// Widths from the image to the code; the decoder mirrors them
    ///
    /// They are for dense and vae; the last one is that of the code. conv-vae takes that one alone.
    #[arg(long, value_delimiter = ',', value_name = "N,N,..", value_parser = count)]
    pub(crate) widths: Option<Vec<usize>>,
    /// Channels of every convolution but the last (denoiser) [default: 48]
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = count)]
    pub(crate) features: Option<usize>,
    /// Convolutions (denoiser) [default: 8]
    #[arg(long, hide_short_help = true, value_name = "N", value_parser = count)]
    pub(crate) depth: Option<usize>,
    /// The network is not told the level of the noise (denoiser)
    ///
    /// Otherwise it is, if --noise has a range of known levels, as gaussian:0.05..0.2; `ae denoise` then estimates the
    /// level, or is told it by --sigma.
    #[arg(long, hide_short_help = true)]
    pub(crate) blind: bool,
    /// The decoder uses the encoder's weights, transposed (dense)
    #[arg(long, hide_short_help = true)]
    pub(crate) tied_weights: bool,
    /// Only the K largest numbers of a code stay (dense)
    #[arg(long, hide_short_help = true, value_name = "K", value_parser = count)]
    pub(crate) top_k: Option<usize>,
    /// How weights begin [default: glorot; residual for the denoiser]
    #[arg(long, hide_short_help = true, value_enum, value_name = "HOW")]
    pub(crate) initialisation: Option<InitialisationName>,
    /// Weight of an L1 penalty on the code
    #[arg(long, hide_short_help = true, value_name = "WEIGHT", value_parser = not_negative)]
    pub(crate) code_l1: Option<f32>,
    /// Weight (beta) of the divergence of the code from N(0, 1) (vae, conv-vae) [default: 1]
    #[arg(long, hide_short_help = true, value_name = "WEIGHT", value_parser = not_negative)]
    pub(crate) kl_weight: Option<f32>,
    /// Epochs in which that weight rises from 0 [default: none]
    #[arg(long, hide_short_help = true, value_name = "EPOCHS", value_parser = epochs)]
    pub(crate) kl_warm_up: Option<u32>,
    /// Weight of a penalty on units whose mean activation is not --sparsity-target (dense, with a sigmoid code)
    #[arg(long, hide_short_help = true, value_name = "WEIGHT", value_parser = not_negative)]
    pub(crate) sparsity: Option<f32>,
    /// The mean activation that units are to have, above 0 and below 1 [default: 0.05]
    #[arg(long, hide_short_help = true, value_name = "MEAN", value_parser = fraction_in_single)]
    pub(crate) sparsity_target: Option<f32>,
    /// Weight of the squared norm of the code's derivative by the input (dense, one layer with a sigmoid)
    #[arg(long, hide_short_help = true, value_name = "WEIGHT", value_parser = not_negative)]
    pub(crate) contractive: Option<f32>,
}

/// The names of the initialisations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InitialisationName {
    /// Uniform within Glorot and Bengio's limits
    Glorot,
    /// Uniform within He's limits, for deep networks of ReLU
    He,
    /// As he, but a residual network begins as the identity, and its first layer answers to contrast
    Residual,
}

impl From<InitialisationName> for Initialisation {
    fn from(name: InitialisationName) -> Self {
        match name {
            InitialisationName::Glorot => Self::Glorot,
            InitialisationName::He => Self::He,
            InitialisationName::Residual => Self::Residual,
        }
    }
}

//! The names of the networks that a spec can have.

use std::fmt;
use std::str::FromStr;

use ae_models::Initialisation;
use serde::{Deserialize, Serialize};

/// The names of the networks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NetworkName {
    /// Dense layers by their widths.
    #[default]
    Dense,
    /// The convolutional autoencoder of the Keras blog.
    Conv,
    /// The convolutional denoiser of the Keras blog.
    ConvDenoiser,
    /// A variational autoencoder of dense layers.
    Vae,
    /// A variational autoencoder of convolutions.
    ConvVae,
    /// A residual denoiser of convolutions for photographs of any size.
    Denoiser,
    /// Any layers.
    Layers,
}

impl NetworkName {
    /// All names.
    pub const ALL: [Self; 7] = [
        Self::Dense,
        Self::Conv,
        Self::ConvDenoiser,
        Self::Vae,
        Self::ConvVae,
        Self::Denoiser,
        Self::Layers,
    ];

    /// Whether its layers compare neighbouring pixels; that of layers depends on the list.
    pub(crate) fn is_convolutional(self) -> bool {
        matches!(self, Self::Conv | Self::ConvDenoiser | Self::ConvVae | Self::Denoiser)
    }

    /// How its weights begin if nothing is said.
    pub fn initialisation(self) -> Initialisation {
        match self {
            Self::Denoiser => Initialisation::OF_DENOISER,
            _ => Initialisation::default(),
        }
    }

    /// Its name in specs and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Conv => "conv",
            Self::ConvDenoiser => "conv-denoiser",
            Self::Vae => "vae",
            Self::ConvVae => "conv-vae",
            Self::Denoiser => "denoiser",
            Self::Layers => "layers",
        }
    }
}

impl fmt::Display for NetworkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NetworkName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|name| name.as_str() == text);
        named.ok_or("expected dense, conv, conv-denoiser, vae, conv-vae, denoiser or layers")
    }
}

//! The specification of a model: its kind and its network.

mod written;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::network::NetworkArchitecture;
use crate::{Architecture, CheckedNetwork, DenseConfig, ModelError, Network, TrainingInput};

/// Whether a model is a regular or a denoising autoencoder. Both have the same networks; they differ in the images
/// that they are shown in training.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// Reproduces clean images from clean images (Hinton and Salakhutdinov, Science 313, 2006).
    #[default]
    Regular,
    /// Reproduces clean images from corrupted ones (Vincent et al., ICML 2008, section 2.3).
    Denoising,
}

impl fmt::Display for ModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Regular => "regular",
            Self::Denoising => "denoising",
        })
    }
}

/// The specification of a model: its kind and its network, written as one flat table.
///
/// It is read in two forms. In the form that is written, `encoder` and `decoder` are lists of layers. In the form of
/// earlier versions they are lists of widths, with the other fields of a [`DenseConfig`](crate::DenseConfig) beside
/// them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "written::Written")]
pub struct ModelSpec {
    /// Regular or denoising; `regular` if it is not written.
    pub kind: ModelKind,
    /// Its network.
    #[serde(flatten)]
    pub network: Network,
}

impl ModelSpec {
    /// The network of the Keras tutorial: 784-32-784 for images of 28 x 28, ReLU, sigmoid.
    pub fn tutorial(kind: ModelKind) -> Self {
        Self { kind, network: DenseConfig::default().unchecked() }
    }

    /// The network with all shapes and parameters.
    ///
    /// # Errors
    /// If the network's layers do not fit each other; see [`Network::check`].
    pub fn check(&self) -> Result<CheckedNetwork, ModelError> {
        self.network.check()
    }

    /// The architecture, checked.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn architecture(&self) -> Result<Box<dyn Architecture>, ModelError> {
        let input = match self.kind {
            ModelKind::Regular => TrainingInput::Clean,
            ModelKind::Denoising => TrainingInput::Corrupted,
        };
        Ok(Box::new(NetworkArchitecture::new(input, self.check()?)?))
    }
}

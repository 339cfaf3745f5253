//! The specification of a model: its kind and its network.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::dense::DenseArchitecture;
use crate::{Architecture, DenseConfig, ModelError, TrainingInput};

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
// serde promises nothing for `flatten` with `deny_unknown_fields`; a test holds that it refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Regular or denoising; `regular` if it is not written.
    #[serde(default)]
    pub kind: ModelKind,
    /// Its network.
    #[serde(flatten)]
    pub dense: DenseConfig,
}

impl ModelSpec {
    /// The network of the Keras tutorial: 784-32-784 for images of 28 x 28, ReLU, sigmoid.
    pub fn tutorial(kind: ModelKind) -> Self {
        Self { kind, dense: DenseConfig::default() }
    }

    /// The architecture, checked.
    ///
    /// # Errors
    /// If the network's widths do not hold together; see [`DenseConfig::check`].
    pub fn architecture(&self) -> Result<Box<dyn Architecture>, ModelError> {
        let input = match self.kind {
            ModelKind::Regular => TrainingInput::Clean,
            ModelKind::Denoising => TrainingInput::Corrupted,
        };
        Ok(Box::new(DenseArchitecture::new(input, self.dense.clone())?))
    }
}

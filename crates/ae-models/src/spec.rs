//! From what is written about a model to its architecture.

use std::fmt;

use ae_kernels::Stack;
use ae_random::Seed;
use candle_nn::VarBuilder;
use serde::{Deserialize, Serialize};

use crate::fused::stack;
use crate::{
    Architecture, Autoencoder, DenoisingAutoencoder, DenseConfig, DenseNetwork, Layout, ModelError,
    Parameters, RegularAutoencoder,
};

/// Which autoencoder a model is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModelKind {
    /// [`RegularAutoencoder`].
    Regular,
    /// [`DenoisingAutoencoder`].
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

/// All that has to be written down to build a model: one flat table of the kind and the network.
// serde promises nothing for `flatten` with `deny_unknown_fields`; a test holds that it refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Which autoencoder it is.
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
        self.dense.check()?;
        let layout = self.dense.layout();
        let stack = stack(&self.dense, &layout)?;
        Ok(Box::new(DenseArchitecture { spec: self.clone(), layout, stack }))
    }
}

/// A checked specification with its layout.
struct DenseArchitecture {
    spec: ModelSpec,
    layout: Layout,
    stack: Stack,
}

impl Architecture for DenseArchitecture {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Glorot and Bengio's uniform weights (AISTATS 2010, equation 16): within
    /// `sqrt(6 / (in + out))` of 0, from the stream `init/<name>`; zero biases.
    fn initialise(&self, seed: Seed) -> Parameters {
        Parameters::filled(self.layout.clone(), |view, values| {
            if let [width_out, width_in] = view.shape[..] {
                let limit = (6.0 / (width_in + width_out) as f64).sqrt() as f32;
                seed.stream(&format!("init/{}", view.name)).fill_uniform(values);
                for value in values {
                    *value = limit * (2.0 * *value - 1.0);
                }
            }
        })
    }

    fn stack(&self) -> Option<&Stack> {
        Some(&self.stack)
    }

    fn pixels(&self) -> usize {
        self.spec.dense.pixels()
    }

    fn build(&self, vb: VarBuilder) -> Result<Box<dyn Autoencoder>, ModelError> {
        let network = DenseNetwork::new(&self.spec.dense, vb)?;
        Ok(match self.spec.kind {
            ModelKind::Regular => Box::new(RegularAutoencoder::new(network)),
            ModelKind::Denoising => Box::new(DenoisingAutoencoder::new(network)),
        })
    }
}

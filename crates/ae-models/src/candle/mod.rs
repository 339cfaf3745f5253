//! Everything that needs candle: models over tensors, for automatic differentiation and for every device.

mod activation;
mod autoencoder;
mod chain;
mod device;
mod inference;
mod layers;
mod objective;
mod parameters;
mod pass;
mod saved_model;
mod window;

pub use autoencoder::{Autoencoder, Decoder, Encoder};
pub use candle_core::{Device, Tensor, Var};
pub use candle_nn::VarBuilder;
pub use chain::{NetworkAutoencoder, NetworkEncoder};
pub use device::device_name;
pub use inference::TensorInference;
pub use objective::{ObjectiveTerms, TensorObjective, binary_cross_entropy};
pub use pass::{BatchStatistics, DrawnNumbers, Posterior, TrainingPass};

pub(crate) use chain::build;
pub(crate) use device::open;
pub(crate) use inference::{tensor_encoder_inference, tensor_inference};
pub(crate) use layers::{LayerWeights, TensorKind, TensorLayer};
pub(crate) use pass::Pass;
pub(crate) use window::{fitted, places, taps};

use crate::ModelError;

impl From<candle_core::Error> for ModelError {
    fn from(error: candle_core::Error) -> Self {
        Self::Tensor(Box::new(error))
    }
}

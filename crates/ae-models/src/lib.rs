//! Regular and denoising autoencoders on candle, with exact weights files.
//!
//! A [`ModelSpec`] says what a model is: its kind, its widths, its activations. It becomes an
//! [`Architecture`], which lays the parameters out in one flat buffer, [`Parameters`], draws their
//! initial values, and builds the model over any tensors of the right names. A built model is an
//! [`Autoencoder`]: an [`Encoder`] and a [`Decoder`] that can also be used apart. [`RegularAutoencoder`]
//! and [`DenoisingAutoencoder`] share the same network, here a [`DenseNetwork`]; they differ in what
//! they are shown in training. An [`Objective`] is what training makes small. [`SavedModel`] and
//! [`SavedEncoder`] are the files, [`TensorFile`] is their format. [`Inference`] applies a trained model to slices of numbers, on the
//! CPU without tensors.
//!
//! ```
//! use ae_models::{ModelKind, ModelSpec, SavedModel};
//! use ae_random::Seed;
//! use candle_core::{DType, Device, Tensor};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The Keras tutorial's network: 28 x 28 pixels to 32 numbers and back.
//! let spec = ModelSpec::tutorial(ModelKind::Regular);
//! let parameters = spec.architecture()?.initialise(Seed::new(42));
//! let model = SavedModel::new(spec, parameters);
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("model.safetensors");
//! model.save(&path)?;
//! let autoencoder = SavedModel::load(&path)?.autoencoder(&Device::Cpu)?;
//!
//! let images = Tensor::zeros((5, 784), DType::F32, &Device::Cpu)?;
//! assert_eq!(autoencoder.encode(&images)?.dims(), [5, 32]);
//! assert_eq!(autoencoder.reconstruct(&images)?.dims(), [5, 784]);
//!
//! let inference = SavedModel::load(&path)?.inference(&Device::Cpu)?;
//! let mut code = [0.0; 32];
//! inference.encode(&[0.5; 784], &mut code)?;
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod traits;

mod layout;
mod parameters;

mod activation;
mod config;
mod denoising;
mod dense;
mod network;
mod regular;

mod fused;
mod inference;
mod loss;
mod spec;

mod attachments;
mod file;
mod number_array;
mod saved;
mod tensor_file;

mod error;

pub use activation::{Activation, OutputActivation};
pub use ae_kernels::RowLosses;
pub use attachments::Attachments;
pub use config::{DenseConfig, MAX_LAYERS, MAX_PARAMETERS};
pub use denoising::DenoisingAutoencoder;
pub use dense::DenseNetwork;
pub use error::ModelError;
pub use file::{MAX_FILE_BYTES, Part};
pub use inference::{EncoderInference, Inference, KernelInference, TensorInference};
pub use layout::{Layout, ParameterView};
pub use loss::{Loss, Objective, ObjectiveTerms, binary_cross_entropy};
pub use parameters::Parameters;
pub use regular::RegularAutoencoder;
pub use safetensors::Dtype;
pub use saved::{SavedEncoder, SavedModel};
pub use spec::{ModelKind, ModelSpec};
pub use tensor_file::{FileTensor, MAX_HEADER_BYTES, TensorFile, TensorFileError, tensor_file};
pub use traits::{Architecture, Autoencoder, Decoder, Encoder, TrainingInput};

//! Regular and denoising autoencoders with exact weights files; models on the CPU or over candle's tensors.
//!
//! - A [`ModelSpec`] says what a model is: regular or denoising, and its [`Network`], an encoder and a decoder that are
//!   lists of [`Layer`]s, whose kinds are in [`layer`]. [`DenseConfig`], [`keras_conv`], [`keras_conv_denoiser`] and [`variational`] are short forms of
//!   common networks. It becomes an [`Architecture`], which knows the layout of the parameters and draws their initial
//!   values. A [`CheckedNetwork`] has the shapes between all layers.
//! - [`Parameters`] hold all numbers of a model in one flat buffer.
//! - [`SavedModel`] and [`SavedEncoder`] are weights files; [`TensorFile`] is their format. A [`TaggedModel`] is the
//!   weights file of a network that another crate defines, loaded through a [`Registry`].
//! - An [`Inference`] applies a trained model to slices of `f32`; on the CPU without tensors.
//! - An [`Objective`] is what training minimises: a [`Loss`] and [`Penalty`]s. [`CheckedNetwork::check_objective`] says
//!   whether it suits a network.
#![cfg_attr(
    feature = "candle",
    doc = "- An [`Autoencoder`] is a model over candle's tensors: an [`Encoder`] and a [`Decoder`] that can also be used apart."
)]
//!
//! ```
//! use ae_models::{
//!     Activation, Device, ModelKind, ModelSpec, SavedModel, Seed, Shape, keras_conv,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The Keras tutorial's network: 28 x 28 pixels to 32 numbers and back.
//! let spec = ModelSpec::tutorial(ModelKind::Regular);
//! let parameters = spec.architecture()?.initialise(Seed::new(42));
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("model.safetensors");
//! SavedModel::new(spec, parameters).save(&path)?;
//! let inference = SavedModel::load(&path)?.inference(&Device::Cpu)?;
//! let mut code = [0.0; 32];
//! inference.encode(&[0.5; 784], &mut code)?;
//!
//! // The convolutional network of the same blog: its code has 8 channels of 4 x 4.
//! let mnist = Shape { channels: 1, height: 28, width: 28 };
//! let network = keras_conv(mnist, Activation::Sigmoid).check()?;
//! assert_eq!(network.code(), Shape { channels: 8, height: 4, width: 4 });
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//! | feature | default | what |
//! |---|---|---|
//! | `candle` | yes | models over candle's tensors, automatic differentiation, devices other than the CPU |
//! | `exchange` | yes | module `exchange`: ONNX files, and weights of PyTorch and Keras |
//! | `cuda` | no | candle on NVIDIA GPUs |
//! | `metal` | no | candle on Apple GPUs |
//!
//! Without `candle` the kernels of `ae-kernels` compute on the CPU. Weights files, [`Inference`] and training with
//! `ae-training`'s `FusedEngine` work; candle is not compiled.
#![deny(missing_docs)]

mod architecture;
mod layout;
mod parameters;
mod training_input;

mod dense;
pub mod layer;
mod network;
mod objective;
mod spec;

mod apply;
mod device;
mod inference;
mod noise_level;

mod attachments;
mod foreign_network;
mod number_array;
mod registry;
mod saved_model;
mod saved_part;
mod tagged_model;
mod tensor_file;
mod weight_types;
mod weights_file;

mod error;

#[cfg(feature = "candle")]
mod candle;
#[cfg(not(feature = "candle"))]
#[path = "without_candle.rs"]
mod candle;

#[cfg(feature = "exchange")]
pub mod exchange;
#[cfg(not(feature = "exchange"))]
#[path = "without_exchange.rs"]
mod exchange;

pub use ae_files::FileError;
pub use ae_kernels::{
    Activation, Chain, CodeL1, Contractive, Kl, KlSparsity, Loss, MAX_NUMBERS, Objective, Padding,
    Penalty, RowLosses, Shape,
};
pub use ae_random::Seed;
pub use architecture::Architecture;
pub use attachments::Attachments;
#[cfg(feature = "candle")]
pub use candle::{
    Autoencoder, BatchStatistics, Decoder, DrawnNumbers, Encoder, NetworkAutoencoder,
    NetworkEncoder, ObjectiveTerms, Posterior, Tensor, TensorInference, TensorObjective,
    TrainingPass, Var, VarBuilder, binary_cross_entropy,
};
pub use candle::{Device, device_name};
pub use dense::DenseConfig;
pub use device::open_device;
pub use error::ModelError;
pub use foreign_network::NetworkSpec;
pub use inference::{EncoderInference, Inference, KernelInference};
pub use layer::{Distribution, Draws, Layer, Window};
pub use layout::{Layout, ParameterView};
pub use network::{
    CheckedLayer, CheckedNetwork, DenoiserConfig, Initialisation, MAX_LAYERS, MAX_PARAMETERS,
    Margins, NamedDraws, Network, Part, Reach, convolutional_variational, denoiser, dense_layers,
    keras_conv, keras_conv_denoiser, variational,
};
pub use noise_level::with_noise_level;
pub use parameters::Parameters;
pub use registry::Registry;
pub use safetensors::Dtype;
pub use saved_model::{SavedEncoder, SavedModel};
pub use saved_part::SavedPart;
pub use spec::{ModelKind, ModelSpec};
pub use tagged_model::TaggedModel;
pub use tensor_file::{FileTensor, MAX_HEADER_BYTES, TensorFile, TensorFileError, tensor_file};
pub use training_input::TrainingInput;
pub use weight_types::WeightTypes;
pub use weights_file::MAX_FILE_BYTES;

/// Compiles the example of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;

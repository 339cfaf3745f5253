//! A trained autoencoder applied to new data: reconstruct, encode, decode, denoise, score anomalies, compress, map, probe.
//!
//! # Map
//! - **Models.** [`Model`] opens a weights file, alone or in the folder of a run, and takes slices of `f32`;
//!   [`TrainedEncoder`] is the encoder alone; [`describe`] lists the contents of a weights file.
//! - **Pictures of any size.** [`Model::reconstruct_picture`] and [`TrainedEncoder::encode_picture`] take pictures of other
//!   sizes than the model's; [`estimated_noise_level`] is what a network is told of the noise.
//!   [`denoiser_inside`] is a model that needs no file.
//! - **Data in a model's format.** [`input_reader`] reads pictures, arrays and tables chunk by chunk in bounded memory,
//!   [`input_images`] reads all at once; [`judged_data`] chooses the images that a model is judged on. [`ModelInput`] is
//!   the model's format and what is known of its training.
//! - **Anomalies.** [`AnomalyDetector`] is fitted to normal items, kept in the weights file, and judges other items.
//! - **Compression.** [`Model::compressor`] compresses 8-bit images; [`attach_codec`] fits the codec that it needs.
//! - **Latent space.** [`CodeSample`] projects codes into the plane and decodes points of it; [`interpolate`] decodes the
//!   line between two codes; [`probe`] measures what simple classifiers learn from codes.
//!
//! # Features
//! | feature | default | what |
//! |---|---|---|
//! | `candle` | yes | devices other than the CPU |
//! | `hub` | yes | data sets by name are downloaded from the Hugging Face hub |
//! | `pictures` | yes | inputs are pictures: PNG, JPEG, TIFF, WebP, BMP, PNM, GIF |
//! | `tables` | yes | inputs are CSV files |
//! | `cuda` | no | models on NVIDIA GPUs |
//! | `metal` | no | models on Apple GPUs |
//!
//! ```
//! use ae_apply::Model;
//! use ae_models::{ModelKind, ModelSpec, SavedModel};
//! use ae_random::Seed;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("model.safetensors");
//! // An untrained model, in place of the result of a training.
//! let spec = ModelSpec::tutorial(ModelKind::Regular);
//! let parameters = spec.architecture()?.initialise(Seed::new(42));
//! SavedModel::new(spec, parameters).save(&path)?;
//!
//! let model = Model::open(&path)?;
//! let images = vec![0.5; 3 * model.shape().size()];
//! assert_eq!(model.encode(&images)?.len(), 3 * model.latent_dim());
//! assert_eq!(model.reconstruct(&images)?.len(), images.len());
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod encoder;
mod model;

mod any_size;
mod inside;
mod noise_level;

mod describe;
mod judged;
mod model_input;
mod reading;

mod detector;

mod codec;

mod fine_tuning;
mod interpolation;
mod latent_map;
mod probe;
mod sampling;

mod error;

pub use ae_analysis::{AnomalyScore, Calibration, MeanInterval, Rows, ThresholdRule};
pub use ae_compression::{Compressor, Mode};
pub use ae_corruption::Noise;
pub use ae_dataset::{
    Dataset, ImageShape, Images, InputFormat, InputReader, Inputs, LoadOptions, Network, Progress,
    ReadOptions,
};
pub use ae_models::{Device, SavedEncoder, SavedModel, open_device as device};
pub use ae_random::Seed;
pub use ae_training::{Evaluation, FineTuningConfig, FineTuningEpoch, Metrics};
pub use codec::{CODEC, MAX_ARCHIVE_BYTES, attach_codec, to_bytes};
pub use describe::{Description, TensorDescription, describe};
pub use detector::{
    AnomalyDetector, AnomalyFit, AnomalyVerdict, CalibratedBy, ErrorSpec, JudgedItems,
    JudgedPicture, NoiseDraws, Normals, Residuals,
};
pub use encoder::{FeatureMaps, TrainedEncoder};
pub use error::ApplyError;
pub use fine_tuning::{FineTunedProbe, fine_tuned_probe};
pub use inside::{DENOISER_INSIDE, denoiser_inside};
pub use interpolation::{InterpolatedImage, interpolate};
pub use judged::{JudgedData, JudgedPart, judged_data};
pub use latent_map::{CodeSample, CodedItem, DecodedPlane, Projection, sample_places};
pub use model::{Autoencoded, Model, PictureOptions, metrics_of, model_file, read_codes};
pub use model_input::{DataDigests, DataOfRun, ModelInput, RUN, RunOrigin, RunSettings, SCALING};
pub use noise_level::{check_noise_level, estimated_noise_level, has_noise_level};
pub use probe::{
    Accuracies, NEIGHBOURS, ProbeResult, ProbeSpec, Representation, code_representation,
    pca_representation, pixel_representation, probe, probe_representation,
};
pub use reading::{check_noise, corrupt, input_images, input_reader, load_options};

/// Compiles the example of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;

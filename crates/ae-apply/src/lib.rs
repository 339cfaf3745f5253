//! A trained autoencoder applied to new data: reconstruct, encode, decode, denoise, score anomalies, compress, map, probe.
//!
//! A [`Model`] opens a weights file, alone or in the folder of a run, and takes slices of `f32`. [`input_reader`] reads
//! pictures, arrays and tables in the model's format, chunk by chunk in bounded memory. [`AnomalyDetector`] is fitted to
//! normal items and judges others; [`Model::compressor`] compresses 8-bit images; [`CodeSample`] maps codes into the plane;
//! [`probe`] measures what codes are good for.
#![deny(missing_docs)]

mod codec;
mod describe;
mod detector;
mod device;
mod error;
mod input;
mod interpolation;
mod judged;
mod latent_map;
mod model;
mod probe;
mod reading;

pub use codec::{CODEC, MAX_ARCHIVE_BYTES, attach_codec, to_bytes};
pub use describe::{Description, TensorDescription, describe};
pub use detector::{
    AnomalyDetector, AnomalyFit, AnomalyVerdict, CalibratedBy, Compared, ErrorSpec, NoiseDraws,
    Normals,
};
pub use device::device;
pub use error::ApplyError;
pub use input::{DataDigests, DataOfRun, ModelInput, RUN, RunOrigin, RunSettings, SCALING};
pub use interpolation::interpolate;
pub use judged::{JudgedData, JudgedPart, judged_data};
pub use latent_map::{CodeSample, CodedItem, Projection, chosen};
pub use model::{Model, TrainedEncoder, metrics_of, model_file, read_codes};
pub use probe::{
    Accuracies, NEIGHBOURS, ProbeSpec, Probed, Representation, codes, principal, probe,
    probe_representation, raw,
};
pub use reading::{check_noise, corrupt, input_images, input_reader, load_options};

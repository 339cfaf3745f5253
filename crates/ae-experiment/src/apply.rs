//! A trained model at work on somebody's images.

use std::path::{Path, PathBuf};

use ae_corruption::{Draw, Noise as NoiseKind, corrupt_batch};
use ae_dataset::{
    Dataset, ImageShape, Inputs, Network, Progress, Source, load, read_inputs, read_npy_matrix,
};
use ae_models::{EncoderInference, Inference, ModelError, ModelSpec, SavedEncoder, SavedModel};
use ae_random::Seed;
use ae_training::{Detail, Metrics, Noise, Samples, evaluate};
use candle_core::Device;
use rayon::prelude::*;

use crate::{ExperimentError, Spec};

/// Images that go through a model at once.
const BATCH: usize = 256;

/// A trained model.
pub struct Model {
    saved: SavedModel,
    inference: Box<dyn Inference>,
}

impl Model {
    /// Opens a `model.safetensors` or the folder of a run.
    ///
    /// # Errors
    /// If there is no such file or it is not a whole autoencoder.
    pub fn open(path: &Path, device: &Device) -> Result<Self, ExperimentError> {
        let saved = SavedModel::load(&model_file(path)?)?;
        let inference = saved.inference(device)?;
        Ok(Self { saved, inference })
    }

    /// What the file says of it.
    pub fn saved(&self) -> &SavedModel {
        &self.saved
    }

    /// The shape of its images.
    pub fn shape(&self) -> ImageShape {
        shape_of(&self.saved.spec)
    }

    /// Numbers in a code.
    pub fn latent_dim(&self) -> usize {
        self.inference.latent_dim()
    }

    /// Encodes and decodes images, `n x channels x height x width` in [0, 1].
    ///
    /// # Errors
    /// If the images do not fit the model, or candle fails.
    pub fn reconstruct(&self, images: &[f32]) -> Result<Vec<f32>, ExperimentError> {
        let pixels = self.inference.pixels();
        in_batches((images, pixels), pixels, |images, outputs| {
            self.inference.reconstruct(images, outputs)
        })
    }

    /// Decodes codes, `n x latent_dim`, to images in [0, 1].
    ///
    /// # Errors
    /// If the codes do not fit the model, or candle fails.
    pub fn decode(&self, codes: &[f32]) -> Result<Vec<f32>, ExperimentError> {
        in_batches((codes, self.latent_dim()), self.inference.pixels(), |codes, images| {
            self.inference.decode(codes, images)
        })
    }

    /// Evaluates it on the test images of a data set, in full detail.
    ///
    /// A denoising model is given noisy images: `noise` is drawn once from the seed. A regular one
    /// may be, to see what it makes of them.
    ///
    /// # Errors
    /// If the images do not fit the model, or candle fails.
    pub fn evaluate(
        &self,
        dataset: &Dataset,
        noise: Option<&NoiseKind>,
        seed: Seed,
    ) -> Result<Metrics, ExperimentError> {
        let images = &dataset.test;
        check_size(&dataset.origin.name, self.shape(), images.shape())?;
        let noise = noise.map(|corruption| Noise {
            corruption,
            draw: Draw::Once,
            stream: seed.stream("corruption/validation"),
        });
        let samples = Samples::new(images, noise);
        let evaluation = evaluate(self.inference.as_ref(), &samples, Detail::Full)?;
        Ok(evaluation.metrics(Detail::Full))
    }
}

/// The noise and the seed of the run in a folder, if the path is one: what its model is evaluated
/// with when nothing else is said.
///
/// # Errors
/// If the folder's spec cannot be read.
pub fn noise_of_run(path: &Path) -> Result<Option<(Option<NoiseKind>, Seed)>, ExperimentError> {
    let spec = path.join("spec.toml");
    if !spec.is_file() {
        return Ok(None);
    }
    let spec = Spec::read(&spec)?;
    Ok(Some((spec.corruption.map(|corruption| corruption.noise), Seed::new(spec.seed))))
}

/// The encoder of a trained model, from a whole model or from a file of its own.
pub struct TrainedEncoder {
    shape: ImageShape,
    inference: Box<dyn EncoderInference>,
}

impl TrainedEncoder {
    /// Opens an `encoder.safetensors`, a `model.safetensors`, or the folder of a run.
    ///
    /// # Errors
    /// If there is no such file or there is no encoder in it.
    pub fn open(path: &Path, device: &Device) -> Result<Self, ExperimentError> {
        let file = model_file(path)?;
        let saved = match SavedEncoder::load(&file) {
            Err(ModelError::WrongPart { .. }) => SavedModel::load(&file)?.encoder()?,
            loaded => loaded?,
        };
        let shape = shape_of(&saved.spec);
        Ok(Self { shape, inference: saved.inference(device)? })
    }

    /// The shape of its images.
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// Numbers in a code.
    pub fn latent_dim(&self) -> usize {
        self.inference.latent_dim()
    }

    /// Encodes images, `n x channels x height x width` in [0, 1], to `n x latent_dim`.
    ///
    /// # Errors
    /// If the images do not fit the model, or candle fails.
    pub fn encode(&self, images: &[f32]) -> Result<Vec<f32>, ExperimentError> {
        let (pixels, latent_dim) = (self.inference.pixels(), self.latent_dim());
        in_batches((images, pixels), latent_dim, |images, codes| {
            self.inference.encode(images, codes)
        })
    }
}

/// The shape of a model's images.
pub(crate) fn shape_of(spec: &ModelSpec) -> ImageShape {
    let [height, width] = spec.dense.image;
    ImageShape { channels: spec.dense.channels, height, width }
}

/// Reads images of a model's shape from a path, or the test images of a data set by its name.
///
/// # Errors
/// If there is no such thing, it is damaged, or its images are of another shape.
pub fn input_images(
    images: &Path,
    shape: ImageShape,
    network: Network,
    progress: &mut dyn Progress,
) -> Result<Inputs, ExperimentError> {
    let source = images.to_str().map(str::parse::<Source>);
    match source {
        // A file or folder of this name comes first.
        Some(Ok(source)) if !images.exists() && !matches!(source, Source::Folder(_)) => {
            let dataset = load(&source, network, progress)?;
            if let Some(sentence) = &dataset.origin.substituted {
                tracing::warn!("{sentence}");
            }
            check_size(&dataset.origin.name, shape, dataset.test.shape())?;
            Ok(Inputs::from_images(&dataset.origin.name, &dataset.test))
        }
        _ => Ok(read_inputs(images, shape)?),
    }
}

/// Reads codes for a model from a `.npy` file, `n x latent_dim`.
///
/// # Errors
/// If the file cannot be read, is damaged, or its codes are of another length.
pub fn read_codes(path: &Path, model: &Model) -> Result<Vec<f32>, ExperimentError> {
    let codes = read_npy_matrix(path)?;
    let (expected, found) = (model.latent_dim(), codes.columns);
    if found != expected {
        return Err(ExperimentError::CodeLength { path: path.to_owned(), expected, found });
    }
    Ok(codes.values)
}

/// Corrupts images as an evaluation does: drawn once, image by image, from the seed.
pub fn corrupt(inputs: &Inputs, noise: &NoiseKind, seed: Seed) -> Vec<f32> {
    let mut pixels = inputs.pixels.clone();
    let samples: Vec<u32> = (0..inputs.len() as u32).collect();
    let stream = seed.stream("corruption/validation");
    let ImageShape { height, width, .. } = inputs.shape;
    corrupt_batch(noise, &mut pixels, &samples, height, width, 0, &stream);
    pixels
}

fn check_size(
    origin: &str,
    expected: ImageShape,
    found: ImageShape,
) -> Result<(), ExperimentError> {
    if found == expected {
        return Ok(());
    }
    Err(ExperimentError::ImageSize { origin: origin.to_owned(), expected, found })
}

/// The weights file that a user names by itself or by its run.
pub(crate) fn model_file(path: &Path) -> Result<PathBuf, ExperimentError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let file = path.join("model.safetensors");
    if file.is_file() {
        return Ok(file);
    }
    Err(ExperimentError::NoRun { path: path.to_owned(), missing: "model.safetensors" })
}

/// Sends rows through a model, batch by batch, in parallel.
fn in_batches(
    (rows, of_row): (&[f32], usize),
    of_result: usize,
    apply: impl Fn(&[f32], &mut [f32]) -> Result<(), ModelError> + Sync,
) -> Result<Vec<f32>, ExperimentError> {
    let mut results = vec![0.0; rows.len().div_ceil(of_row) * of_result];
    rows.par_chunks(BATCH * of_row)
        .zip(results.par_chunks_mut(BATCH * of_result))
        .try_for_each(|(rows, results)| apply(rows, results))?;
    Ok(results)
}

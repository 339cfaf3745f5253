//! A trained model at work on somebody's images.

use std::path::{Path, PathBuf};

use ae_analysis::Tiling;
use ae_corruption::{Draw, Noise};
use ae_dataset::{ColumnScaling, ImageShape, Images, InputFormat, Scaling, read_npy_matrix};
use ae_models::{Device, EncoderInference, Inference, ModelError, SavedEncoder, SavedModel};
use ae_random::Seed;
use ae_training::{Detail, Evaluation, Metrics, SampleCorruption, Samples, evaluate};
use rayon::prelude::*;

use crate::error::ApplyError;
use crate::input::{ModelInput, RunOrigin};
use crate::reading::check_shape;

/// Images that go through a model at once.
const BATCH: usize = 256;

/// A trained model.
pub struct Model {
    saved: SavedModel,
    input: ModelInput,
    inference: Box<dyn Inference>,
}

impl Model {
    /// Opens a `model.safetensors` or the folder of a run.
    ///
    /// # Errors
    /// If there is no such file or it is not a whole autoencoder.
    pub fn open(path: &Path, device: &Device) -> Result<Self, ApplyError> {
        Self::new(SavedModel::load(&model_file(path)?)?, device)
    }

    /// Puts a model on a device.
    ///
    /// # Errors
    /// If it is no whole autoencoder, or the device cannot hold it.
    pub fn new(saved: SavedModel, device: &Device) -> Result<Self, ApplyError> {
        let input = ModelInput::of(&saved.spec, &saved.attachments)?;
        let inference = saved.inference(device)?;
        Ok(Self { saved, input, inference })
    }

    /// The model with what its run says beside its file.
    pub fn with_run(self, run: RunOrigin) -> Self {
        Self { input: self.input.with_run(run), ..self }
    }

    /// What the file says of it.
    pub fn saved(&self) -> &SavedModel {
        &self.saved
    }

    /// What it takes, and how its training has read it.
    pub fn input(&self) -> &ModelInput {
        &self.input
    }

    /// What it takes.
    pub fn format(&self) -> &InputFormat {
        &self.input.format
    }

    /// The shape of its images.
    pub fn shape(&self) -> ImageShape {
        self.input.format.shape
    }

    /// Numbers in a code.
    pub fn latent_dim(&self) -> usize {
        self.inference.latent_dim()
    }

    /// Encodes and decodes images, `n x channels x height x width` in [0, 1].
    ///
    /// # Errors
    /// If the images do not fit the model, or candle fails.
    pub fn reconstruct(&self, images: &[f32]) -> Result<Vec<f32>, ApplyError> {
        let (pixels, images) = (self.inference.pixels(), self.format().network_input(images));
        let mut outputs = in_batches((&images, pixels), pixels, |images, outputs| {
            self.inference.reconstruct(images, outputs)
        })?;
        self.format().restore_constants(&mut outputs);
        Ok(outputs)
    }

    /// Encodes images, `n x channels x height x width` in [0, 1], to `n x latent_dim`.
    ///
    /// # Errors
    /// If the images do not fit the model, or candle fails.
    pub fn encode(&self, images: &[f32]) -> Result<Vec<f32>, ApplyError> {
        let images = self.format().network_input(images);
        in_batches((&images, self.inference.pixels()), self.latent_dim(), |images, codes| {
            self.inference.encode(images, codes)
        })
    }

    /// Encodes and decodes a picture of any size, `channels x height x width` in [0, 1], through
    /// overlapping tiles of the model's size. A grey model takes each channel by itself.
    ///
    /// `progress` hears how many tiles are done, of how many.
    ///
    /// # Errors
    /// If the model is a table's, or one of colours and the picture is grey, or candle fails.
    pub fn reconstruct_picture(
        &self,
        picture: &[f32],
        shape: ImageShape,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<f32>, ApplyError> {
        let own = self.shape();
        if self.input.format.scaling.is_some() || !shape.channels.is_multiple_of(own.channels) {
            let origin = "the picture".to_owned();
            return Err(ApplyError::ImageSize { origin, expected: own, found: shape });
        }
        let tiling = Tiling::new([shape.height, shape.width], [own.height, own.width])?;
        let parts = shape.channels / own.channels;
        let (mut done, total) = (0, tiling.len() * parts);
        let mut outputs = Vec::with_capacity(picture.len());
        for part in picture.chunks(own.channels * shape.height * shape.width) {
            outputs.extend(tiling.apply::<ApplyError>(part, own.channels, |tiles| {
                let tiles = self.reconstruct(tiles)?;
                done += tiles.len() / own.size();
                progress(done, total);
                Ok(tiles)
            })?);
        }
        Ok(outputs)
    }

    /// Decodes codes, `n x latent_dim`, to images in [0, 1].
    ///
    /// # Errors
    /// If the codes do not fit the model, or candle fails.
    pub fn decode(&self, codes: &[f32]) -> Result<Vec<f32>, ApplyError> {
        let pixels = self.inference.pixels();
        let mut images = in_batches((codes, self.latent_dim()), pixels, |codes, images| {
            self.inference.decode(codes, images)
        })?;
        self.format().restore_constants(&mut images);
        Ok(images)
    }

    /// Evaluates it on images, in full detail; `name` is what errors call them.
    ///
    /// A denoising model is given noisy images: `noise` is drawn once from the seed. A regular one
    /// may be, to see what it makes of them.
    ///
    /// # Errors
    /// If the images do not fit the model, or candle fails.
    pub fn evaluate(
        &self,
        images: &Images,
        name: &str,
        noise: Option<&Noise>,
        seed: Seed,
    ) -> Result<Metrics, ApplyError> {
        check_shape(name, self.shape(), images.shape())?;
        let noise = noise.map(|corruption| SampleCorruption {
            corruption,
            draw: Draw::Once,
            stream: seed.stream("corruption/validation"),
        });
        let samples = Samples::new(images, noise);
        let evaluation = evaluate(self.inference.as_ref(), &samples, Detail::Full)?;
        Ok(metrics_of(&evaluation, self.input.format.scaling.as_ref()))
    }
}

/// The encoder of a trained model, from a whole model or from a file of its own.
pub struct TrainedEncoder {
    input: ModelInput,
    inference: Box<dyn EncoderInference>,
}

impl TrainedEncoder {
    /// Opens an `encoder.safetensors`, a `model.safetensors`, or the folder of a run.
    ///
    /// # Errors
    /// If there is no such file or there is no encoder in it.
    pub fn open(path: &Path, device: &Device) -> Result<Self, ApplyError> {
        let file = model_file(path)?;
        let saved = match SavedEncoder::load(&file) {
            Err(ModelError::WrongPart { .. }) => SavedModel::load(&file)?.encoder()?,
            loaded => loaded?,
        };
        let input = ModelInput::of(&saved.spec, &saved.attachments)?;
        Ok(Self { input, inference: saved.inference(device)? })
    }

    /// The encoder with what its run says beside its file.
    pub fn with_run(self, run: RunOrigin) -> Self {
        Self { input: self.input.with_run(run), ..self }
    }

    /// What it takes, and how its training has read it.
    pub fn input(&self) -> &ModelInput {
        &self.input
    }

    /// What it takes.
    pub fn format(&self) -> &InputFormat {
        &self.input.format
    }

    /// The shape of its images.
    pub fn shape(&self) -> ImageShape {
        self.input.format.shape
    }

    /// Numbers in a code.
    pub fn latent_dim(&self) -> usize {
        self.inference.latent_dim()
    }

    /// Encodes images, `n x channels x height x width` in [0, 1], to `n x latent_dim`.
    ///
    /// # Errors
    /// If the images do not fit the model, or candle fails.
    pub fn encode(&self, images: &[f32]) -> Result<Vec<f32>, ApplyError> {
        let (pixels, latent_dim) = (self.inference.pixels(), self.latent_dim());
        let images = self.format().network_input(images);
        in_batches((&images, pixels), latent_dim, |images, codes| {
            self.inference.encode(images, codes)
        })
    }
}

/// The metrics of an evaluation in full detail. PSNR and SSIM suppose values from 0 to 1: standardised columns have
/// none.
pub fn metrics_of(evaluation: &Evaluation, scaling: Option<&Scaling>) -> Metrics {
    let mut metrics = evaluation.metrics(Detail::Full);
    if scaling.is_some_and(|scaling| scaling.kind == ColumnScaling::Standard) {
        metrics.retain(|name, _| !name.ends_with("_psnr") && !name.ends_with("_ssim"));
    }
    metrics
}

/// Reads codes for a model from a `.npy` file, `n x latent_dim`.
///
/// # Errors
/// If the file cannot be read, is damaged, or its codes are of another length.
pub fn read_codes(path: &Path, model: &Model) -> Result<Vec<f32>, ApplyError> {
    let codes = read_npy_matrix(path)?;
    let (expected, found) = (model.latent_dim(), codes.columns);
    if found != expected {
        return Err(ApplyError::CodeLength { path: path.to_owned(), expected, found });
    }
    Ok(codes.values)
}

/// The weights file that a path means: itself, or the `model.safetensors` of a folder.
///
/// # Errors
/// [`ApplyError::NoModel`] if the folder has none.
pub fn model_file(path: &Path) -> Result<PathBuf, ApplyError> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let missing = "model.safetensors";
    let file = path.join(missing);
    if file.is_file() {
        return Ok(file);
    }
    Err(ApplyError::NoModel { path: path.to_owned(), missing })
}

/// Sends rows through a model, batch by batch, in parallel.
fn in_batches(
    (rows, of_row): (&[f32], usize),
    of_result: usize,
    apply: impl Fn(&[f32], &mut [f32]) -> Result<(), ModelError> + Sync,
) -> Result<Vec<f32>, ApplyError> {
    let mut results = vec![0.0; rows.len().div_ceil(of_row) * of_result];
    rows.par_chunks(BATCH * of_row)
        .zip(results.par_chunks_mut(BATCH * of_result))
        .try_for_each(|(rows, results)| apply(rows, results))?;
    Ok(results)
}

//! A trained autoencoder applied to slices of `f32`: reconstruct, encode, decode, evaluate.

mod opponent;
mod pictures;

use std::path::{Path, PathBuf};

use ae_corruption::{Draw, Noise};
use ae_dataset::{ColumnScaling, ImageShape, InputFormat, Scaling, read_npy_matrix};
use ae_models::{Inference, ModelError, SavedModel};
use ae_random::Seed;
use ae_training::{
    BlindSpots, Detail, Evaluation, Metrics, SampleCorruption, Samples, evaluate,
    evaluate_variational, importance_weighted_nll, validation_codes,
};
use rayon::prelude::*;

use crate::Device;
use crate::any_size::AnySize;
use crate::error::ApplyError;
use crate::judged::JudgedData;
use crate::model_input::{ModelInput, RunOrigin};
use crate::noise_level::{Told, estimated_levels, network_inputs};
pub use pictures::PictureOptions;

/// Rows that go through a model at once. No part of the result: a row has the same bits in every batch.
const BATCH: usize = 256;

/// A trained model, ready to be applied.
///
/// Images are slices of `f32`, `n x channels x height x width` in [0, 1]. Rows of a table are images of one row and one
/// channel, in the scale of [`InputFormat::scaling`]. A batch is shared out among the threads of rayon's current pool; on
/// the CPU the result of an item has the same bits alone and in every batch.
pub struct Model {
    saved: SavedModel,
    input: ModelInput,
    inference: Box<dyn Inference>,
    device: Device,
    /// If the network is spatial.
    any_size: Option<AnySize<dyn Inference>>,
}

/// Codes of images and what the decoder makes of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Autoencoded {
    /// The codes, `n x latent_dim`.
    pub codes: Vec<f32>,
    /// The reconstructions, `n x channels x height x width`.
    pub reconstructions: Vec<f32>,
}

impl Model {
    /// Opens a weights file, or the `model.safetensors` of a folder, on the CPU.
    ///
    /// # Errors
    /// [`ApplyError::NoModel`] if the folder has none; [`ApplyError::Model`] if the file cannot be read, is damaged, or
    /// holds an encoder alone.
    pub fn open(path: &Path) -> Result<Self, ApplyError> {
        Self::open_on(path, &Device::Cpu)
    }

    /// Opens a weights file, or the `model.safetensors` of a folder, on a device.
    ///
    /// # Errors
    /// As [`open`](Self::open), and if the device cannot hold the model.
    pub fn open_on(path: &Path, device: &Device) -> Result<Self, ApplyError> {
        Self::new_on(SavedModel::load(&model_file(path)?)?, device)
    }

    /// A model in memory, on the CPU.
    ///
    /// # Errors
    /// If the parameters do not fit the network, or an attachment is damaged.
    pub fn new(saved: SavedModel) -> Result<Self, ApplyError> {
        Self::new_on(saved, &Device::Cpu)
    }

    /// A model in memory, on a device.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if the device cannot hold the model.
    pub fn new_on(saved: SavedModel, device: &Device) -> Result<Self, ApplyError> {
        let input = ModelInput::of(&saved.spec, &saved.attachments)?;
        let inference = saved.inference(device)?;
        let any_size = match input.format.scaling {
            None => AnySize::of(&saved.spec)?,
            Some(_) => None,
        };
        Ok(Self { saved, input, inference, device: device.clone(), any_size })
    }

    /// The model, with what the folder of its run adds to its weights file.
    #[must_use]
    pub fn with_run(self, run: RunOrigin) -> Self {
        Self { input: self.input.with_run(run), ..self }
    }

    /// The contents of the weights file.
    pub fn saved(&self) -> &SavedModel {
        &self.saved
    }

    /// The format of the model's input, and how the training read its data.
    pub fn input(&self) -> &ModelInput {
        &self.input
    }

    /// The format of the model's input.
    pub fn format(&self) -> &InputFormat {
        &self.input.format
    }

    /// The shape of an image of the model's input.
    pub fn shape(&self) -> ImageShape {
        self.input.format.shape
    }

    /// The length of a code.
    pub fn latent_dim(&self) -> usize {
        self.inference.latent_dim()
    }

    /// Encodes and decodes images: `n x channels x height x width` to the same. A denoising model given corrupted images
    /// returns its estimate of the clean ones. A network that is told the level of noise is told an estimate
    /// ([`estimated_noise_level`](crate::estimated_noise_level)).
    ///
    /// # Errors
    /// If the slice is not whole images, a noise level cannot be estimated, or the device fails.
    pub fn reconstruct(&self, images: &[f32]) -> Result<Vec<f32>, ApplyError> {
        self.reconstruct_told(images, self.told())
    }

    /// The same of a network that is told the level of noise, with these levels: one for each image.
    ///
    /// # Errors
    /// As [`reconstruct`](Self::reconstruct), and if there is not one level for each image, or the network takes none.
    pub fn reconstruct_with(
        &self,
        images: &[f32],
        noise_levels: &[f32],
    ) -> Result<Vec<f32>, ApplyError> {
        self.reconstruct_told(images, Told::These(noise_levels))
    }

    fn reconstruct_told(&self, images: &[f32], told: Told<'_>) -> Result<Vec<f32>, ApplyError> {
        let inputs = network_inputs(self.format(), images, told)?;
        let (input, result) = (Width(self.inference.inputs()), Width(self.inference.pixels()));
        let mut outputs = in_batches(&inputs, input, result, |images, outputs| {
            self.inference.reconstruct(images, outputs)
        })?;
        self.format().restore_constants(&mut outputs);
        Ok(outputs)
    }

    /// Encodes images: `n x channels x height x width` to `n x latent_dim`; noise levels as in
    /// [`reconstruct`](Self::reconstruct).
    ///
    /// # Errors
    /// As [`reconstruct`](Self::reconstruct).
    pub fn encode(&self, images: &[f32]) -> Result<Vec<f32>, ApplyError> {
        self.encode_told(images, self.told())
    }

    fn encode_told(&self, images: &[f32], told: Told<'_>) -> Result<Vec<f32>, ApplyError> {
        let inputs = network_inputs(self.format(), images, told)?;
        let (input, result) = (Width(self.inference.inputs()), Width(self.latent_dim()));
        in_batches(&inputs, input, result, |images, codes| self.inference.encode(images, codes))
    }

    /// What the network is told of noise that is not known.
    fn told(&self) -> Told<'static> {
        if self.takes_noise_level() { Told::Estimated } else { Told::Nothing }
    }

    /// The noise levels of images, estimated; `None` if the network is not told them.
    ///
    /// # Errors
    /// As [`estimated_noise_level`](crate::estimated_noise_level).
    pub fn noise_levels(&self, images: &[f32]) -> Result<Option<Vec<f32>>, ApplyError> {
        let estimate = || estimated_levels(images, self.shape());
        self.takes_noise_level().then(estimate).transpose()
    }

    /// Whether the network adds its input to what it makes of a code, so that a code alone gives no image.
    pub fn is_residual(&self) -> bool {
        self.saved.spec.network.residual
    }

    /// Decodes codes: `n x latent_dim` to `n x channels x height x width`.
    ///
    /// # Errors
    /// [`ApplyError::Residual`] if a code alone gives no image; if the slice is not whole codes, or the device fails.
    pub fn decode(&self, codes: &[f32]) -> Result<Vec<f32>, ApplyError> {
        if self.is_residual() {
            return Err(ApplyError::Residual);
        }
        let (input, result) = (Width(self.latent_dim()), Width(self.inference.pixels()));
        let mut images =
            in_batches(codes, input, result, |codes, images| self.inference.decode(codes, images))?;
        self.format().restore_constants(&mut images);
        Ok(images)
    }

    /// Codes and reconstructions of images, from one run of the encoder where a code gives the image: the bits of [`encode`](Self::encode) and of
    /// [`reconstruct`](Self::reconstruct).
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn autoencode(&self, images: &[f32]) -> Result<Autoencoded, ApplyError> {
        let levels = self.noise_levels(images)?;
        let told = levels.as_deref().map_or(Told::Nothing, Told::These);
        let codes = self.encode_told(images, told)?;
        let reconstructions = match self.is_residual() {
            true => self.reconstruct_told(images, told)?,
            false => self.decode(&codes)?,
        };
        Ok(Autoencoded { codes, reconstructions })
    }

    /// Evaluates the model on images, in full detail. Pairs compare what becomes of the inputs with the images.
    ///
    /// A model that learned from noisy images alone, and is given nothing but images, is judged on blind spots: these are drawn
    /// from the stream `blind-spots/validation` of the seed.
    ///
    /// A denoising model is given corrupted images: `noise` is drawn once, from the stream `corruption/validation` of the
    /// seed. A regular model may be given them too.
    ///
    /// # Errors
    /// If the images are of another shape than the model's, a model of pairs gets neither partners nor noise, or the device
    /// fails.
    pub fn evaluate(
        &self,
        judged: &JudgedData,
        noise: Option<&Noise>,
        seed: Seed,
    ) -> Result<Metrics, ApplyError> {
        let name = &judged.name;
        let samples = self.samples(judged, noise, seed)?;
        let trained_on = self.input.settings.as_ref().and_then(|settings| settings.loss);
        let settings = self.input.settings.as_ref().filter(|_| !samples.is_corrupted());
        if settings.is_some_and(|settings| settings.is_paired) {
            return Err(ApplyError::NoPartners { name: name.clone() });
        }
        let samples = match settings.and_then(|settings| settings.blind_spot) {
            Some(fraction) => {
                let stream = seed.stream("blind-spots/validation");
                samples.with_blind_spots(BlindSpots::new(fraction, stream))
            }
            None => samples,
        };
        let mut evaluation = evaluate(self.inference.as_ref(), &samples, Detail::Full)?;
        evaluation.trained_on = trained_on;
        let architecture = self.saved.spec.architecture()?;
        if let Some(stream) = validation_codes(architecture.as_ref(), seed) {
            let model = self.inference.as_ref();
            evaluation.variational = Some(evaluate_variational(model, &samples, &stream)?);
        }
        let bound = evaluation.variational.as_ref().is_none_or(|it| it.negative_elbo.is_finite());
        if !(evaluation.is_finite() && bound) {
            return Err(ApplyError::NotFiniteLoss { name: name.clone() });
        }
        Ok(metrics_of(&evaluation, self.input.format.scaling.as_ref()))
    }

    /// An upper bound on the negative log-likelihood of an image in nats, averaged over images, from `codes` codes an
    /// image ([`importance_weighted_nll`]). Noise as in [`evaluate`](Self::evaluate).
    ///
    /// # Errors
    /// [`ApplyError::NotVariational`] if the model's codes have no distribution; otherwise as
    /// [`evaluate`](Self::evaluate).
    pub fn importance_weighted_nll(
        &self,
        judged: &JudgedData,
        noise: Option<&Noise>,
        codes: u32,
        seed: Seed,
    ) -> Result<f64, ApplyError> {
        let samples = self.samples(judged, noise, seed)?;
        let architecture = self.saved.spec.architecture()?;
        let stream = validation_codes(architecture.as_ref(), seed);
        let stream = stream.ok_or(ApplyError::NotVariational)?;
        let bound = importance_weighted_nll(self.inference.as_ref(), &samples, codes, &stream)?;
        match bound.is_finite() {
            true => Ok(bound),
            false => Err(ApplyError::NotFiniteLoss { name: judged.name.clone() }),
        }
    }

    /// Images of the model's shape with their inputs and their noise.
    fn samples<'a>(
        &self,
        JudgedData { images, inputs, name, .. }: &'a JudgedData,
        noise: Option<&'a Noise>,
        seed: Seed,
    ) -> Result<Samples<'a>, ApplyError> {
        let (expected, found) = (self.shape(), images.shape());
        if found != expected {
            return Err(ApplyError::ImageSize { origin: name.clone(), expected, found });
        }
        let noise = noise.map(|corruption| SampleCorruption {
            corruption,
            draw: Draw::Once,
            stream: seed.stream("corruption/validation"),
        });
        let samples = Samples::new(images, noise);
        Ok(match inputs {
            Some(inputs) => samples.with_inputs(inputs),
            None => samples,
        })
    }
}

/// The metrics of an evaluation in full detail. PSNR and SSIM are defined for values in [0, 1], so standardised columns have
/// neither.
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
/// [`ApplyError::CodeLength`] if the codes are of another length; and if the file cannot be read or is damaged.
pub fn read_codes(path: &Path, model: &Model) -> Result<Vec<f32>, ApplyError> {
    let codes = read_npy_matrix(path)?;
    let (expected, found) = (model.latent_dim(), codes.columns);
    if found != expected {
        return Err(ApplyError::CodeLength { path: path.to_owned(), expected, found });
    }
    Ok(codes.values)
}

/// The weights file that a path means: the file itself, or the `model.safetensors` of a folder.
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

/// Numbers in a row.
#[derive(Clone, Copy)]
pub(crate) struct Width(pub(crate) usize);

/// Sends rows of one width through a model to rows of another, batch by batch, in parallel.
pub(crate) fn in_batches(
    rows: &[f32],
    Width(input): Width,
    Width(result): Width,
    apply: impl Fn(&[f32], &mut [f32]) -> Result<(), ModelError> + Sync,
) -> Result<Vec<f32>, ApplyError> {
    let mut results = vec![0.0; rows.len().div_ceil(input) * result];
    rows.par_chunks(BATCH * input)
        .zip(results.par_chunks_mut(BATCH * result))
        .try_for_each(|(rows, results)| apply(rows, results))?;
    Ok(results)
}

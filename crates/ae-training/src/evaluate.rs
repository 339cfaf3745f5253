//! How well a model does on a set of images.

use ae_models::Autoencoder;
use candle_core::{Device, Tensor};
use rayon::prelude::*;

use crate::metrics::{bce_from_logits, mse, psnr, squared_error, ssim};
use crate::{Batch, Metrics, Samples, TrainingError};

/// Rows that one task evaluates. Part of the result: it fixes the order of the sums.
const SLICE_ROWS: usize = 256;

/// What to compute in an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The losses alone: what a learning curve shows.
    Losses,
    /// Everything: PSNR and SSIM too, and the same for the corrupted input.
    Full,
}

/// Reconstruction quality over a set of images, averaged over all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// Binary cross-entropy per pixel, in nats, from the logits; none without a sigmoid output.
    pub bce: Option<f64>,
    /// Squared error per pixel.
    pub mse: f64,
    /// Squared error per image: the sum over its pixels.
    pub sse: f64,
    /// Mean structural similarity, in colour the mean of the channels'; none for images below 7 x 7 or if it was not asked for.
    pub ssim: Option<f64>,
}

impl Quality {
    /// Peak signal-to-noise ratio of the mean squared error in dB, data range 1.
    pub fn psnr(&self) -> f64 {
        psnr(self.mse)
    }
}

/// An evaluation: the model's output, and the corrupted input beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// The reconstructions against the clean images.
    pub reconstruction: Quality,
    /// The corrupted inputs against the clean images, if they differ.
    pub noisy: Option<Quality>,
}

impl Evaluation {
    /// Whether the losses of the reconstruction are finite.
    pub fn is_finite(&self) -> bool {
        self.reconstruction.mse.is_finite() && self.reconstruction.bce.is_none_or(f64::is_finite)
    }

    /// The metrics by name: `val_bce`, `val_mse`, and in full detail `val_sse`, `val_psnr`,
    /// `val_ssim`, `noisy_mse`, `noisy_psnr`, `noisy_ssim`.
    ///
    /// What is not finite (the PSNR of a perfect reconstruction) is left out.
    pub fn metrics(&self, detail: Detail) -> Metrics {
        let quality = &self.reconstruction;
        let mut named = vec![("val_bce", quality.bce), ("val_mse", Some(quality.mse))];
        if detail == Detail::Full {
            named.push(("val_sse", Some(quality.sse)));
            named.push(("val_psnr", Some(quality.psnr())));
            named.push(("val_ssim", quality.ssim));
            if let Some(noisy) = &self.noisy {
                named.push(("noisy_mse", Some(noisy.mse)));
                named.push(("noisy_psnr", Some(noisy.psnr())));
                named.push(("noisy_ssim", noisy.ssim));
            }
        }
        let finite = named.into_iter().filter_map(|(name, value)| {
            value.filter(|value| value.is_finite()).map(|value| (name.to_owned(), value))
        });
        finite.collect()
    }
}

/// Evaluates a model on every image, in slices; the noise is that of epoch 0.
///
/// # Errors
/// If the images do not fit the model, or candle fails.
pub fn evaluate(
    model: &dyn Autoencoder,
    samples: &Samples,
    device: &Device,
    detail: Detail,
) -> Result<Evaluation, TrainingError> {
    let all: Vec<u32> = (0..samples.images().len() as u32).collect();
    let slices = all
        .par_chunks(SLICE_ROWS)
        .map(|slice| evaluate_slice(model, samples, slice, device, detail))
        .collect::<Result<Vec<_>, _>>()?;
    let mut total = Sums::default();
    slices.iter().for_each(|slice| total.add(slice));
    Ok(total.mean(all.len() as f64, samples.images().image_size() as f64, samples.is_corrupted()))
}

/// The squared error of each image's reconstruction: the sum over its pixels.
///
/// # Errors
/// If the images do not fit the model, or candle fails.
pub fn squared_errors(
    model: &dyn Autoencoder,
    samples: &Samples,
    device: &Device,
) -> Result<Vec<f64>, TrainingError> {
    let all: Vec<u32> = (0..samples.images().len() as u32).collect();
    let size = samples.images().image_size();
    let slices = all
        .par_chunks(SLICE_ROWS)
        .map(|slice| {
            let Batch { inputs, targets } = samples.gather(slice, 0);
            let inputs = Tensor::from_vec(inputs, (slice.len(), size), device)?;
            let outputs = model.reconstruct(&inputs)?.flatten_all()?.to_vec1::<f32>()?;
            let rows = outputs.chunks(size).zip(targets.chunks(size));
            Ok(rows.map(|(output, target)| squared_error(output, target)).collect())
        })
        .collect::<Result<Vec<Vec<f64>>, TrainingError>>()?;
    Ok(slices.concat())
}

/// Sums over images of per-pixel means (and of SSIM).
#[derive(Debug, Default)]
struct Sums {
    bce: Option<f64>,
    mse: f64,
    ssim: Option<f64>,
    noisy_mse: f64,
    noisy_ssim: Option<f64>,
}

impl Sums {
    fn add(&mut self, slice: &Self) {
        let plus = |sum: Option<f64>, part: Option<f64>| part.map(|part| sum.unwrap_or(0.0) + part);
        self.bce = plus(self.bce, slice.bce);
        self.mse += slice.mse;
        self.ssim = plus(self.ssim, slice.ssim);
        self.noisy_mse += slice.noisy_mse;
        self.noisy_ssim = plus(self.noisy_ssim, slice.noisy_ssim);
    }

    fn mean(&self, images: f64, pixels: f64, corrupted: bool) -> Evaluation {
        let quality = |bce: Option<f64>, mse: f64, ssim: Option<f64>| Quality {
            bce: bce.map(|sum| sum / images),
            mse: mse / images,
            sse: mse * pixels / images,
            ssim: ssim.map(|sum| sum / images),
        };
        Evaluation {
            reconstruction: quality(self.bce, self.mse, self.ssim),
            noisy: corrupted.then(|| quality(None, self.noisy_mse, self.noisy_ssim)),
        }
    }
}

fn evaluate_slice(
    model: &dyn Autoencoder,
    samples: &Samples,
    slice: &[u32],
    device: &Device,
    detail: Detail,
) -> Result<Sums, TrainingError> {
    let Batch { inputs, targets } = samples.gather(slice, 0);
    let images = samples.images();
    let (height, width) = (images.height(), images.width());
    let tensor = Tensor::from_slice(&inputs, (slice.len(), images.image_size()), device)?;
    let logits = model.decode_logits(&model.encode(&tensor)?)?;
    let outputs = model.activate(&logits)?.flatten_all()?.to_vec1::<f32>()?;
    let rows = slice.len() as f64;
    // An image's SSIM is the mean of its channels'.
    let ssim_sum = |rows: &[f32]| -> Option<f64> {
        let planes = rows.chunks(height * width).zip(targets.chunks(height * width));
        let sum: Option<f64> = planes.map(|(a, b)| ssim(a, b, height, width)).sum();
        sum.map(|sum| sum / images.channels() as f64)
    };
    let mut sums = Sums { mse: rows * mse(&outputs, &targets), ..Sums::default() };
    if model.output_is_probability() {
        let logits = logits.flatten_all()?.to_vec1::<f32>()?;
        sums.bce = Some(rows * bce_from_logits(&logits, &targets));
    }
    if detail == Detail::Full {
        sums.ssim = ssim_sum(&outputs);
        sums.noisy_mse = rows * mse(&inputs, &targets);
        sums.noisy_ssim = samples.is_corrupted().then(|| ssim_sum(&inputs)).flatten();
    }
    Ok(sums)
}

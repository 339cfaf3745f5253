//! The evaluation of a model on a set of images.

use ae_dataset::ImageShape;
use ae_kernels::{Peers, SLICE_ROWS};
use ae_models::{Inference, Loss, RowLosses};
use rayon::prelude::*;

use crate::metric_names::{
    NOISY_MSE, NOISY_PSNR, NOISY_SSIM, VALIDATION_KL, VALIDATION_NEGATIVE_ELBO, VALIDATION_PSNR,
    VALIDATION_SSE, VALIDATION_SSIM, validation_metric,
};
use crate::metrics::{bce_from_logits, mae, mse, psnr, ssim};
use crate::peers::{gathered, items_of};
use crate::{Counted, Metrics, Samples, TrainingBatch, TrainingError, VariationalLosses};

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
    /// Binary cross-entropy per pixel, in nats, from the logits; `None` without a sigmoid output.
    pub bce: Option<f64>,
    /// Squared error per pixel.
    pub mse: f64,
    /// Squared error per image: the sum over its pixels.
    pub sse: f64,
    /// Mean structural similarity, for colour images averaged over the channels; `None` for images below 7 x 7, or if
    /// it was not asked for.
    pub ssim: Option<f64>,
}

impl Quality {
    /// The quality of any reconstructions against clean images of this shape: `n x channels x height x width` in
    /// [0, 1] each. Sums are in `f64`, image by image. There is no `bce`.
    ///
    /// # Panics
    /// If the lengths differ or are not a whole number of images.
    pub fn of(reconstructions: &[f32], clean: &[f32], shape: ImageShape) -> Self {
        let size = shape.size();
        assert_eq!(reconstructions.len(), clean.len(), "a reconstruction of each image");
        assert!(clean.len().is_multiple_of(size), "whole images");
        let of_image = |(a, b): (&[f32], &[f32])| Sums {
            mse: mse(a, b),
            ssim: ssim_of_image(shape, a, b),
            ..Sums::default()
        };
        let pairs = reconstructions.par_chunks_exact(size).zip(clean.par_chunks_exact(size));
        let images: Vec<Sums> = pairs.map(of_image).collect();
        let mut total = Sums::default();
        images.iter().for_each(|image| total.add(image));
        total.mean(images.len() as f64, size as f64).reconstruction
    }

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
    /// What was compared. At blind spots, the squared error of the reconstruction is that to the noisy pixels which
    /// were hidden, and there is nothing else.
    pub counted: Counted,
    /// The loss of the training, if it is known ([`Engine`](crate::Engine)s know it). The absolute error is among the
    /// [`metrics`](Self::metrics) where it is that loss.
    pub trained_on: Option<Loss>,
    /// The reconstructions' absolute error per pixel; of blind spots 0.
    pub mae: f64,
    /// The negative evidence lower bound of a variational model, if it was computed ([`Engine`](crate::Engine)s do).
    pub variational: Option<VariationalLosses>,
}

impl Evaluation {
    /// Whether the losses of the reconstruction are finite.
    pub fn is_finite(&self) -> bool {
        self.reconstruction.mse.is_finite()
            && self.mae.is_finite()
            && self.reconstruction.bce.is_none_or(f64::is_finite)
            && self.variational.is_none_or(|losses| losses.negative_elbo.is_finite())
    }

    /// The metrics by name: `val_bce`, `val_mse`, `val_mae`, of a variational model `val_kl` and `val_negative_elbo`, and in full
    /// detail `val_sse`, `val_psnr`, `val_ssim`, `noisy_mse`, `noisy_psnr`, `noisy_ssim`; of blind spots
    /// `val_blind_spot_mse` alone.
    ///
    /// What is not finite (the PSNR of a perfect reconstruction) is left out.
    pub fn metrics(&self, detail: Detail) -> Metrics {
        let quality = &self.reconstruction;
        let bce = validation_metric(Loss::BinaryCrossEntropy, self.counted);
        let mse = validation_metric(Loss::MeanSquaredError, self.counted);
        if self.counted == Counted::BlindSpots {
            let mse = Some((mse, quality.mse)).filter(|(_, mse)| mse.is_finite());
            return mse.into_iter().collect();
        }
        let mae = validation_metric(Loss::MeanAbsoluteError, self.counted);
        let mut named = vec![(bce.as_str(), quality.bce), (mse.as_str(), Some(quality.mse))];
        if self.trained_on == Some(Loss::MeanAbsoluteError) {
            named.push((&mae, Some(self.mae)));
        }
        if let Some(VariationalLosses { kl, negative_elbo }) = self.variational {
            named.push((VALIDATION_KL, Some(kl)));
            named.push((VALIDATION_NEGATIVE_ELBO, Some(negative_elbo)));
        }
        if detail == Detail::Full {
            named.push((VALIDATION_SSE, Some(quality.sse)));
            named.push((VALIDATION_PSNR, Some(quality.psnr())));
            named.push((VALIDATION_SSIM, quality.ssim));
            if let Some(noisy) = &self.noisy {
                named.push((NOISY_MSE, Some(noisy.mse)));
                named.push((NOISY_PSNR, Some(noisy.psnr())));
                named.push((NOISY_SSIM, noisy.ssim));
            }
        }
        let finite = named.into_iter().filter_map(|(name, value)| {
            value.filter(|value| value.is_finite()).map(|value| (name.to_owned(), value))
        });
        finite.collect()
    }
}

/// Evaluates a model on every image; the corruption is that of epoch 0.
///
/// The losses alone are sums of the kernels, in `f32` within an image; in full detail all sums are in
/// `f64`. Either way they are added up image by image.
///
/// # Errors
/// If the images do not fit the model, or candle fails.
pub fn evaluate(
    model: &dyn Inference,
    samples: &Samples,
    detail: Detail,
) -> Result<Evaluation, TrainingError> {
    evaluate_among(model, samples, detail, None)
}

/// The same by one of several processes, if there are peers: each evaluates a part of the images.
pub(crate) fn evaluate_among(
    model: &dyn Inference,
    samples: &Samples,
    detail: Detail,
    peers: Option<&dyn Peers>,
) -> Result<Evaluation, TrainingError> {
    let count = samples.images().len();
    let items = |rank: usize| peers.map_or(0..count, |it| items_of(rank, it.ranks(), count));
    let own: Vec<u32> = items(peers.map_or(0, Peers::rank)).map(|item| item as u32).collect();
    let mut images = in_slices_of(model, samples, &own, |inputs, targets, buffers| {
        match (samples.counted(), detail) {
            (Counted::BlindSpots, _) => blind_spots_of_slice(model, inputs, targets, buffers),
            (Counted::All, Detail::Losses) => losses_of_slice(model, inputs, targets),
            (Counted::All, Detail::Full) => {
                evaluate_slice(model, samples, (inputs, targets), buffers)
            }
        }
    })?;
    if let Some(peers) = peers {
        let numbers = images.iter().flat_map(Sums::numbers).collect();
        let all = gathered(peers, numbers, |rank| items(rank).len() * SUMS)?;
        images = all.as_chunks().0.iter().map(Sums::of_numbers).collect();
    }
    let mut total = Sums::default();
    images.iter().for_each(|image| total.add(image));
    let found = total.mean(images.len() as f64, samples.images().image_size() as f64);
    Ok(Evaluation { counted: samples.counted(), ..found })
}

/// The squared error of each image's reconstruction: the sum over its pixels.
///
/// # Errors
/// If the images do not fit the model, or candle fails.
pub fn squared_errors(model: &dyn Inference, samples: &Samples) -> Result<Vec<f64>, TrainingError> {
    in_slices(model, samples, |inputs, targets, _| {
        let mut errors = vec![0.0; targets.len() / model.pixels()];
        model.squared_errors(inputs, targets, &mut errors)?;
        Ok(errors)
    })
}

/// Some samples and what a model makes of them: `rows x image_size` each.
#[derive(Debug, Clone, PartialEq)]
pub struct ReconstructedSamples {
    /// What the model was shown: the images with their corruption.
    pub inputs: Vec<f32>,
    /// The clean images.
    pub targets: Vec<f32>,
    /// What the model made of the inputs.
    pub outputs: Vec<f32>,
}

/// Reconstructs the samples with these numbers; the corruption is that of epoch 0.
///
/// # Errors
/// If the images do not fit the model, or candle fails.
///
/// # Panics
/// If there is no such sample.
pub fn reconstruct_samples(
    model: &dyn Inference,
    samples: &Samples,
    indices: &[u32],
) -> Result<ReconstructedSamples, TrainingError> {
    samples.check(model.pixels(), model.inputs())?;
    let TrainingBatch { mut inputs, targets } = samples.gather_inputs(indices, 0, model.inputs());
    let mut outputs = vec![0.0; targets.len()];
    model.reconstruct(&inputs, &mut outputs)?;
    if model.inputs() != model.pixels() {
        // The image alone, without the plane of the noise level.
        let images = inputs.chunks_exact(model.inputs()).flat_map(|row| &row[..model.pixels()]);
        inputs = images.copied().collect();
    }
    Ok(ReconstructedSamples { inputs, targets, outputs })
}

/// The outputs of a slice. A thread uses them again for its next slice, because the system clears new memory page by
/// page.
#[derive(Default)]
pub(crate) struct SliceBuffers {
    logits: Vec<f32>,
    pub(crate) outputs: Vec<f32>,
}

/// Gathers all samples in slices, on all threads, evaluates inputs and targets of each slice, and returns the results
/// of all images in order.
fn in_slices<R: Send>(
    model: &dyn Inference,
    samples: &Samples,
    evaluate: impl Fn(&[f32], &[f32], &mut SliceBuffers) -> Result<Vec<R>, TrainingError> + Sync,
) -> Result<Vec<R>, TrainingError> {
    let all: Vec<u32> = (0..samples.images().len() as u32).collect();
    in_slices_of(model, samples, &all, evaluate)
}

/// The same for the samples with these numbers.
pub(crate) fn in_slices_of<R: Send>(
    model: &dyn Inference,
    samples: &Samples,
    indices: &[u32],
    evaluate: impl Fn(&[f32], &[f32], &mut SliceBuffers) -> Result<Vec<R>, TrainingError> + Sync,
) -> Result<Vec<R>, TrainingError> {
    samples.check(model.pixels(), model.inputs())?;
    let slices = indices
        .par_chunks(SLICE_ROWS)
        .map_init(<(TrainingBatch, SliceBuffers)>::default, |(batch, buffers), slice| {
            samples.gather_again(slice, 0, model.inputs(), batch);
            let TrainingBatch { inputs, targets } = &*batch;
            let targets = if samples.are_targets(model.inputs()) { inputs } else { targets };
            evaluate(inputs, targets, buffers)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(slices.into_iter().flatten().collect())
}

/// Per-pixel means (and SSIM) of an image, or their sums over images.
#[derive(Debug, Default)]
struct Sums {
    bce: Option<f64>,
    mse: f64,
    mae: f64,
    ssim: Option<f64>,
    noisy_mse: Option<f64>,
    noisy_ssim: Option<f64>,
}

/// Numbers that [`Sums`] are sent as.
const SUMS: usize = 10;

impl Sums {
    /// All of it, for another process: what there may be as 1 and its value, or as 0 and 0.
    fn numbers(&self) -> [f64; SUMS] {
        let of = |sum: Option<f64>| [f64::from(u8::from(sum.is_some())), sum.unwrap_or(0.0)];
        let [[a, bce], [b, ssim], [c, noisy_mse], [d, noisy_ssim]] =
            [self.bce, self.ssim, self.noisy_mse, self.noisy_ssim].map(of);
        [a, bce, b, ssim, c, noisy_mse, d, noisy_ssim, self.mse, self.mae]
    }

    fn of_numbers(numbers: &[f64; SUMS]) -> Self {
        let [a, bce, b, ssim, c, noisy_mse, d, noisy_ssim, mse, mae] = *numbers;
        let of = |is_some: f64, sum: f64| (is_some == 1.0).then_some(sum);
        let (noisy_mse, noisy_ssim) = (of(c, noisy_mse), of(d, noisy_ssim));
        Self { bce: of(a, bce), mse, mae, ssim: of(b, ssim), noisy_mse, noisy_ssim }
    }

    fn add(&mut self, image: &Self) {
        let plus = |sum: Option<f64>, part: Option<f64>| part.map(|part| sum.unwrap_or(0.0) + part);
        self.bce = plus(self.bce, image.bce);
        self.mse += image.mse;
        self.mae += image.mae;
        self.ssim = plus(self.ssim, image.ssim);
        self.noisy_mse = plus(self.noisy_mse, image.noisy_mse);
        self.noisy_ssim = plus(self.noisy_ssim, image.noisy_ssim);
    }

    fn mean(&self, images: f64, pixels: f64) -> Evaluation {
        let quality = |bce: Option<f64>, mse: f64, ssim: Option<f64>| Quality {
            bce: bce.map(|sum| sum / images),
            mse: mse / images,
            sse: mse * pixels / images,
            ssim: ssim.map(|sum| sum / images),
        };
        Evaluation {
            reconstruction: quality(self.bce, self.mse, self.ssim),
            noisy: self.noisy_mse.map(|mse| quality(None, mse, self.noisy_ssim)),
            counted: Counted::All,
            trained_on: None,
            mae: self.mae / images,
            variational: None,
        }
    }
}

fn losses_of_slice(
    model: &dyn Inference,
    inputs: &[f32],
    targets: &[f32],
) -> Result<Vec<Sums>, TrainingError> {
    let size = model.pixels() as f64;
    let mut losses = vec![RowLosses::default(); targets.len() / model.pixels()];
    model.losses(inputs, targets, &mut losses)?;
    let images = losses.into_iter().map(|row| Sums {
        bce: row.cross_entropy.map(|sum| sum / size),
        mse: row.squared_error / size,
        mae: row.absolute_error / size,
        ..Sums::default()
    });
    Ok(images.collect())
}

/// The squared error at the numbers of each image that are not NaN in its target.
fn blind_spots_of_slice(
    model: &dyn Inference,
    inputs: &[f32],
    targets: &[f32],
    SliceBuffers { outputs, .. }: &mut SliceBuffers,
) -> Result<Vec<Sums>, TrainingError> {
    outputs.resize(targets.len(), 0.0);
    model.reconstruct(inputs, outputs)?;
    let images = outputs.chunks(model.pixels()).zip(targets.chunks(model.pixels()));
    let images = images.map(|(output, target)| {
        let counted = output.iter().zip(target).filter(|(_, target)| !target.is_nan());
        let squares = counted.map(|(&y, &t)| (f64::from(y) - f64::from(t)).powi(2));
        let (sum, count) = squares.fold((0.0, 0_usize), |(sum, n), square| (sum + square, n + 1));
        Sums { mse: sum / count.max(1) as f64, ..Sums::default() }
    });
    Ok(images.collect())
}

/// An evaluation in full detail.
fn evaluate_slice(
    model: &dyn Inference,
    samples: &Samples,
    (inputs, targets): (&[f32], &[f32]),
    SliceBuffers { logits, outputs }: &mut SliceBuffers,
) -> Result<Vec<Sums>, TrainingError> {
    let (size, shape) = (samples.images().image_size(), samples.images().shape());
    logits.resize(targets.len(), 0.0);
    outputs.resize(targets.len(), 0.0);
    model.forward(inputs, logits, outputs)?;
    let seen = inputs.chunks(model.inputs()).zip(targets.chunks(size));
    let answers = logits.chunks(size).zip(outputs.chunks(size));
    let noisy = samples.is_corrupted();
    let images = seen.zip(answers).map(|((input, target), (logits, output))| Sums {
        bce: model.output_is_probability().then(|| bce_from_logits(logits, target)),
        mse: mse(output, target),
        mae: mae(output, target),
        ssim: ssim_of_image(shape, output, target),
        noisy_mse: noisy.then(|| mse(&input[..size], target)),
        noisy_ssim: noisy.then(|| ssim_of_image(shape, &input[..size], target)).flatten(),
    });
    Ok(images.collect())
}

/// An image's SSIM is the mean of its channels'.
fn ssim_of_image(shape: ImageShape, a: &[f32], b: &[f32]) -> Option<f64> {
    let ImageShape { channels, height, width } = shape;
    let planes = a.chunks(height * width).zip(b.chunks(height * width));
    let sum: Option<f64> = planes.map(|(a, b)| ssim(a, b, height, width)).sum();
    sum.map(|sum| sum / channels as f64)
}

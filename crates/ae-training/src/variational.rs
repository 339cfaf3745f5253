//! Bounds of variational models: the evidence lower bound and the importance-weighted one.

use std::f64::consts::PI;
use std::ops::Range;

use ae_kernels::{ChainError, Peers, SLICE_ROWS, losses_of_logits, squared_error_sum};
use ae_models::{Architecture, CheckedLayer, CheckedNetwork, Inference, Layer, ModelError};
use ae_random::{Seed, Stream};
use rayon::prelude::*;

use crate::draws::validation_stream;
use crate::peers::{gathered, items_of};
use crate::setting::at_least_1;
use crate::{Samples, TrainingBatch, TrainingError};

/// The negative evidence lower bound of a variational model, in nats an item, averaged over items.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct VariationalLosses {
    /// The divergence of the codes' distribution from the prior, `KL(q(z|x) || N(0, 1))`.
    pub kl: f64,
    /// The negative log-likelihood of an item given a drawn code, plus [`kl`](Self::kl).
    pub negative_elbo: f64,
}

/// Whether a run gives the bound of a model: it is variational, and its outputs depend on codes alone, as those of a
/// residual network do not.
pub(crate) fn has_bound(architecture: &dyn Architecture) -> bool {
    let is_residual = architecture.network().is_some_and(|it| it.network().residual);
    architecture.is_variational() && !is_residual
}

/// The stream that validations draw codes from, `layer/validation/<name>` of the run's seed; `None` if the model is not
/// variational, or if it adds its input to its output, so that a code alone does not give it.
pub fn validation_codes(architecture: &dyn Architecture, seed: Seed) -> Option<Stream> {
    let layers = architecture.network().into_iter().flat_map(CheckedNetwork::layers);
    let mut samples = layers.filter(|layer| matches!(layer.layer, Layer::Sample(_)));
    let name = samples.next().map_or_else(|| "code".to_owned(), CheckedLayer::name);
    has_bound(architecture).then(|| validation_stream(seed, &name))
}

/// Evaluates the negative evidence lower bound on every item (Kingma and Welling, ICLR 2014, equation 10) with one code
/// an item, drawn by `stream.at(0, item)`.
///
/// Outputs that are probabilities are Bernoulli distributions; others are means of Gaussians of variance 1/2, whose
/// negative log-density is the squared error plus `ln(pi) / 2` for each value.
///
/// # Errors
/// If the model is not variational, or the images are of another size.
pub fn evaluate_variational(
    model: &dyn Inference,
    samples: &Samples,
    stream: &Stream,
) -> Result<VariationalLosses, TrainingError> {
    evaluate_variational_among(model, samples, stream, None)
}

/// The same by one of several processes, if there are peers: each evaluates a part of the items.
pub(crate) fn evaluate_variational_among(
    model: &dyn Inference,
    samples: &Samples,
    stream: &Stream,
    peers: Option<&dyn Peers>,
) -> Result<VariationalLosses, TrainingError> {
    let all = samples.images().len();
    let of_rank = |rank: usize| peers.map_or(0..all, |it| items_of(rank, it.ranks(), all));
    let own = of_rank(peers.map_or(0, Peers::rank));
    let likelihood = Likelihood::of(model);
    let mut items = over_slices(model, samples, own, |first, slice| {
        let mut codes = vec![0.0; slice.means.len()];
        let rows = codes.chunks_exact_mut(slice.width).zip(slice.codes());
        for (item, (code, of_item)) in (first..).zip(rows) {
            of_item.draw(&mut stream.at(0, item), code);
        }
        let mut outputs = vec![0.0; slice.batch.inputs.len()];
        likelihood.decode(model, &codes, &mut outputs)?;
        let rows = outputs.chunks(model.pixels()).zip(slice.targets(model.pixels()));
        let losses = rows.zip(slice.codes()).map(|((output, target), code)| {
            let kl = code.divergence();
            let negative_elbo = likelihood.negative_log(output, target)? + kl;
            Ok(VariationalLosses { kl, negative_elbo })
        });
        losses.collect()
    })?;
    if let Some(peers) = peers {
        let of = |item: &VariationalLosses| [item.kl, item.negative_elbo];
        let numbers = items.iter().flat_map(of).collect();
        let all = gathered(peers, numbers, |rank| of_rank(rank).len() * 2)?;
        let of = |&[kl, negative_elbo]: &[f64; 2]| VariationalLosses { kl, negative_elbo };
        items = all.as_chunks().0.iter().map(of).collect();
    }
    let count = items.len() as f64;
    Ok(VariationalLosses {
        kl: items.iter().map(|item| item.kl).sum::<f64>() / count,
        negative_elbo: items.iter().map(|item| item.negative_elbo).sum::<f64>() / count,
    })
}

/// The distribution of an item's values around what a code is decoded to.
#[derive(Debug, Clone, Copy)]
enum Likelihood {
    /// Outputs are probabilities.
    Bernoulli,
    /// Outputs are means of Gaussians of variance 1/2.
    Gaussian,
}

impl Likelihood {
    /// That of a model's outputs, whatever loss it was trained with, so that bounds of models compare.
    fn of(model: &dyn Inference) -> Self {
        if model.output_is_probability() { Self::Bernoulli } else { Self::Gaussian }
    }

    /// Decodes codes to logits or means.
    fn decode(
        self,
        model: &dyn Inference,
        codes: &[f32],
        outputs: &mut [f32],
    ) -> Result<(), ModelError> {
        match self {
            Self::Bernoulli => model.decode_logits(codes, outputs),
            Self::Gaussian => model.decode(codes, outputs),
        }
    }

    /// The negative log-likelihood of an item.
    fn negative_log(self, output: &[f32], target: &[f32]) -> Result<f64, ChainError> {
        match self {
            Self::Bernoulli => {
                Ok(losses_of_logits(output, target)?.cross_entropy.unwrap_or(f64::NAN))
            }
            Self::Gaussian => {
                Ok(squared_error_sum(output, target)? + 0.5 * target.len() as f64 * PI.ln())
            }
        }
    }
}

/// An upper bound on the negative log-likelihood of an item in nats, averaged over items: with `k` codes `z` drawn from
/// `q(z|x)`, minus the logarithm of the mean of `p(x|z) p(z) / q(z|x)` (Burda et al., ICLR 2016, equation 8). The
/// larger `k`, the tighter it is; with `k = 1` its mean over draws is the negative evidence lower bound.
///
/// Outputs that are probabilities are Bernoulli distributions, others means of Gaussians of variance 1/2, whose
/// negative log-density is the squared error plus a constant. Code `j` of an item is drawn by `stream.at(j, item)`. The
/// memory of a thread does not grow with `k`.
///
/// # Errors
/// If `k` is 0, the model is not variational, or the images are of another size.
pub fn importance_weighted_nll(
    model: &dyn Inference,
    samples: &Samples,
    k: u32,
    stream: &Stream,
) -> Result<f64, TrainingError> {
    at_least_1("the number of codes of an item", k as usize)?;
    let all = 0..samples.images().len();
    let items = over_slices(model, samples, all, |first, slice| {
        let mut buffers = Drawn::default();
        let rows = (first..).zip(slice.targets(model.pixels()).zip(slice.codes()));
        let bounds = rows.map(|(item, (target, code))| {
            let mut weights = LogSumExp::default();
            for first_code in (0..k).step_by(SLICE_ROWS) {
                let numbers = first_code..k.min(first_code.saturating_add(SLICE_ROWS as u32));
                let streams = numbers.map(|number| stream.at(number, item));
                buffers.draw(code, streams);
                buffers.add_weights(model, target, &mut weights)?;
            }
            Ok(f64::from(k).ln() - weights.value())
        });
        bounds.collect::<Result<Vec<_>, TrainingError>>()
    })?;
    Ok(items.iter().sum::<f64>() / items.len() as f64)
}

/// Codes that were drawn for one item, and what they are decoded to.
#[derive(Default)]
struct Drawn {
    codes: Vec<f32>,
    /// The logarithm of each code's `p(z) / q(z|x)`.
    ratios: Vec<f64>,
    outputs: Vec<f32>,
}

impl Drawn {
    fn draw(&mut self, of_item: Gaussian<'_>, streams: impl Iterator<Item = Stream>) {
        let width = of_item.mean.len();
        self.codes.clear();
        self.ratios.clear();
        for mut stream in streams {
            let start = self.codes.len();
            self.codes.resize(start + width, 0.0);
            let ratio = of_item.draw(&mut stream, &mut self.codes[start..]);
            self.ratios.push(ratio);
        }
    }

    fn add_weights(
        &mut self,
        model: &dyn Inference,
        target: &[f32],
        weights: &mut LogSumExp,
    ) -> Result<(), TrainingError> {
        let values = target.len();
        let likelihood = Likelihood::of(model);
        self.outputs.resize(self.ratios.len() * values, 0.0);
        likelihood.decode(model, &self.codes, &mut self.outputs)?;
        for (output, ratio) in self.outputs.chunks(values).zip(&self.ratios) {
            weights.add(ratio - likelihood.negative_log(output, target)?);
        }
        Ok(())
    }
}

/// The logarithm of a sum of exponentials, which may each be too large or too small for a float.
struct LogSumExp {
    largest: f64,
    /// The sum of `exp(x - largest)`.
    sum: f64,
}

impl Default for LogSumExp {
    fn default() -> Self {
        Self { largest: f64::NEG_INFINITY, sum: 0.0 }
    }
}

impl LogSumExp {
    fn add(&mut self, x: f64) {
        if x == f64::NEG_INFINITY {
            return;
        }
        if x <= self.largest {
            self.sum += (x - self.largest).exp();
        } else {
            self.sum = self.sum * (self.largest - x).exp() + 1.0;
            self.largest = x;
        }
    }

    fn value(&self) -> f64 {
        self.largest + self.sum.ln()
    }
}

/// The distribution of an item's code: independent Gaussians.
#[derive(Clone, Copy)]
struct Gaussian<'a> {
    mean: &'a [f32],
    log_variance: &'a [f32],
}

impl Gaussian<'_> {
    /// Writes a drawn code, and returns the logarithm of `p(z) / q(z|x)` for it: the constants of both cancel.
    fn draw(self, stream: &mut Stream, code: &mut [f32]) -> f64 {
        stream.fill_normal(code);
        let mut ratio = 0.0;
        for (z, (mean, log_variance)) in
            code.iter_mut().zip(self.mean.iter().zip(self.log_variance))
        {
            let drawn = f64::from(*z);
            *z = mean + (0.5 * log_variance).exp() * *z;
            ratio += 0.5 * (drawn * drawn + f64::from(*log_variance) - f64::from(*z).powi(2));
        }
        ratio
    }

    /// `KL(q || N(0, 1))` in nats (Kingma and Welling, ICLR 2014, appendix B).
    fn divergence(self) -> f64 {
        let pairs = self.mean.iter().zip(self.log_variance);
        let terms = pairs.map(|(&mean, &log_variance)| {
            let (mean, log_variance) = (f64::from(mean), f64::from(log_variance));
            0.5 * (log_variance.exp() + mean * mean - 1.0 - log_variance)
        });
        terms.sum()
    }
}

/// A slice of the samples, encoded.
struct Encoded {
    batch: TrainingBatch,
    /// Numbers of a code.
    width: usize,
    means: Vec<f32>,
    log_variances: Vec<f32>,
}

impl Encoded {
    fn targets(&self, values: usize) -> impl Iterator<Item = &[f32]> {
        self.batch.targets.chunks(values)
    }

    fn codes(&self) -> impl Iterator<Item = Gaussian<'_>> {
        let pairs = self.means.chunks(self.width).zip(self.log_variances.chunks(self.width));
        pairs.map(|(mean, log_variance)| Gaussian { mean, log_variance })
    }
}

/// Encodes samples in slices, on all threads, and returns the results of all items in order. `evaluate` is given the
/// number of a slice's first item.
fn over_slices<R: Send>(
    model: &dyn Inference,
    samples: &Samples,
    items: Range<usize>,
    evaluate: impl Fn(u64, &Encoded) -> Result<Vec<R>, TrainingError> + Sync,
) -> Result<Vec<R>, TrainingError> {
    samples.check(model.pixels(), model.inputs())?;
    let width = model.latent_dim();
    let items: Vec<u32> = items.map(|item| item as u32).collect();
    let slices = items.par_chunks(SLICE_ROWS).map(|indices| {
        let batch = samples.gather_inputs(indices, 0, model.inputs());
        let [mut means, mut log_variances] = [(); 2].map(|()| vec![0.0; indices.len() * width]);
        model.posterior(&batch.inputs, &mut means, &mut log_variances)?;
        let first = indices.first().map_or(0, |&index| u64::from(index));
        evaluate(first, &Encoded { batch, width, means, log_variances })
    });
    let slices = slices.collect::<Result<Vec<_>, TrainingError>>()?;
    Ok(slices.into_iter().flatten().collect())
}

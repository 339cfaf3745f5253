//! One pass of a batch through a network: what goes in beside the batch, and what comes out beside the output.

use candle_core::{DType, Device, Tensor};

use crate::{Draws, ModelError};

/// The random numbers of layers for one batch, drawn by the caller.
pub trait DrawnNumbers {
    /// The numbers of a layer, such as `encoder.2`: what `draws` says, for every item of the batch.
    ///
    /// # Shapes
    /// `(n, draws.numbers)` on the batch's device, each row channels first.
    ///
    /// # Errors
    /// If there are none for this layer, or candle fails.
    fn numbers(&self, layer: &str, draws: Draws) -> Result<Tensor, ModelError>;
}

/// Draws that do not matter.
pub(super) struct Zeros {
    rows: usize,
    device: Device,
}

impl Zeros {
    /// For a batch `(n, numbers)`.
    pub(super) fn of(batch: &Tensor) -> Result<Self, ModelError> {
        Ok(Self { rows: batch.dim(0)?, device: batch.device().clone() })
    }
}

impl DrawnNumbers for Zeros {
    fn numbers(&self, _: &str, draws: Draws) -> Result<Tensor, ModelError> {
        Ok(Tensor::zeros((self.rows, draws.numbers), DType::F32, &self.device)?)
    }
}

/// What a pass in training or validation gives. All tensors can be differentiated unless said otherwise.
#[derive(Debug, Clone)]
pub struct TrainingPass {
    /// The codes that were decoded, `(n, latent_dim)`: of a variational network a sample.
    pub codes: Tensor,
    /// The outputs before the output activation, `(n, channels * height * width)`.
    pub logits: Tensor,
    /// The distribution that the codes were drawn from, if the network is variational.
    pub posterior: Option<Posterior>,
    /// The statistics of the batch, of each batch normalisation in the network's order; none in validation.
    pub statistics: Vec<BatchStatistics>,
}

/// Independent Gaussians, from which variational codes are drawn.
#[derive(Debug, Clone)]
pub struct Posterior {
    /// Their means, `(n, latent_dim)`.
    pub mean: Tensor,
    /// The natural logarithms of their variances, `(n, latent_dim)`.
    pub log_variance: Tensor,
}

/// The statistics of a batch in a layer, constants for gradients.
#[derive(Debug, Clone)]
pub struct BatchStatistics {
    /// The layer's name, such as `encoder.1`.
    pub layer: String,
    /// The mean of each channel over the batch's positions, `(channels)`.
    pub mean: Tensor,
    /// The variance of each channel, `(channels)`: the sum of squares divided by one less than the number of
    /// positions, as it enters the running variance in PyTorch. It is 0 if there is one position.
    pub variance: Tensor,
}

/// What layers do that compute something else in training than at inference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Dropout, noise, samples, and statistics of the batch.
    Training,
    /// Samples alone.
    Validation,
}

/// What layers see and leave during a pass.
pub(crate) struct Pass<'a> {
    random: Option<(Phase, &'a dyn DrawnNumbers)>,
    layer: String,
    draws: Option<Draws>,
    posterior: Option<Posterior>,
    statistics: Vec<BatchStatistics>,
}

impl<'a> Pass<'a> {
    /// A pass at inference, without random numbers.
    pub(super) fn inference() -> Self {
        Self {
            random: None,
            layer: String::new(),
            draws: None,
            posterior: None,
            statistics: vec![],
        }
    }

    /// A pass in training or validation.
    pub(super) fn new(phase: Phase, draws: &'a dyn DrawnNumbers) -> Self {
        Self { random: Some((phase, draws)), ..Self::inference() }
    }

    /// Says which layer comes next.
    pub(super) fn enter(&mut self, name: &str, draws: Option<Draws>) {
        name.clone_into(&mut self.layer);
        self.draws = draws;
    }

    /// The distribution that the codes were drawn from, if there was one.
    pub(super) fn into_posterior(self) -> Option<Posterior> {
        self.posterior
    }

    /// What the layers left.
    pub(super) fn finish(self, codes: Tensor, logits: Tensor) -> TrainingPass {
        let Self { posterior, statistics, .. } = self;
        TrainingPass { codes, logits, posterior, statistics }
    }

    /// Whether dropout and noise act, and batches are normalised by their own statistics.
    pub(crate) fn is_training(&self) -> bool {
        matches!(self.random, Some((Phase::Training, _)))
    }

    /// The numbers drawn for this layer, in a shape that begins with the number of items; `None` at inference.
    pub(crate) fn drawn(&self, shape: &[usize]) -> Result<Option<Tensor>, ModelError> {
        match (self.random, self.draws) {
            (Some((_, source)), Some(draws)) => {
                Ok(Some(source.numbers(&self.layer, draws)?.reshape(shape)?))
            }
            _ => Ok(None),
        }
    }

    /// Keeps the distribution of the codes.
    pub(crate) fn keep_posterior(&mut self, posterior: Posterior) {
        self.posterior = Some(posterior);
    }

    /// Keeps the statistics of a batch. `variance` is the mean of the squared differences; what is kept is the unbiased
    /// variance, which is larger by the factor n / (n - 1) for n positions.
    pub(crate) fn keep_statistics(
        &mut self,
        mean: &Tensor,
        variance: &Tensor,
        batch: &Tensor,
    ) -> Result<(), ModelError> {
        let (n, _, height, width) = batch.dims4()?;
        let positions = (n * height * width) as f64;
        let unbiased = positions / (positions - 1.0).max(1.0);
        self.statistics.push(BatchStatistics {
            layer: self.layer.clone(),
            mean: mean.detach().flatten_all()?,
            variance: (variance.detach().flatten_all()? * unbiased)?,
        });
        Ok(())
    }
}

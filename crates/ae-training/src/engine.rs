//! The trait [`Engine`]: it keeps the numbers of a training, and takes its steps.

use std::borrow::Cow;

use ae_kernels::{BatchSummary, Peers};
use ae_models::{Architecture, Inference, Objective, Penalty};
use ae_random::Seed;

use crate::evaluate::evaluate_among;
use crate::variational::evaluate_variational_among;
use crate::{
    BatchSelection, Detail, Evaluation, Samples, TrainingError, TrainingState, validation_codes,
};

/// Trains a model: it owns parameters and optimizer between [`load`](Self::load) and
/// [`snapshot`](Self::snapshot), where its device can use them, and takes steps on batches.
///
/// All but `load` fail with [`TrainingError::NotLoaded`] before a state was loaded.
pub trait Engine: Send {
    /// Takes over the parameters and the optimizer of a state. Random layers draw from streams of the run's seed:
    /// `layer/<name>`, one generator an item and epoch.
    ///
    /// # Errors
    /// If the state is not of this architecture, or the device cannot hold it.
    fn load(&mut self, state: &TrainingState, seed: Seed) -> Result<(), TrainingError>;

    /// Takes the optimizer's step against the objective's gradient, averaged over the samples of the batch. Returns the
    /// mean loss before the step, and the gradient's squared norm. Parameters that are not trained stay as they are;
    /// the running statistics of batch normalisations follow the batch's.
    ///
    /// The result does not depend on the number of threads. If the loss or the gradient is not finite, the engine's
    /// numbers are lost, and another state must be loaded.
    ///
    /// # Errors
    /// If the model or candle fails.
    fn step(
        &mut self,
        batch: BatchSelection<'_>,
        size: StepSize,
    ) -> Result<BatchResult, TrainingError>;

    /// Writes parameters and optimizer into a state of this architecture. The rest of the state stays as it is.
    ///
    /// # Errors
    /// If the state is not of this architecture, or the device fails.
    fn snapshot(&self, state: &mut TrainingState) -> Result<(), TrainingError>;

    /// Writes the objective's gradient as [`step`](Self::step) uses it after all warm-ups into `gradient`, in the
    /// layout's order, and returns the same result. It takes no step.
    ///
    /// # Errors
    /// If the model or candle fails, or `gradient` is not as long as the parameters.
    fn gradient(
        &mut self,
        batch: BatchSelection<'_>,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError>;

    /// Evaluates the model, as it is now, on every sample; the corruption is that of epoch 0. Of a variational model,
    /// the negative evidence lower bound is among the results; its codes are drawn from [`validation_codes`].
    ///
    /// # Errors
    /// As [`evaluate`](crate::evaluate()) and [`evaluate_variational`](crate::evaluate_variational).
    fn evaluate(&self, samples: &Samples, detail: Detail) -> Result<Evaluation, TrainingError> {
        evaluate_engine(self, samples, detail, None)
    }

    /// The run's seed.
    ///
    /// # Errors
    /// Only before a state was loaded.
    fn seed(&self) -> Result<Seed, TrainingError>;

    /// The model as it is now, applied to slices of numbers.
    ///
    /// # Errors
    /// If the model cannot be built.
    fn inference(&self) -> Result<Box<dyn Inference>, TrainingError>;

    /// The architecture that is trained.
    fn architecture(&self) -> &dyn Architecture;

    /// The objective that is minimised.
    fn objective(&self) -> &Objective;
}

/// [`Engine::evaluate`], by one of several processes if there are peers: each evaluates a part of the samples.
pub(crate) fn evaluate_engine(
    engine: &(impl Engine + ?Sized),
    samples: &Samples,
    detail: Detail,
    peers: Option<&dyn Peers>,
) -> Result<Evaluation, TrainingError> {
    let model = engine.inference()?;
    let mut evaluation = evaluate_among(model.as_ref(), samples, detail, peers)?;
    evaluation.trained_on = Some(engine.objective().loss);
    if let Some(codes) = validation_codes(engine.architecture(), engine.seed()?) {
        let losses = evaluate_variational_among(model.as_ref(), samples, &codes, peers)?;
        evaluation.variational = Some(losses);
    }
    Ok(evaluation)
}

/// The size of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepSize {
    /// The schedule's learning rate.
    pub learning_rate: f64,
    /// The largest Euclidean norm of a gradient; longer ones are scaled down to it.
    pub clip_norm: Option<f64>,
    /// What the weight of the penalty `kl` is multiplied by: below 1 during its warm-up.
    pub kl_share: f64,
}

/// The objective of a step in a warm-up.
pub(crate) fn with_kl_share(objective: &Objective, share: f64) -> Cow<'_, Objective> {
    if share == 1.0 {
        return Cow::Borrowed(objective);
    }
    let mut objective = objective.clone();
    for penalty in &mut objective.penalties {
        if let Penalty::Kl(kl) = penalty {
            kl.weight = (f64::from(kl.weight) * share) as f32;
        }
    }
    Cow::Owned(objective)
}

/// The results of a batch beside its gradient.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchResult {
    /// Its loss.
    pub loss: BatchLoss,
    /// The sum of the squares of the gradient's numbers: finite if and only if all of them are.
    pub squared_norm: f64,
}

impl From<BatchSummary> for BatchResult {
    fn from(summary: BatchSummary) -> Self {
        let BatchSummary { reconstruction, penalties, squared_norm, .. } = summary;
        let loss = BatchLoss { reconstruction, penalties };
        Self { loss, squared_norm }
    }
}

/// The loss of a batch, averaged over its images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchLoss {
    /// The reconstruction loss alone: mean per pixel.
    pub reconstruction: f64,
    /// Each penalty of the objective with its weight, in the objective's order.
    pub penalties: Vec<f64>,
}

impl BatchLoss {
    /// The reconstruction loss and the penalties: what is minimised.
    pub fn objective(&self) -> f64 {
        self.reconstruction + self.penalties.iter().sum::<f64>()
    }
}

//! The trait [`Engine`]: how the gradient of a batch is computed.

use ae_kernels::BatchSummary;
use ae_models::{Architecture, Inference, Objective, Parameters};

use crate::clip::scale_to_norm;
use crate::{BatchSelection, TrainingError, TrainingState};

/// Computes what training needs of a model: gradients of the objective, and the model's outputs.
pub trait Engine: Send {
    /// Writes the objective's gradient at `parameters`, averaged over the samples of the batch, into
    /// `gradient` (the layout's order), and returns the mean loss and the gradient's squared norm.
    ///
    /// The result does not depend on the number of threads.
    ///
    /// # Errors
    /// If the model or candle fails.
    fn gradient(
        &mut self,
        parameters: &Parameters,
        batch: BatchSelection<'_>,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError>;

    /// Computes the gradient as [`Engine::gradient`] does, takes the optimizer's step against it, and returns the same
    /// result.
    ///
    /// If the loss or the gradient is not finite, the state must not be used any more.
    ///
    /// # Errors
    /// If the model or candle fails.
    fn step(
        &mut self,
        state: &mut TrainingState,
        batch: BatchSelection<'_>,
        size: StepSize,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        step_after_gradient(self, state, batch, size, gradient)
    }

    /// The architecture that is trained.
    fn architecture(&self) -> &dyn Architecture;

    /// The objective that is minimised.
    fn objective(&self) -> Objective;

    /// The model with these parameters, applied to slices of numbers.
    ///
    /// # Errors
    /// If the model cannot be built.
    fn inference(&self, parameters: &Parameters) -> Result<Box<dyn Inference>, TrainingError>;
}

/// The size of a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepSize {
    /// The schedule's learning rate.
    pub learning_rate: f64,
    /// The largest Euclidean norm of a gradient; longer ones are scaled down to it.
    pub clip_norm: Option<f64>,
}

/// The results of a batch beside its gradient.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BatchResult {
    /// Its loss.
    pub loss: BatchLoss,
    /// The sum of the squares of the gradient's numbers: finite if and only if all of them are.
    pub squared_norm: f64,
}

impl From<BatchSummary> for BatchResult {
    fn from(summary: BatchSummary) -> Self {
        let objective = summary.objective();
        let BatchSummary { reconstruction, squared_norm, .. } = summary;
        let loss = BatchLoss { reconstruction, objective };
        Self { loss, squared_norm }
    }
}

/// The loss of a batch, averaged over its images.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BatchLoss {
    /// The reconstruction loss alone: mean per pixel.
    pub reconstruction: f64,
    /// The reconstruction loss and the penalties: what is minimised.
    pub objective: f64,
}

/// Computes the whole gradient, then takes the step: for engines without a fused step, and for a gradient that is
/// clipped, whose scale depends on all of it.
pub(crate) fn step_after_gradient(
    engine: &mut (impl Engine + ?Sized),
    state: &mut TrainingState,
    batch: BatchSelection<'_>,
    StepSize { learning_rate, clip_norm }: StepSize,
    gradient: &mut [f32],
) -> Result<BatchResult, TrainingError> {
    let found = engine.gradient(&state.parameters, batch, gradient)?;
    let scale = clip_norm.map_or(1.0, |norm| scale_to_norm(found.squared_norm, norm));
    let parameters = state.parameters.values_mut();
    state.optimizer.step(learning_rate, parameters, gradient, scale)?;
    Ok(found)
}

//! The fused engine: the kernels of `ae-kernels` over the flat parameter buffer, on the CPU.

use ae_kernels::{Batch, Chain, Problem, Target, Trainer};
use ae_models::{Architecture, Inference, KernelInference, Objective, Parameters};

use crate::engine::step_after_gradient;
use crate::{BatchResult, BatchSelection, Engine, Samples, StepSize, TrainingError, TrainingState};

/// Gathers, corrupts and differentiates one slice of the batch at a time, without tensors.
///
/// Its gradients equal those of the autograd engine up to rounding.
pub struct FusedEngine<'a> {
    architecture: &'a dyn Architecture,
    stack: &'a Chain,
    objective: Objective,
    for_kernels: ae_kernels::Objective,
    trainer: Trainer,
}

impl<'a> FusedEngine<'a> {
    /// An engine for a model.
    ///
    /// # Errors
    /// If the architecture has no stack for the kernels, or the objective does not suit it.
    pub fn new(
        architecture: &'a dyn Architecture,
        objective: Objective,
    ) -> Result<Self, TrainingError> {
        let stack = architecture.stack().ok_or(TrainingError::NotFused)?;
        stack.check_objective(&objective.for_kernels())?;
        let for_kernels = objective.for_kernels();
        Ok(Self { architecture, stack, objective, for_kernels, trainer: Trainer::new() })
    }

    fn check(&self, samples: &Samples) -> Result<(), TrainingError> {
        let (expected, found) = (self.stack.inputs(), samples.images().image_size());
        if found == expected { Ok(()) } else { Err(TrainingError::ImageSize { expected, found }) }
    }
}

impl Engine for FusedEngine<'_> {
    fn gradient(
        &mut self,
        parameters: &Parameters,
        BatchSelection { samples, indices, epoch }: BatchSelection<'_>,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        self.check(samples)?;
        let problem = Problem { chain: self.stack, objective: &self.for_kernels };
        let batch = Batch::new(indices.len(), target(samples), |rows, inputs, targets| {
            samples.gather_into(&indices[rows], epoch, inputs, targets);
        });
        Ok(self.trainer.gradient(problem, parameters.values(), batch, gradient)?.into())
    }

    fn step(
        &mut self,
        state: &mut TrainingState,
        batch: BatchSelection<'_>,
        size: StepSize,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        if size.clip_norm.is_some() {
            return step_after_gradient(self, state, batch, size, gradient);
        }
        let BatchSelection { samples, indices, epoch } = batch;
        self.check(samples)?;
        let problem = Problem { chain: self.stack, objective: &self.for_kernels };
        let step = state.optimizer.next_step(size.learning_rate, 1.0);
        let parameters = state.parameters.values_mut();
        let batch = Batch::new(indices.len(), target(samples), |rows, inputs, targets| {
            samples.gather_into(&indices[rows], epoch, inputs, targets);
        });
        Ok(self.trainer.step(problem, parameters, step, batch, gradient)?.into())
    }

    fn architecture(&self) -> &dyn Architecture {
        self.architecture
    }

    fn objective(&self) -> Objective {
        self.objective
    }

    fn inference(&self, parameters: &Parameters) -> Result<Box<dyn Inference>, TrainingError> {
        Ok(Box::new(KernelInference::new(self.stack, parameters)?))
    }
}

/// Whether the target of these samples is the input itself or a clean image beside it.
fn target(samples: &Samples) -> Target {
    if samples.is_corrupted() { Target::Separate } else { Target::Input }
}

//! The fused engine: the kernels of `ae-kernels` over the flat parameter buffer, on the CPU.

use ae_kernels::{Batch, Problem, Stack, Target, Trainer};
use ae_models::{Architecture, Inference, KernelInference, Objective};

use crate::host_state::{HostState, check_state};
use crate::{BatchResult, BatchSelection, Engine, Samples, StepSize, TrainingError, TrainingState};

/// Gathers, corrupts and differentiates one slice of the batch at a time, without tensors.
///
/// Its gradients equal those of the autograd engine up to rounding.
pub struct FusedEngine<'a> {
    architecture: &'a dyn Architecture,
    stack: &'a Stack,
    objective: Objective,
    trainer: Trainer,
    state: Option<HostState>,
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
        stack.check_objective(objective.for_kernels())?;
        Ok(Self { architecture, stack, objective, trainer: Trainer::new(), state: None })
    }

    /// What is minimised, once it is known that the samples suit the model.
    fn problem(&self, samples: &Samples) -> Result<Problem<'a>, TrainingError> {
        let (expected, found) = (self.stack.inputs(), samples.images().image_size());
        if found != expected {
            return Err(TrainingError::ImageSize { expected, found });
        }
        Ok(Problem { stack: self.stack, objective: self.objective.for_kernels() })
    }

    fn state(&self) -> Result<&HostState, TrainingError> {
        self.state.as_ref().ok_or(TrainingError::NotLoaded)
    }
}

impl Engine for FusedEngine<'_> {
    fn load(&mut self, state: &TrainingState) -> Result<(), TrainingError> {
        self.state = Some(HostState::of(state, self.architecture)?);
        Ok(())
    }

    fn step(
        &mut self,
        BatchSelection { samples, indices, epoch }: BatchSelection<'_>,
        size: StepSize,
    ) -> Result<BatchResult, TrainingError> {
        let problem = self.problem(samples)?;
        let Self { trainer, state, .. } = self;
        let state = state.as_mut().ok_or(TrainingError::NotLoaded)?;
        let batch = Batch::new(indices.len(), target(samples), |rows, inputs, targets| {
            samples.gather_into(&indices[rows], epoch, inputs, targets);
        });
        let HostState { parameters, optimizer, gradient } = &mut *state;
        if size.clip_norm.is_some() {
            // The scale of a clipped gradient depends on all of it.
            let found = trainer.gradient(problem, parameters.values(), batch, gradient)?;
            state.step(size, found.squared_norm)?;
            return Ok(found.into());
        }
        let step = optimizer.next_step(size.learning_rate, 1.0);
        Ok(trainer.step(problem, parameters.values_mut(), step, batch, gradient)?.into())
    }

    fn snapshot(&self, state: &mut TrainingState) -> Result<(), TrainingError> {
        check_state(state, self.architecture)?;
        self.state()?.write_to(state);
        Ok(())
    }

    fn gradient(
        &mut self,
        BatchSelection { samples, indices, epoch }: BatchSelection<'_>,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        let problem = self.problem(samples)?;
        let Self { trainer, state, .. } = self;
        let state = state.as_ref().ok_or(TrainingError::NotLoaded)?;
        let batch = Batch::new(indices.len(), target(samples), |rows, inputs, targets| {
            samples.gather_into(&indices[rows], epoch, inputs, targets);
        });
        Ok(trainer.gradient(problem, state.parameters.values(), batch, gradient)?.into())
    }

    fn inference(&self) -> Result<Box<dyn Inference>, TrainingError> {
        Ok(Box::new(KernelInference::new(self.stack, &self.state()?.parameters)?))
    }

    fn architecture(&self) -> &dyn Architecture {
        self.architecture
    }

    fn objective(&self) -> &Objective {
        &self.objective
    }
}

/// Whether the target of these samples is the input itself or a clean image beside it.
fn target(samples: &Samples) -> Target {
    if samples.is_corrupted() { Target::Separate } else { Target::Input }
}

//! The fused engine: the kernels of `ae-kernels` over the flat parameter buffer, on the CPU.

use ae_kernels::{Batch, Chain, Problem, Target, Trainer};
use ae_models::{Architecture, Inference, KernelInference, Objective};

use crate::host_state::{HostState, check_state};
use crate::{BatchResult, BatchSelection, Engine, Samples, StepSize, TrainingError, TrainingState};

/// Gathers, corrupts and differentiates one slice of the batch at a time, without tensors.
///
/// Its gradients equal those of the autograd engine up to rounding.
pub struct FusedEngine<'a> {
    architecture: &'a dyn Architecture,
    chain: &'a Chain,
    objective: Objective,
    for_kernels: ae_kernels::Objective,
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
        let chain = architecture.chain().ok_or(TrainingError::NotFused)?;
        let for_kernels = objective.for_kernels();
        chain.check_objective(&for_kernels)?;
        let trainer = Trainer::new();
        Ok(Self { architecture, chain, objective, for_kernels, trainer, state: None })
    }

    fn check(&self, samples: &Samples) -> Result<(), TrainingError> {
        let (expected, found) = (self.chain.inputs(), samples.images().image_size());
        if found == expected { Ok(()) } else { Err(TrainingError::ImageSize { expected, found }) }
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
        self.check(samples)?;
        let Self { chain, for_kernels, trainer, state, .. } = self;
        let problem = Problem { chain, objective: for_kernels };
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
        self.check(samples)?;
        let Self { chain, for_kernels, trainer, state, .. } = self;
        let problem = Problem { chain, objective: for_kernels };
        let state = state.as_ref().ok_or(TrainingError::NotLoaded)?;
        let batch = Batch::new(indices.len(), target(samples), |rows, inputs, targets| {
            samples.gather_into(&indices[rows], epoch, inputs, targets);
        });
        Ok(trainer.gradient(problem, state.parameters.values(), batch, gradient)?.into())
    }

    fn inference(&self) -> Result<Box<dyn Inference>, TrainingError> {
        Ok(Box::new(KernelInference::new(self.chain, &self.state()?.parameters)?))
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

//! The fast engine: fused kernels over the flat parameter buffer, on the CPU.

use ae_kernels::{Batches, Stack, Target};
use ae_models::{Architecture, Autoencoder, Inference, KernelInference, Objective, Parameters};
use candle_core::{DType, Device};
use candle_nn::VarBuilder;

use crate::engine::step_after_gradient;
use crate::{BatchResult, Engine, Samples, StepSize, TrainingError, TrainingState};

/// Rows that go through the network together while they are in a core's cache. Part of the result:
/// it fixes the order in which gradients are added, whatever the number of threads.
const SLICE_ROWS: usize = 64;

/// Gathers, corrupts and differentiates a slice of the batch at a time, without tensors.
///
/// Its gradients equal those of [`AutogradEngine`](crate::AutogradEngine) up to rounding.
pub struct FusedEngine<'a> {
    architecture: &'a dyn Architecture,
    stack: &'a Stack,
    objective: Objective,
    clean: Batches,
    corrupted: Batches,
}

impl<'a> FusedEngine<'a> {
    /// An engine for a model.
    ///
    /// # Errors
    /// If the architecture is none that the kernels know, or the objective does not suit it.
    pub fn new(
        architecture: &'a dyn Architecture,
        objective: Objective,
    ) -> Result<Self, TrainingError> {
        let stack = architecture.stack().ok_or(TrainingError::NotFused)?;
        stack.check_objective(objective.fused())?;
        Ok(Self {
            architecture,
            stack,
            objective,
            clean: Batches::new(SLICE_ROWS, Target::Input),
            corrupted: Batches::new(SLICE_ROWS, Target::Separate),
        })
    }

    fn batches(&mut self, samples: &Samples) -> &mut Batches {
        if samples.is_corrupted() { &mut self.corrupted } else { &mut self.clean }
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
        samples: &Samples,
        batch: &[u32],
        epoch: u32,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        self.check(samples)?;
        let problem = (self.stack, self.objective.fused());
        let found = self.batches(samples).gradient(
            problem,
            parameters.values(),
            batch.len(),
            |rows, inputs, targets| samples.gather_into(&batch[rows], epoch, inputs, targets),
            gradient,
        )?;
        Ok(found.into())
    }

    fn step(
        &mut self,
        state: &mut TrainingState,
        samples: &Samples,
        (batch, epoch): (&[u32], u32),
        size: StepSize,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        if size.clip_norm.is_some() {
            return step_after_gradient(self, state, samples, (batch, epoch), size, gradient);
        }
        self.check(samples)?;
        let problem = (self.stack, self.objective.fused());
        let step = state.optimizer.next_step(size.learning_rate, 1.0);
        let found = self.batches(samples).step(
            problem,
            (state.parameters.values_mut(), step),
            batch.len(),
            |rows, inputs, targets| samples.gather_into(&batch[rows], epoch, inputs, targets),
            gradient,
        )?;
        Ok(found.into())
    }

    fn model(&self, parameters: &Parameters) -> Result<Box<dyn Autoencoder>, TrainingError> {
        let tensors = parameters.tensors(&Device::Cpu)?;
        let vb = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        Ok(self.architecture.build(vb)?)
    }

    fn inference(&self, parameters: &Parameters) -> Result<Box<dyn Inference>, TrainingError> {
        Ok(Box::new(KernelInference::new(self.stack, parameters)?))
    }
}

//! How the gradient of a batch is computed.

use ae_kernels::{BatchTerms, squared_norm};
use ae_models::{
    Architecture, Autoencoder, Inference, Objective, ParameterView, Parameters, TensorInference,
};
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;
use rayon::prelude::*;

use crate::clip::scale_to_norm;
use crate::{Samples, TrainingError, TrainingState};

/// Computes what training needs of a model: gradients of the objective, and the model itself.
pub trait Engine: Send {
    /// Writes the objective's gradient at `parameters`, averaged over the chosen samples as they
    /// stand in `epoch`, into `gradient` (the layout's order), and returns the mean loss and the
    /// gradient's squared norm.
    ///
    /// The result does not depend on the number of threads.
    ///
    /// # Errors
    /// If the model or candle fails.
    fn gradient(
        &mut self,
        parameters: &Parameters,
        samples: &Samples,
        batch: &[u32],
        epoch: u32,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError>;

    /// Takes the optimizer's step against the gradient of [`Engine::gradient`], and returns the same.
    ///
    /// A state whose loss or gradient is not finite is of no more use.
    ///
    /// # Errors
    /// If the model or candle fails.
    fn step(
        &mut self,
        state: &mut TrainingState,
        samples: &Samples,
        (batch, epoch): (&[u32], u32),
        size: StepSize,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        step_after_gradient(self, state, samples, (batch, epoch), size, gradient)
    }

    /// The model with these parameters.
    ///
    /// # Errors
    /// If the model cannot be built.
    fn model(&self, parameters: &Parameters) -> Result<Box<dyn Autoencoder>, TrainingError>;

    /// The model with these parameters, at work on slices of numbers.
    ///
    /// # Errors
    /// If the model cannot be built.
    fn inference(&self, parameters: &Parameters) -> Result<Box<dyn Inference>, TrainingError>;
}

/// How far a step goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepSize {
    /// The schedule's learning rate.
    pub learning_rate: f64,
    /// The largest Euclidean norm of a gradient; longer ones are scaled down to it.
    pub clip_norm: Option<f64>,
}

/// What a batch gives beside its gradient.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BatchResult {
    /// Its loss.
    pub loss: BatchLoss,
    /// The sum of the gradient's squares: finite if and only if the gradient is.
    pub squared_norm: f64,
}

impl From<BatchTerms> for BatchResult {
    fn from(BatchTerms { terms, squared_norm }: BatchTerms) -> Self {
        let objective = terms.reconstruction + terms.penalty;
        let loss = BatchLoss { reconstruction: terms.reconstruction, objective };
        Self { loss, squared_norm }
    }
}

/// The loss of a batch, averaged over its images.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BatchLoss {
    /// The reconstruction's loss alone: mean per pixel.
    pub reconstruction: f64,
    /// With the penalties: what is minimised.
    pub objective: f64,
}

/// A step whose size depends on the whole gradient, or whose engine knows no other.
pub(crate) fn step_after_gradient(
    engine: &mut (impl Engine + ?Sized),
    state: &mut TrainingState,
    samples: &Samples,
    (batch, epoch): (&[u32], u32),
    StepSize { learning_rate, clip_norm }: StepSize,
    gradient: &mut [f32],
) -> Result<BatchResult, TrainingError> {
    let found = engine.gradient(&state.parameters, samples, batch, epoch, gradient)?;
    let scale = clip_norm.map_or(1.0, |norm| scale_to_norm(found.squared_norm, norm));
    let parameters = state.parameters.values_mut();
    state.optimizer.step(learning_rate, parameters, (gradient, scale))?;
    Ok(found)
}

/// Rows that one task differentiates on the CPU. Part of the result: it fixes the order in which
/// gradients are added, whatever the number of threads.
const SLICE_ROWS: usize = 64;

/// candle's automatic differentiation: serves every model and every device.
pub struct AutogradEngine<'a> {
    architecture: &'a dyn Architecture,
    objective: Objective,
    device: Device,
}

impl<'a> AutogradEngine<'a> {
    /// An engine for a model on a device.
    pub fn new(architecture: &'a dyn Architecture, objective: Objective, device: Device) -> Self {
        Self { architecture, objective, device }
    }

    /// The loss and the gradient of a slice, weighted by its share of the batch.
    fn slice(
        &self,
        parameters: &Parameters,
        samples: &Samples,
        slice: &[u32],
        epoch: u32,
        share: f64,
    ) -> Result<(BatchLoss, Vec<f32>), TrainingError> {
        let batch = samples.gather(slice, epoch);
        let shape = (slice.len(), samples.images().image_size());
        let inputs = Tensor::from_vec(batch.inputs, shape, &self.device)?;
        let targets = Tensor::from_vec(batch.targets, shape, &self.device)?;

        let vars = parameters.vars(&self.device)?;
        let by_name = vars.iter().map(|(view, var)| (view.name.clone(), var.as_tensor().clone()));
        let vb = VarBuilder::from_tensors(by_name.collect(), DType::F32, &self.device);
        let model = self.architecture.build(vb)?;
        let terms = self.objective.evaluate(model.as_ref(), &inputs, &targets)?;

        let loss = BatchLoss {
            reconstruction: share * scalar(&terms.reconstruction)?,
            objective: share * scalar(&terms.total)?,
        };
        Ok((loss, differentiate(&(terms.total * share)?, &vars)?))
    }
}

impl Engine for AutogradEngine<'_> {
    fn gradient(
        &mut self,
        parameters: &Parameters,
        samples: &Samples,
        batch: &[u32],
        epoch: u32,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        // An accelerator is one device: cutting its batch would only cost launches.
        let rows = if self.device.is_cpu() { SLICE_ROWS } else { batch.len() };
        let slices = batch
            .par_chunks(rows)
            .map(|slice| {
                let share = slice.len() as f64 / batch.len() as f64;
                self.slice(parameters, samples, slice, epoch, share)
            })
            .collect::<Result<Vec<_>, _>>()?;
        gradient.fill(0.0);
        let mut loss = BatchLoss::default();
        for (slice_loss, slice_gradient) in slices {
            loss.reconstruction += slice_loss.reconstruction;
            loss.objective += slice_loss.objective;
            gradient.iter_mut().zip(slice_gradient).for_each(|(sum, part)| *sum += part);
        }
        Ok(BatchResult { loss, squared_norm: squared_norm(gradient) })
    }

    fn model(&self, parameters: &Parameters) -> Result<Box<dyn Autoencoder>, TrainingError> {
        let tensors = parameters.tensors(&self.device)?;
        let vb = VarBuilder::from_tensors(tensors, DType::F32, &self.device);
        Ok(self.architecture.build(vb)?)
    }

    fn inference(&self, parameters: &Parameters) -> Result<Box<dyn Inference>, TrainingError> {
        let pixels = self.architecture.pixels();
        Ok(Box::new(TensorInference::new(pixels, self.model(parameters)?, &self.device)))
    }
}

fn scalar(tensor: &Tensor) -> Result<f64, TrainingError> {
    Ok(f64::from(tensor.to_scalar::<f32>()?))
}

/// The flat gradient of a scalar. A parameter that the loss does not depend on has gradient 0.
fn differentiate(loss: &Tensor, vars: &[(ParameterView, Var)]) -> Result<Vec<f32>, TrainingError> {
    let gradients = loss.backward()?;
    let mut flat = Vec::with_capacity(vars.iter().map(|(view, _)| view.len()).sum());
    for (view, var) in vars {
        match gradients.get(var) {
            Some(gradient) => flat.extend(gradient.flatten_all()?.to_vec1::<f32>()?),
            None => flat.resize(flat.len() + view.len(), 0.0),
        }
    }
    Ok(flat)
}

//! The autograd engine: candle's automatic differentiation.

use ae_kernels::{SLICE_ROWS, squared_norm};
use ae_models::{
    Architecture, Device, Inference, ModelError, Objective, ParameterView, Parameters, Tensor,
    TensorInference, VarBuilder,
};
use candle_core::{DType, Var};
use rayon::prelude::*;

use crate::{BatchLoss, BatchResult, BatchSelection, Engine, TrainingError};

/// Computes gradients by candle's automatic differentiation: for every model and every device.
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
        BatchSelection { samples, indices, epoch }: BatchSelection<'_>,
        share: f64,
    ) -> Result<(BatchLoss, Vec<f32>), ModelError> {
        let batch = samples.gather(indices, epoch);
        let shape = (indices.len(), samples.images().image_size());
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
        batch: BatchSelection<'_>,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        let BatchSelection { samples, indices, epoch } = batch;
        // An accelerator is one device: cutting its batch would only cost launches.
        let rows = if self.device.is_cpu() { SLICE_ROWS } else { indices.len() };
        let slices = indices
            .par_chunks(rows)
            .map(|slice| {
                let share = slice.len() as f64 / indices.len() as f64;
                self.slice(parameters, BatchSelection { samples, indices: slice, epoch }, share)
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

    fn architecture(&self) -> &dyn Architecture {
        self.architecture
    }

    fn objective(&self) -> Objective {
        self.objective
    }

    fn inference(&self, parameters: &Parameters) -> Result<Box<dyn Inference>, TrainingError> {
        let model = self.architecture.build(parameters.var_builder(&self.device)?)?;
        Ok(Box::new(TensorInference::new(self.architecture.pixels(), model, &self.device)))
    }
}

fn scalar(tensor: &Tensor) -> Result<f64, ModelError> {
    Ok(f64::from(tensor.to_scalar::<f32>()?))
}

/// The flat gradient of a scalar. A parameter that the loss does not depend on has gradient 0.
fn differentiate(loss: &Tensor, vars: &[(ParameterView, Var)]) -> Result<Vec<f32>, ModelError> {
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

/// The autograd engine as a trait object.
///
/// # Errors
/// Never with the feature `candle`; [`TrainingError::NeedsCandle`] without it.
pub fn autograd_engine<'a>(
    architecture: &'a dyn Architecture,
    objective: Objective,
    device: &Device,
) -> Result<Box<dyn Engine + 'a>, TrainingError> {
    Ok(Box::new(AutogradEngine::new(architecture, objective, device.clone())))
}

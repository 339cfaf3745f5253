//! The autograd engine: candle's automatic differentiation.

mod device_state;

use ae_kernels::{SLICE_ROWS, squared_norm};
use ae_models::{
    Architecture, Autoencoder, Device, Inference, ModelError, Objective, ParameterView, Parameters,
    Tensor, TensorInference, VarBuilder,
};
use candle_core::{DType, Var};
use rayon::prelude::*;

use crate::host_state::{HostState, check_state};
use crate::{
    BatchLoss, BatchResult, BatchSelection, Engine, StepSize, TrainingError, TrainingState,
};
use device_state::DeviceState;

/// Computes gradients by candle's automatic differentiation: for every model and every device.
///
/// On the CPU it takes the kernels' steps on flat buffers, and cuts a batch into slices of 64 rows for the threads. On
/// other devices a batch is one slice, parameters and moments stay on the device, and steps are taken there.
pub struct AutogradEngine<'a> {
    architecture: &'a dyn Architecture,
    objective: Objective,
    device: Device,
    state: Option<Working>,
}

/// Where parameters and moments are.
enum Working {
    Host(HostState),
    Device(DeviceState),
}

/// The parameters as variables, in the layout's order.
type Vars = [(ParameterView, Var)];

/// The objective of a slice, weighted by its share of the batch, and its gradient, parameter by parameter. One that the
/// objective does not depend on has none.
struct Differentiated {
    reconstruction: Tensor,
    objective: Tensor,
    gradients: Vec<Option<Tensor>>,
}

impl<'a> AutogradEngine<'a> {
    /// An engine for a model on a device.
    pub fn new(architecture: &'a dyn Architecture, objective: Objective, device: Device) -> Self {
        Self { architecture, objective, device, state: None }
    }

    fn build(&self, vars: &Vars) -> Result<Box<dyn Autoencoder>, ModelError> {
        let by_name = vars.iter().map(|(view, var)| (view.name.clone(), var.as_tensor().clone()));
        let vb = VarBuilder::from_tensors(by_name.collect(), DType::F32, &self.device);
        self.architecture.build(vb)
    }

    fn differentiate(
        &self,
        model: &dyn Autoencoder,
        vars: &Vars,
        BatchSelection { samples, indices, epoch }: BatchSelection<'_>,
        share: f64,
    ) -> Result<Differentiated, ModelError> {
        let batch = samples.gather(indices, epoch);
        let shape = (indices.len(), samples.images().image_size());
        let inputs = Tensor::from_vec(batch.inputs, shape, &self.device)?;
        let targets = Tensor::from_vec(batch.targets, shape, &self.device)?;
        let terms = self.objective.evaluate(model, &inputs, &targets)?;
        let mut gradients = (&terms.total * share)?.backward()?;
        Ok(Differentiated {
            reconstruction: terms.reconstruction,
            objective: terms.total,
            gradients: vars.iter().map(|(_, var)| gradients.remove(var)).collect(),
        })
    }

    /// The gradient of a batch on the CPU, slice by slice on all threads, added up in order.
    fn gradient_on_host(
        &self,
        parameters: &Parameters,
        BatchSelection { samples, indices, epoch }: BatchSelection<'_>,
        gradient: &mut [f32],
    ) -> Result<BatchResult, ModelError> {
        let vars = parameters.vars(&self.device)?;
        let model = self.build(&vars)?;
        let slices = indices
            .par_chunks(SLICE_ROWS)
            .map(|slice| {
                let share = slice.len() as f64 / indices.len() as f64;
                let slice = BatchSelection { samples, indices: slice, epoch };
                let found = self.differentiate(model.as_ref(), &vars, slice, share)?;
                let reconstruction = scalar(&found.reconstruction)?;
                let penalty = scalar(&found.objective)? - reconstruction;
                let mut loss = BatchLoss::default();
                loss.add(&BatchLoss { reconstruction, penalties: vec![penalty] }, share);
                Ok((loss, flat(&vars, &found.gradients)?))
            })
            .collect::<Result<Vec<_>, ModelError>>()?;
        gradient.fill(0.0);
        let mut loss = BatchLoss::default();
        for (slice_loss, slice_gradient) in slices {
            loss.add(&slice_loss, 1.0);
            gradient.iter_mut().zip(slice_gradient).for_each(|(sum, part)| *sum += part);
        }
        Ok(BatchResult { loss, squared_norm: squared_norm(gradient) })
    }

    /// The gradient of a batch on a device, as one slice, and what it is a gradient of.
    fn gradient_on_device(
        &self,
        state: &DeviceState,
        batch: BatchSelection<'_>,
    ) -> Result<(BatchResult, Vec<Option<Tensor>>), ModelError> {
        let vars = state.vars();
        let found = self.differentiate(self.build(vars)?.as_ref(), vars, batch, 1.0)?;
        let Differentiated { reconstruction, objective, gradients } = found;
        // One copy from the device, not three.
        let squared_norm = device_state::squared_norm(&gradients, &self.device)?;
        let numbers = Tensor::stack(&[&reconstruction, &objective, &squared_norm], 0)?;
        let numbers = numbers.to_vec1::<f32>()?;
        let number = |place: usize| numbers.get(place).map_or(f64::NAN, |&x| f64::from(x));
        let penalties = vec![number(1) - number(0)];
        let loss = BatchLoss { reconstruction: number(0), penalties };
        Ok((BatchResult { loss, squared_norm: number(2) }, gradients))
    }
}

impl Engine for AutogradEngine<'_> {
    fn load(&mut self, state: &TrainingState) -> Result<(), TrainingError> {
        self.state = Some(if self.device.is_cpu() {
            Working::Host(HostState::of(state, self.architecture)?)
        } else {
            check_state(state, self.architecture)?;
            Working::Device(DeviceState::of(state, &self.device)?)
        });
        Ok(())
    }

    fn step(
        &mut self,
        batch: BatchSelection<'_>,
        size: StepSize,
    ) -> Result<BatchResult, TrainingError> {
        let mut state = self.state.take().ok_or(TrainingError::NotLoaded)?;
        let found = self.step_of(&mut state, batch, size);
        self.state = Some(state);
        found
    }

    fn snapshot(&self, state: &mut TrainingState) -> Result<(), TrainingError> {
        check_state(state, self.architecture)?;
        match self.state.as_ref().ok_or(TrainingError::NotLoaded)? {
            Working::Host(host) => host.write_to(state),
            Working::Device(device) => device.write_to(state)?,
        }
        Ok(())
    }

    fn gradient(
        &mut self,
        batch: BatchSelection<'_>,
        gradient: &mut [f32],
    ) -> Result<BatchResult, TrainingError> {
        let (expected, found) = (self.architecture.layout().len(), gradient.len());
        if expected != found {
            return Err(ModelError::ParameterCount { expected, found }.into());
        }
        match self.state.as_ref().ok_or(TrainingError::NotLoaded)? {
            Working::Host(HostState { parameters, .. }) => {
                Ok(self.gradient_on_host(parameters, batch, gradient)?)
            }
            Working::Device(state) => {
                let (found, gradients) = self.gradient_on_device(state, batch)?;
                gradient.copy_from_slice(&flat(state.vars(), &gradients)?);
                Ok(found)
            }
        }
    }

    fn inference(&self) -> Result<Box<dyn Inference>, TrainingError> {
        let vb = match self.state.as_ref().ok_or(TrainingError::NotLoaded)? {
            Working::Host(HostState { parameters, .. }) => parameters.var_builder(&self.device)?,
            Working::Device(state) => state.copied(&self.device)?,
        };
        let model = self.architecture.build(vb)?;
        Ok(Box::new(TensorInference::new(self.architecture.pixels(), model, &self.device)))
    }

    fn architecture(&self) -> &dyn Architecture {
        self.architecture
    }

    fn objective(&self) -> &Objective {
        &self.objective
    }
}

impl AutogradEngine<'_> {
    fn step_of(
        &self,
        state: &mut Working,
        batch: BatchSelection<'_>,
        size: StepSize,
    ) -> Result<BatchResult, TrainingError> {
        match state {
            Working::Host(state) => {
                let HostState { parameters, gradient, .. } = &mut *state;
                let found = self.gradient_on_host(parameters, batch, gradient)?;
                state.step(size, found.squared_norm)?;
                Ok(found)
            }
            Working::Device(state) => {
                let (found, gradients) = self.gradient_on_device(state, batch)?;
                state.step(size, found.squared_norm, &gradients)?;
                Ok(found)
            }
        }
    }
}

fn scalar(tensor: &Tensor) -> Result<f64, ModelError> {
    Ok(f64::from(tensor.to_scalar::<f32>()?))
}

/// Gradients as one flat buffer. That of a parameter without one is 0.
fn flat(vars: &Vars, gradients: &[Option<Tensor>]) -> Result<Vec<f32>, ModelError> {
    let mut flat = Vec::with_capacity(vars.iter().map(|(view, _)| view.len()).sum());
    for ((view, _), gradient) in vars.iter().zip(gradients) {
        match gradient {
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

#[cfg(test)]
mod tests;

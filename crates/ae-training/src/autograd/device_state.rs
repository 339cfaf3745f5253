//! What the autograd engine keeps on a device other than the CPU: parameters and moments, and the optimizer's step.
//!
//! The steps are those of the kernels ([`ae_kernels::AdamStep`], [`ae_kernels::SgdStep`]) in tensor operations.

use std::collections::HashMap;

use ae_models::{BatchStatistics, Device, ModelError, ParameterView, Tensor, VarBuilder};
use ae_random::Seed;
use candle_core::{DType, Result as CandleResult, Var};

use super::running_statistics::RunningStatistics;
use crate::clip::scale_to_norm;
use crate::{Optimizer, OptimizerConfig, StepSize, TrainingState};

/// Parameters as variables, and moments as tensors of their shapes.
pub(super) struct DeviceState {
    seed: Seed,
    vars: Vec<(ParameterView, Var)>,
    config: OptimizerConfig,
    steps: u64,
    /// For each parameter, its part of each of the optimizer's buffers.
    moments: Vec<Vec<Tensor>>,
}

impl DeviceState {
    /// A copy of a state on a device.
    pub(super) fn of(
        state: &TrainingState,
        seed: Seed,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let vars = state.parameters.vars(device)?;
        let of_parameter = |view: &ParameterView| {
            let buffers = state.optimizer.moments().iter();
            let parts = buffers.map(|buffer| buffer.get(view.range()).unwrap_or_default());
            parts.map(|part| Tensor::from_slice(part, view.shape.as_slice(), device)).collect()
        };
        let moments =
            vars.iter().map(|(view, _)| of_parameter(view)).collect::<CandleResult<_>>()?;
        let optimizer = &state.optimizer;
        let (config, steps) = (*optimizer.config(), optimizer.steps());
        Ok(Self { seed, vars, config, steps, moments })
    }

    pub(super) fn seed(&self) -> Seed {
        self.seed
    }

    pub(super) fn vars(&self) -> &super::Vars {
        &self.vars
    }

    /// The parameters as they are now: later steps do not change them.
    pub(super) fn copied(&self, device: &Device) -> Result<VarBuilder<'static>, ModelError> {
        let copies = self
            .vars
            .iter()
            .map(|(view, var)| Ok((view.name.clone(), var.as_detached_tensor().copy()?)));
        let copies = copies.collect::<CandleResult<HashMap<_, _>>>()?;
        Ok(VarBuilder::from_tensors(copies, DType::F32, device))
    }

    /// Writes parameters and optimizer into a state with the same parameters.
    pub(super) fn write_to(&self, state: &mut TrainingState) -> Result<(), ModelError> {
        let buffers = self.config.moments().len();
        let mut moments = vec![Vec::with_capacity(state.parameters.values().len()); buffers];
        let mut values = Vec::with_capacity(state.parameters.values().len());
        for ((_, var), parts) in self.vars.iter().zip(&self.moments) {
            values.extend(numbers(var)?);
            for (buffer, part) in moments.iter_mut().zip(parts) {
                buffer.extend(numbers(part)?);
            }
        }
        state.parameters.values_mut().copy_from_slice(&values);
        state.optimizer = Optimizer::restore(self.config, self.steps, moments);
        Ok(())
    }

    /// Takes the step against gradients that have this squared norm together.
    pub(super) fn step(
        &mut self,
        StepSize { learning_rate, clip_norm, .. }: StepSize,
        squared_norm: f64,
        gradients: &[Option<Tensor>],
    ) -> Result<(), ModelError> {
        self.steps += 1;
        let scale = clip_norm.map_or(1.0, |norm| scale_to_norm(squared_norm, norm));
        let step = DeviceStep { config: self.config, learning_rate, scale, count: self.steps };
        for (((view, var), moments), gradient) in
            self.vars.iter().zip(&mut self.moments).zip(gradients)
        {
            if !view.is_trained {
                continue;
            }
            let parameter = var.as_detached_tensor();
            let gradient = match gradient {
                Some(gradient) => gradient.clone(),
                None => parameter.zeros_like()?,
            };
            var.set(&step.update(&parameter, &gradient, moments)?)?;
        }
        Ok(())
    }
}

impl DeviceState {
    /// Moves the running statistics towards a batch's.
    pub(super) fn follow(
        &self,
        running: &[RunningStatistics],
        statistics: &[BatchStatistics],
    ) -> Result<(), ModelError> {
        for batch in statistics {
            let Some(running) = running.iter().find(|it| it.layer == batch.layer) else {
                continue;
            };
            let momentum = f64::from(running.momentum);
            for (name, found) in [("running_mean", &batch.mean), ("running_var", &batch.variance)] {
                let name = format!("{}.{name}", batch.layer);
                for (_, var) in self.vars.iter().filter(|(view, _)| view.name == name) {
                    let kept = (var.as_detached_tensor() * (1.0 - momentum))?;
                    var.set(&(kept + (found * momentum)?)?)?;
                }
            }
        }
        Ok(())
    }
}

/// A step of an optimizer.
struct DeviceStep {
    config: OptimizerConfig,
    learning_rate: f64,
    /// What the gradient is multiplied by.
    scale: f64,
    /// Counted from 1.
    count: u64,
}

impl DeviceStep {
    /// The parameter after the step. The moments become those after it.
    fn update(
        &self,
        parameter: &Tensor,
        gradient: &Tensor,
        moments: &mut [Tensor],
    ) -> CandleResult<Tensor> {
        let gradient = if self.scale == 1.0 { gradient.clone() } else { (gradient * self.scale)? };
        match (self.config, moments) {
            (OptimizerConfig::Adam { beta1, beta2, epsilon, .. }, [mean, variance]) => {
                self.adam((beta1, beta2, epsilon), parameter, &gradient, mean, variance)
            }
            (
                OptimizerConfig::AdamW { beta1, beta2, epsilon, weight_decay, .. },
                [mean, variance],
            ) => {
                let decayed = (parameter * (1.0 - self.learning_rate * weight_decay))?;
                self.adam((beta1, beta2, epsilon), &decayed, &gradient, mean, variance)
            }
            (OptimizerConfig::Sgd { momentum, .. }, [velocity]) => {
                *velocity = ((&*velocity * momentum)? - (gradient * self.learning_rate)?)?;
                parameter + &*velocity
            }
            (config, moments) => {
                unreachable!("{config:?} keeps as many buffers as it names, not {}", moments.len())
            }
        }
    }

    fn adam(
        &self,
        (beta1, beta2, epsilon): (f64, f64, f64),
        parameter: &Tensor,
        gradient: &Tensor,
        mean: &mut Tensor,
        variance: &mut Tensor,
    ) -> CandleResult<Tensor> {
        let correction = |beta: f64| 1.0 - beta.powf(self.count as f64);
        let step_size = self.learning_rate * correction(beta2).sqrt() / correction(beta1);
        *mean = (&*mean + ((gradient - &*mean)? * (1.0 - beta1))?)?;
        *variance = (&*variance + ((gradient.sqr()? - &*variance)? * (1.0 - beta2))?)?;
        parameter - ((&*mean * step_size)? / (variance.sqrt()? + epsilon)?)?
    }
}

/// The squared norm of gradients, a scalar. Summed in `f32`, because not every device has more: it is also infinite
/// where a norm is above 1e19.
pub(super) fn squared_norm(gradients: &[Option<Tensor>], device: &Device) -> CandleResult<Tensor> {
    let mut sum = Tensor::zeros((), DType::F32, device)?;
    for gradient in gradients.iter().flatten() {
        sum = (sum + gradient.sqr()?.sum_all()?)?;
    }
    Ok(sum)
}

fn numbers(tensor: &Tensor) -> CandleResult<Vec<f32>> {
    tensor.flatten_all()?.to_vec1()
}

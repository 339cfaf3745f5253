//! The autograd engine: candle's automatic differentiation.

mod device_state;
mod running_statistics;

use ae_kernels::{SLICE_ROWS, squared_norm};
use ae_models::{
    Architecture, Autoencoder, BatchStatistics, Device, DrawnNumbers, Draws, Inference, ModelError,
    Objective, ObjectiveTerms, ParameterView, Parameters, Penalty, Tensor, TensorInference,
    TensorObjective, VarBuilder,
};
use ae_random::Seed;
use candle_core::{DType, Var};
use rayon::prelude::*;

use crate::draws::{fill, training_stream};
use crate::engine::with_kl_share;
use crate::host_state::{HostState, check_state};
use crate::{
    BatchLoss, BatchResult, BatchSelection, Engine, StepSize, TrainingError, TrainingState,
};
use device_state::DeviceState;
use running_statistics::{LayerStatistics, RunningStatistics};

/// Computes gradients by candle's automatic differentiation: for every model and every device.
///
/// On the CPU it takes the kernels' steps on flat buffers, and cuts a batch into slices of 64 rows for the threads. On
/// other devices a batch is one slice, parameters and moments stay on the device, and steps are taken there.
pub struct AutogradEngine<'a> {
    architecture: &'a dyn Architecture,
    objective: Objective,
    device: Device,
    running: Vec<RunningStatistics>,
    state: Option<Working>,
}

/// Where parameters and moments are.
enum Working {
    Host(HostState),
    Device(DeviceState),
}

/// The parameters as variables, in the layout's order.
type Vars = [(ParameterView, Var)];

/// The objective of a slice, and its gradient times the slice's share of the batch, parameter by parameter. One that
/// the objective does not depend on has none.
struct Differentiated {
    terms: ObjectiveTerms,
    gradients: Vec<Option<Tensor>>,
    statistics: Vec<BatchStatistics>,
}

impl<'a> AutogradEngine<'a> {
    /// An engine for a model on a device.
    pub fn new(architecture: &'a dyn Architecture, objective: Objective, device: Device) -> Self {
        let running = RunningStatistics::all_of(architecture);
        Self { architecture, objective, device, running, state: None }
    }

    fn build(&self, vars: &Vars) -> Result<Box<dyn Autoencoder>, ModelError> {
        let by_name = vars.iter().map(|(view, var)| (view.name.clone(), var.as_tensor().clone()));
        let vb = VarBuilder::from_tensors(by_name.collect(), DType::F32, &self.device);
        self.architecture.build(vb)
    }

    fn differentiate(
        &self,
        objective: &Objective,
        model: &dyn Autoencoder,
        vars: &Vars,
        selection: BatchSelection<'_>,
        draws: &TensorDraws<'_>,
        share: f64,
    ) -> Result<Differentiated, ModelError> {
        let BatchSelection { samples, indices, epoch } = selection;
        let numbers = self.architecture.inputs();
        let batch = samples.gather_inputs(indices, epoch, numbers);
        let rows = |numbers| (indices.len(), numbers);
        let inputs = Tensor::from_vec(batch.inputs, rows(numbers), &self.device)?;
        let pixels = samples.images().image_size();
        let targets = Tensor::from_vec(batch.targets, rows(pixels), &self.device)?;
        let pass = model.forward_training(&inputs, draws)?;
        let counted = samples.count_of_blind_spots();
        let terms = objective.evaluate_pass(model, &pass, &targets, counted)?;
        let mut gradients = (&terms.total * share)?.backward()?;
        let trained = vars.iter().map(|(view, var)| {
            let gradient = gradients.remove(var);
            gradient.filter(|_| view.is_trained)
        });
        Ok(Differentiated { terms, gradients: trained.collect(), statistics: pass.statistics })
    }

    /// The gradient of a batch on the CPU, slice by slice on all threads, added up in order.
    fn gradient_on_host(
        &self,
        objective: &Objective,
        parameters: &Parameters,
        seed: Seed,
        BatchSelection { samples, indices, epoch }: BatchSelection<'_>,
        gradient: &mut [f32],
    ) -> Result<(BatchResult, Vec<LayerStatistics>), ModelError> {
        let vars = parameters.vars(&self.device)?;
        let model = self.build(&vars)?;
        // Items that depend on each other are not divided.
        let is_whole = self.architecture.needs_batch_statistics()
            || objective.penalties.iter().any(|it| matches!(it, Penalty::KlSparsity(_)));
        let rows = if is_whole { indices.len().max(1) } else { SLICE_ROWS };
        let slices = indices
            .par_chunks(rows)
            .map(|slice| {
                let share = slice.len() as f64 / indices.len() as f64;
                let slice = BatchSelection { samples, indices: slice, epoch };
                let draws = TensorDraws { seed, batch: slice, device: &self.device };
                let model = model.as_ref();
                let found = self.differentiate(objective, model, &vars, slice, &draws, share)?;
                let mut loss = BatchLoss::default();
                add(&mut loss, &loss_of(&numbers(&found.terms, None)?), share);
                Ok((loss, flat(&vars, &found.gradients)?, on_host(&found.statistics)?))
            })
            .collect::<Result<Vec<_>, ModelError>>()?;
        gradient.fill(0.0);
        let mut loss = BatchLoss::default();
        let mut statistics = Vec::new();
        for (slice_loss, slice_gradient, slice_statistics) in slices {
            add(&mut loss, &slice_loss, 1.0);
            gradient.iter_mut().zip(slice_gradient).for_each(|(sum, part)| *sum += part);
            statistics.extend(slice_statistics);
        }
        Ok((BatchResult { loss, squared_norm: squared_norm(gradient) }, statistics))
    }

    /// The gradient of a batch on a device, as one slice, and what it is a gradient of.
    fn gradient_on_device(
        &self,
        objective: &Objective,
        state: &DeviceState,
        batch: BatchSelection<'_>,
    ) -> Result<(BatchResult, Differentiated), ModelError> {
        let vars = state.vars();
        let model = self.build(vars)?;
        let draws = TensorDraws { seed: state.seed(), batch, device: &self.device };
        let found = self.differentiate(objective, model.as_ref(), vars, batch, &draws, 1.0)?;
        let squared_norm = device_state::squared_norm(&found.gradients, &self.device)?;
        let mut numbers = numbers(&found.terms, Some(squared_norm))?;
        let squared_norm = numbers.pop().unwrap_or(f64::NAN);
        Ok((BatchResult { loss: loss_of(&numbers), squared_norm }, found))
    }

    fn step_of(
        &self,
        state: &mut Working,
        batch: BatchSelection<'_>,
        size: StepSize,
    ) -> Result<BatchResult, TrainingError> {
        let objective = &with_kl_share(&self.objective, size.kl_share);
        match state {
            Working::Host(state) => {
                let HostState { parameters, seed, gradient, .. } = &mut *state;
                let (found, statistics) =
                    self.gradient_on_host(objective, parameters, *seed, batch, gradient)?;
                state.step(size, found.squared_norm)?;
                for batch in &statistics {
                    for running in self.running.iter().filter(|it| it.layer == batch.layer) {
                        running.update(state.parameters.values_mut(), batch);
                    }
                }
                Ok(found)
            }
            Working::Device(state) => {
                let (found, of_batch) = self.gradient_on_device(objective, state, batch)?;
                state.step(size, found.squared_norm, &of_batch.gradients)?;
                state.follow(&self.running, &of_batch.statistics)?;
                Ok(found)
            }
        }
    }
}

/// The random numbers of layers for a slice, drawn on the CPU and copied to the device.
struct TensorDraws<'a> {
    seed: Seed,
    batch: BatchSelection<'a>,
    device: &'a Device,
}

impl DrawnNumbers for TensorDraws<'_> {
    fn numbers(&self, layer: &str, draws: Draws) -> Result<Tensor, ModelError> {
        let BatchSelection { indices, epoch, .. } = self.batch;
        let mut numbers = vec![0.0; indices.len() * draws.numbers];
        fill(&training_stream(self.seed, layer), draws, epoch, indices, &mut numbers);
        Ok(Tensor::from_vec(numbers, (indices.len(), draws.numbers), self.device)?)
    }
}

impl Engine for AutogradEngine<'_> {
    fn load(&mut self, state: &TrainingState, seed: Seed) -> Result<(), TrainingError> {
        self.state = Some(if self.device.is_cpu() {
            Working::Host(HostState::of(state, self.architecture, seed)?)
        } else {
            check_state(state, self.architecture)?;
            Working::Device(DeviceState::of(state, seed, &self.device)?)
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
            Working::Host(HostState { parameters, seed, .. }) => {
                Ok(self.gradient_on_host(&self.objective, parameters, *seed, batch, gradient)?.0)
            }
            Working::Device(state) => {
                let (found, of_batch) = self.gradient_on_device(&self.objective, state, batch)?;
                gradient.copy_from_slice(&flat(state.vars(), &of_batch.gradients)?);
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
        let inference = TensorInference::new(self.architecture.inputs(), model, &self.device);
        Ok(Box::new(inference.with_pixels(self.architecture.pixels())))
    }

    fn seed(&self) -> Result<Seed, TrainingError> {
        match self.state.as_ref().ok_or(TrainingError::NotLoaded)? {
            Working::Host(HostState { seed, .. }) => Ok(*seed),
            Working::Device(state) => Ok(state.seed()),
        }
    }

    fn architecture(&self) -> &dyn Architecture {
        self.architecture
    }

    fn objective(&self) -> &Objective {
        &self.objective
    }
}

/// Statistics as numbers.
fn on_host(statistics: &[BatchStatistics]) -> Result<Vec<LayerStatistics>, ModelError> {
    let of_layer = |found: &BatchStatistics| {
        Ok(LayerStatistics {
            layer: found.layer.clone(),
            mean: found.mean.to_vec1()?,
            variance: found.variance.to_vec1()?,
        })
    };
    statistics.iter().map(of_layer).collect()
}

/// The reconstruction loss, each penalty, and one more number as one copy from the device.
fn numbers(terms: &ObjectiveTerms, more: Option<Tensor>) -> Result<Vec<f64>, ModelError> {
    let reconstruction = [&terms.reconstruction].into_iter();
    let scalars: Vec<&Tensor> = reconstruction.chain(&terms.penalties).chain(&more).collect();
    Ok(Tensor::stack(&scalars, 0)?.to_vec1::<f32>()?.into_iter().map(f64::from).collect())
}

fn loss_of(numbers: &[f64]) -> BatchLoss {
    match numbers {
        [reconstruction, penalties @ ..] => {
            BatchLoss { reconstruction: *reconstruction, penalties: penalties.to_vec() }
        }
        [] => BatchLoss::default(),
    }
}

/// Adds a loss, multiplied by `weight`.
fn add(sum: &mut BatchLoss, loss: &BatchLoss, weight: f64) {
    sum.reconstruction += weight * loss.reconstruction;
    sum.penalties.resize(loss.penalties.len(), 0.0);
    let pairs = sum.penalties.iter_mut().zip(&loss.penalties);
    pairs.for_each(|(sum, penalty)| *sum += weight * penalty);
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

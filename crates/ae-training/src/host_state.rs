//! What an engine on the CPU keeps between steps.

use std::ops::Range;

use ae_kernels::ChainError;
use ae_models::{Architecture, ParameterView, Parameters};
use ae_random::Seed;

use crate::clip::scale_to_norm;
use crate::{Optimizer, StepSize, TrainingError, TrainingState};

/// Parameters, optimizer and gradient as flat buffers, and the run's seed.
#[derive(Debug)]
pub(crate) struct HostState {
    pub(crate) seed: Seed,
    pub(crate) parameters: Parameters,
    pub(crate) optimizer: Optimizer,
    pub(crate) gradient: Vec<f32>,
    untrained: Vec<Range<usize>>,
}

impl HostState {
    /// A copy of a state of this architecture.
    pub(crate) fn of(
        state: &TrainingState,
        architecture: &dyn Architecture,
        seed: Seed,
    ) -> Result<Self, TrainingError> {
        check_state(state, architecture)?;
        Ok(Self {
            seed,
            untrained: architecture.layout().untrained(),
            parameters: state.parameters.clone(),
            optimizer: state.optimizer.clone(),
            gradient: vec![0.0; state.parameters.values().len()],
        })
    }

    /// Writes parameters and optimizer into a state that [`check_state`] accepts.
    pub(crate) fn write_to(&self, state: &mut TrainingState) {
        state.parameters.values_mut().copy_from_slice(self.parameters.values());
        state.optimizer.clone_from(&self.optimizer);
    }

    /// Takes the step against the gradient, which has this squared norm, by the kernels.
    pub(crate) fn step(&mut self, size: StepSize, squared_norm: f64) -> Result<(), ChainError> {
        let Self { parameters, optimizer, gradient, untrained, .. } = self;
        let values = parameters.values_mut();
        let of_range =
            |range: &Range<usize>| values.get(range.clone()).unwrap_or_default().to_vec();
        let kept: Vec<Vec<f32>> = untrained.iter().map(of_range).collect();
        let scale = size.clip_norm.map_or(1.0, |norm| scale_to_norm(squared_norm, norm));
        optimizer.step(size.learning_rate, values, gradient, scale)?;
        // Their gradient is 0, but weight decay would move them.
        for (range, kept) in untrained.iter().zip(kept) {
            values.get_mut(range.clone()).unwrap_or_default().copy_from_slice(&kept);
        }
        Ok(())
    }
}

/// Refuses a state whose parameters are not the architecture's.
pub(crate) fn check_state(
    state: &TrainingState,
    architecture: &dyn Architecture,
) -> Result<(), TrainingError> {
    let (expected, found) = (architecture.layout(), state.parameters.layout());
    if expected == found {
        return Ok(());
    }
    let longest = expected.views().len().max(found.views().len());
    let pairs = (0..longest).map(|place| (expected.views().get(place), found.views().get(place)));
    let (expected, found) = pairs.into_iter().find(|(a, b)| a != b).unwrap_or_default();
    Err(TrainingError::OtherArchitecture { expected: shown(expected), found: shown(found) })
}

fn shown(parameter: Option<&ParameterView>) -> String {
    parameter.map_or_else(
        || "no more parameters".to_owned(),
        |ParameterView { name, shape, .. }| format!("`{name}` of shape {shape:?}"),
    )
}

//! Tests of what needs candle.

mod extents;
mod forward;
mod gradients;
mod inference;
mod layers;
mod loss;
mod objective;
mod oracle;
mod tensors;

use ae_models::{
    Autoencoder, Distribution, DrawnNumbers, Draws, ModelError, Objective, ObjectiveTerms,
    TensorObjective,
};
use candle_core::{Device, Result, Tensor};

use crate::numbers;

/// Numbers that a formula gives, for every layer the same.
struct Drawn {
    rows: usize,
}

impl DrawnNumbers for Drawn {
    fn numbers(&self, _layer: &str, draws: Draws) -> std::result::Result<Tensor, ModelError> {
        let count = self.rows * draws.numbers;
        let shift = match draws.distribution {
            Distribution::Uniform => 0.0,
            Distribution::Normal => 60.0,
        };
        let drawn: Vec<f32> =
            numbers(count, 61, 127, shift).into_iter().map(|x| x as f32).collect();
        Ok(Tensor::from_vec(drawn, (self.rows, draws.numbers), &Device::Cpu)?)
    }
}

/// The objective of a pass in training.
fn evaluate(
    objective: &Objective,
    model: &dyn Autoencoder,
    inputs: &Tensor,
    targets: &Tensor,
) -> std::result::Result<ObjectiveTerms, ModelError> {
    let rows = inputs.dims().first().copied().unwrap_or_default();
    objective.evaluate_pass(model, &model.forward_training(inputs, &Drawn { rows })?, targets)
}

/// Two images between 0 and 1, as `f64`.
fn inputs() -> Result<Tensor> {
    Tensor::from_vec(numbers(12, 29, 97, 0.0), (2, 6), &Device::Cpu)
}

/// Two other images, as `f64`.
fn targets() -> Result<Tensor> {
    Tensor::from_vec(numbers(12, 53, 89, 0.0), (2, 6), &Device::Cpu)
}

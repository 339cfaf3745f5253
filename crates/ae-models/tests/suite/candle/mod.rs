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

use ae_models::Activation::Linear;
use ae_models::layer::Dense;
use ae_models::{
    Autoencoder, CheckedNetwork, Distribution, DrawnNumbers, Draws, Initialisation, Layer,
    ModelError, Network, NetworkAutoencoder, Objective, ObjectiveTerms, TensorObjective,
    TrainingInput,
};
use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::VarBuilder;

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
    let pass = model.forward_training(inputs, &Drawn { rows })?;
    objective.evaluate_pass(model, &pass, targets, None)
}

fn dense(outputs: usize) -> Layer {
    Layer::Dense(Dense { outputs, activation: Linear, tied_to: None })
}

/// The layers between an item and its code, and a dense decoder.
fn network(item: [usize; 3], encoder: Vec<Layer>) -> Network {
    let [channels, height, width] = item;
    Network {
        image: [height, width],
        channels,
        encoder,
        decoder: vec![dense(channels * height * width)],
        residual: true,
        noise_level: false,
        initialisation: Initialisation::Glorot,
    }
}

/// A model and its variables in the layout's order.
fn model(network: &CheckedNetwork, values: &[Vec<f64>]) -> (Vec<Var>, NetworkAutoencoder) {
    let layout = network.layout();
    let vars: Vec<Var> = layout
        .views()
        .iter()
        .zip(values)
        .map(|(view, values)| Var::from_slice(values, &view.shape[..], &Device::Cpu).unwrap())
        .collect();
    let named = layout.views().iter().zip(&vars);
    let tensors = named.map(|(view, var)| (view.name.clone(), var.as_tensor().clone()));
    let vb = VarBuilder::from_tensors(tensors.collect(), DType::F64, &Device::Cpu);
    (vars, NetworkAutoencoder::new(network, TrainingInput::Clean, &vb).unwrap())
}

/// A batch of as many numbers, from which PyTorch's are made as well.
fn batch(count: usize) -> Vec<f64> {
    numbers(count, 29, 97, 40.0)
}

fn flat(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Compares numbers with PyTorch's.
fn close(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: {found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance, "{what}: {found} for {expected}");
    }
}

/// Two images between 0 and 1, as `f64`.
fn inputs() -> Result<Tensor> {
    Tensor::from_vec(numbers(12, 29, 97, 0.0), (2, 6), &Device::Cpu)
}

/// Two other images, as `f64`.
fn targets() -> Result<Tensor> {
    Tensor::from_vec(numbers(12, 53, 89, 0.0), (2, 6), &Device::Cpu)
}

//! The crate's tests over its public interface, in one binary.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

#[cfg(feature = "candle")]
mod candle;
mod chains;
mod config;
#[cfg(feature = "exchange")]
mod exchange;
mod files;
mod inference;
mod initialisation;
mod integrity;
mod kinds;
mod network;
mod network_files;
mod objectives;
mod pytorch;
mod registry;
mod spatial;

use ae_models::{Activation, DenseConfig, ModelKind, ModelSpec, Parameters};

/// 2 x 3 pixels, a hidden layer of 4 and a code of 3.
fn small_spec(activation: Activation, tied_weights: bool) -> ModelSpec {
    small_dense(activation, tied_weights).model(ModelKind::Regular).unwrap()
}

fn small_dense(activation: Activation, tied_weights: bool) -> DenseConfig {
    DenseConfig {
        image: [2, 3],
        channels: 1,
        encoder: vec![6, 4, 3],
        decoder: vec![3, 4, 6],
        hidden_activation: activation,
        code_activation: activation,
        output_activation: Activation::Sigmoid,
        tied_weights,
    }
}

/// `((k * factor) % modulus - shift) / (modulus - 1)` for k = 0, 1, ...: numbers that Python makes too.
fn numbers(count: usize, factor: usize, modulus: usize, shift: f64) -> Vec<f64> {
    (0..count).map(|k| (((k * factor) % modulus) as f64 - shift) / (modulus - 1) as f64).collect()
}

/// The parameters of all oracle values, between -0.5 and 0.5.
fn small_values(count: usize) -> Vec<f64> {
    numbers(count, 37, 101, 50.0)
}

fn small_parameters(spec: &ModelSpec) -> Parameters {
    let layout = spec.architecture().unwrap().layout().clone();
    let values = small_values(layout.len()).into_iter().map(|value| value as f32).collect();
    Parameters::new(layout, values).unwrap()
}

//! Tests of what needs candle.

mod forward;
mod gradients;
mod inference;
mod layers;
mod loss;
mod tensors;

use candle_core::{Device, Result, Tensor};

use crate::numbers;

/// Two images between 0 and 1, as `f64`.
fn inputs() -> Result<Tensor> {
    Tensor::from_vec(numbers(12, 29, 97, 0.0), (2, 6), &Device::Cpu)
}

/// Two other images, as `f64`.
fn targets() -> Result<Tensor> {
    Tensor::from_vec(numbers(12, 53, 89, 0.0), (2, 6), &Device::Cpu)
}

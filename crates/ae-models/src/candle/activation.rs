//! Activations on tensors.

use candle_core::{Result, Tensor};
use candle_nn::ops::sigmoid;

use crate::Activation;

/// An activation of every number.
pub(super) fn activate(activation: Activation, x: &Tensor) -> Result<Tensor> {
    match activation {
        Activation::Linear => Ok(x.clone()),
        Activation::Relu => x.relu(),
        Activation::LeakyRelu => x.maximum(&(x * Activation::LEAKY_SLOPE)?),
        Activation::Elu => x.elu(1.0),
        Activation::Selu => x.elu(Activation::SELU_ALPHA)? * Activation::SELU_SCALE,
        Activation::Sigmoid => sigmoid(x),
        Activation::Tanh => x.tanh(),
        Activation::Softplus => softplus(x),
    }
}

/// `ln(1 + exp(x))` in the form `max(x, 0) + ln(1 + exp(-|x|))`, which overflows nowhere.
///
/// `-|x|` is written `x - 2 max(x, 0)`, which is exact, because candle takes the derivative of
/// `|x|` in five passes over the tensor. The sum `1 + exp` rounds, for `f32` by 6e-8 at most.
pub(crate) fn softplus(x: &Tensor) -> Result<Tensor> {
    let positive = x.relu()?;
    let minus_magnitude = (x - (&positive * 2.0)?)?;
    positive + (minus_magnitude.exp()? + 1.0)?.log()?
}

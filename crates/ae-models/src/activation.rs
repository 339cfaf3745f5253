//! Activations, each with the derivative that PyTorch and Keras give it.

use std::fmt;

use candle_core::{Result, Tensor};
use candle_nn::Module;
use candle_nn::ops::sigmoid;
use serde::{Deserialize, Serialize};

/// An activation after a layer, applied to every number alone.
///
/// At 0, where the rectifiers have no derivative, candle takes 1 for [`Relu`](Self::Relu), and the
/// mean of both sides for [`LeakyRelu`](Self::LeakyRelu).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// `x`.
    Linear,
    /// `max(x, 0)`.
    Relu,
    /// `max(x, 0.01 x)` (Maas et al., ICML 2013, section 2).
    LeakyRelu,
    /// `x` above 0, `exp(x) - 1` below (Clevert et al., ICLR 2016, section 3, with alpha 1).
    Elu,
    /// ELU with the scale and alpha that keep mean 0 and variance 1 (Klambauer et al., NIPS 2017,
    /// equation 2).
    Selu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// `ln(1 + exp(x))`.
    Softplus,
}

/// LeakyReLU's slope below 0.
const LEAKY_SLOPE: f64 = 0.01;
/// The constants of SELU, from the paper's appendix, as in PyTorch and Keras.
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

impl Module for Activation {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Linear => Ok(x.clone()),
            Self::Relu => x.relu(),
            Self::LeakyRelu => x.maximum(&(x * LEAKY_SLOPE)?),
            Self::Elu => x.elu(1.0),
            Self::Selu => x.elu(SELU_ALPHA)? * SELU_SCALE,
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => x.tanh(),
            Self::Softplus => softplus(x),
        }
    }
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linear => "linear",
            Self::Relu => "relu",
            Self::LeakyRelu => "leaky-relu",
            Self::Elu => "elu",
            Self::Selu => "selu",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Softplus => "softplus",
        })
    }
}

/// The activation that turns logits into pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputActivation {
    /// `1 / (1 + exp(-x))`: pixels in [0, 1].
    Sigmoid,
    /// `x`: any real pixels.
    Linear,
}

impl fmt::Display for OutputActivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sigmoid => "sigmoid",
            Self::Linear => "linear",
        })
    }
}

impl Module for OutputActivation {
    fn forward(&self, logits: &Tensor) -> Result<Tensor> {
        match self {
            Self::Sigmoid => sigmoid(logits),
            Self::Linear => Ok(logits.clone()),
        }
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

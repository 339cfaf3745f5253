//! The activations by name.
//!
//! Their mathematics stands in `ae-kernels` for the CPU and in `candle/activation.rs` for tensors.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An activation after a layer, applied to each number on its own.
///
/// At 0 the rectifiers have no derivative. candle and the kernels take 1 for [`Relu`](Self::Relu), and the
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

impl Activation {
    /// The same activation for the CPU kernels.
    pub(crate) fn for_kernels(self) -> ae_kernels::Activation {
        match self {
            Self::Linear => ae_kernels::Activation::Linear,
            Self::Relu => ae_kernels::Activation::Relu,
            Self::LeakyRelu => ae_kernels::Activation::LeakyRelu,
            Self::Elu => ae_kernels::Activation::Elu,
            Self::Selu => ae_kernels::Activation::Selu,
            Self::Sigmoid => ae_kernels::Activation::Sigmoid,
            Self::Tanh => ae_kernels::Activation::Tanh,
            Self::Softplus => ae_kernels::Activation::Softplus,
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

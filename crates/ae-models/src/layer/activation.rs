//! Activations as layers of their own.

use serde::{Deserialize, Serialize};

use super::kind::LayerKind;
use crate::{Activation, Shape};

/// An activation of every number: after a batch normalisation, say. Dense layers and convolutions have their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActivationLayer {
    /// The activation.
    pub activation: Activation,
}

/// The activation of a layer that names none.
pub(super) fn linear() -> Activation {
    Activation::Linear
}

impl LayerKind for ActivationLayer {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        self.activation.into()
    }

    fn activation(&self) -> Option<Activation> {
        Some(self.activation)
    }
}

//! What training makes small.

use serde::{Deserialize, Serialize};

use crate::{ModelError, ModelSpec, OutputActivation};

/// How far a reconstruction is from its target, on average over all pixels of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Binary cross-entropy in nats; needs a sigmoid output. See [`binary_cross_entropy`].
    BinaryCrossEntropy,
    /// The squared difference between pixel and target.
    MeanSquaredError,
}

/// A loss and a penalty on the code.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The loss.
    pub loss: Loss,
    /// Weight of the penalty `sum |code| / n`, which makes codes sparse; 0 for none. It is the
    /// `activity_regularizer` of Keras, which divides by the number `n` of images as well.
    pub code_l1: f32,
}

impl Objective {
    /// Checks that the penalty is a number and that the loss suits the model.
    ///
    /// # Errors
    /// If `code_l1` is negative or not finite, or binary cross-entropy meets a linear output.
    pub fn check(&self, spec: &ModelSpec) -> Result<(), ModelError> {
        if !(self.code_l1 >= 0.0 && self.code_l1.is_finite()) {
            return Err(ModelError::Spec {
                field: "code_l1",
                expected: "a finite number, 0 or above".to_owned(),
                found: self.code_l1.to_string(),
            });
        }
        match (self.loss, spec.dense.output_activation) {
            (Loss::BinaryCrossEntropy, OutputActivation::Linear) => Err(ModelError::LossOfLinear),
            _ => Ok(()),
        }
    }

    /// The same objective for the CPU kernels.
    pub fn for_kernels(&self) -> ae_kernels::Objective {
        let loss = match self.loss {
            Loss::BinaryCrossEntropy => ae_kernels::Loss::BinaryCrossEntropy,
            Loss::MeanSquaredError => ae_kernels::Loss::MeanSquaredError,
        };
        ae_kernels::Objective { loss, code_l1: self.code_l1 }
    }
}

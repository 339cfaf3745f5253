//! The objective of training: a loss and a penalty on the code.

use serde::{Deserialize, Serialize};

use crate::{ModelError, ModelSpec, OutputActivation};

/// The reconstruction loss: a mean over all pixels of a batch. The default is the tutorial's binary cross-entropy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Binary cross-entropy in nats, `max(x, 0) - x t + ln(1 + exp(-|x|))` for a logit `x` and a target `t` in
    /// [0, 1]; needs a sigmoid output.
    #[serde(alias = "bce")]
    #[default]
    BinaryCrossEntropy,
    /// The squared difference between pixel and target.
    #[serde(alias = "mse")]
    MeanSquaredError,
}

/// A loss and a penalty on the code. The default is the tutorial's: binary cross-entropy without a penalty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The loss.
    pub loss: Loss,
    /// Weight of the penalty `sum |code| / n`, which makes codes sparse; 0 for none. It is the
    /// `activity_regularizer` of Keras, which divides by the number `n` of images as well.
    pub code_l1: f32,
}

impl Objective {
    /// Checks that the penalty is in its range and that the loss suits the model.
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
        let objective = ae_kernels::Objective::new(loss);
        let penalty = ae_kernels::CodeL1 { weight: self.code_l1 };
        if self.code_l1 == 0.0 { objective } else { objective.with(penalty) }
    }
}

//! The objective on tensors, to be differentiated by candle.

mod losses;
mod penalties;

use ae_kernels::{ChainError, Loss};
use candle_core::Tensor;

pub use losses::binary_cross_entropy;

use crate::{Autoencoder, ModelError, TrainingPass};

/// An objective that can be computed on tensors.
pub trait TensorObjective {
    /// The loss of a pass against `targets`, and each penalty. The model is the one whose pass it is.
    ///
    /// With `counted` the loss, the squared error, counts the targets that are not NaN alone: so many of each item.
    ///
    /// # Shapes
    /// Targets as the pass's logits, `(n, channels * height * width)`.
    ///
    /// # Errors
    /// If the batch is empty, the targets do not fit, the loss does not suit the model's output, or a penalty does not
    /// suit the model. With `counted`, if the loss is not the squared error, or an item has no or fewer numbers than
    /// are counted.
    fn evaluate_pass(
        &self,
        model: &dyn Autoencoder,
        pass: &TrainingPass,
        targets: &Tensor,
        counted: Option<usize>,
    ) -> Result<ObjectiveTerms, ModelError>;
}

/// The terms of an objective, each a scalar tensor that can be differentiated.
#[derive(Debug, Clone)]
pub struct ObjectiveTerms {
    /// The loss alone.
    pub reconstruction: Tensor,
    /// The penalties in the objective's order, each times its weight.
    pub penalties: Vec<Tensor>,
    /// The loss plus the penalties: what is made small.
    pub total: Tensor,
}

impl TensorObjective for ae_kernels::Objective {
    fn evaluate_pass(
        &self,
        model: &dyn Autoencoder,
        pass: &TrainingPass,
        targets: &Tensor,
        counted: Option<usize>,
    ) -> Result<ObjectiveTerms, ModelError> {
        let logits = &pass.logits;
        let reconstruction = match counted {
            None => losses::evaluate(self.loss, model, logits, targets)?,
            Some(counted) => {
                let outputs = targets.dims().last().copied().unwrap_or_default();
                if self.loss != Loss::MeanSquaredError || !(1..=outputs).contains(&counted) {
                    return Err(ChainError::Masked { outputs, loss: self.loss, counted }.into());
                }
                losses::masked_squared_error(model, logits, targets, counted)?
            }
        };
        let mut total = reconstruction.clone();
        let mut penalties = Vec::new();
        for penalty in &self.penalties {
            let penalty = penalties::evaluate(penalty, model, pass)?;
            total = (total + &penalty)?;
            penalties.push(penalty);
        }
        Ok(ObjectiveTerms { reconstruction, penalties, total })
    }
}

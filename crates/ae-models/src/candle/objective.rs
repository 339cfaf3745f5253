//! The objective on tensors, to be differentiated by candle.

use candle_core::{D, Tensor};
use candle_nn::ops::sigmoid;

use super::activation::softplus;
use ae_kernels::ChainError;

use crate::{Autoencoder, CodeL1, Loss, ModelError, Objective, Penalty};

impl ObjectiveTerms {
    /// The loss of the model's reconstructions of `inputs` against `targets`, and the penalty.
    ///
    /// # Shapes
    /// Both `(n, height * width)`.
    ///
    /// # Errors
    /// If the batch is empty, if the shapes do not fit the model or each other, or if binary
    /// cross-entropy meets a linear output.
    pub fn new(
        objective: &Objective,
        model: &dyn Autoencoder,
        inputs: &Tensor,
        targets: &Tensor,
    ) -> Result<ObjectiveTerms, ModelError> {
        let codes = model.encode(inputs)?;
        let logits = model.decode_logits(&codes)?;
        check_targets(&logits, targets)?;
        let reconstruction = match objective.loss {
            Loss::BinaryCrossEntropy if !model.output_is_probability() => {
                return Err(ChainError::LossOfNoProbability.into());
            }
            Loss::BinaryCrossEntropy => binary_cross_entropy(&logits, targets)?,
            Loss::MeanSquaredError => (model.activate(&logits)? - targets)?.sqr()?.mean_all()?,
            Loss::SoftmaxCrossEntropy => return Err(ChainError::LossOfNoLogits.into()),
        };
        let mut total = reconstruction.clone();
        for penalty in &objective.penalties {
            total = match penalty {
                Penalty::CodeL1(CodeL1 { weight: 0.0 }) => total,
                Penalty::CodeL1(CodeL1 { weight }) => {
                    (&total + (mean_magnitude(&codes)? * f64::from(*weight))?)?
                }
                _ => return Err(ModelError::NoTensorModel),
            };
        }
        Ok(ObjectiveTerms { reconstruction, total })
    }
}

/// The terms of an objective, each a scalar tensor that can be differentiated.
#[derive(Debug, Clone)]
pub struct ObjectiveTerms {
    /// The loss alone.
    pub reconstruction: Tensor,
    /// The loss plus the penalty: what is made small.
    pub total: Tensor,
}

/// `sum |code| / n` of codes `(n, latent_dim)`.
///
/// `|c|` is written `c sign(c)`, whose derivative is 0 at 0, as PyTorch and Keras have it; candle's
/// own takes 1 there, and rectified codes are often 0.
fn mean_magnitude(codes: &Tensor) -> candle_core::Result<Tensor> {
    (codes * codes.sign()?)?.sum(D::Minus1)?.mean_all()
}

/// The mean binary cross-entropy of pixels `sigmoid(x)` against targets `t`, from the logits `x`:
/// `max(x, 0) - x t + ln(1 + exp(-|x|))` in nats.
///
/// The value and its gradient `sigmoid(x) - t`, which flows to the logits alone, are finite also where
/// the sigmoid is saturated.
///
/// # Shapes
/// Logits and targets alike, any but empty, to a scalar; targets in [0, 1].
///
/// # Errors
/// If the shapes differ or there are no numbers.
pub fn binary_cross_entropy(logits: &Tensor, targets: &Tensor) -> Result<Tensor, ModelError> {
    check_targets(logits, targets)?;
    let (x, t) = (logits.detach(), targets.detach());
    let value = (softplus(&x)? - (&x * &t)?)?.mean_all()?;
    // candle takes up to half of a training step to differentiate the formula term by term. The
    // gradient is known: its product with the logits, less the same number as a constant, hands it
    // to a value without a graph.
    let gradient = ((sigmoid(&x)? - t)? / logits.elem_count() as f64)?;
    let product = (logits * gradient)?.sum_all()?;
    Ok((value + (&product - product.detach())?)?)
}

fn check_targets(logits: &Tensor, targets: &Tensor) -> Result<(), ModelError> {
    if logits.dims() != targets.dims() || logits.elem_count() == 0 {
        return Err(ModelError::Targets {
            expected: logits.dims().to_vec(),
            found: targets.dims().to_vec(),
        });
    }
    Ok(())
}

//! Losses on tensors.

use ae_kernels::{ChainError, Loss};
use candle_core::{D, Tensor};
use candle_nn::ops::sigmoid;

use crate::candle::activation::softplus;
use crate::{Autoencoder, ModelError};

/// A loss of logits, `(n, outputs)`, to a scalar.
pub(super) fn evaluate(
    loss: Loss,
    model: &dyn Autoencoder,
    logits: &Tensor,
    targets: &Tensor,
) -> Result<Tensor, ModelError> {
    check_targets(logits, targets)?;
    match loss {
        Loss::BinaryCrossEntropy if !model.output_is_probability() => {
            Err(ChainError::LossOfNoProbability.into())
        }
        Loss::BinaryCrossEntropy => binary_cross_entropy(logits, targets),
        Loss::MeanSquaredError => Ok((model.activate(logits)? - targets)?.sqr()?.mean_all()?),
        Loss::MeanAbsoluteError => {
            Ok(magnitude(&(model.activate(logits)? - targets)?)?.mean_all()?)
        }
        Loss::SoftmaxCrossEntropy => Ok(softmax_cross_entropy(logits, targets)?),
    }
}

/// `|x|`, written `x sign(x)`, whose derivative is 0 at 0, as PyTorch and Keras have it; candle's own takes 1 there,
/// and rectified codes and the errors of a residual network are often 0.
pub(super) fn magnitude(x: &Tensor) -> candle_core::Result<Tensor> {
    x * x.sign()?
}

/// The squared error of the targets that are not NaN: the mean over `counted` numbers of each item.
pub(super) fn masked_squared_error(
    model: &dyn Autoencoder,
    logits: &Tensor,
    targets: &Tensor,
    counted: usize,
) -> Result<Tensor, ModelError> {
    check_targets(logits, targets)?;
    let outputs = model.activate(logits)?;
    // NaN differs from itself. What is not counted is its own target: no error, and no gradient.
    let is_counted = targets.eq(targets)?;
    let targets = is_counted.where_cond(targets, &outputs.detach())?;
    let items = logits.dim(0)?;
    let sum = (outputs - targets)?.sqr()?.sum_all()?;
    Ok((sum / (items * counted) as f64)?)
}

/// `ln(sum exp(x)) - sum t x` of an item, the mean over items. The largest `x` is taken out, so that nothing overflows;
/// as a constant, because the value does not depend on it.
fn softmax_cross_entropy(logits: &Tensor, targets: &Tensor) -> candle_core::Result<Tensor> {
    let largest = logits.detach().max_keepdim(D::Minus1)?;
    let sums = logits.broadcast_sub(&largest)?.exp()?.sum_keepdim(D::Minus1)?;
    let expected = (logits * targets)?.sum_keepdim(D::Minus1)?;
    ((sums.log()? + largest)? - expected)?.mean_all()
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

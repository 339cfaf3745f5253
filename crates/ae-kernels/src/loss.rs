//! Losses: with their gradient in training, alone in evaluation.
//!
//! | file | what |
//! |---|---|
//! | `definition.rs` | the losses by name |
//! | `cross_entropy.rs` | binary cross-entropy of rows of logits, with its gradient |
//! | `softmax.rs` | softmax cross-entropy of rows, with its gradient |
//! | `difference.rs` | the squared and the absolute error of rows, with their gradient and alone |
//! | `row_losses.rs` | the losses of a row, without gradients |
//! | `sums.rs` | sums in a fixed order |

mod cross_entropy;
mod definition;
mod difference;
mod row_losses;
mod softmax;
mod sums;

pub use cross_entropy::binary_cross_entropy;
use cross_entropy::cross_entropy_of_rows;
pub use definition::Loss;
use difference::{absolute_error_of_rows, squared_error_of_rows};
pub(crate) use difference::{losses_between, masked_squared_error_of_rows, squared_error_in_f64};
pub use difference::{losses_of_outputs, squared_error_sum};
pub(crate) use row_losses::losses_of_row;
pub use row_losses::{RowLosses, losses_of_logits};
pub(crate) use sums::magnitude_sum;

use crate::Activation;

/// Replaces rows of logits by the gradient of `scale` times the loss of the activation's values, adds the rows to
/// `bias_gradient`, and returns the sum of the loss over all numbers (for the softmax: over all rows).
pub(crate) fn differentiate_rows(
    loss: Loss,
    activation: Activation,
    targets: &[f32],
    scale: f32,
    logits: &mut [f32],
    bias_gradient: &mut [f32],
) -> f64 {
    match loss {
        Loss::BinaryCrossEntropy => cross_entropy_of_rows(targets, scale, logits, bias_gradient),
        Loss::MeanSquaredError => {
            squared_error_of_rows(activation, targets, scale, logits, bias_gradient)
        }
        Loss::MeanAbsoluteError => {
            absolute_error_of_rows(activation, targets, scale, logits, bias_gradient)
        }
        Loss::SoftmaxCrossEntropy => {
            softmax::softmax_of_rows(targets, scale, logits, bias_gradient)
        }
    }
}

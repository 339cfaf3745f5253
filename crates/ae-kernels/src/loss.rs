//! Losses: with their gradient in training, alone in evaluation.
//!
//! | file | what |
//! |---|---|
//! | `definition.rs` | the losses by name |
//! | `cross_entropy.rs` | binary cross-entropy of rows of logits, with its gradient |
//! | `squared_error.rs` | the squared error of rows, with its gradient and alone |
//! | `row_losses.rs` | both losses of a row, without gradients |
//! | `sums.rs` | sums in a fixed order |

mod cross_entropy;
mod definition;
mod row_losses;
mod softmax;
mod squared_error;
mod sums;

pub use cross_entropy::binary_cross_entropy;
pub(crate) use cross_entropy::cross_entropy_of_rows;
pub use definition::Loss;
pub(crate) use row_losses::losses_of_row;
pub use row_losses::{RowLosses, losses_of_logits};
pub(crate) use softmax::softmax_cross_entropy_of_rows;
pub use squared_error::squared_error_sum;
pub(crate) use squared_error::{
    squared_error_between, squared_error_in_f64, squared_error_of_rows,
};
pub(crate) use sums::magnitude_sum;

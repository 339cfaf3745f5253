//! Training steps: the gradient of a batch on all threads, and the optimizer's update.
//!
//! | file | what |
//! |---|---|
//! | `trainer.rs` | a batch, slice by slice on all threads |
//! | `blocks.rs` | the gradient of the parameters, block by block, and the update of each block |
//! | `optimizer.rs` | a step of any optimizer over the flat buffer |
//! | `adam.rs`, `sgd.rs` | the optimizers; another one is a file beside them and a variant of `Step` |
//! | `norm.rs` | the squared norm of a gradient |

mod adam;
mod blocks;
mod norm;
mod optimizer;
mod sgd;
mod trainer;

pub use adam::AdamStep;
pub use norm::squared_norm;
pub use optimizer::Step;
pub use sgd::SgdStep;
pub use trainer::{Batch, BatchStatistics, BatchSummary, Problem, Target, Trainer};

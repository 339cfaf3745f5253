//! Training steps: the gradient of a batch on all threads, and the optimizer's update.
//!
//! | file | what |
//! |---|---|
//! | `batch.rs` | a batch and what comes back of it |
//! | `trainer.rs` | a batch on all threads |
//! | `run.rs` | what all tasks of a batch have in common |
//! | `segments.rs` | tasks on their way through a chain that is cut at statistics of the batch |
//! | `task.rs` | a task: neighbouring slices of a group, which a thread takes through the chain |
//! | `forward.rs`, `backward.rs` | a task's forward pass; loss and backward pass |
//! | `peers.rs` | processes that train together, as the kernels see them |
//! | `local_peers.rs` | such processes as threads of one |
//! | `together.rs`, `process.rs`, `slice_sums.rs` | a batch that several processes share; what one of them sends and receives |
//! | `shares.rs` | who has which rows and which parameters |
//! | `memory.rs` | how much memory a training takes |
//! | `tree.rs` | the order in which the gradients of groups are added |
//! | `blocks.rs` | the gradient of the parameters, block by block, and the update of each block |
//! | `optimizer.rs` | a step of any optimizer over the flat buffer |
//! | `adam.rs`, `sgd.rs` | the optimizers; another one is a file beside them and a variant of `Step` |
//! | `norm.rs` | the squared norm of a gradient |

mod adam;
mod backward;
mod batch;
mod blocks;
mod forward;
mod local_peers;
mod memory;
mod norm;
mod optimizer;
mod peers;
mod process;
mod run;
mod segments;
mod sgd;
mod shares;
mod slice_sums;
mod task;
mod together;
mod trainer;
mod tree;

pub use adam::AdamStep;
pub use batch::{Batch, BatchStatistics, BatchSummary, Problem, Target};
pub use local_peers::LocalPeers;
pub use norm::squared_norm;
pub use optimizer::Step;
pub use peers::{Incoming, Link, Numbers, Peers, PeersError, Topic, gather};
pub use sgd::SgdStep;
pub use trainer::Trainer;

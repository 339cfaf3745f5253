//! Processes of an MPI program that train one network together.
//!
//! `World` is MPI from its beginning to its end, and `MpiPeers` what the kernels see of it. With the feature `mpi`
//! alone; without it the crate is empty, so that it can be built where there is no MPI.
#![cfg(feature = "mpi")]
#![deny(missing_docs)]

mod link;
mod outbox;
mod world;

pub use link::{MpiPeers, Waits};
pub use world::{MpiError, World};

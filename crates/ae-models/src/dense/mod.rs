//! Dense networks: settings, layout of the parameters, initial values, and the stack for the kernels.

mod architecture;
mod config;
mod stack;

pub use config::{DenseConfig, MAX_LAYERS, MAX_PARAMETERS};

pub(crate) use architecture::DenseArchitecture;
pub(crate) use stack::encoder_stack;

//! Devices by name.

use ae_models::{Device, open_device};

use crate::error::ApplyError;

/// The device of this name: `cpu`, `cuda`, `cuda:N` or `metal`.
///
/// # Errors
/// If there is no such name, or this build or this machine lacks the device.
pub fn device(name: &str) -> Result<Device, ApplyError> {
    Ok(open_device(name)?)
}

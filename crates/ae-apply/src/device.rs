//! Devices by name.

use candle_core::Device;

use crate::error::ApplyError;

/// The device of this name: `cpu`, `cuda`, `cuda:N` or `metal`.
///
/// # Errors
/// If there is no such name, or this build or this machine lacks the device.
pub fn device(name: &str) -> Result<Device, ApplyError> {
    let fail = |reason: String| ApplyError::Device { name: name.to_owned(), reason };
    let opened = match name.split_once(':').unwrap_or((name, "0")) {
        ("cpu", "0") => Ok(Device::Cpu),
        ("cuda", index) => {
            let index =
                index.parse().map_err(|_| fail("expected a number after `cuda:`".into()))?;
            Device::new_cuda(index)
        }
        ("metal", "0") => Device::new_metal(0),
        _ => return Err(fail("expected cpu, cuda, cuda:N or metal".to_owned())),
    };
    opened.map_err(|error| fail(error.to_string()))
}

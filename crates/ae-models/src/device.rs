//! Devices by name.

use crate::ModelError;
use crate::candle::{Device, open};

/// The device of this name: `cpu`, `cuda`, `cuda:N` or `metal`.
///
/// # Errors
/// [`ModelError::Device`] if there is no such name, or this build or this machine lacks the device.
pub fn open_device(name: &str) -> Result<Device, ModelError> {
    match name {
        "cpu" | "cpu:0" => Ok(Device::Cpu),
        _ => open(name).map_err(|reason| ModelError::Device { name: name.to_owned(), reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_always_there_and_another_name_is_refused_with_the_reason() {
        assert!(open_device("cpu").unwrap().is_cpu());
        assert_eq!(crate::device_name(&open_device("cpu").unwrap()), "cpu");
        let error = open_device("abacus").unwrap_err().to_string();
        assert!(error.starts_with("the device `abacus` cannot be used: "), "{error}");
    }
}

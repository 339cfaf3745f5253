//! Devices by name.

use candle_core::Device;

/// Opens a device other than the CPU.
pub(crate) fn open(name: &str) -> Result<Device, String> {
    let opened = match name.split_once(':').unwrap_or((name, "0")) {
        ("cuda", index) => {
            let index = index.parse().map_err(|_| "expected a number after `cuda:`".to_owned())?;
            Device::new_cuda(index)
        }
        ("metal", "0") => Device::new_metal(0),
        _ => return Err("expected cpu, cuda, cuda:N or metal".to_owned()),
    };
    opened.map_err(|error| error.to_string())
}

/// The name of a device without its number: `cpu`, `cuda` or `metal`.
pub fn device_name(device: &Device) -> &'static str {
    match device {
        Device::Cpu => "cpu",
        Device::Cuda(_) => "cuda",
        Device::Metal(_) => "metal",
    }
}

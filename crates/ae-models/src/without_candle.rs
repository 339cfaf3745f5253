//! What stands in candle's place in a build without the feature `candle`: the CPU, and errors that name the feature.

use crate::{Architecture, CheckedNetwork, EncoderInference, Inference, ModelError, Parameters};

/// Where a model computes. With the feature `candle` this is candle's `Device`, which knows GPUs too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Device {
    /// The CPU, by the kernels of `ae-kernels`.
    Cpu,
}

impl Device {
    /// Whether this is the CPU.
    pub fn is_cpu(&self) -> bool {
        matches!(self, Self::Cpu)
    }
}

pub(crate) fn open(_name: &str) -> Result<Device, String> {
    Err("this build has no candle (feature `candle`), so it computes on the CPU alone".to_owned())
}

/// The name of a device without its number: `cpu`.
pub fn device_name(device: &Device) -> &'static str {
    match device {
        Device::Cpu => "cpu",
    }
}

pub(crate) fn tensor_inference(
    _architecture: &dyn Architecture,
    _parameters: &Parameters,
    _device: &Device,
) -> Result<Box<dyn Inference>, ModelError> {
    Err(ModelError::NeedsCandle)
}

pub(crate) fn tensor_encoder_inference(
    _network: &CheckedNetwork,
    _parameters: &Parameters,
    _device: &Device,
) -> Result<Box<dyn EncoderInference>, ModelError> {
    Err(ModelError::NeedsCandle)
}

/// Asks nothing of a layer: there are no tensors.
pub(crate) trait TensorKind {}

impl<K> TensorKind for K {}

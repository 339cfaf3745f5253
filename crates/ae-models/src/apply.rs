//! The choice between the kernels and candle when a model is applied.

use crate::candle::{Device, tensor_inference};
use crate::{Architecture, Inference, KernelInference, ModelError, Parameters};

impl dyn Architecture + '_ {
    /// The model with these parameters, applied to slices of numbers: by the kernels if the device is the CPU and
    /// the architecture has a [`chain`](Architecture::chain), otherwise by candle.
    ///
    /// # Errors
    /// If the parameters are not the architecture's, the device cannot hold them, or candle is needed and the
    /// crate was built without it.
    pub fn inference(
        &self,
        parameters: &Parameters,
        device: &Device,
    ) -> Result<Box<dyn Inference>, ModelError> {
        match self.chain().filter(|_| device.is_cpu()) {
            Some(chain) => Ok(Box::new(KernelInference::new(chain, parameters)?)),
            None => tensor_inference(self, parameters, device),
        }
    }
}

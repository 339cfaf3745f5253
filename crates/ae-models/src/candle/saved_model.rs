//! Models and encoders of weights files as candle models.

use candle_core::Device;

use super::chain::NetworkEncoder;
use crate::{Autoencoder, Encoder, ModelError, SavedEncoder, SavedModel, TaggedModel};

impl SavedModel {
    /// The candle model with its parameters on a device.
    ///
    /// # Errors
    /// If the parameters are not the architecture's, or the device cannot hold them.
    pub fn autoencoder(&self, device: &Device) -> Result<Box<dyn Autoencoder>, ModelError> {
        self.spec.architecture()?.build(self.parameters.var_builder(device)?)
    }
}

impl SavedEncoder {
    /// The candle encoder with its parameters on a device.
    ///
    /// # Errors
    /// If the parameters are not the encoder's, or the device cannot hold them.
    pub fn encoder(&self, device: &Device) -> Result<Box<dyn Encoder + Send + Sync>, ModelError> {
        let vb = self.parameters.var_builder(device)?;
        Ok(Box::new(NetworkEncoder::new(&self.spec.check()?, &vb)?))
    }
}

impl TaggedModel {
    /// The candle model with its parameters on a device.
    ///
    /// # Errors
    /// If the architecture has no candle model, the parameters are not the architecture's, or the device cannot
    /// hold them.
    pub fn autoencoder(&self, device: &Device) -> Result<Box<dyn Autoencoder>, ModelError> {
        self.architecture().build(self.parameters.var_builder(device)?)
    }
}

//! The flat buffer as tensors.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarBuilder;

use crate::{ModelError, ParameterView, Parameters};

impl Parameters {
    /// The parameters as constant tensors by name.
    ///
    /// # Errors
    /// If the device cannot hold them.
    pub fn tensors(&self, device: &Device) -> Result<HashMap<String, Tensor>, ModelError> {
        self.slices()
            .map(|(view, values)| {
                let tensor = Tensor::from_slice(values, view.shape.as_slice(), device)?;
                Ok((view.name.clone(), tensor))
            })
            .collect()
    }

    /// The parameters as constant tensors, for [`Architecture::build`](crate::Architecture::build).
    ///
    /// # Errors
    /// If the device cannot hold them.
    pub fn var_builder(&self, device: &Device) -> Result<VarBuilder<'static>, ModelError> {
        Ok(VarBuilder::from_tensors(self.tensors(device)?, DType::F32, device))
    }

    /// The parameters as variables that gradients flow to, in the layout's order.
    ///
    /// # Errors
    /// If the device cannot hold them.
    pub fn vars(&self, device: &Device) -> Result<Vec<(ParameterView, Var)>, ModelError> {
        self.slices()
            .map(|(view, values)| {
                let var = Var::from_slice(values, view.shape.as_slice(), device)?;
                Ok((view.clone(), var))
            })
            .collect()
    }
}

//! The engines by name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use ae_models::{Architecture, Device, Objective};
use ae_training::{Engine, FusedEngine, Peers, autograd_engine};
use serde::{Deserialize, Serialize};

use crate::ExperimentError;

/// An engine by name: it computes gradients and takes steps. It is part of the result, because two engines differ in
/// the last bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// Fused kernels on the CPU: fast, for chains of dense layers.
    Fused,
    /// candle's automatic differentiation: for every model and every device.
    Autograd,
}

impl EngineKind {
    /// The fastest engine for a model on a device.
    pub(crate) fn fastest(architecture: &dyn Architecture, device: &Device) -> Self {
        if device.is_cpu() && architecture.chain().is_some() { Self::Fused } else { Self::Autograd }
    }

    /// Starts the engine, as one of several processes if there are peers.
    ///
    /// # Errors
    /// If it does not support the model, the device or peers.
    pub(crate) fn start<'a>(
        self,
        architecture: &'a dyn Architecture,
        objective: Objective,
        device: &Device,
        peers: Option<Arc<dyn Peers>>,
    ) -> Result<Box<dyn Engine + 'a>, ExperimentError> {
        match self {
            Self::Autograd if peers.is_some() => Err(ExperimentError::setting(
                "training.engine",
                "fused where several processes train together",
                &self.to_string(),
            )),
            Self::Autograd => Ok(autograd_engine(architecture, objective, device)?),
            Self::Fused if device.is_cpu() => {
                let engine = FusedEngine::new(architecture, objective)?;
                Ok(match peers {
                    Some(peers) => Box::new(engine.with_peers(peers)),
                    None => Box::new(engine),
                })
            }
            Self::Fused => Err(ExperimentError::Setting {
                setting: "training.engine",
                expected: "autograd on this device".to_owned(),
                found: self.to_string(),
            }),
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fused => "fused",
            Self::Autograd => "autograd",
        })
    }
}

impl FromStr for EngineKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "fused" => Ok(Self::Fused),
            "autograd" => Ok(Self::Autograd),
            _ => Err("expected fused or autograd"),
        }
    }
}

//! Nearest-neighbour upsampling.

use serde::{Deserialize, Serialize};

use super::geometry::{Window, check_window, extent, window};
use super::kind::LayerKind;
use crate::Shape;

/// Repeats every number `factor` times down and across.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upsample {
    /// How many times, down and across.
    #[serde(deserialize_with = "window")]
    pub factor: Window,
}

impl LayerKind for Upsample {
    fn name(&self) -> &'static str {
        "upsample"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        check_window("factor", self.factor)?;
        Ok(Shape {
            height: input.height.saturating_mul(self.factor[0]),
            width: input.width.saturating_mul(self.factor[1]),
            ..input
        })
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::Upsampling { factor: extent(self.factor) }.into()
    }
}

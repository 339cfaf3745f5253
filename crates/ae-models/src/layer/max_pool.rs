//! Max pooling.

use serde::{Deserialize, Serialize};

use super::geometry::{Window, after_window, extent, same, window};
use super::kind::LayerKind;
use crate::{Padding, Shape};

/// The largest number of each window. With `same` padding a window may go beyond the map; numbers there are never the
/// largest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPool {
    /// Height and width of a window.
    #[serde(deserialize_with = "window")]
    pub size: Window,
    /// The step from one window to the next, down and across; the window's size if it is not written.
    #[serde(default, deserialize_with = "some_window", skip_serializing_if = "Option::is_none")]
    pub stride: Option<Window>,
    /// How the map is extended; `same` if it is not written.
    #[serde(default = "same")]
    pub padding: Padding,
}

fn some_window<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Window>, D::Error> {
    window(from).map(Some)
}

impl MaxPool {
    /// The step from one window to the next.
    pub fn stride(&self) -> Window {
        self.stride.unwrap_or(self.size)
    }
}

impl LayerKind for MaxPool {
    fn name(&self) -> &'static str {
        "max-pool"
    }

    fn output(&self, input: Shape) -> Result<Shape, String> {
        after_window(input, input.channels, ("size", self.size), self.stride(), self.padding)
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        let pooling = ae_kernels::MaxPooling {
            size: extent(self.size),
            stride: extent(self.stride()),
            padding: self.padding,
        };
        pooling.into()
    }
}

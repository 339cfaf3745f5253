//! Where windows lie along an axis of a map, for tensors and graphs.

use super::geometry::Window;
use crate::Shape;

/// A window that slides along an axis of a map.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis {
    /// The map's length.
    pub(crate) map: usize,
    /// How many places the window takes.
    pub(crate) places: usize,
    /// The window's length.
    pub(crate) window: usize,
    /// The step from one place to the next.
    pub(crate) stride: usize,
}

/// A window that slides down and across a map. For a transposed convolution the map is the output.
pub(crate) fn axes(map: Shape, places: Shape, window: Window, stride: Window) -> [Axis; 2] {
    let axis =
        |map, places, axis: usize| Axis { map, places, window: window[axis], stride: stride[axis] };
    [axis(map.height, places.height, 0), axis(map.width, places.width, 1)]
}

impl Axis {
    /// From the begin of the first window to the end of the last.
    pub(crate) fn extent(&self) -> usize {
        self.places.saturating_sub(1).saturating_mul(self.stride).saturating_add(self.window)
    }

    /// How far the first window begins before the map; 0 without padding, where all windows lie in the map.
    pub(crate) fn before(&self) -> usize {
        self.extent().saturating_sub(self.map) / 2
    }

    /// How far the last window ends after the map.
    #[cfg(feature = "exchange")]
    pub(crate) fn after(&self) -> usize {
        self.extent().saturating_sub(self.map).saturating_sub(self.before())
    }
}

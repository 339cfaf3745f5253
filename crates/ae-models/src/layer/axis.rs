//! Where windows lie along an axis of a map, for tensors and graphs.

#[cfg(feature = "candle")]
use std::ops::Range;

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

    /// The part of the window that meets the map at any place. What is left out meets padding alone: a window may be
    /// far longer than the map.
    #[cfg(feature = "candle")]
    pub(crate) fn taps(&self) -> Range<usize> {
        let last = self.spread() - 1;
        let (before, end) = (self.before(), self.before().saturating_add(self.map));
        before.saturating_sub(last)..end.min(self.window)
    }

    /// How far the first window's part that counts begins before the map, and the length from there to the end of the
    /// last window's: at most three times the map's.
    #[cfg(feature = "candle")]
    pub(crate) fn padded(&self) -> (usize, usize) {
        let taps = self.taps();
        let length = (self.spread() - 1).saturating_add(taps.len());
        (self.before().saturating_sub(taps.start), length)
    }

    /// From the first place to the last, with the steps between them.
    #[cfg(feature = "candle")]
    pub(crate) fn spread(&self) -> usize {
        self.places.saturating_sub(1).saturating_mul(self.stride).saturating_add(1)
    }

    /// How far the last window ends after the map.
    #[cfg(feature = "exchange")]
    pub(crate) fn after(&self) -> usize {
        self.extent().saturating_sub(self.map).saturating_sub(self.before())
    }
}

//! Windows that slide along an axis of a tensor.

use candle_core::{Result, Tensor};

/// A window that slides along an axis of a map.
pub(super) struct Axis {
    /// The map's length.
    pub(super) map: usize,
    /// How many places the window takes.
    pub(super) places: usize,
    /// The window's length.
    pub(super) window: usize,
    /// The step from one place to the next.
    pub(super) stride: usize,
}

impl Axis {
    /// From the begin of the first window to the end of the last.
    pub(super) fn extent(&self) -> usize {
        self.places.saturating_sub(1).saturating_mul(self.stride).saturating_add(self.window)
    }

    /// How far the first window begins before the map; 0 without padding, where all windows lie in the map.
    pub(super) fn padding(&self) -> usize {
        self.extent().saturating_sub(self.map) / 2
    }
}

/// A tensor with `before` zeros before an axis, and with as many zeros after it, or cut off so far, that it has this length.
pub(super) fn fitted(x: &Tensor, dim: usize, before: usize, length: usize) -> Result<Tensor> {
    let found = x.dim(dim)?.saturating_add(before);
    let padded = x.pad_with_zeros(dim, before, length.saturating_sub(found))?;
    if found > length { padded.narrow(dim, 0, length) } else { Ok(padded) }
}

/// The chosen places of an axis.
pub(super) fn places(
    x: &Tensor,
    dim: usize,
    chosen: impl Iterator<Item = usize>,
) -> Result<Tensor> {
    let chosen: Vec<i64> = chosen.map(|place| place as i64).collect();
    let chosen = Tensor::from_slice(&chosen, chosen.len(), x.device())?;
    x.contiguous()?.index_select(&chosen, dim)
}

//! Places along an axis of a tensor.

use candle_core::{Result, Tensor};

use crate::layer::Axis;

/// A tensor as a part of a longer axis of zeros, from `before` on. The axis ends after `length` places, whether the
/// tensor does or not.
pub(crate) fn fitted(x: &Tensor, dim: usize, before: usize, length: usize) -> Result<Tensor> {
    let found = x.dim(dim)?.saturating_add(before);
    let padded = x.pad_with_zeros(dim, before, length.saturating_sub(found))?;
    if found > length { padded.narrow(dim, 0, length) } else { Ok(padded) }
}

/// The chosen places of an axis.
pub(crate) fn places(
    x: &Tensor,
    dim: usize,
    chosen: impl Iterator<Item = usize>,
) -> Result<Tensor> {
    let chosen: Vec<i64> = chosen.map(|place| place as i64).collect();
    let chosen = Tensor::from_slice(&chosen, chosen.len(), x.device())?;
    x.contiguous()?.index_select(&chosen, dim)
}

/// The part of a kernel `(.., .., height, width)` that meets the map.
pub(crate) fn taps(weight: &Tensor, axes: &[Axis; 2]) -> Result<Tensor> {
    let [down, across] = axes.map(|axis| axis.taps());
    let weight = weight.narrow(2, down.start, down.len())?;
    weight.narrow(3, across.start, across.len())?.contiguous()
}

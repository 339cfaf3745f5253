//! Places along an axis of a tensor.

use candle_core::{Result, Tensor};

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

//! Corruption of a batch.

use ae_random::Stream;

use crate::Corruption;

/// Corrupts a batch in place, each item with the noise of its index.
///
/// `batch` is `n x channels x height x width`, row-major; a row of a table is `1 x 1 x columns`. `indices`
/// holds the index of each of the `n` items in its data set. An item's noise is drawn from `stream` at
/// (`epoch`, its index), so it is the same in every batch and at every place of a batch. For `epoch`, see
/// [`Draw::epoch`](crate::Draw::epoch).
///
/// # Panics
/// If the batch does not hold one item, of whole channels, for each index.
pub fn corrupt_batch(
    corruption: &dyn Corruption,
    batch: &mut [f32],
    indices: &[u32],
    height: usize,
    width: usize,
    epoch: u32,
    stream: &Stream,
) {
    corrupt_batch_with_levels(corruption, batch, indices, height, width, epoch, stream);
}

/// As [`corrupt_batch`], with the same bits; returns the noise level of each item where it is defined
/// ([`Corruption::corrupt_with_level`]).
///
/// # Panics
/// If the batch does not hold one item, of whole channels, for each index.
pub fn corrupt_batch_with_levels(
    corruption: &dyn Corruption,
    batch: &mut [f32],
    indices: &[u32],
    height: usize,
    width: usize,
    epoch: u32,
    stream: &Stream,
) -> Vec<Option<f32>> {
    let item_length = batch.len() / indices.len().max(1);
    assert!(
        batch.len() == indices.len() * item_length
            && item_length.is_multiple_of(height.saturating_mul(width).max(1)),
        "a batch holds one item for each index"
    );
    if item_length == 0 {
        return vec![None; indices.len()];
    }
    let items = batch.chunks_exact_mut(item_length).zip(indices);
    items
        .map(|(item, &index)| {
            let mut stream_of_item = stream.at(epoch, u64::from(index));
            corruption.corrupt_with_level(item, height, width, &mut stream_of_item)
        })
        .collect()
}

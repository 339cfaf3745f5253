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
    for (item, &index) in items(batch, indices, height, width) {
        corruption.corrupt_with_level(item, height, width, &mut stream.at(epoch, u64::from(index)));
    }
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
    let mut levels = vec![None; indices.len()];
    for ((item, &index), level) in items(batch, indices, height, width).zip(&mut levels) {
        let mut stream_of_item = stream.at(epoch, u64::from(index));
        *level = corruption.corrupt_with_level(item, height, width, &mut stream_of_item);
    }
    levels
}

/// The items of a batch with their indices; none if items have no numbers.
fn items<'a>(
    batch: &'a mut [f32],
    indices: &'a [u32],
    height: usize,
    width: usize,
) -> impl Iterator<Item = (&'a mut [f32], &'a u32)> {
    let item_length = batch.len() / indices.len().max(1);
    assert!(
        batch.len() == indices.len() * item_length
            && item_length.is_multiple_of(height.saturating_mul(width).max(1)),
        "a batch holds one item for each index"
    );
    batch.chunks_exact_mut(item_length.max(1)).zip(indices)
}

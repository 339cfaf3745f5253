//! The batches of an epoch: shuffled by the seed, with pixels and labels.

use std::num::NonZeroUsize;

use ae_random::Seed;

use crate::{Images, epoch_order};

/// What happens to the last batch of an epoch if the items do not fill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastBatch {
    /// It is used, shorter than the others, as Keras does.
    Keep,
    /// It is left out, so that all batches have the same size.
    Drop,
}

/// A batch: the data of some items.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The items' indices in the [`Images`].
    pub indices: Vec<u32>,
    /// Their pixels, `indices.len() x image_size`, row-major; see [`Images::gather`].
    pub pixels: Vec<f32>,
    /// One label for each item, if the images have labels.
    pub labels: Option<Vec<u8>>,
}

/// The batches of one epoch, in an order that depends on the seed, the epoch and the number of images alone: on every
/// machine, for any number of threads, and after a resume.
///
/// The order is that of [`epoch_order`]. To avoid an allocation per batch, use [`next_into`](Self::next_into).
///
/// ```
/// use std::num::NonZeroUsize;
///
/// use ae_dataset::{Digits, EpochBatches, LastBatch, Seed};
///
/// # fn main() -> Result<(), ae_dataset::DatasetError> {
/// let images = Digits::STANDARD.train(1000)?;
/// let size = NonZeroUsize::new(256).unwrap_or(NonZeroUsize::MIN);
/// for epoch in 0..2 {
///     for batch in EpochBatches::new(&images, Seed::new(42), epoch, size, LastBatch::Keep) {
///         assert_eq!(batch.pixels.len(), batch.indices.len() * 28 * 28);
///         assert_eq!(batch.labels.map(|labels| labels.len()), Some(batch.indices.len()));
///     }
/// }
/// let kept = EpochBatches::new(&images, Seed::new(42), 0, size, LastBatch::Keep);
/// assert_eq!(kept.map(|batch| batch.indices.len()).collect::<Vec<_>>(), [256, 256, 256, 232]);
/// assert_eq!(EpochBatches::new(&images, Seed::new(42), 0, size, LastBatch::Drop).len(), 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct EpochBatches<'a> {
    images: &'a Images,
    /// The indices of all batches, in order.
    order: Vec<u32>,
    /// The number of indices that were used.
    used: usize,
    batch_size: usize,
}

impl<'a> EpochBatches<'a> {
    /// The batches of an epoch, counted from 0.
    ///
    /// # Panics
    /// If there are 2^32 images or more.
    pub fn new(
        images: &'a Images,
        seed: Seed,
        epoch: u32,
        batch_size: NonZeroUsize,
        last: LastBatch,
    ) -> Self {
        let batch_size = batch_size.get();
        let mut order = epoch_order(seed, epoch, images.len());
        if last == LastBatch::Drop {
            order.truncate(images.len() / batch_size * batch_size);
        }
        Self { images, order, used: 0, batch_size }
    }

    /// Replaces the contents of `batch` with the next batch and reuses its memory. Returns `false` at the end of the
    /// epoch and leaves the batch as it is.
    pub fn next_into(&mut self, batch: &mut Batch) -> bool {
        let end = self.order.len().min(self.used.saturating_add(self.batch_size));
        let indices = &self.order[self.used..end];
        if indices.is_empty() {
            return false;
        }
        self.used = end;
        batch.indices.clear();
        batch.indices.extend_from_slice(indices);
        batch.pixels.resize(indices.len() * self.images.image_size(), 0.0);
        self.images.gather(indices, &mut batch.pixels);
        match self.images.labels() {
            None => batch.labels = None,
            Some(labels) => {
                let kept = batch.labels.get_or_insert_default();
                kept.clear();
                kept.extend(indices.iter().map(|&index| labels[index as usize]));
            }
        }
        true
    }
}

impl Iterator for EpochBatches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        self.next_into(&mut batch).then_some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.order.len() - self.used).div_ceil(self.batch_size);
        (left, Some(left))
    }
}

impl ExactSizeIterator for EpochBatches<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten images of one pixel, whose pixel and label are their index.
    fn images() -> Images {
        let values: Vec<u8> = (0..10).collect();
        Images::new(1, 1, values.clone()).unwrap().with_labels(values).unwrap()
    }

    fn batches(epoch: u32, size: usize, last: LastBatch) -> Vec<Batch> {
        let size = NonZeroUsize::new(size).unwrap();
        EpochBatches::new(&images(), Seed::new(42), epoch, size, last).collect()
    }

    #[test]
    fn batches_follow_the_epochs_order_with_their_own_pixels_and_labels() {
        let batches = batches(3, 4, LastBatch::Keep);
        let order = epoch_order(Seed::new(42), 3, 10);
        assert_eq!(
            batches.iter().map(|batch| &batch.indices[..]).collect::<Vec<_>>(),
            [&order[..4], &order[4..8], &order[8..]]
        );
        for batch in batches {
            let indices = batch.indices.iter();
            let pixels: Vec<f32> = indices.clone().map(|&index| index as f32 / 255.0).collect();
            assert_eq!(batch.pixels, pixels);
            assert_eq!(batch.labels.unwrap(), indices.map(|&i| i as u8).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_short_last_batch_is_kept_or_dropped_and_a_full_one_is_kept() {
        let sizes = |size, last| -> Vec<usize> {
            batches(0, size, last).iter().map(|batch| batch.indices.len()).collect()
        };
        assert_eq!(sizes(4, LastBatch::Keep), [4, 4, 2]);
        assert_eq!(sizes(4, LastBatch::Drop), [4, 4]);
        assert_eq!(sizes(5, LastBatch::Drop), [5, 5]);
        assert_eq!(sizes(11, LastBatch::Keep), [10]);
        assert!(sizes(11, LastBatch::Drop).is_empty());
        assert_eq!(sizes(usize::MAX, LastBatch::Keep), [10]);
    }

    #[test]
    fn the_length_is_that_of_what_is_left() {
        let images = images();
        let size = NonZeroUsize::new(4).unwrap();
        let mut batches = EpochBatches::new(&images, Seed::new(1), 0, size, LastBatch::Keep);
        assert_eq!(batches.len(), 3);
        batches.next();
        assert_eq!(batches.len(), 2);
        assert_eq!(batches.by_ref().count(), 2);
        assert_eq!(batches.len(), 0);
    }

    #[test]
    fn a_reused_batch_holds_nothing_of_the_one_before() {
        let (labelled, size) = (images(), NonZeroUsize::new(4).unwrap());
        let plain = Images::new(1, 1, vec![7; 2]).unwrap();
        let mut batch = Batch::default();
        let mut first = EpochBatches::new(&labelled, Seed::new(1), 0, size, LastBatch::Keep);
        assert!(first.next_into(&mut batch));
        let mut second = EpochBatches::new(&plain, Seed::new(1), 0, size, LastBatch::Keep);
        assert!(second.next_into(&mut batch));
        assert_eq!((batch.indices.len(), batch.pixels.len(), batch.labels.clone()), (2, 2, None));
        let before = batch.clone();
        assert!(!second.next_into(&mut batch));
        assert_eq!(batch, before);
    }
}

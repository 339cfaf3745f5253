//! The order of an epoch: a permutation of all indices, seeded.

use ae_random::Seed;

/// The indices `0..n` in the random order of an epoch.
///
/// The order depends on the seed, the epoch and `n` alone, so earlier epochs and a resumed run do not change it. It is
/// drawn from the seed's stream `order`. [`EpochBatches`](crate::EpochBatches) cuts it into batches with their data.
///
/// # Panics
/// If `n` is 2^32 or more.
///
/// ```
/// use ae_dataset::epoch_order;
/// use ae_random::Seed;
///
/// let order = epoch_order(Seed::new(42), 3, 1000);
/// assert_eq!(order.chunks(256).map(<[u32]>::len).collect::<Vec<_>>(), [256, 256, 256, 232]);
/// assert_eq!(order, epoch_order(Seed::new(42), 3, 1000));
/// ```
pub fn epoch_order(seed: Seed, epoch: u32, n: usize) -> Vec<u32> {
    assert!(u32::try_from(n).is_ok(), "an epoch has fewer than 2^32 items");
    let mut order: Vec<u32> = (0..n as u32).collect();
    seed.stream("order").at(epoch, 0).shuffle(&mut order);
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_has_every_index_once_and_depends_on_seed_and_epoch() {
        let order = |seed, epoch| epoch_order(Seed::new(seed), epoch, 1000);
        let mut sorted = order(42, 3);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
        assert_ne!(order(42, 3), order(42, 4));
        assert_ne!(order(42, 3), order(43, 3));
    }

    #[test]
    fn the_order_of_a_seed_stays_what_it_is() {
        assert_eq!(epoch_order(Seed::new(42), 0, 8), [5, 6, 0, 4, 3, 1, 2, 7]);
    }
}

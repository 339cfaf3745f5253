//! The random numbers of layers: dropout, noise, and samples of variational codes.
//!
//! A layer draws from the stream `layer/<name>` of the run's seed, such as `layer/encoder.2`, one generator an item and
//! epoch. So its numbers depend neither on the batch nor on threads, and a resumed run draws the same ones.

use ae_models::{Distribution, Draws};
use ae_random::{Seed, Stream};

/// The stream that a layer draws from in training.
pub(crate) fn training_stream(seed: Seed, layer: &str) -> Stream {
    seed.stream(&format!("layer/{layer}"))
}

/// The stream that a layer draws from in a validation, always as in epoch 0.
pub(crate) fn validation_stream(seed: Seed, layer: &str) -> Stream {
    seed.stream(&format!("layer/validation/{layer}"))
}

/// Draws the numbers of a layer for items of an epoch (counted from 0): `draws.numbers` for each, channels first.
pub(crate) fn fill(stream: &Stream, draws: Draws, epoch: u32, items: &[u32], out: &mut [f32]) {
    for (&item, row) in items.iter().zip(out.chunks_exact_mut(draws.numbers.max(1))) {
        let mut of_item = stream.at(epoch, u64::from(item));
        match draws.distribution {
            Distribution::Uniform => of_item.fill_uniform(row),
            Distribution::Normal => of_item.fill_normal(row),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_depend_on_seed_layer_epoch_and_item_alone() {
        for distribution in [Distribution::Uniform, Distribution::Normal] {
            let draws = Draws { distribution, numbers: 3 };
            let drawn = |stream: Stream, epoch, items: &[u32]| {
                let mut out = vec![0.0; items.len() * 3];
                fill(&stream, draws, epoch, items, &mut out);
                out
            };
            let of_layer = |layer| training_stream(Seed::new(1), layer);
            let all = drawn(of_layer("encoder.1"), 2, &[4, 7, 9]);
            let apart: Vec<f32> = [4, 7, 9]
                .iter()
                .flat_map(|&item| drawn(of_layer("encoder.1"), 2, &[item]))
                .collect();
            assert_eq!(all, apart);
            for other in [
                drawn(of_layer("encoder.1"), 3, &[4, 7, 9]),
                drawn(of_layer("decoder.1"), 2, &[4, 7, 9]),
                drawn(of_layer("encoder.1"), 2, &[5, 8, 1]),
                drawn(training_stream(Seed::new(2), "encoder.1"), 2, &[4, 7, 9]),
                drawn(validation_stream(Seed::new(1), "encoder.1"), 2, &[4, 7, 9]),
            ] {
                assert!(all.iter().zip(&other).all(|(a, b)| a != b), "{all:?} {other:?}");
            }
            let is_uniform = all.iter().all(|x| (0.0..1.0).contains(x));
            assert_eq!(is_uniform, distribution == Distribution::Uniform);
        }
    }
}

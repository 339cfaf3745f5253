//! Which part of the data is held out for testing.

use std::path::Path;

use ae_random::Seed;

use crate::DatasetError;

/// The indices of `0..n` to train with and to test with, each ascending: a random `fraction`, rounded
/// to whole items and at least one, is held out. They depend on the seed's stream `split`, on the
/// fraction and on `n` alone.
pub(crate) fn hold_out(
    path: &Path,
    n: usize,
    fraction: f64,
    seed: Seed,
) -> Result<[Vec<u32>; 2], DatasetError> {
    if n < 2 {
        return Err(DatasetError::TooFew { path: path.to_owned(), found: n });
    }
    divide(n, fraction, seed)
}

fn divide(n: usize, fraction: f64, seed: Seed) -> Result<[Vec<u32>; 2], DatasetError> {
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(DatasetError::TestFraction { found: fraction });
    }
    let items = u32::try_from(n).unwrap_or(u32::MAX);
    let held_out = ((n as f64 * fraction).round() as usize).clamp(1, n.saturating_sub(1).max(1));
    let mut order: Vec<u32> = (0..items).collect();
    seed.stream("split").at(0, 0).shuffle(&mut order);
    let mut train = order.split_off(held_out);
    train.sort_unstable();
    order.sort_unstable();
    Ok([train, order])
}

/// The places, ascending, of the items among `n` that are held out for testing: see [`LoadOptions`]. Of fewer
/// than two none is.
///
/// # Errors
/// If the fraction is not above 0 and below 1.
///
/// [`LoadOptions`]: crate::LoadOptions
pub fn held_out_items(n: usize, fraction: f64, seed: Seed) -> Result<Vec<u32>, DatasetError> {
    if n < 2 {
        return Ok(Vec::new());
    }
    let [_, test] = divide(n, fraction, seed)?;
    Ok(test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_in_one_part_and_the_seed_says_which() {
        let [train, test] = hold_out(Path::new("x"), 100, 0.1, Seed::new(1)).unwrap();
        assert_eq!((train.len(), test.len()), (90, 10));
        let mut all = [train, test.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert_eq!(hold_out(Path::new("x"), 100, 0.1, Seed::new(1)).unwrap()[1], test);
        assert_ne!(hold_out(Path::new("x"), 100, 0.1, Seed::new(2)).unwrap()[1], test);
    }

    #[test]
    fn both_parts_have_an_item() {
        for fraction in [0.001, 0.999] {
            let [train, test] = hold_out(Path::new("x"), 2, fraction, Seed::new(1)).unwrap();
            assert_eq!((train.len(), test.len()), (1, 1));
        }
        let error = hold_out(Path::new("x.csv"), 1, 0.5, Seed::new(1)).unwrap_err();
        assert!(error.to_string().starts_with("x.csv: 1 item, but two"), "{error}");
        assert_eq!(held_out_items(1, 0.5, Seed::new(1)).unwrap(), [0_u32; 0]);
        for fraction in [0.0, 1.0, f64::NAN] {
            assert!(hold_out(Path::new("x"), 9, fraction, Seed::new(1)).is_err());
        }
    }
}

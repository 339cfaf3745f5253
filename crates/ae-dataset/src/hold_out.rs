//! The hold-out split: which items are for testing if the data itself does not say.

use std::path::Path;

use ae_random::Seed;

use crate::{Dataset, DatasetError, Images, LoadOptions, Progress};

/// Splits images at random into a data set of training and test images.
pub(crate) fn split_images(
    path: &Path,
    name: &str,
    images: &Images,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let [train, test] = hold_out(path, images.len(), options.test_fraction, options.seed)?;
    say_held_out(path, "images", test.len(), images.len(), progress);
    let location = path.display().to_string();
    let dataset = Dataset::new(name, location, images.select(&train)?, images.select(&test)?)?;
    Ok(Dataset { held_out: Some(options.test_fraction), ..dataset })
}

/// Reports how many items are held out.
pub(crate) fn say_held_out(
    path: &Path,
    items: &str,
    held_out: usize,
    total: usize,
    progress: &mut dyn Progress,
) {
    let path = path.display();
    progress.chose(&format!("{path}: {held_out} of {total} {items} are held out for testing"));
}

/// The indices of `0..n` for training and for testing, each ascending.
///
/// A random `fraction`, rounded to whole items and at least one, is for testing. The split depends on the seed's stream
/// `split`, the fraction and `n` alone.
pub(crate) fn hold_out(
    path: &Path,
    n: usize,
    fraction: f64,
    seed: Seed,
) -> Result<[Vec<u32>; 2], DatasetError> {
    if n < 2 {
        return Err(DatasetError::TooFew { path: path.to_owned(), found: n });
    }
    split(n, fraction, seed)
}

fn split(n: usize, fraction: f64, seed: Seed) -> Result<[Vec<u32>; 2], DatasetError> {
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

/// The indices, ascending, of the items among `n` that are held out for testing: those that [`load`](crate::load)
/// holds out with the same [`test_fraction`](LoadOptions::test_fraction) and [`seed`](LoadOptions::seed).
///
/// The result is empty if `n` is below 2.
///
/// # Errors
/// If `n` is at least 2 and the fraction is not above 0 and below 1.
pub fn held_out_items(n: usize, fraction: f64, seed: Seed) -> Result<Vec<u32>, DatasetError> {
    if n < 2 {
        return Ok(Vec::new());
    }
    let [_, test] = split(n, fraction, seed)?;
    Ok(test)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_in_one_part_and_the_seed_decides_which() {
        let [train, test] = hold_out(Path::new("x"), 100, 0.1, Seed::new(1)).unwrap();
        assert_eq!((train.len(), test.len()), (90, 10));
        let mut all = [train, test.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
        assert_eq!(hold_out(Path::new("x"), 100, 0.1, Seed::new(1)).unwrap()[1], test);
        assert_ne!(hold_out(Path::new("x"), 100, 0.1, Seed::new(2)).unwrap()[1], test);
    }

    #[test]
    fn both_parts_have_at_least_one_item() {
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

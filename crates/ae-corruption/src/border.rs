//! How filters continue an image beyond its border.

/// The index of the value at `position` on an axis of `length` values that is mirrored at both ends, again
/// and again, with the end values repeated: `d c b a | a b c d | d c b a`.
///
/// This is SciPy's mode "reflect" and NumPy's `pad(mode="symmetric")`. The blur uses it, and filters that
/// should treat the border in the same way can.
///
/// # Panics
/// If `length` is 0: an empty axis has no values to repeat.
pub fn reflected_index(position: isize, length: usize) -> usize {
    assert!(length > 0, "an axis of no values cannot be mirrored");
    let period = 2 * length;
    let place = position.rem_euclid(period as isize) as usize;
    if place < length { place } else { period - 1 - place }
}

#[cfg(test)]
mod tests {
    use super::reflected_index;

    // import numpy as np
    // np.pad(np.arange(3), 7, mode="symmetric")
    #[test]
    fn equals_numpys_symmetric_padding() {
        let expected = [0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2];
        let found: Vec<usize> = (-7..10).map(|place| reflected_index(place, 3)).collect();
        assert_eq!(found, expected);
        assert_eq!(reflected_index(-5, 1), 0);
    }
}

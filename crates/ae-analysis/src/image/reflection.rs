//! Images continued beyond their borders.

/// The pixel that stands at a place of an axis that is mirrored at its ends again and again, the end
/// pixels repeated: `d c b a | a b c d | d c b a`, SciPy's mode "reflect".
pub(crate) fn reflected(place: isize, length: usize) -> usize {
    let period = 2 * length;
    let place = place.rem_euclid(period as isize) as usize;
    if place < length { place } else { period - 1 - place }
}

#[cfg(test)]
mod tests {
    use super::reflected;

    // import numpy as np
    // np.pad(np.arange(3), 7, mode="symmetric")
    #[test]
    fn equals_numpys_symmetric_padding() {
        let expected = [0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2];
        let found: Vec<usize> = (-7..10).map(|place| reflected(place, 3)).collect();
        assert_eq!(found, expected);
        assert_eq!(reflected(-5, 1), 0);
    }
}

//! Snapshots are equal if their pixels are, up to the tolerance.

use insta::{Comparator, Snapshot};

use crate::text;

/// Compares the pixels in two snapshots; their pictures may differ.
#[derive(Debug, Clone)]
pub(crate) struct ThousandthsComparator {
    tolerance: u64,
}

impl ThousandthsComparator {
    /// A comparator that lets each pixel move by the tolerance, from 0.001 to 1.
    pub(crate) fn new(tolerance: f64) -> Self {
        Self { tolerance: (tolerance * 1000.0).round() as u64 }
    }

    fn texts_match(&self, stored: &str, found: &str) -> bool {
        let (Some(stored), Some(found)) = (text::read(stored), text::read(found)) else {
            return false;
        };
        stored.header == found.header
            && stored.pixels.len() == found.pixels.len()
            && stored
                .pixels
                .iter()
                .zip(&found.pixels)
                .all(|(s, f)| s.abs_diff(*f) <= self.tolerance)
    }
}

impl Comparator for ThousandthsComparator {
    fn matches(&self, stored: &Snapshot, found: &Snapshot) -> bool {
        match (stored.contents().as_text(), found.contents().as_text()) {
            (Some(stored), Some(found)) => {
                self.texts_match(&stored.to_string(), &found.to_string())
            }
            _ => false,
        }
    }

    fn dyn_clone(&self) -> Box<dyn Comparator> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pictures;

    const SIZE: (usize, usize) = (2, 3);

    fn text_of(pixels: &[f32], (height, width): (usize, usize)) -> String {
        text::write(&Pictures::try_from((pixels, height, width)).unwrap())
    }

    /// Whether `pixels`, moved by `step` in one place, still match.
    fn matches_moved(step: f32, tolerance: f64) -> bool {
        let pixels = [0.0, 0.2, 0.4, 0.5, 0.8, 1.0];
        let mut moved = pixels;
        moved[3] += step;
        let comparator = ThousandthsComparator::new(tolerance);
        comparator.texts_match(&text_of(&pixels, SIZE), &text_of(&moved, SIZE))
    }

    #[test]
    fn a_pixel_may_move_by_the_tolerance_and_no_more() {
        for step in [0.0, 1e-7, -1e-7, 0.02, -0.02] {
            assert!(matches_moved(step, 0.02), "{step}");
        }
        for step in [0.022, -0.022, 0.3, -0.3, 100.0] {
            assert!(!matches_moved(step, 0.02), "{step}");
        }
    }

    #[test]
    fn a_moved_digit_and_a_moved_character_pass() {
        // 499.5 thousandths are rounded up, and 0.5 is where the picture's next shade begins.
        let (below, above) = (text_of(&[0.499_49], (1, 1)), text_of(&[0.5], (1, 1)));
        assert!(below.contains("|==|") && below.contains("499"), "{below}");
        assert!(above.contains("|++|") && above.contains("500"), "{above}");
        assert!(ThousandthsComparator::new(0.001).texts_match(&below, &above));
    }

    #[test]
    fn another_size_or_number_of_the_same_pixels_does_not_match() {
        let pixels = [0.25; 6];
        let comparator = ThousandthsComparator::new(1.0);
        let stored = text_of(&pixels, SIZE);
        for size in [(3, 2), (1, 6), (1, 3)] {
            assert!(!comparator.texts_match(&stored, &text_of(&pixels, size)), "{size:?}");
        }
    }

    #[test]
    fn pixels_beyond_the_range_are_compared_as_they_are() {
        let comparator = ThousandthsComparator::new(0.01);
        let text = |pixel| text_of(&[pixel], (1, 1));
        assert!(comparator.texts_match(&text(-0.5), &text(-0.505)));
        assert!(!comparator.texts_match(&text(-0.5), &text(0.5)));
        assert!(!comparator.texts_match(&text(1.5), &text(1.0)));
        assert!(comparator.texts_match(&text(f32::MAX), &text(f32::MAX)));
        assert!(!comparator.texts_match(&text(f32::MAX), &text(f32::MIN)));
    }

    #[test]
    fn a_stored_text_of_another_kind_does_not_match() {
        let comparator = ThousandthsComparator::new(1.0);
        let found = text_of(&[0.5; 6], SIZE);
        for stored in ["", "something else", &found.replace("500", "nan"), &found[..60]] {
            assert!(!comparator.texts_match(stored, &found), "{stored}");
        }
    }
}

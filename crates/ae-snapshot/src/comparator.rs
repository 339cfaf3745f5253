//! The comparison of two snapshots: by their pixels, with a tolerance.

use std::sync::{Arc, Mutex, PoisonError};

use insta::{Comparator, Snapshot};

use crate::deviation::{Deviation, deviation};
use crate::text;

/// Compares the pixels in two snapshots, not their pictures of characters.
#[derive(Debug, Clone)]
pub(crate) struct ThousandthsComparator {
    tolerance: u64,
    finding: Finding,
}

/// How the snapshots of the last comparison differed, shared with the assertion that reports it.
#[derive(Debug, Clone, Default)]
pub struct Finding(Arc<Mutex<Option<Deviation>>>);

impl Finding {
    fn set(&self, deviation: Option<Deviation>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = deviation;
    }

    /// The sentence about the last comparison, if it failed.
    pub(crate) fn sentence(&self) -> Option<String> {
        let deviation = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        deviation.as_ref().map(ToString::to_string)
    }
}

impl ThousandthsComparator {
    /// A comparator that lets each pixel move by the tolerance, from 0.001 to 1.
    pub(crate) fn new(tolerance: f64, finding: Finding) -> Self {
        Self { tolerance: (tolerance * 1000.0).round() as u64, finding }
    }

    fn texts_match(&self, stored: &str, found: &str) -> bool {
        let (stored, found) = (text::read(stored), text::read(found));
        let deviation = deviation(stored.as_ref(), found.as_ref(), self.tolerance);
        let matches = deviation.is_none();
        self.finding.set(deviation);
        matches
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
    use crate::{Pictures, PixelSlice};

    const SIZE: (usize, usize) = (2, 3);

    fn text_of(pixels: &[f32], (height, width): (usize, usize)) -> String {
        text::write(&Pictures::try_from(PixelSlice { pixels, height, width }).unwrap())
    }

    fn comparator(tolerance: f64) -> ThousandthsComparator {
        ThousandthsComparator::new(tolerance, Finding::default())
    }

    /// Whether `pixels`, moved by `step` in one place, still match.
    fn matches_moved(step: f32, tolerance: f64) -> bool {
        let pixels = [0.0, 0.2, 0.4, 0.5, 0.8, 1.0];
        let mut moved = pixels;
        moved[3] += step;
        comparator(tolerance).texts_match(&text_of(&pixels, SIZE), &text_of(&moved, SIZE))
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
        assert!(comparator(0.001).texts_match(&below, &above));
    }

    #[test]
    fn another_size_or_number_of_the_same_pixels_does_not_match() {
        let pixels = [0.25; 6];
        let comparator = comparator(1.0);
        let stored = text_of(&pixels, SIZE);
        for size in [(3, 2), (1, 6), (1, 3)] {
            assert!(!comparator.texts_match(&stored, &text_of(&pixels, size)), "{size:?}");
        }
    }

    #[test]
    fn pixels_beyond_the_range_are_compared_as_they_are() {
        let comparator = comparator(0.01);
        let text = |pixel| text_of(&[pixel], (1, 1));
        assert!(comparator.texts_match(&text(-0.5), &text(-0.505)));
        assert!(!comparator.texts_match(&text(-0.5), &text(0.5)));
        assert!(!comparator.texts_match(&text(1.5), &text(1.0)));
        assert!(comparator.texts_match(&text(f32::MAX), &text(f32::MAX)));
        assert!(!comparator.texts_match(&text(f32::MAX), &text(f32::MIN)));
    }

    #[test]
    fn a_stored_text_of_another_kind_does_not_match() {
        let comparator = comparator(1.0);
        let found = text_of(&[0.5; 6], SIZE);
        for stored in ["", "something else", &found.replace("500", "nan"), &found[..60]] {
            assert!(!comparator.texts_match(stored, &found), "{stored}");
        }
    }
}

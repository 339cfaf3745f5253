//! How large pictures are drawn, so that a figure of them stays within its limits, and the notes that say so.

use crate::drawing::Magnification;

/// Pictures are magnified to about this many pixels.
const PICTURE_SIDE: usize = 64;
/// Limits of a picture's longer side, in pixels. A figure takes the first one at which all its pictures fit.
pub(crate) const SIDES: [usize; 4] = [256, 128, 64, 32];
/// The least thickness of a picture of a single row or column, such as a row of a table.
const THICKNESS: usize = 12;

/// How large the pictures of one figure are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PictureScale {
    /// Each block of `factor` x `factor` pixels is averaged to one pixel.
    pub(crate) factor: usize,
    /// The size of such a pixel in the figure.
    pub(crate) magnification: Magnification,
}

impl PictureScale {
    /// For pictures of at most `height` x `width` pixels, of which no side is longer than `side` in the figure.
    pub(crate) fn within(side: usize, height: usize, width: usize) -> Self {
        let longest = height.max(width).max(1);
        let factor = longest.div_ceil(side);
        let whole = (PICTURE_SIDE.min(side) / longest.div_ceil(factor)).max(1);
        let thick = |pixels: usize| if pixels == 1 { whole.max(THICKNESS) } else { whole };
        Self { factor, magnification: Magnification { across: thick(width), down: thick(height) } }
    }

    /// Width and height in the figure of a picture of `height` x `width` pixels.
    pub(crate) fn size(self, height: usize, width: usize) -> (f32, f32) {
        let Magnification { across, down } = self.magnification;
        let side = |pixels: usize, times: usize| (pixels.div_ceil(self.factor) * times) as f32;
        (side(width, across), side(height, down))
    }

    /// Says that the largest pictures, of `height` x `width` pixels, are averaged, if they are. A single row of
    /// pixels is called a row of numbers.
    pub(crate) fn note(self, what: &str, height: usize, width: usize) -> Option<String> {
        let (down, across) = (self.factor.min(height), self.factor.min(width));
        let (size, part) = match height {
            1 => (format!("{width} numbers"), across.to_string()),
            _ => (format!("{height} x {width} pixels"), format!("{down} x {across}")),
        };
        (self.factor > 1).then(|| {
            format!("{what} of {size} are drawn smaller, each drawn pixel the mean of {part}")
        })
    }
}

/// Says that only the first ones of several things are drawn, if some are left out.
pub(crate) fn note_of_first(drawn: usize, all: usize, what: &str) -> Option<String> {
    (drawn < all).then(|| format!("only the first {drawn} of {all} {what} are drawn"))
}

/// Says how many values no axis can show, if there are any.
pub(crate) fn note_of_missing(missing: usize, what_follows: &str) -> Option<String> {
    (missing > 0)
        .then(|| format!("values that are not finite or beyond 1e100 {what_follows}: {missing}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(side: usize, height: usize, width: usize) -> (usize, usize, usize) {
        let PictureScale { factor, magnification } = PictureScale::within(side, height, width);
        (factor, magnification.across, magnification.down)
    }

    #[test]
    fn small_pictures_are_magnified_and_large_ones_averaged() {
        assert_eq!(scale(256, 28, 28), (1, 2, 2));
        assert_eq!(scale(256, 100, 256), (1, 1, 1));
        assert_eq!(scale(256, 400, 400), (2, 1, 1));
        assert_eq!(scale(32, 28, 28), (1, 1, 1));
        assert_eq!(scale(32, 1900, 1900), (60, 1, 1));
        assert_eq!(PictureScale::within(256, 400, 257).size(400, 257), (129.0, 200.0));
    }

    #[test]
    fn a_single_row_or_column_is_thick() {
        assert_eq!(scale(256, 1, 60), (1, 1, 12));
        assert_eq!(scale(256, 1, 8180), (32, 1, 12));
        assert_eq!(scale(256, 60, 1), (1, 12, 1));
        assert_eq!(scale(256, 1, 1), (1, 64, 64));
        assert_eq!(PictureScale::within(256, 1, 8180).size(1, 8180), (256.0, 12.0));
    }
}

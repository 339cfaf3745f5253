//! How large pictures are drawn, so that a figure of them keeps within its bounds.

use crate::figure::Magnification;

/// Pictures are magnified to about this many pixels.
const PICTURE_SIDE: usize = 64;
/// The sides in pixels that the longer side of a picture keeps within: the first one at which all
/// pictures of a figure have room is taken.
pub(crate) const SIDES: [usize; 4] = [256, 128, 64, 32];
/// A picture of a single row or column, such as a row of a table, is drawn at least so thick.
const THICKNESS: usize = 12;

/// How large pictures of one figure are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drawn {
    /// The mean of `factor` x `factor` pixels becomes one pixel,
    pub(crate) factor: usize,
    /// which is so large in the figure.
    pub(crate) magnification: Magnification,
}

impl Drawn {
    /// Pictures of at most `height` x `width` pixels, of which no side is to be longer than `side` in the
    /// figure.
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

    /// Says that the largest things, of `height` x `width` pixels, are drawn smaller, if they are. What has
    /// a single row of pixels is one of numbers.
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

/// Says that only the first ones of several things are drawn, if it is so.
pub(crate) fn note_of_first(drawn: usize, all: usize, what: &str) -> Option<String> {
    (drawn < all).then(|| format!("only the first {drawn} of {all} {what} are drawn"))
}

/// Says how many values are missing which no axis can show.
pub(crate) fn note_of_missing(missing: usize, what_follows: &str) -> Option<String> {
    (missing > 0)
        .then(|| format!("values that are not finite or beyond 1e100 {what_follows}: {missing}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(side: usize, height: usize, width: usize) -> (usize, usize, usize) {
        let Drawn { factor, magnification } = Drawn::within(side, height, width);
        (factor, magnification.across, magnification.down)
    }

    #[test]
    fn small_pictures_are_magnified_and_large_ones_averaged() {
        assert_eq!(drawn(256, 28, 28), (1, 2, 2));
        assert_eq!(drawn(256, 100, 256), (1, 1, 1));
        assert_eq!(drawn(256, 400, 400), (2, 1, 1));
        assert_eq!(drawn(32, 28, 28), (1, 1, 1));
        assert_eq!(drawn(32, 1900, 1900), (60, 1, 1));
        assert_eq!(Drawn::within(256, 400, 257).size(400, 257), (129.0, 200.0));
    }

    #[test]
    fn a_single_row_or_column_is_thick() {
        assert_eq!(drawn(256, 1, 60), (1, 1, 12));
        assert_eq!(drawn(256, 1, 8180), (32, 1, 12));
        assert_eq!(drawn(256, 60, 1), (1, 12, 1));
        assert_eq!(drawn(256, 1, 1), (1, 64, 64));
        assert_eq!(Drawn::within(256, 1, 8180).size(1, 8180), (256.0, 12.0));
    }
}

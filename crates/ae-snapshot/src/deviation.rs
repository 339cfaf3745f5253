//! How two snapshots differ: the sentence that a failure adds to insta's diff.

use std::fmt;

use crate::text::Thousandths;

/// How a snapshot differs from the stored one by more than the tolerance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deviation {
    /// One of the texts is not a snapshot of this crate.
    NotPictures,
    /// Number or size of the images changed.
    Header { stored: String, found: String },
    /// Pixels moved.
    Pixels(MovedPixels),
}

/// The pixels that moved, in thousandths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MovedPixels {
    /// How many moved by more than the tolerance.
    over: usize,
    /// All pixels.
    pixels: usize,
    tolerance: u64,
    /// The pixel that moved most, the first of equals.
    image: usize,
    row: usize,
    column: usize,
    stored: i64,
    found: i64,
}

/// Compares two snapshots; `None` if every pixel is within the tolerance.
pub(crate) fn deviation(
    stored: Option<&Thousandths>,
    found: Option<&Thousandths>,
    tolerance: u64,
) -> Option<Deviation> {
    let (Some(stored), Some(found)) = (stored, found) else {
        return Some(Deviation::NotPictures);
    };
    if stored.header != found.header || stored.pixels.len() != found.pixels.len() {
        let [stored, found] = [stored, found].map(|text| text.header.to_owned());
        return Some(Deviation::Header { stored, found });
    }
    let moved =
        stored.pixels.iter().zip(&found.pixels).map(|(stored, found)| stored.abs_diff(*found));
    let over = moved.clone().filter(|&distance| distance > tolerance).count();
    let (place, _) = moved
        .enumerate()
        .filter(|&(_, distance)| distance > tolerance)
        .reduce(|most, next| if next.1 > most.1 { next } else { most })?;
    let (height, width) = found.size()?;
    let (image, within) = (place / (height * width), place % (height * width));
    Some(Deviation::Pixels(MovedPixels {
        over,
        pixels: found.pixels.len(),
        tolerance,
        image,
        row: within / width,
        column: within % width,
        stored: stored.pixels[place],
        found: found.pixels[place],
    }))
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPictures => f.write_str("the stored snapshot does not hold pictures"),
            Self::Header { stored, found } => write!(f, "expected {stored}, found {found}"),
            Self::Pixels(moved) => moved.fmt(f),
        }
    }
}

impl fmt::Display for MovedPixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { over, pixels, tolerance, image, row, column, stored, found } = self;
        let [largest, tolerance] = [stored.abs_diff(*found), *tolerance].map(|n| n as f64 / 1000.0);
        let [stored, found] = [stored, found].map(|n| *n as f64 / 1000.0);
        write!(
            f,
            "the largest deviation is {largest:.3}, at image {image}, row {row}, column {column} (counted from 0): \
             stored {stored:.3}, found {found:.3}; {over} of {pixels} pixels deviate by more than {tolerance:.3}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{read, write};
    use crate::{Pictures, PixelSlice};

    fn text(pixels: &[f32]) -> String {
        write(&Pictures::try_from(PixelSlice { pixels, height: 2, width: 3 }).unwrap())
    }

    fn sentence(stored: &str, found: &str) -> Option<String> {
        deviation(read(stored).as_ref(), read(found).as_ref(), 20).map(|found| found.to_string())
    }

    #[test]
    fn the_pixel_that_moved_most_is_named_and_those_over_the_tolerance_are_counted() {
        let stored = [0.5; 12];
        let mut found = stored;
        found[1] = 0.52;
        found[4] = 0.4;
        found[6] = 0.53;
        // The second image's second row, second column.
        found[10] = -0.25;
        assert_eq!(
            sentence(&text(&stored), &text(&found)).as_deref(),
            Some(
                "the largest deviation is 0.750, at image 1, row 1, column 1 (counted from 0): stored 0.500, \
                 found -0.250; 3 of 12 pixels deviate by more than 0.020"
            )
        );
        assert_eq!(sentence(&text(&stored), &text(&[0.52; 12])), None);
    }

    #[test]
    fn another_number_of_images_and_another_text_are_named() {
        let (one, two) = (text(&[0.5; 6]), text(&[0.5; 12]));
        assert_eq!(
            sentence(&one, &two).as_deref(),
            Some(
                "expected 1 image of 2 x 3, pixels in thousandths, found 2 images of 2 x 3, pixels in thousandths"
            )
        );
        let found = sentence("something else", &one);
        assert_eq!(found.as_deref(), Some("the stored snapshot does not hold pictures"));
    }
}

//! Errors by place, as a picture of colours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use png::{BitDepth, ColorType};

use super::numbers::significant;
use crate::ReportError;
use crate::colour_scale::colour;
use crate::png_encoding::encode_png;

/// Most cells of a map.
const MOST_CELLS: usize = 1 << 16;

/// The error at each place of an image.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorMap {
    /// What is shown, for those who do not see it.
    pub title: String,
    /// The lines below it.
    pub caption: String,
    /// The errors from the top row to the bottom one, `height x width`.
    pub rows: Vec<Vec<f32>>,
}

impl ErrorMap {
    /// Whether it can be drawn: rows of one length, with a finite number in each place.
    pub fn is_drawable(&self) -> bool {
        let width = self.width();
        let is_whole = |row: &Vec<f32>| row.len() == width && row.iter().all(|it| it.is_finite());
        width > 0
            && self.rows.len().saturating_mul(width) <= MOST_CELLS
            && self.rows.iter().all(is_whole)
    }

    pub(super) fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// The smallest and the largest error.
    fn range(&self) -> (f32, f32) {
        let all = self.rows.iter().flatten();
        all.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &it| (low.min(it), high.max(it)))
    }

    /// The smallest and the largest error, as text.
    pub(super) fn bounds(&self) -> [String; 2] {
        let (low, high) = self.range();
        [low, high].map(|bound| significant(f64::from(bound), 3))
    }

    /// The errors as the script reads them.
    pub(super) fn values(&self) -> String {
        let row = |row: &Vec<f32>| {
            row.iter().map(|&it| significant(f64::from(it), 3)).collect::<Vec<_>>().join(" ")
        };
        self.rows.iter().map(row).collect::<Vec<_>>().join(";")
    }

    /// A pixel for each error.
    pub(super) fn data_uri(&self) -> Result<String, ReportError> {
        let (low, high) = self.range();
        let part = |value: f32| if high > low { (value - low) / (high - low) } else { 0.0 };
        let pixels: Vec<[u8; 3]> =
            self.rows.iter().flatten().map(|&value| colour(part(value))).collect();
        let (height, width) = (self.rows.len(), self.width());
        let png =
            encode_png(height, width, ColorType::Rgb, BitDepth::Eight, pixels.as_flattened())?;
        Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_rows_of_numbers_are_drawn() {
        let map = |rows: &[&[f32]]| ErrorMap {
            rows: rows.iter().map(|row| row.to_vec()).collect(),
            ..ErrorMap::default()
        };
        assert!(map(&[&[1.0, 2.0], &[3.0, 4.0]]).is_drawable());
        for rows in [&[][..], &[&[][..]], &[&[1.0][..], &[1.0, 2.0]], &[&[f32::NAN][..]]] {
            assert!(!map(rows).is_drawable(), "{rows:?}");
        }
        let even = map(&[&[0.5, 0.5]]);
        assert!(even.data_uri().unwrap().starts_with("data:image/png;base64,"));
        assert_eq!(even.bounds(), ["0.500", "0.500"]);
        assert_eq!(map(&[&[0.25, 1e-9], &[2.0, 0.0]]).values(), "0.250 1.00e-9;2.00 0");
    }
}

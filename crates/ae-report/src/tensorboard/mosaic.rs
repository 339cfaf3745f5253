//! Rows of pictures as one picture, without words.

use png::{BitDepth, ColorType};

use crate::picture::Rgb;
use crate::png_encoding::encode_png;
use crate::{GridRow, Picture, ReportError};

/// Pixels between pictures, and their grey.
const GAP: usize = 1;
const GREY: u8 = 128;
/// Most pixels of the whole.
const MOST: usize = 1 << 22;

/// Rows of pictures as pixels.
#[derive(Debug)]
pub(super) struct Mosaic {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) is_grey: bool,
    pixels: Vec<Rgb>,
}

/// Puts pictures of one size into rows; of rows that are too long, the first pictures.
pub(super) fn mosaic(rows: &[GridRow<'_>]) -> Result<Mosaic, ReportError> {
    let figure = "an image of TensorBoard";
    let pictures = || rows.iter().flat_map(|row| &row.images);
    let first = pictures().next().ok_or(ReportError::Empty { figure })?;
    let [cell_height, cell_width] = [first.height(), first.width()];
    if let Some(other) =
        pictures().find(|it| [it.height(), it.width()] != [cell_height, cell_width])
    {
        let (height, width, found) = (cell_height, cell_width, other.pixels().len());
        return Err(ReportError::Size { channels: 1, height, width, found });
    }
    let column = (cell_width + GAP).saturating_mul((cell_height + GAP).saturating_mul(rows.len()));
    let longest = rows.iter().map(|row| row.images.len()).max().unwrap_or_default();
    let columns = longest.min(MOST / column.max(1));
    if columns == 0 {
        let [width, height] = [cell_width, cell_height].map(|side| side as f32);
        return Err(ReportError::TooLarge { width, height });
    }
    let height = rows.len() * (cell_height + GAP) - GAP;
    let width = columns * (cell_width + GAP) - GAP;
    let mut pixels = vec![[GREY; 3]; height * width];
    for (at_row, row) in rows.iter().enumerate() {
        for (at_column, picture) in row.images.iter().take(columns).enumerate() {
            let (top, left) = (at_row * (cell_height + GAP), at_column * (cell_width + GAP));
            for (line, source) in picture.pixels().chunks(cell_width).enumerate() {
                let start = (top + line) * width + left;
                pixels[start..start + cell_width].copy_from_slice(source);
            }
        }
    }
    Ok(Mosaic { height, width, is_grey: pictures().all(Picture::is_grey), pixels })
}

impl Mosaic {
    pub(super) fn png(&self) -> Result<Vec<u8>, ReportError> {
        let Self { height, width, .. } = *self;
        if self.is_grey {
            let greys: Vec<u8> = self.pixels.iter().map(|[grey, ..]| *grey).collect();
            return encode_png(height, width, ColorType::Grayscale, BitDepth::Eight, &greys);
        }
        encode_png(height, width, ColorType::Rgb, BitDepth::Eight, self.pixels.as_flattened())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(pictures: &[[u8; 2]]) -> GridRow<'static> {
        let picture = |values: &[u8; 2]| Picture::new(1, 1, 2, values).unwrap();
        GridRow { label: "", images: pictures.iter().map(picture).collect() }
    }

    #[test]
    fn pictures_stand_in_their_rows_with_gaps_between() {
        let found = mosaic(&[row(&[[1, 2], [3, 4]]), row(&[[5, 6]])]).unwrap();
        let greys: Vec<u8> = found.pixels.iter().map(|[grey, ..]| *grey).collect();
        let lines: Vec<&[u8]> = greys.chunks(found.width).collect();
        assert_eq!(lines, [[1, 2, 128, 3, 4], [128; 5], [5, 6, 128, 128, 128]]);
        assert!(found.is_grey);
    }

    #[test]
    fn what_is_no_mosaic_is_refused() {
        assert!(matches!(mosaic(&[]), Err(ReportError::Empty { .. })));
        let other = GridRow { label: "", images: vec![Picture::new(1, 2, 1, &[0, 0]).unwrap()] };
        assert!(matches!(mosaic(&[row(&[[1, 2]]), other]), Err(ReportError::Size { .. })));
    }

    #[test]
    fn a_mosaic_is_bounded() {
        let large = Picture::new(1, 1000, 1000, &[7; 1_000_000]).unwrap();
        let rows = [GridRow { label: "", images: vec![large; 9] }];
        let found = mosaic(&rows).unwrap();
        assert_eq!((found.height, found.width), (1000, 4 * 1001 - 1));
        let huge = Picture::new(1, 1, MOST + 1, &vec![0; MOST + 1]).unwrap();
        let rows = [GridRow { label: "", images: vec![huge] }];
        assert!(matches!(mosaic(&rows), Err(ReportError::TooLarge { .. })));
    }
}

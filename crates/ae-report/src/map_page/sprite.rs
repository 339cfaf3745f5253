//! The pictures of all items as one PNG.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use png::{BitDepth, ColorType};

use super::Placed;
use crate::picture::{Raster, Rgb};
use crate::png_encoding::encode_png;
use crate::{ReportError, spread_points};

/// The longest side of a picture.
const SIDE: usize = 32;
/// The largest number of characters of the sheet's URI.
const MOST_CHARACTERS: usize = 2_000_000;
/// Pictures in a row of the sheet.
pub(super) const COLUMNS: usize = 64;

/// A sheet of pictures.
#[derive(Debug)]
pub(super) struct Sprite {
    /// A `data:` URI; empty if there are no pictures.
    pub(super) uri: String,
    /// Width and height of a cell.
    pub(super) cell: [usize; 2],
    /// The cell of each item.
    pub(super) cells: Vec<Option<usize>>,
    /// The number of items with a picture.
    available: usize,
}

impl Sprite {
    /// The sheet of as many pictures as there is room for.
    pub(super) fn of(placed: &[Placed<'_>]) -> Result<Self, ReportError> {
        let with_picture: Vec<usize> =
            (0..placed.len()).filter(|&at| placed[at].item.picture.is_some()).collect();
        let available = with_picture.len();
        let points: Vec<[f32; 2]> = with_picture.iter().map(|&at| placed[at].at).collect();
        let mut chosen = with_picture.clone();
        loop {
            let sprite = Self::with(placed, &chosen)?;
            let length = sprite.uri.len();
            if length <= MOST_CHARACTERS || chosen.is_empty() {
                return Ok(Self { available, ..sprite });
            }
            // A twentieth less than in proportion, so that the next one fits.
            let fewer = chosen.len() as f64 * MOST_CHARACTERS as f64 / length as f64 * 0.95;
            let spread = spread_points(&points, (fewer as usize).min(chosen.len() - 1));
            chosen = spread.into_iter().map(|point| with_picture[point]).collect();
        }
    }

    fn with(placed: &[Placed<'_>], chosen: &[usize]) -> Result<Self, ReportError> {
        let rasters: Vec<Raster> = chosen.iter().filter_map(|&at| small(&placed[at])).collect();
        let width = rasters.iter().map(|raster| raster.width).max().unwrap_or(0);
        let height = rasters.iter().map(|raster| raster.rows().len()).max().unwrap_or(0);
        let mut cells = vec![None; placed.len()];
        chosen.iter().enumerate().for_each(|(cell, &at)| cells[at] = Some(cell));
        let uri =
            if rasters.is_empty() { String::new() } else { sheet(&rasters, [width, height])? };
        Ok(Self { uri, cell: [width, height], cells, available: 0 })
    }

    /// Says how many pictures are left out.
    pub(super) fn note(&self, noun: &str) -> Option<String> {
        let drawn = self.cells.iter().flatten().count();
        (drawn < self.available).then(|| {
            format!(
                "{drawn} of {} {noun}s have a picture, so that the page stays below 3 MB",
                self.available
            )
        })
    }
}

/// The picture of an item, with no side longer than [`SIDE`].
fn small(placed: &Placed<'_>) -> Option<Raster> {
    let picture = placed.item.picture.as_ref()?;
    Some(picture.shrunk(picture.width().max(picture.height()).div_ceil(SIDE)))
}

fn sheet(rasters: &[Raster], [width, height]: [usize; 2]) -> Result<String, ReportError> {
    let columns = COLUMNS.min(rasters.len());
    let (across, down) = (columns * width, rasters.len().div_ceil(columns) * height);
    let mut pixels: Vec<Rgb> = vec![[0; 3]; across * down];
    for (index, raster) in rasters.iter().enumerate() {
        let (left, top) = (index % columns * width, index / columns * height);
        for (row, colours) in raster.rows().enumerate() {
            let start = (top + row) * across + left;
            pixels[start..start + colours.len()].copy_from_slice(colours);
        }
    }
    let is_grey = pixels.iter().all(|[red, green, blue]| red == green && green == blue);
    let (colours, bytes) = match is_grey {
        true => (ColorType::Grayscale, pixels.iter().map(|[grey, ..]| *grey).collect()),
        false => (ColorType::Rgb, pixels.into_flattened()),
    };
    let png = encode_png(down, across, colours, BitDepth::Eight, &bytes)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)))
}

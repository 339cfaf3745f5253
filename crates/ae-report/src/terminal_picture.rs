//! Images in a terminal.

use std::fmt::Write as _;

use crate::picture::{Raster, Rgb};
use crate::text::printable;
use crate::{GridRow, Picture};

/// What the reader's terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorSupport {
    /// 24-bit colours.
    TrueColor,
    /// The 256-colour palette: its greys, and its cube of 6 x 6 x 6 colours.
    Palette256,
    /// No colours: pictures are made of characters, denser ones for lighter pixels.
    None,
}

const GAP: usize = 2;
/// From black to white.
const RAMP: &[u8] = b" .:-=+*#%@";

/// Rows of images for a terminal of `columns` characters. One character shows two pixels, one above the other.
///
/// Each row stands below its label. Images that do not fit side by side continue in further blocks of all rows.
/// Images that are wider than the terminal are shrunk by a whole factor.
#[must_use]
pub fn half_blocks(rows: &[GridRow<'_>], columns: usize, colors: ColorSupport) -> String {
    let columns = columns.max(1);
    let images = rows.iter().flat_map(|row| &row.images);
    let widest = images.map(Picture::width).max().unwrap_or(1);
    let factor = widest.div_ceil(columns);
    let side_by_side = ((columns + GAP) / (widest.div_ceil(factor) + GAP)).max(1);
    let count = rows.iter().map(|row| row.images.len()).max().unwrap_or(0);

    let mut picture = String::new();
    for start in (0..count).step_by(side_by_side) {
        for row in rows {
            let images: Vec<Raster> = row
                .images
                .iter()
                .skip(start)
                .take(side_by_side)
                .map(|image| image.shrunk(factor))
                .collect();
            if images.is_empty() {
                continue;
            }
            if !row.label.is_empty() {
                picture.push_str(&printable(row.label));
                picture.push('\n');
            }
            draw_band(&mut picture, &images, colors);
        }
    }
    picture
}

/// Draws images side by side, two lines of pixels in each line of text.
fn draw_band(picture: &mut String, images: &[Raster], colors: ColorSupport) {
    let height = images.iter().map(|image| image.rows().len()).max().unwrap_or(0);
    for line in (0..height).step_by(2) {
        for (index, image) in images.iter().enumerate() {
            if index > 0 {
                picture.push_str(&" ".repeat(GAP));
            }
            let lower = image.rows().nth(line + 1);
            match (image.rows().nth(line), colors) {
                // An image beside this one is higher.
                (None, _) => picture.push_str(&" ".repeat(image.width)),
                (Some(upper), ColorSupport::None) => {
                    draw_characters(picture, upper, lower.unwrap_or(upper));
                }
                (Some(upper), _) => draw_half_blocks(picture, upper, lower, colors),
            }
        }
        picture.truncate(picture.trim_end_matches(' ').len());
        picture.push('\n');
    }
}

fn draw_characters(picture: &mut String, upper: &[Rgb], lower: &[Rgb]) {
    for (&upper, &lower) in upper.iter().zip(lower) {
        let mean = (luminance(upper) + luminance(lower)) / 2;
        let place = (mean * (RAMP.len() - 1) + 127) / 255;
        picture.push(RAMP.get(place).map_or(' ', |&letter| char::from(letter)));
    }
}

fn draw_half_blocks(
    picture: &mut String,
    upper: &[Rgb],
    lower: Option<&[Rgb]>,
    colors: ColorSupport,
) {
    let mut current = None;
    for (column, &above) in upper.iter().enumerate() {
        let below = lower.and_then(|lower| lower.get(column)).copied();
        if current != Some((above, below)) {
            // Writing to a string cannot fail.
            let _ = write!(picture, "\x1b[38;{}m", code(above, colors));
            if let Some(below) = below {
                let _ = write!(picture, "\x1b[48;{}m", code(below, colors));
            }
            current = Some((above, below));
        }
        picture.push('▀');
    }
    picture.push_str("\x1b[0m");
}

/// The luminance of a colour, 0 to 255, by Rec. 709's weights.
fn luminance([red, green, blue]: Rgb) -> usize {
    (2126 * usize::from(red) + 7152 * usize::from(green) + 722 * usize::from(blue) + 5000) / 10_000
}

/// The colour part of an ANSI sequence (ECMA-48 SGR 38 and 48).
fn code(colour: Rgb, colors: ColorSupport) -> String {
    let [red, green, blue] = colour;
    if colors == ColorSupport::TrueColor {
        return format!("2;{red};{green};{blue}");
    }
    if red != green || green != blue {
        let [red, green, blue] = colour.map(step_of_cube);
        return format!("5;{}", 16 + 36 * red + 6 * green + blue);
    }
    match red {
        // The palette has greys 8, 18, ..., 238 from number 232 on, black at 16 and white at 231.
        0..4 => "5;16".to_owned(),
        247.. => "5;231".to_owned(),
        grey => format!("5;{}", 232 + (u32::from(grey.clamp(8, 238)) - 8 + 5) / 10),
    }
}

/// The nearest of the cube's six levels 0, 95, 135, 175, 215 and 255.
fn step_of_cube(value: u8) -> u32 {
    match value {
        0..48 => 0,
        48..115 => 1,
        _ => (u32::from(value) - 35) / 40,
    }
}

//! The text of a snapshot: pictures to look at, pixels to compare.

use crate::Pictures;

/// From black to white.
const RAMP: [char; 10] = [' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];

/// The pixels that a snapshot's text holds, in thousandths.
#[derive(Debug, PartialEq)]
pub(crate) struct Thousandths<'a> {
    /// Number and size of the images.
    pub(crate) header: &'a str,
    /// Row after row, image after image.
    pub(crate) pixels: Vec<i64>,
}

/// Writes the header and, for each image, its picture and its pixels.
pub(crate) fn write(pictures: &Pictures) -> String {
    let (height, width) = (pictures.height(), pictures.width());
    let images = match pictures.images().len() {
        1 => "1 image".to_owned(),
        n => format!("{n} images"),
    };
    let mut text = format!("{images} of {height} x {width}, pixels in thousandths\n");
    for image in pictures.images() {
        text.push('\n');
        image.chunks_exact(width).for_each(|row| write_picture_row(&mut text, row));
        image.chunks_exact(width).for_each(|row| write_pixel_row(&mut text, row));
    }
    text
}

/// Two characters per pixel, because a character is twice as high as wide. The bars keep editors from removing
/// black pixels at the end of a line.
fn write_picture_row(text: &mut String, row: &[f32]) {
    text.push('|');
    for pixel in row {
        let shade = (pixel.clamp(0.0, 1.0) * RAMP.len() as f32) as usize;
        let character = RAMP[shade.min(RAMP.len() - 1)];
        text.extend([character, character]);
    }
    text.push_str("|\n");
}

fn write_pixel_row(text: &mut String, row: &[f32]) {
    for (column, &pixel) in row.iter().enumerate() {
        let gap = if column == 0 { "" } else { " " };
        let thousandths = (f64::from(pixel) * 1000.0).round() as i64;
        text.push_str(&format!("{gap}{thousandths:4}"));
    }
    text.push('\n');
}

impl Thousandths<'_> {
    /// Height and width of an image, as the header says; `None` if it says neither.
    pub(crate) fn size(&self) -> Option<(usize, usize)> {
        let (_, size) = self.header.split_once(" of ")?;
        let (height, rest) = size.split_once(" x ")?;
        let width = rest.split_once(',')?.0;
        let size = (height.parse().ok()?, width.parse().ok()?);
        (size.0 > 0 && size.1 > 0).then_some(size)
    }
}

/// Reads what [`write()`] wrote; `None` if the text is of another kind.
pub(crate) fn read(text: &str) -> Option<Thousandths<'_>> {
    let (header, images) = text.split_once('\n')?;
    let pixels = images
        .lines()
        .filter(|line| !line.starts_with('|'))
        .flat_map(str::split_whitespace)
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    Some(Thousandths { header, pixels })
}

//! The weights of units as pictures.

use crate::ReportError;
use crate::figure::{Align, FAINT, Figure, MUTED};
use crate::grid::magnification;
use crate::image::{Raster, Rgb, check_finite};
use crate::text::{Style, significant};

/// From the most negative weight over 0 to the most positive: the colours of the scheme RdBu of
/// ColorBrewer (Harrower and Brewer, 2003), which the colour-blind tell apart.
const DIVERGING: [Rgb; 11] = [
    [0x05, 0x30, 0x61],
    [0x21, 0x66, 0xac],
    [0x43, 0x93, 0xc3],
    [0x92, 0xc5, 0xde],
    [0xd1, 0xe5, 0xf0],
    [0xf7, 0xf7, 0xf7],
    [0xfd, 0xdb, 0xc7],
    [0xf4, 0xa5, 0x82],
    [0xd6, 0x60, 0x4d],
    [0xb2, 0x18, 0x2b],
    [0x67, 0x00, 0x1f],
];

const GAP: f32 = 6.0;
const BAR_WIDTH: usize = 241;
const BAR_HEIGHT: usize = 10;

/// The weights of an encoder's units, each unit drawn as an image of what it looks for.
///
/// `weights` is a matrix of shape (units, `channels * height * width`), row-major, as in PyTorch's
/// `Linear`. A unit of one channel is drawn in colours that are symmetric around 0; one of three
/// channels is an RGB picture, in which the mean grey is 0. Both reach to the largest magnitude of
/// all, which a bar names.
///
/// # Errors
/// If the weights do not make whole images, one is not finite, or the figure would be too large.
pub fn filters(
    weights: &[f32],
    [channels, height, width]: [usize; 3],
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    check_finite("the weights", weights)?;
    let size = height.saturating_mul(width).saturating_mul(channels);
    if size == 0 || ![1, 3].contains(&channels) || !weights.len().is_multiple_of(size) {
        return Err(ReportError::Size { channels, height, width, found: weights.len() });
    }
    let units = weights.len() / size;
    if units == 0 {
        return Err(ReportError::Empty { figure: "a picture of filters" });
    }
    let range = weights.iter().fold(0.0_f32, |range, weight| range.max(weight.abs()));
    let magnification = magnification(height, width);
    let image_size = ((width * magnification) as f32, (height * magnification) as f32);
    let (cell_width, cell_height) = (image_size.0 + GAP, image_size.1 + GAP);
    // A block about twice as wide as it is high.
    let columns = ((2.0 * units as f32).sqrt().ceil() as usize).min(units);
    let grid_height = units.div_ceil(columns) as f32 * cell_height + GAP;
    let bar_height = BAR_HEIGHT as f32 + GAP + Style::Note.line_height();
    let content = (columns as f32 * cell_width - GAP, grid_height + bar_height);
    let scheme = if channels == 1 { colour } else { grey };

    let (mut figure, (left, top)) = Figure::page(title, caption, content)?;
    for (unit, weights) in weights.chunks(size).enumerate() {
        let x = left + (unit % columns) as f32 * cell_width;
        let y = top + (unit / columns) as f32 * cell_height;
        // A rim shows where an image ends whose weights are near 0.
        figure.rectangle((x - 1.0, y - 1.0), (image_size.0 + 2.0, image_size.1 + 2.0), FAINT);
        let pixels = match channels {
            1 => weights.iter().map(|&weight| colour(weight, range)).collect(),
            _ => mixed(weights, range),
        };
        figure.picture((x, y), magnification, Raster { width, pixels });
    }
    colour_bar(&mut figure, (left, top + grid_height), range, scheme);
    Ok(figure)
}

fn colour_bar(
    figure: &mut Figure,
    (left, top): (f32, f32),
    range: f32,
    scheme: fn(f32, f32) -> Rgb,
) {
    let half = (BAR_WIDTH / 2) as f32;
    let line = (0..BAR_WIDTH).map(|place| scheme(place as f32 - half, half));
    let pixels = std::iter::repeat_n(line, BAR_HEIGHT).flatten().collect();
    figure.picture((left, top), 1, Raster { width: BAR_WIDTH, pixels });
    let y = top + BAR_HEIGHT as f32 + GAP;
    let end = significant(f64::from(range), 3);
    let width = BAR_WIDTH as f32;
    figure.text((left, y), Align::Left, Style::Note, MUTED, &format!("-{end}"));
    figure.text((left + width / 2.0, y), Align::Middle, Style::Note, MUTED, "0");
    figure.text((left + width, y), Align::Right, Style::Note, MUTED, &format!("+{end}"));
    let beside = (left + width + 2.0 * GAP, top - 3.0);
    figure.text(beside, Align::Left, Style::Label, MUTED, "weight");
}

/// The pixels of a unit with three planes of weights.
fn mixed(weights: &[f32], range: f32) -> Vec<Rgb> {
    let area = weights.len() / 3;
    let channel = |place: usize| weights.get(place).map_or(0, |&weight| level(weight, range));
    (0..area).map(|place| [0, 1, 2].map(|plane| channel(plane * area + place))).collect()
}

/// The grey of a weight that all three channels have.
fn grey(weight: f32, range: f32) -> Rgb {
    [level(weight, range); 3]
}

/// From black over the mean grey to white.
fn level(weight: f32, range: f32) -> u8 {
    let position = if range > 0.0 { (weight / range + 1.0) / 2.0 } else { 0.5 };
    (position * 255.0).round() as u8
}

/// The colour of a weight in `[-range, range]`, between the two nearest of the scheme.
fn colour(weight: f32, range: f32) -> Rgb {
    let position = if range > 0.0 { (weight / range + 1.0) / 2.0 } else { 0.5 };
    let position = position * (DIVERGING.len() - 1) as f32;
    let below = DIVERGING.get(position as usize).copied().unwrap_or_default();
    let above = DIVERGING.get(position as usize + 1).copied().unwrap_or(below);
    let part = position.fract();
    std::array::from_fn(|channel| match (below.get(channel), above.get(channel)) {
        (Some(&below), Some(&above)) => {
            (f32::from(below) * (1.0 - part) + f32::from(above) * part).round() as u8
        }
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_the_scheme_at_the_ends_and_in_the_middle() {
        let shown = [-0.5, 0.0, 0.5].map(|weight| colour(weight, 0.5));
        assert_eq!(shown, [[5, 48, 97], [247, 247, 247], [103, 0, 31]]);
        // A quarter of the way from the second to the darkest red: 178 to 103, 24 to 0, 43 to 31.
        assert_eq!(colour(0.85, 1.0), [159, 18, 40]);
        assert_eq!(colour(0.0, 0.0), [247; 3]);
    }

    #[test]
    fn a_unit_of_three_planes_is_mixed_around_the_mean_grey() {
        assert_eq!(mixed(&[0.5, 0.0, -0.5, 0.25, 0.0, 0.0], 0.5), [[255, 0, 128], [128, 191, 128]]);
        assert_eq!(grey(0.0, 0.0), [128; 3]);
    }
}

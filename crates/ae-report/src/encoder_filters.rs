//! The weights of an encoder's units as pictures.

use crate::ReportError;
use crate::drawing::{FAINT, MUTED, Magnification};
use crate::figure::{Align, Figure, Words};
use crate::picture::{Raster, Rgb, check_finite, shrunk};
use crate::picture_scale::{PictureScale, SIDES, note_of_first};
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
const BAR_HEIGHT: usize = 12;

/// The weights of an encoder's units, each unit drawn as an image of its inputs' weights.
///
/// `weights` is a matrix of shape (units, `channels * height * width`), row-major, as in PyTorch's
/// `Linear`; `[channels, height, width]` is the shape of an input. A unit of one channel is drawn in colours
/// that are symmetric around 0; a unit of three channels is an RGB picture, in which the mean grey is 0. Both
/// scales end at the 99th percentile of the magnitudes, so that one large weight does not make all others pale; weights
/// beyond it are drawn like those at the end. A bar below shows the scale; for RGB it has one line for each colour,
/// with the other two at 0.
///
/// Large units are drawn smaller, and of too many units only the first ones are drawn; [`Figure::notes`] says so.
///
/// # Errors
/// If the weights do not make whole images, or one is not finite.
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
    let Layout { scale, units: shown, columns, cell } = Layout::of(units, height, width);
    let area = height * width;
    let planes = weights.chunks(area).take(shown * channels);
    let drawn_weights: Vec<Vec<f32>> =
        planes.map(|plane| shrunk(plane, width, scale.factor)).collect();
    let range = robust_range(drawn_weights.iter().flatten().map(|weight| weight.abs()).collect());
    let image_size = scale.size(height, width);
    let notes = [scale.note("units", height, width), note_of_first(shown, units, "units")];
    let words = Words { title, caption, notes: notes.into_iter().flatten().collect() };

    let grid = grid_size(shown, columns, cell);
    let (mut figure, (left, top)) = Figure::page(words, with_bar(grid))?;
    for (unit, planes) in drawn_weights.chunks(channels).enumerate() {
        let x = left + (unit % columns) as f32 * cell.0;
        let y = top + (unit / columns) as f32 * cell.1;
        // The rim shows the edges of an image whose weights are near 0.
        figure.rectangle((x - 1.0, y - 1.0), (image_size.0 + 2.0, image_size.1 + 2.0), FAINT);
        let pixels = match planes {
            [plane] => plane.iter().map(|&weight| colour(weight, range)).collect(),
            _ => mixed(&planes.concat(), range),
        };
        let raster = Raster { width: width.div_ceil(scale.factor), pixels };
        figure.picture((x, y), scale.magnification, raster);
    }
    colour_bar(&mut figure, (left, top + grid.1), range, channels);
    Ok(figure)
}

/// The 99th percentile of magnitudes (nearest rank), or the largest one if that is 0.
fn robust_range(mut magnitudes: Vec<f32>) -> f32 {
    magnitudes.sort_unstable_by(f32::total_cmp);
    let largest = magnitudes.last().copied().unwrap_or_default();
    let rank = (magnitudes.len() * 99).div_ceil(100);
    let percentile = magnitudes.get(rank.saturating_sub(1)).copied().unwrap_or_default();
    if percentile > 0.0 { percentile } else { largest }
}

/// How units are drawn within the bounds of a figure.
struct Layout {
    scale: PictureScale,
    /// How many units are drawn, and how many of them side by side.
    units: usize,
    columns: usize,
    /// Width and height of an image with the gap behind it.
    cell: (f32, f32),
}

impl Layout {
    fn of(units: usize, height: usize, width: usize) -> Self {
        let layout = |side, units| {
            Self::with(PictureScale::within(side, height, width), units, (height, width))
        };
        let has_room = |layout: &Self| {
            Figure::has_room_for(with_bar(grid_size(layout.units, layout.columns, layout.cell)))
        };
        if let Some(layout) = SIDES.into_iter().map(|side| layout(side, units)).find(has_room) {
            return layout;
        }
        let smallest = SIDES[SIDES.len() - 1];
        let mut fitted = layout(smallest, units);
        while !has_room(&fitted) && fitted.units > 1 {
            fitted = layout(smallest, fitted.units - fitted.units.div_ceil(10));
        }
        fitted
    }

    fn with(scale: PictureScale, units: usize, (height, width): (usize, usize)) -> Self {
        let size = scale.size(height, width);
        let cell = (size.0 + GAP, size.1 + GAP);
        // A block about twice as wide as it is high.
        let columns = (2.0 * units as f32 * cell.1 / cell.0).sqrt().ceil() as usize;
        Self { scale, units, columns: columns.clamp(1, units.max(1)), cell }
    }
}

/// Width and height of the units' block, with a gap below it.
fn grid_size(units: usize, columns: usize, cell: (f32, f32)) -> (f32, f32) {
    (columns as f32 * cell.0 - GAP, units.div_ceil(columns) as f32 * cell.1 + GAP)
}

/// The size including the bar of colours below.
fn with_bar((width, height): (f32, f32)) -> (f32, f32) {
    (width, height + BAR_HEIGHT as f32 + GAP + Style::Note.line_height())
}

fn colour_bar(figure: &mut Figure, (left, top): (f32, f32), range: f32, channels: usize) {
    let half = (BAR_WIDTH / 2) as f32;
    let at = |line: usize, place: usize| {
        let weight = place as f32 - half;
        if channels == 1 { colour(weight, half) } else { alone(line, weight, half) }
    };
    let line = |line: usize| (0..BAR_WIDTH).map(move |place| at(line, place));
    let pixels = (0..channels).flat_map(line).collect();
    let magnification = Magnification { across: 1, down: BAR_HEIGHT / channels };
    figure.picture((left, top), magnification, Raster { width: BAR_WIDTH, pixels });
    let y = top + BAR_HEIGHT as f32 + GAP;
    let end = significant(f64::from(range), 3);
    let width = BAR_WIDTH as f32;
    figure.text((left, y), Align::Left, Style::Note, MUTED, &format!("-{end}"));
    figure.text((left + width / 2.0, y), Align::Middle, Style::Note, MUTED, "0");
    figure.text((left + width, y), Align::Right, Style::Note, MUTED, &format!("+{end}"));
    let what = if channels == 1 { "weight" } else { "red, green, blue weight" };
    let beside = (left + width + 2.0 * GAP, top - 3.0);
    figure.text(beside, Align::Left, Style::Label, MUTED, what);
}

/// The pixels of a unit with three planes of weights.
fn mixed(weights: &[f32], range: f32) -> Vec<Rgb> {
    let area = weights.len() / 3;
    let channel = |place: usize| weights.get(place).map_or(0, |&weight| level(weight, range));
    (0..area).map(|place| [0, 1, 2].map(|plane| channel(plane * area + place))).collect()
}

/// The colour of a weight in one channel, where the others have 0.
fn alone(channel: usize, weight: f32, range: f32) -> Rgb {
    std::array::from_fn(|other| level(if other == channel { weight } else { 0.0 }, range))
}

/// From black over the mean grey to white.
fn level(weight: f32, range: f32) -> u8 {
    (position(weight, range) * 255.0).round() as u8
}

/// The place of a weight on the scale from `-range` to `range`, from 0 to 1.
fn position(weight: f32, range: f32) -> f32 {
    if range > 0.0 { ((weight / range).clamp(-1.0, 1.0) + 1.0) / 2.0 } else { 0.5 }
}

/// The colour of a weight, between the two nearest of the scheme.
fn colour(weight: f32, range: f32) -> Rgb {
    let position = position(weight, range) * (DIVERGING.len() - 1) as f32;
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
    fn one_large_weight_does_not_set_the_scale_and_is_clipped() {
        let mut magnitudes: Vec<f32> = (1..=199_u8).map(f32::from).collect();
        magnitudes.push(1e6);
        assert_eq!(robust_range(magnitudes), 198.0);
        assert_eq!(robust_range(vec![3.0, 1.0, 2.0]), 3.0);
        let mut sparse = vec![0.0; 999];
        sparse.push(5.0);
        assert_eq!((robust_range(sparse), robust_range(Vec::new())), (5.0, 0.0));
        assert_eq!([colour(7.0, 0.5), colour(-7.0, 0.5)], [[103, 0, 31], [5, 48, 97]]);
        assert_eq!((level(7.0, 0.5), level(-7.0, 0.5)), (255, 0));
    }

    #[test]
    fn a_unit_of_three_planes_is_mixed_around_the_mean_grey() {
        assert_eq!(mixed(&[0.5, 0.0, -0.5, 0.25, 0.0, 0.0], 0.5), [[255, 0, 128], [128, 191, 128]]);
        assert_eq!(alone(1, 0.0, 0.0), [128; 3]);
        assert_eq!(alone(1, 0.5, 0.5), [128, 255, 128]);
    }
}

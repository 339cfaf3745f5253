//! The scale of colours of heat maps, and the bar that shows it.

use crate::drawing::{MUTED, Magnification, RIM};
use crate::figure::{Align, Figure};
use crate::picture::{Raster, Rgb};
use crate::text::{Style, significant};

/// Matplotlib's `inferno` (Smith and van der Walt 2015, CC0) at 0, 1/9, .., 1: from black over purple and orange to
/// light yellow. Its lightness rises evenly, so it needs no perception of hue.
const COLOURS: [Rgb; 10] = [
    [0x00, 0x00, 0x04],
    [0x1b, 0x0c, 0x41],
    [0x4a, 0x0c, 0x6b],
    [0x78, 0x1c, 0x6d],
    [0xa5, 0x2c, 0x60],
    [0xcf, 0x44, 0x46],
    [0xed, 0x69, 0x25],
    [0xfb, 0x9b, 0x06],
    [0xf7, 0xd1, 0x3d],
    [0xfc, 0xff, 0xa4],
];

/// The colour of a fraction of the scale; fractions beyond its ends have the colours of the ends.
pub(crate) fn colour(fraction: f32) -> Rgb {
    let place = fraction.clamp(0.0, 1.0) * (COLOURS.len() - 1) as f32;
    let at = |index: usize| COLOURS.get(index).copied().unwrap_or(COLOURS[COLOURS.len() - 1]);
    let (below, above) = (at(place as usize), at(place as usize + 1));
    let part = place.fract();
    std::array::from_fn(|channel| {
        let [below, above] = [below, above].map(|colour| f32::from(colour[channel]));
        (below * (1.0 - part) + above * part).round() as u8
    })
}

/// A drawn scale: colours with their values.
pub(crate) struct ScaleBar<'a> {
    /// The value at the right end; the left end is 0.
    pub(crate) end: f64,
    /// What the values are.
    pub(crate) meaning: &'a str,
}

const WIDTH: usize = 200;
const THICKNESS: usize = 12;
const GAP: f32 = 6.0;

impl ScaleBar<'_> {
    /// Bar and numbers.
    pub(crate) const HEIGHT: f32 = THICKNESS as f32 + GAP + 12.0;

    pub(crate) fn draw(&self, figure: &mut Figure, (left, top): (f32, f32)) {
        let (left, top) = (left.round(), top.round());
        let (width, height) = (WIDTH as f32, THICKNESS as f32);
        figure.rectangle((left - 1.0, top - 1.0), (width + 2.0, height + 2.0), RIM);
        let pixels = (0..WIDTH).map(|place| colour((place as f32 + 0.5) / width)).collect();
        let magnification = Magnification { across: 1, down: THICKNESS };
        figure.picture((left, top), magnification, Raster { width: WIDTH, pixels });
        let y = top + height + GAP;
        let middle = significant(self.end / 2.0, 3);
        figure.text((left, y), Align::Left, Style::Note, MUTED, "0");
        figure.text((left + width / 2.0, y), Align::Middle, Style::Note, MUTED, &middle);
        let end = format!("{} or more", significant(self.end, 3));
        // The number stands under the end of the bar, and the words beyond it.
        let number = Style::Note.width(&significant(self.end, 3));
        figure.text((left + width - number, y), Align::Left, Style::Note, MUTED, &end);
        let place = (left + width + 2.0 * GAP, top - 2.0);
        figure.text(place, Align::Left, Style::Label, MUTED, self.meaning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // matplotlib.colormaps["inferno"]([0.0, 0.25, 0.5, 0.75, 1.0], bytes=True); the places between the tabulated ones
    // differ from the colour map by at most 6 of 255, because ours has 10 colours instead of 256.
    #[test]
    fn colours_are_those_of_inferno() {
        let expected: [Rgb; 5] =
            [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]];
        for (fraction, expected) in [0.0, 0.25, 0.5, 0.75, 1.0].into_iter().zip(expected) {
            let found = colour(fraction);
            let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 6);
            assert!(near, "{fraction}: {found:?} {expected:?}");
        }
        assert_eq!([colour(-1.0), colour(7.0)], [colour(0.0), colour(1.0)]);
    }

    #[test]
    fn a_larger_value_is_always_lighter() {
        let light = |fraction: f32| {
            let [red, green, blue] = colour(fraction).map(f32::from);
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        let values: Vec<f32> = (0..=100).map(|place| light(place as f32 / 100.0)).collect();
        assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
    }
}

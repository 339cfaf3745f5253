//! How the points of a class are drawn: a colour and a shape.

use crate::picture::Rgb;

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Circle,
    Square,
    Diamond,
    Triangle,
}

/// Colour and shape of a class's points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClassMark {
    pub(crate) colour: Rgb,
    pub(crate) shape: Shape,
}

/// Half the side of a square of a disc's area, in units of the disc's radius: sqrt(pi) / 2.
pub(crate) const SQUARE: f32 = 0.886;
/// Half a diagonal of such a square.
const DIAMOND: f32 = 1.253;
/// The radius of the circle around a regular triangle of a disc's area: sqrt(4 pi / (3 sqrt 3)).
const TRIANGLE: f32 = 1.555;

impl Shape {
    /// The corners of a shape around 0, 0, with about the area of a disc of this radius; a circle has none.
    pub(crate) fn corners(self, radius: f32) -> Vec<(f32, f32)> {
        let (square, diamond, triangle) = (SQUARE * radius, DIAMOND * radius, TRIANGLE * radius);
        match self {
            Self::Circle => Vec::new(),
            Self::Square => {
                vec![(-square, -square), (square, -square), (square, square), (-square, square)]
            }
            Self::Diamond => vec![(0.0, -diamond), (diamond, 0.0), (0.0, diamond), (-diamond, 0.0)],
            // cos 30 and sin 30 degrees.
            Self::Triangle => vec![
                (0.0, -triangle),
                (0.866 * triangle, 0.5 * triangle),
                (-0.866 * triangle, 0.5 * triangle),
            ],
        }
    }

    /// The shape around 0, 0 as an SVG path.
    pub(crate) fn path(self, radius: f32) -> String {
        if self == Self::Circle {
            let (left, across) = (-radius, 2.0 * radius);
            return format!(
                "M{left} 0a{radius} {radius} 0 1 0 {across} 0a{radius} {radius} 0 1 0 -{across} 0z"
            );
        }
        let corners = self.corners(radius);
        let step = |(at, (x, y)): (usize, &(f32, f32))| {
            format!("{}{x:.2} {y:.2}", if at == 0 { "M" } else { "L" })
        };
        corners.iter().enumerate().map(step).collect::<String>() + "z"
    }

    /// The name of the shape on a page.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Square => "square",
            Self::Diamond => "diamond",
            Self::Triangle => "triangle",
        }
    }
}

/// The number of shapes.
pub(crate) const SHAPE_COUNT: usize = 4;

const SHAPES: [Shape; SHAPE_COUNT] =
    [Shape::Circle, Shape::Square, Shape::Diamond, Shape::Triangle];

/// The number of colours.
pub(crate) const COLOUR_COUNT: usize = 10;

/// The result of a search for ten colours of which the two nearest are as far apart as possible for normal vision,
/// protanopia, deuteranopia and tritanopia alike, and which are far from a white and from a dark page.
const COLOURS: [Rgb; COLOUR_COUNT] = [
    [0x00, 0x96, 0x96],
    [0xe1, 0x32, 0x7d],
    [0x64, 0x00, 0xfa],
    [0xe1, 0xc8, 0x7d],
    [0x7d, 0x00, 0x00],
    [0xaf, 0xc8, 0xfa],
    [0x7d, 0x7d, 0x00],
    [0x64, 0x00, 0x7d],
    [0x96, 0x7d, 0xfa],
    [0x00, 0x64, 0x4b],
];

/// The mark of a class. The first ten classes have ten colours. After every ten the colours repeat with other
/// shapes, so that forty classes have forty marks.
pub(crate) fn class_mark(class: usize) -> ClassMark {
    let (of_colour, round) = (class % COLOUR_COUNT, class / COLOUR_COUNT);
    ClassMark { colour: COLOURS[of_colour], shape: SHAPES[(of_colour + round) % SHAPE_COUNT] }
}

#[cfg(test)]
mod tests;

//! What figures are made of: rectangles, lines, dots, texts and pictures at places of a page.

use crate::class_marks::ClassMark;
use crate::picture::{Raster, Rgb};
use crate::text::Style;

pub(crate) const INK: Rgb = [0x1f, 0x29, 0x33];
pub(crate) const MUTED: Rgb = [0x5b, 0x67, 0x70];
pub(crate) const FAINT: Rgb = [0xdd, 0xe2, 0xe6];
/// The frame around pictures, which may be as white as the page.
pub(crate) const RIM: Rgb = [0x80, 0x8a, 0x93];

/// A page of elements, which PNG and SVG are drawn from. Later elements cover earlier ones.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) title: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) elements: Vec<Element>,
}

/// A part of a drawing. Positions are in pixels from the top left, at the figure's own size.
#[derive(Debug)]
pub(crate) enum Element {
    Rectangle {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        fill: Rgb,
    },
    Line {
        points: Vec<(f32, f32)>,
        pen: Pen,
    },
    Text {
        x: f32,
        y: f32,
        text: String,
        style: Style,
        colour: Rgb,
        halo: Halo,
    },
    /// Equal marks of about the area of a disc of this radius. Where marks of one element overlap, they do not become
    /// darker.
    Marks {
        centres: Vec<(f32, f32)>,
        radius: f32,
        mark: ClassMark,
        opacity: f32,
    },
    Picture {
        x: f32,
        y: f32,
        magnification: Magnification,
        raster: Raster,
    },
}

/// What is drawn around the letters of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halo {
    None,
    /// A white rim, so that a text can be read on points.
    White,
}

/// The width of the rim around letters.
pub(crate) const HALO_WIDTH: f32 = 2.0;

/// How many pixels of the figure a pixel of a picture is wide and high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Magnification {
    pub(crate) across: usize,
    pub(crate) down: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    pub(crate) colour: Rgb,
    pub(crate) width: f32,
    pub(crate) dash: Dash,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Dash {
    Solid,
    Dashed,
}

impl Dash {
    /// Lengths of a dash and of the gap after it.
    pub(crate) const DASHED: [f32; 2] = [5.0, 4.0];
}

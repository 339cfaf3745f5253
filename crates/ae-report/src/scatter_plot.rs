//! Points of a plane, coloured by their class.

use crate::ReportError;
use crate::axis::{Axis, drawable};
use crate::figure::{Figure, Words};
use crate::picture::Rgb;
use crate::picture_scale::{note_of_first, note_of_missing};
use crate::plot_frame::{Axes, GAP, Legend, MOST_NAMES, Plot};

/// Points of a plane with their classes.
#[derive(Clone, Copy, Debug)]
pub struct Scatter<'a> {
    /// Pairs of x and y. A point with a coordinate that is NaN or infinite is left out.
    pub points: &'a [[f32; 2]],
    /// The class of each point, an index into `classes`; empty if there are no classes.
    pub labels: &'a [u8],
    /// The names of the classes, in the order of the legend.
    pub classes: &'a [String],
    /// The names of the axes, which then have numbers. Without names, both axes have the same scale and no
    /// numbers, as for a map of which only the distances mean something.
    pub axes: Option<Axes<'a>>,
}

/// Ten colours that the colour-blind tell apart (Petroff 2021, arXiv 2107.02270).
const COLOURS: [Rgb; 10] = [
    [0x3f, 0x90, 0xda],
    [0xff, 0xa9, 0x0e],
    [0xbd, 0x1f, 0x01],
    [0x94, 0xa4, 0xa2],
    [0x83, 0x2d, 0xb6],
    [0xa9, 0x6b, 0x59],
    [0xe7, 0x63, 0x00],
    [0xb9, 0xac, 0x70],
    [0x71, 0x75, 0x81],
    [0x92, 0xda, 0xdd],
];

const PLOT: (f32, f32) = (520.0, 520.0);
const SWATCH: (f32, f32) = (10.0, 10.0);
const OPACITY: f32 = 0.8;
/// Points are drawn in layers of this many, so that no class covers all others.
const LAYER: usize = 256;

/// One dot for each point, smaller if there are many, with a legend of the classes. After ten classes the
/// colours repeat.
///
/// # Errors
/// If there are `classes`, but not one class for each point.
pub fn scatter(shown: Scatter<'_>, title: &str, caption: &str) -> Result<Figure, ReportError> {
    let Scatter { points, labels, classes, axes } = shown;
    if !classes.is_empty() && labels.len() != points.len() {
        return Err(ReportError::Classes { expected: points.len(), found: labels.len() });
    }
    let points: Vec<[f64; 2]> = points.iter().map(|point| point.map(f64::from)).collect();
    let covered = if axes.is_some() { covering(&points) } else { of_one_scale(&points) };
    let names = classes.iter().map(String::as_str).collect();
    let legend = Legend { labels: names, colours: &COLOURS, swatch: SWATCH };
    let is_drawn = |[x, y]: &[f64; 2]| drawable(*x) && drawable(*y);
    let missing = points.iter().filter(|point| !is_drawn(point)).count();
    let notes = [
        note_of_missing(missing, "are left out"),
        note_of_first(classes.len().min(MOST_NAMES), classes.len(), "classes' names"),
    ];
    let words = Words { title, caption, notes: notes.into_iter().flatten().collect() };
    let (mut figure, plot) = Plot::page((PLOT, GAP), (covered, axes), &legend, words)?;
    let radius = (60.0 / (points.len() as f32).sqrt()).clamp(1.2, 3.5);
    for (layer, points) in points.chunks(LAYER).enumerate() {
        let mut of_colours = [const { Vec::new() }; COLOURS.len()];
        for (place, point) in (layer * LAYER..).zip(points).filter(|(_, point)| is_drawn(point)) {
            let class = labels.get(place).copied().unwrap_or_default();
            let place = (plot.x(point[0]), plot.y(point[1]));
            of_colours[usize::from(class) % COLOURS.len()].push(place);
        }
        for (centres, colour) in of_colours.into_iter().zip(COLOURS) {
            figure.dots(centres, radius, colour, OPACITY);
        }
    }
    Ok(figure)
}

fn covering(points: &[[f64; 2]]) -> [Axis; 2] {
    [0, 1].map(|axis| Axis::around(points.iter().map(move |point| point[axis])))
}

/// Axes of the same length around the points, with the same free space as other axes.
fn of_one_scale(points: &[[f64; 2]]) -> [Axis; 2] {
    let ranges = [0, 1].map(|axis| {
        let values = points.iter().map(|point| point[axis]).filter(|&value| drawable(value));
        let range = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), range);
        if low > high { (0.0, 0.0) } else { (low, high) }
    });
    let longest = ranges.iter().map(|(low, high)| high - low).fold(0.0, f64::max);
    let half = if longest > 0.0 { 0.53 * longest } else { 1.0 };
    ranges.map(|(low, high)| Axis::between((low + high) / 2.0 - half, (low + high) / 2.0 + half))
}

//! Learning curves, and other lines over numbers.

use crate::ReportError;
use crate::axis::{Axis, drawable};
use crate::figure::{Align, Dash, FAINT, Figure, INK, MUTED, Pen};
use crate::image::Rgb;
use crate::text::{Style, shorten};

/// A curve.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// Its name in the legend.
    pub label: &'a str,
    /// Epoch and value, or any other pair of numbers. A value that is NaN, infinite or beyond 1e100 leaves a gap.
    pub points: Vec<(f64, f64)>,
}

/// A dashed horizontal line, such as a published loss.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// Stands at the right end of the line.
    pub label: &'a str,
    /// The height of the line; one that cannot be drawn is left out.
    pub value: f64,
}

/// The names of the two axes.
#[derive(Clone, Copy, Debug)]
pub struct Axes<'a> {
    /// Below the horizontal axis.
    pub x: &'a str,
    /// Above the vertical axis.
    pub y: &'a str,
}

/// The colours of Okabe and Ito (2008), which the colour-blind tell apart, without black and yellow.
const COLOURS: [Rgb; 6] = [
    [0x00, 0x72, 0xb2],
    [0xd5, 0x5e, 0x00],
    [0x00, 0x9e, 0x73],
    [0xcc, 0x79, 0xa7],
    [0x56, 0xb4, 0xe9],
    [0xe6, 0x9f, 0x00],
];

const PLOT: (f32, f32) = (520.0, 260.0);
const GAP: f32 = 8.0;
const SWATCH: f32 = 18.0;
const LABEL_COLUMNS: usize = 40;
/// The smallest step of an axis of epochs.
const WHOLE_NUMBERS: f64 = 1.0;

/// Curves over epochs, which are whole numbers, with a legend and reference lines. After six curves the colours repeat.
///
/// # Errors
/// If the figure would be too large.
pub fn loss_curves(
    series: &[Series<'_>],
    references: &[Reference<'_>],
    axes: Axes<'_>,
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    chart(series, (references, WHOLE_NUMBERS), axes, title, caption)
}

/// Lines over any numbers, such as a rate over another, with a legend. After six lines the colours
/// repeat.
///
/// # Errors
/// If the figure would be too large.
pub fn line_chart(
    series: &[Series<'_>],
    axes: Axes<'_>,
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    chart(series, (&[], 0.0), axes, title, caption)
}

fn chart(
    series: &[Series<'_>],
    (references, smallest_step): (&[Reference<'_>], f64),
    axes: Axes<'_>,
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    let points = || series.iter().flat_map(|series| &series.points);
    let lines = || references.iter().map(|reference| reference.value);
    let x_axis = Axis::covering(points().map(|point| point.0), smallest_step);
    let y_axis = Axis::covering(points().map(|point| point.1).chain(lines()), 0.0);
    let note_width = |widest: f32, text: &str| widest.max(Style::Note.width(text));
    let ticks = y_axis.ticks();
    let left_width = ticks.iter().fold(0.0, |widest, (_, label)| note_width(widest, label)) + GAP;
    let right_width = references
        .iter()
        .fold(0.0, |widest, line| note_width(widest, &shorten(line.label, LABEL_COLUMNS)) + GAP);
    let legend = Legend::of(series, left_width + PLOT.0);
    let above = legend.height + Style::Label.line_height() + 1.5 * GAP;
    let below = 1.5 * GAP + Style::Note.line_height() + Style::Label.line_height();
    let size = (left_width + PLOT.0 + right_width, above + PLOT.1 + below);

    let (mut figure, (left, top)) = Figure::page(title, caption, size)?;
    legend.draw(&mut figure, (left, top));
    let place = (left, top + legend.height);
    figure.text(place, Align::Left, Style::Label, INK, &shorten(axes.y, LABEL_COLUMNS));
    let plot = Plot { left: left + left_width, top: top + above, x_axis, y_axis };
    plot.draw_frame(&mut figure, axes.x);
    plot.draw_references(&mut figure, references);
    for (series, &colour) in series.iter().zip(COLOURS.iter().cycle()) {
        plot.draw_series(&mut figure, series, colour);
    }
    Ok(figure)
}

/// Names of the curves with their colours, in as many lines as they need.
struct Legend {
    /// Place and text of each.
    entries: Vec<(f32, f32, String)>,
    height: f32,
}

impl Legend {
    fn of(series: &[Series<'_>], width: f32) -> Self {
        let mut entries = Vec::new();
        let (mut x, mut y) = (0.0, 0.0);
        for series in series {
            let label = shorten(series.label, LABEL_COLUMNS);
            let entry_width = SWATCH + GAP + Style::Label.width(&label);
            if x > 0.0 && x + entry_width > width {
                (x, y) = (0.0, y + Style::Label.line_height());
            }
            entries.push((x, y, label));
            x += entry_width + 2.0 * GAP;
        }
        let height = if entries.is_empty() { 0.0 } else { y + Style::Label.line_height() + GAP };
        Self { entries, height }
    }

    fn draw(&self, figure: &mut Figure, (left, top): (f32, f32)) {
        for ((x, y, label), &colour) in self.entries.iter().zip(COLOURS.iter().cycle()) {
            figure.rectangle((left + x, top + y + 7.0), (SWATCH, 3.0), colour);
            let place = (left + x + SWATCH + GAP, top + y);
            figure.text(place, Align::Left, Style::Label, INK, label);
        }
    }
}

/// The rectangle that the curves are drawn in.
struct Plot {
    left: f32,
    top: f32,
    x_axis: Axis,
    y_axis: Axis,
}

impl Plot {
    fn x(&self, epoch: f64) -> f32 {
        self.left + self.x_axis.fraction(epoch) * PLOT.0
    }

    fn y(&self, value: f64) -> f32 {
        self.top + (1.0 - self.y_axis.fraction(value)) * PLOT.1
    }

    fn draw_frame(&self, figure: &mut Figure, x_label: &str) {
        let bottom = self.top + PLOT.1;
        for (value, label) in self.y_axis.ticks() {
            let y = self.y(value).round();
            figure.rectangle((self.left, y), (PLOT.0, 1.0), FAINT);
            let place = (self.left - GAP, y - Style::Note.line_height() / 2.0);
            figure.text(place, Align::Right, Style::Note, MUTED, &label);
        }
        for (value, label) in self.x_axis.ticks() {
            let x = self.x(value).round();
            figure.rectangle((x, bottom), (1.0, GAP / 2.0), MUTED);
            figure.text((x, bottom + GAP), Align::Middle, Style::Note, MUTED, &label);
        }
        figure.rectangle((self.left, bottom.round()), (PLOT.0, 1.0), MUTED);
        let place = (self.left + PLOT.0 / 2.0, bottom + 1.5 * GAP + Style::Note.line_height());
        figure.text(place, Align::Middle, Style::Label, INK, &shorten(x_label, LABEL_COLUMNS));
    }

    fn draw_references(&self, figure: &mut Figure, references: &[Reference<'_>]) {
        let mut drawn: Vec<_> = references.iter().filter(|line| drawable(line.value)).collect();
        drawn.sort_by(|a, b| b.value.total_cmp(&a.value));
        let right = self.left + PLOT.0;
        let heights: Vec<f32> = drawn.iter().map(|line| self.y(line.value).round() + 0.5).collect();
        let middles = spread(&heights, Style::Note.line_height(), self.top + PLOT.1);
        for ((line, &y), middle) in drawn.iter().zip(&heights).zip(middles) {
            let pen = Pen { colour: MUTED, width: 1.0, dash: Dash::Dashed };
            figure.line(vec![(self.left, y), (right, y)], pen);
            let place = (right + GAP, middle - Style::Note.line_height() / 2.0);
            let label = shorten(line.label, LABEL_COLUMNS);
            figure.text(place, Align::Left, Style::Note, MUTED, &label);
        }
    }

    fn draw_series(&self, figure: &mut Figure, series: &Series<'_>, colour: Rgb) {
        let pen = Pen { colour, width: 2.0, dash: Dash::Solid };
        for run in series.points.split(|(epoch, value)| !drawable(*epoch) || !drawable(*value)) {
            let points: Vec<_> = run.iter().map(|&(x, y)| (self.x(x), self.y(y))).collect();
            match points.as_slice() {
                [] => {}
                // A single point would make no line.
                [(x, y)] => figure.rectangle((x - 2.5, y - 2.5), (5.0, 5.0), colour),
                _ => figure.line(points, pen),
            }
        }
    }
}

/// Moves heights, given from top to bottom, so that they are at least `distance` apart and, as far
/// as there is room, none is below `bottom`.
fn spread(heights: &[f32], distance: f32, bottom: f32) -> Vec<f32> {
    let mut spread = heights.to_vec();
    let mut free = f32::NEG_INFINITY;
    for height in &mut spread {
        *height = height.max(free);
        free = *height + distance;
    }
    let mut free = bottom;
    for height in spread.iter_mut().rev() {
        *height = height.min(free);
        free = *height - distance;
    }
    spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_close_lines_give_way_to_one_another_within_the_plot() {
        assert_eq!(spread(&[10.0, 50.0, 51.0], 12.0, 260.0), [10.0, 50.0, 62.0]);
        assert_eq!(
            spread(&[100.0, 250.0, 255.0, 258.0], 12.0, 260.0),
            [100.0, 236.0, 248.0, 260.0]
        );
    }
}

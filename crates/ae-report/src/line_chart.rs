//! Learning curves and other line charts.

use crate::ReportError;
use crate::axis::{Axis, drawable};
use crate::drawing::{Dash, MUTED, Pen};
use crate::figure::{Align, Figure, Words};
use crate::picture::Rgb;
use crate::picture_scale::{note_of_first, note_of_missing};
use crate::plot_frame::{
    Axes, GAP, LABEL_COLUMNS, Legend, LegendEntry, LegendKey, MOST_NAMES, Plot,
};
use crate::text::{Style, shorten};

/// A line of a chart.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// Its name in the legend.
    pub label: &'a str,
    /// Pairs of x (for instance the epoch) and y. A number that is NaN, infinite or beyond 1e100 leaves a gap.
    pub points: Vec<(f64, f64)>,
}

/// A dashed horizontal line, such as a published loss.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// Stands at the right end of the line.
    pub label: &'a str,
    /// Its y. The line is left out if this is NaN, infinite or beyond 1e100.
    pub value: f64,
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
/// As many as have room for their labels beside the plot.
const MOST_REFERENCES: usize = 20;
/// The smallest step of an axis of epochs.
const WHOLE_NUMBERS: f64 = 1.0;

/// Curves over epochs, which are whole numbers, with a legend and reference lines. After six curves the colours
/// repeat.
///
/// Of more than 256 curves or 20 reference lines, the first ones are drawn. [`Figure::notes`] says so, and how
/// many values are not finite.
///
/// # Errors
/// None of its own.
pub fn loss_curves(
    series: &[Series<'_>],
    references: &[Reference<'_>],
    axes: Axes<'_>,
    title: &str,
    caption: &str,
) -> Result<Figure, ReportError> {
    chart(series, (references, WHOLE_NUMBERS), axes, title, caption)
}

/// Lines over any numbers, for instance one rate over another, with a legend. After six lines the colours
/// repeat. Of more than 256 lines, the first ones are drawn.
///
/// # Errors
/// None of its own.
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
    let words = Words { title, caption, notes: changes(series, references) };
    let series = &series[..series.len().min(MOST_NAMES)];
    let references = &references[..references.len().min(MOST_REFERENCES)];
    let points = || series.iter().flat_map(|series| &series.points);
    let lines = || references.iter().map(|reference| reference.value);
    let x_axis = Axis::covering(points().map(|point| point.0), smallest_step);
    let y_axis = Axis::covering(points().map(|point| point.1).chain(lines()), 0.0);
    let right_width = references.iter().fold(0.0, |widest: f32, line| {
        widest.max(Style::Note.width(&shorten(line.label, LABEL_COLUMNS))) + GAP
    });
    let colours = COLOURS.iter().cycle();
    let entries = series
        .iter()
        .zip(colours)
        .map(|(series, &colour)| LegendEntry { label: series.label, key: LegendKey::Line(colour) });
    let legend = Legend { entries: entries.collect() };
    let axes = ([x_axis, y_axis], Some(axes));
    let (mut figure, plot) = Plot::page((PLOT, right_width), axes, &legend, words)?;
    draw_references(&plot, &mut figure, references);
    for (series, &colour) in series.iter().zip(COLOURS.iter().cycle()) {
        draw_series(&plot, &mut figure, series, colour);
    }
    Ok(figure)
}

/// One sentence for each thing that is left out.
fn changes(series: &[Series<'_>], references: &[Reference<'_>]) -> Vec<String> {
    let points = series.iter().flat_map(|series| &series.points);
    let missing = points.filter(|(x, y)| !drawable(*x) || !drawable(*y)).count();
    let notes = [
        note_of_first(series.len().min(MOST_NAMES), series.len(), "curves"),
        note_of_first(references.len().min(MOST_REFERENCES), references.len(), "reference lines"),
        note_of_missing(missing, "leave gaps"),
    ];
    notes.into_iter().flatten().collect()
}

fn draw_references(plot: &Plot, figure: &mut Figure, references: &[Reference<'_>]) {
    let mut drawn: Vec<_> = references.iter().filter(|line| drawable(line.value)).collect();
    drawn.sort_by(|a, b| b.value.total_cmp(&a.value));
    let right = plot.left + PLOT.0;
    let heights: Vec<f32> = drawn.iter().map(|line| plot.y(line.value).round() + 0.5).collect();
    let middles = spread(&heights, Style::Note.line_height(), plot.top + PLOT.1);
    for ((line, &y), middle) in drawn.iter().zip(&heights).zip(middles) {
        let pen = Pen { colour: MUTED, width: 1.0, dash: Dash::Dashed };
        figure.line(vec![(plot.left, y), (right, y)], pen);
        let place = (right + GAP, middle - Style::Note.line_height() / 2.0);
        let label = shorten(line.label, LABEL_COLUMNS);
        figure.text(place, Align::Left, Style::Note, MUTED, &label);
    }
}

fn draw_series(plot: &Plot, figure: &mut Figure, series: &Series<'_>, colour: Rgb) {
    let pen = Pen { colour, width: 2.0, dash: Dash::Solid };
    for run in series.points.split(|(epoch, value)| !drawable(*epoch) || !drawable(*value)) {
        let points: Vec<_> = run.iter().map(|&(x, y)| (plot.x(x), plot.y(y))).collect();
        match points.as_slice() {
            [] => {}
            // A single point would make no line.
            [(x, y)] => figure.rectangle((x - 2.5, y - 2.5), (5.0, 5.0), colour),
            _ => figure.line(thinned(points), pen),
        }
    }
}

/// Fewer points that draw the same line: of all points within a quarter of a pixel along x, the first, the
/// lowest, the highest and the last.
fn thinned(points: Vec<(f32, f32)>) -> Vec<(f32, f32)> {
    if points.len() as f32 <= 4.0 * PLOT.0 {
        return points;
    }
    let same_column = |a: &(f32, f32), b: &(f32, f32)| (a.0 * 4.0).floor() == (b.0 * 4.0).floor();
    let kept = points.chunk_by(same_column).flat_map(|near| {
        let by_height = |a: &&(f32, f32), b: &&(f32, f32)| a.1.total_cmp(&b.1);
        let (first, last) = (near.first(), near.last());
        let ends = [near.iter().min_by(by_height), near.iter().max_by(by_height)];
        [first, ends[0], ends[1], last].into_iter().flatten().copied()
    });
    kept.collect()
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

//! The frame of lines and points: the plot's rectangle, its axes, and the legend above it.

use crate::ReportError;
use crate::axis::Axis;
use crate::class_marks::ClassMark;
use crate::drawing::{FAINT, INK, MUTED};
use crate::figure::{Align, Figure, Words};
use crate::picture::Rgb;
use crate::text::{Style, shorten};

/// The names of the two axes.
#[derive(Clone, Copy, Debug)]
pub struct Axes<'a> {
    /// Below the horizontal axis.
    pub x: &'a str,
    /// Above the vertical axis.
    pub y: &'a str,
}

pub(crate) const GAP: f32 = 8.0;
/// Longer names are cut.
pub(crate) const LABEL_COLUMNS: usize = 40;
/// The largest number of names in a legend.
pub(crate) const MOST_NAMES: usize = 256;

/// The rectangle that lines or points are drawn in.
pub(crate) struct Plot {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) size: (f32, f32),
    pub(crate) axes: [Axis; 2],
}

impl Plot {
    /// A page with a plot of this size, the legend above it and `right_width` of free space on its right.
    /// Axes without names have no numbers either.
    pub(crate) fn page(
        (size, right_width): ((f32, f32), f32),
        (axes, names): ([Axis; 2], Option<Axes<'_>>),
        legend: &Legend<'_>,
        words: Words<'_>,
    ) -> Result<(Figure, Self), ReportError> {
        let note_width =
            |widest: f32, (_, label): &(f64, String)| widest.max(Style::Note.width(label));
        let ticks = axes[1].ticks();
        let (mut left_width, mut name_height, mut below) = (0.0, 0.0, 0.0);
        if names.is_some() {
            left_width = ticks.iter().fold(0.0, note_width) + GAP;
            name_height = Style::Label.line_height() + 1.5 * GAP;
            below = 1.5 * GAP + Style::Note.line_height() + Style::Label.line_height();
        }
        let (entries, legend_height) = legend.lay_out(left_width + size.0);
        let above = legend_height + name_height;
        let page = (left_width + size.0 + right_width, above + size.1 + below);
        let (mut figure, (left, top)) = Figure::page(words, page)?;
        legend.draw(&mut figure, &entries, (left, top));
        let plot = Self { left: left + left_width, top: top + above, size, axes };
        match names {
            None => plot.draw_border(&mut figure),
            Some(names) => {
                let place = (left, top + legend_height);
                figure.text(
                    place,
                    Align::Left,
                    Style::Label,
                    INK,
                    &shorten(names.y, LABEL_COLUMNS),
                );
                plot.draw_frame(&mut figure, names.x);
            }
        }
        Ok((figure, plot))
    }

    pub(crate) fn x(&self, value: f64) -> f32 {
        self.left + self.axes[0].fraction(value) * self.size.0
    }

    pub(crate) fn y(&self, value: f64) -> f32 {
        self.top + (1.0 - self.axes[1].fraction(value)) * self.size.1
    }

    fn draw_frame(&self, figure: &mut Figure, x_label: &str) {
        let [x_axis, y_axis] = &self.axes;
        let (width, bottom) = (self.size.0, self.top + self.size.1);
        for (value, label) in y_axis.ticks() {
            let y = self.y(value).round();
            figure.rectangle((self.left, y), (width, 1.0), FAINT);
            let place = (self.left - GAP, y - Style::Note.line_height() / 2.0);
            figure.text(place, Align::Right, Style::Note, MUTED, &label);
        }
        for (value, label) in x_axis.ticks() {
            let x = self.x(value).round();
            figure.rectangle((x, bottom), (1.0, GAP / 2.0), MUTED);
            figure.text((x, bottom + GAP), Align::Middle, Style::Note, MUTED, &label);
        }
        figure.rectangle((self.left, bottom.round()), (width, 1.0), MUTED);
        let place = (self.left + width / 2.0, bottom + 1.5 * GAP + Style::Note.line_height());
        figure.text(place, Align::Middle, Style::Label, INK, &shorten(x_label, LABEL_COLUMNS));
    }

    fn draw_border(&self, figure: &mut Figure) {
        let ((left, top), (width, height)) = ((self.left, self.top), self.size);
        for place in [(left, top), (left, top + height - 1.0)] {
            figure.rectangle(place, (width, 1.0), FAINT);
        }
        for place in [(left, top), (left + width - 1.0, top)] {
            figure.rectangle(place, (1.0, height), FAINT);
        }
    }
}

/// Names with their marks.
pub(crate) struct Legend<'a> {
    pub(crate) entries: Vec<LegendEntry<'a>>,
}

/// A name with its mark.
pub(crate) struct LegendEntry<'a> {
    pub(crate) label: &'a str,
    pub(crate) key: LegendKey,
}

/// What stands before a name.
#[derive(Clone, Copy)]
pub(crate) enum LegendKey {
    /// A piece of a line of this colour.
    Line(Rgb),
    /// A point of a class.
    Point(ClassMark),
}

const LINE: (f32, f32) = (18.0, 3.0);
const POINT_RADIUS: f32 = 5.0;

impl LegendKey {
    fn width(self) -> f32 {
        match self {
            Self::Line(_) => LINE.0,
            Self::Point(_) => 2.0 * POINT_RADIUS,
        }
    }

    fn draw(self, figure: &mut Figure, (left, top): (f32, f32)) {
        match self {
            Self::Line(colour) => {
                let down = ((Style::Label.line_height() - LINE.1) / 2.0).round();
                figure.rectangle((left, top + down), LINE, colour);
            }
            Self::Point(mark) => {
                let centre = (left + POINT_RADIUS, top + Style::Label.line_height() / 2.0);
                figure.marks(vec![centre], POINT_RADIUS, mark, 1.0);
            }
        }
    }
}

impl Legend<'_> {
    /// Position and text of each name, in as many lines as needed, and the height of all lines.
    fn lay_out(&self, width: f32) -> (Vec<(f32, f32, String)>, f32) {
        let mut entries = Vec::new();
        let (mut x, mut y) = (0.0, 0.0);
        for LegendEntry { label, key } in self.entries.iter().take(MOST_NAMES) {
            let label = shorten(label, LABEL_COLUMNS);
            let entry_width = key.width() + GAP + Style::Label.width(&label);
            if x > 0.0 && x + entry_width > width {
                (x, y) = (0.0, y + Style::Label.line_height());
            }
            entries.push((x, y, label));
            x += entry_width + 2.0 * GAP;
        }
        let height = if entries.is_empty() { 0.0 } else { y + Style::Label.line_height() + GAP };
        (entries, height)
    }

    fn draw(&self, figure: &mut Figure, entries: &[(f32, f32, String)], (left, top): (f32, f32)) {
        for ((x, y, label), LegendEntry { key, .. }) in entries.iter().zip(&self.entries) {
            key.draw(figure, (left + x, top + y));
            let place = (left + x + key.width() + GAP, top + y);
            figure.text(place, Align::Left, Style::Label, INK, label);
        }
    }
}

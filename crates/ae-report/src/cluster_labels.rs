//! Where the names of classes stand on a map: at the medians of their points, apart from each other.

use crate::class_marks::class_mark;
use crate::drawing::{Dash, INK, MUTED, Pen};
use crate::figure::{Align, Figure};
use crate::text::{Style, shorten};

/// Longer names are cut.
const COLUMNS: usize = 20;
/// With more classes, names would cover the points.
const MOST_LABELS: usize = 30;
const MARK_RADIUS: f32 = 4.0;
/// Between the mark and the name.
const MARK_GAP: f32 = 4.0;
/// Free space around a label.
const ROOM: f32 = 2.0;
/// A label that overlaps others is moved by rings of this width, each with this many directions.
const RING: f32 = 9.0;
const RINGS: usize = 9;
const DIRECTIONS: usize = 16;
/// A label that is moved farther is joined to its median by a line.
const FAR: f32 = 22.0;

/// A rectangle of a plot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Area {
    pub(crate) left: f32,
    pub(crate) top: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Area {
    pub(crate) fn around((x, y): (f32, f32), (width, height): (f32, f32)) -> Self {
        Self { left: x - width / 2.0, top: y - height / 2.0, width, height }
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.left + other.width
            && other.left < self.left + self.width
            && self.top < other.top + other.height
            && other.top < self.top + self.height
    }

    /// The same rectangle, moved into another one that is larger.
    pub(crate) fn moved_into(self, outer: &Self) -> Self {
        let within =
            |low: f32, size: f32, from: f32, space: f32| low.min(from + space - size).max(from);
        Self {
            left: within(self.left, self.width, outer.left, outer.width),
            top: within(self.top, self.height, outer.top, outer.height),
            ..self
        }
    }
}

/// A class's name at its place.
#[derive(Debug)]
pub(crate) struct ClusterLabel {
    class: usize,
    text: String,
    median: (f32, f32),
    pub(crate) area: Area,
}

/// The names of classes: those that have room at their points, and the others, which a legend must hold.
#[derive(Debug, Default)]
pub(crate) struct ClusterLabels {
    pub(crate) placed: Vec<ClusterLabel>,
    /// Classes with points whose names have no room.
    pub(crate) unplaced: Vec<usize>,
}

impl ClusterLabels {
    /// Finds places within a plot of a size, whose top left corner is 0, 0. `points` are the points of each class.
    pub(crate) fn place(
        names: &[String],
        points: &[Vec<(f32, f32)>],
        (width, height): (f32, f32),
    ) -> Self {
        let plot = Area { left: 0.0, top: 0.0, width, height };
        let medians: Vec<(usize, (f32, f32))> = points
            .iter()
            .enumerate()
            .filter_map(|(at, of_class)| Some((at, median(of_class)?)))
            .collect();
        if medians.len() > MOST_LABELS {
            let unplaced = medians.into_iter().map(|(class, _)| class).collect();
            return Self { placed: Vec::new(), unplaced };
        }
        let mut labels = Self::default();
        for (class, median) in medians {
            let text = shorten(names.get(class).map_or("", String::as_str), COLUMNS);
            let size = label_size(&text);
            let free = places(median, size)
                .map(|area| area.moved_into(&plot))
                .find(|area| labels.placed.iter().all(|other| !other.area.overlaps(area)));
            match free {
                Some(area) => labels.placed.push(ClusterLabel { class, text, median, area }),
                None => labels.unplaced.push(class),
            }
        }
        labels
    }

    /// Draws the labels that have a place, relative to the plot's top left corner.
    pub(crate) fn draw(&self, figure: &mut Figure, (left, top): (f32, f32)) {
        for label in &self.placed {
            let Area { left: x, top: y, width, height } = label.area;
            let centre = (x + width / 2.0, y + height / 2.0);
            let distance = (centre.0 - label.median.0).hypot(centre.1 - label.median.1);
            if distance > FAR {
                let ends = [label.median, centre].map(|(x, y)| (left + x, top + y));
                figure.line(ends.to_vec(), Pen { colour: MUTED, width: 1.0, dash: Dash::Solid });
            }
        }
        for ClusterLabel { class, text, area, .. } in &self.placed {
            let middle = top + area.top + area.height / 2.0;
            let place = (left + area.left + ROOM + MARK_RADIUS, middle);
            figure.haloed_mark(place, MARK_RADIUS, class_mark(*class));
            let start = place.0 + MARK_RADIUS + MARK_GAP;
            let text_top = middle - Style::Title.line_height() / 2.0;
            figure.haloed_text((start, text_top), Align::Left, Style::Title, INK, text);
        }
    }
}

fn label_size(text: &str) -> (f32, f32) {
    let width = 2.0 * (ROOM + MARK_RADIUS) + MARK_GAP + Style::Title.width(text);
    (width, Style::Title.line_height())
}

/// The places of a label, the nearest ones first: at the point itself, then on rings around it.
fn places(point: (f32, f32), size: (f32, f32)) -> impl Iterator<Item = Area> {
    let rings = (1..=RINGS).flat_map(move |ring| {
        (0..DIRECTIONS).map(move |direction| {
            let angle = std::f32::consts::TAU * direction as f32 / DIRECTIONS as f32;
            let far = ring as f32 * RING;
            (point.0 + far * angle.cos(), point.1 + far * angle.sin())
        })
    });
    std::iter::once(point).chain(rings).map(move |centre| Area::around(centre, size))
}

/// The median of each coordinate.
fn median(points: &[(f32, f32)]) -> Option<(f32, f32)> {
    let middle = |coordinate: fn(&(f32, f32)) -> f32| {
        let mut values: Vec<f32> = points.iter().map(coordinate).collect();
        values.sort_unstable_by(f32::total_cmp);
        values.get(values.len() / 2).copied()
    };
    Some((middle(|point| point.0)?, middle(|point| point.1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|class| format!("class {class}")).collect()
    }

    #[test]
    fn a_lone_label_stands_at_the_median_of_its_points() {
        let points = vec![vec![(10.0, 10.0), (100.0, 90.0), (101.0, 300.0)], vec![]];
        let labels = ClusterLabels::place(&names(2), &points, (520.0, 520.0));
        let [label] = &labels.placed[..] else { panic!("{labels:?}") };
        let Area { left, top, width, height } = label.area;
        assert_eq!((left + width / 2.0, top + height / 2.0), (100.0, 90.0));
        assert!(labels.unplaced.is_empty());
    }

    #[test]
    fn labels_of_one_place_move_apart_and_stay_on_the_plot() {
        let points = vec![vec![(2.0, 518.0)]; 10];
        let labels = ClusterLabels::place(&names(10), &points, (520.0, 520.0));
        assert!(labels.placed.len() >= 5, "{labels:?}");
        assert_eq!(labels.placed.len() + labels.unplaced.len(), 10);
        for (index, label) in labels.placed.iter().enumerate() {
            let Area { left, top, width, height } = label.area;
            assert!(left >= 0.0 && top >= 0.0 && left + width <= 520.0 && top + height <= 520.0);
            let others = &labels.placed[..index];
            assert!(others.iter().all(|other| !other.area.overlaps(&label.area)), "{labels:?}");
        }
    }

    #[test]
    fn what_has_no_room_is_left_to_the_legend() {
        let points = vec![vec![(50.0, 20.0)]; 12];
        let labels = ClusterLabels::place(&names(12), &points, (100.0, 40.0));
        assert!(!labels.placed.is_empty() && labels.unplaced.len() > 5, "{labels:?}");
        let crowd = vec![vec![(50.0, 20.0)]; MOST_LABELS + 1];
        let labels = ClusterLabels::place(&names(MOST_LABELS + 1), &crowd, (520.0, 520.0));
        assert_eq!((labels.placed.len(), labels.unplaced.len()), (0, MOST_LABELS + 1));
    }
}
